//! What those who subscribe to registrations are told of them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use context::sources::{Source, of_told};
use context::{Delivery, LinkedRequest, Record, Request, Subscription};
use ngsi::ld::{Context, registration};
use ngsi::v2::AlterationType::{EntityChange, EntityCreate, EntityDelete};
use ngsi::{JsonText, SubscriptionId, Timestamp, date};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

fn subscription(members: &Value) -> Subscription {
    let mut whole = json!({ "type": "Subscription", "entities": [{ "type": "Car" }],
        "notification": { "endpoint": { "uri": "http://host/" } } });
    whole.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    let subscription = ngsi::ld::subscription::Subscription::parse(whole.to_string().as_bytes()).unwrap();
    let request = LinkedRequest {
        subscription,
        context: JsonText::null(),
        names: Default::default(),
        modified_at: None,
        local: false,
        via: Vec::new(),
    };
    Subscription::compile(Record {
        id: SubscriptionId::from("s"),
        request: Request::Sources(Box::new(request)),
        delivery: Delivery::default(),
        created_at: NOW,
        initialised: false,
    })
    .unwrap()
}

fn source(information: &Value, expires_at: &str) -> Source {
    let whole = json!({ "id": "urn:r:1", "type": "ContextSourceRegistration", "endpoint": "http://source",
        "information": information, "weight": 1.50 });
    let mut registration = registration::read(whole.to_string().as_bytes(), &Context::core(), NOW).unwrap();
    registration.expires_at = date::parse(expires_at);
    Source::compile(registration).unwrap()
}

#[test]
fn a_change_is_told_by_what_matched_before_and_after() {
    let (later, ended) = ("2100-01-01T00:00:00Z", "2020-01-01T00:00:00Z");
    let (cars, buses) = (json!([{ "entities": [{ "type": "Car" }] }]), json!([{ "entities": [{ "type": "Bus" }] }]));
    let both = json!([{ "entities": [{ "type": "Bus" }] }, { "entities": [{ "type": "Car" }] }]);
    let car = || Some(source(&cars, later));
    let bus = || Some(source(&buses, later));
    let table = [
        (None, car(), Some(EntityCreate)),
        (None, bus(), None),
        (bus(), car(), Some(EntityCreate)),
        (car(), Some(source(&both, later)), Some(EntityChange)),
        (car(), bus(), Some(EntityDelete)),
        (car(), None, Some(EntityDelete)),
        (bus(), None, None),
        (car(), Some(source(&cars, ended)), Some(EntityDelete)),
        (Some(source(&cars, ended)), car(), Some(EntityCreate)),
        (Some(source(&cars, ended)), None, None),
    ];
    let subscription = subscription(&json!({}));
    for (index, (former, present, expected)) in table.into_iter().enumerate() {
        let told = subscription.sources().unwrap().told(former.as_ref(), present.as_ref(), NOW);
        assert_eq!(told.as_ref().map(|told| told.cause.alteration), expected, "{index}");
        let Some(told) = told else { continue };
        let registration = of_told(&told.entity).unwrap();
        assert_eq!(registration.id, "urn:r:1");
        let whole = present.or(former).unwrap().registration;
        match expected {
            Some(EntityDelete) => assert_eq!(registration, whole, "{index}"),
            _ => assert_eq!(registration.information, source(&cars, later).registration.information, "{index}"),
        }
        assert_eq!(registration.properties, whole.properties);
    }
}

#[test]
fn with_an_interval_no_change_is_told() {
    let subscription = subscription(&json!({ "timeInterval": 5 }));
    let cars = source(&json!([{ "entities": [{ "type": "Car" }] }]), "2100-01-01T00:00:00Z");
    let interest = subscription.sources().unwrap();
    assert!(interest.told(None, Some(&cars), NOW).is_none());
    assert!(interest.relevant(&cars, NOW).is_some());
}
