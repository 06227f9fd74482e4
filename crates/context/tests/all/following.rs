//! What sources are subscribed to on behalf of subscriptions, and what they tell.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;

use context::sources::{Attributes, Heard, Source, Subject, Wish, wish};
use context::{Delivery, LinkedRequest, Record, Request, Subscription};
use ngsi::ld::subscription::Subscription as Wanted;
use ngsi::ld::{Context, registration};
use ngsi::registration::{Mode, Operation};
use ngsi::{Entity, EntityId, JsonText, Name, Registration, RegistrationId, SubscriptionId, Timestamp};
use proptest::prelude::*;
use serde_json::value::to_raw_value;
use serde_json::{Value, json};

use super::sources::{registration as any_registration, subset};

pub(crate) const NOW: Timestamp = Timestamp::from_micros(1_000);

fn with(mut whole: Value, members: &Value) -> Value {
    whole.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    whole
}

pub(crate) fn compiled(whole: &Value, local: bool, via: &[&str]) -> Subscription {
    let subscription = Wanted::parse(whole.to_string().as_bytes()).unwrap();
    let via = via.iter().map(|hop| (*hop).to_owned()).collect();
    let context = JsonText::null();
    let request = LinkedRequest { subscription, context, names: BTreeMap::new(), modified_at: None, local, via };
    Subscription::compile(Record {
        id: SubscriptionId::from("urn:s:1"),
        request: Request::NgsiLd(Box::new(request)),
        delivery: Delivery::default(),
        created_at: NOW,
        initialised: true,
    })
    .unwrap()
}

pub(crate) fn subscription(members: &Value) -> Value {
    let whole =
        json!({ "id": "urn:s:1", "type": "Subscription", "notification": { "endpoint": { "uri": "http://host/" } } });
    with(whole, members)
}

pub(crate) fn source(members: &Value) -> Source {
    let whole = json!({ "id": "urn:r:1", "type": "ContextSourceRegistration", "endpoint": "http://source" });
    let whole = with(whole, members);
    Source::compile(registration::read(whole.to_string().as_bytes(), &Context::core(), NOW).unwrap()).unwrap()
}

/// What of a subscription a source is subscribed to, without what is always so.
fn asked(wish: &Wish) -> Value {
    let mut whole = Value::Object(wish.whole("urn:s:2", "key", &Context::core()));
    let endpoint = whole["notification"].as_object_mut().unwrap().remove("endpoint");
    assert_eq!(endpoint, Some(json!({ "uri": "http://here/key", "accept": "application/json" })));
    assert_eq!((&whole["id"], &whole["type"]), (&json!("urn:s:2"), &json!("Subscription")));
    for (name, value) in [("format", json!("normalized")), ("sysAttrs", json!(true))] {
        assert_eq!(whole["notification"].as_object_mut().unwrap().remove(name), Some(value));
    }
    for name in ["id", "type"] {
        whole.as_object_mut().unwrap().remove(name);
    }
    whole
}

#[test]
fn a_source_is_subscribed_to_what_it_may_have() {
    let cars = json!({ "entities": [{ "type": "Car" }] });
    let of_cars = json!({ "information": [cars] });
    let speeds = json!({ "information": [with(cars.clone(), &json!({ "propertyNames": ["speed"] }))] });
    let some = json!({ "information": [{ "entities": [{ "type": "Car", "id": "urn:c:1" }, { "type": "Car", "id": "urn:c:2" },
        { "type": "Bus", "idPattern": "^urn:b" }], "relationshipNames": ["owner"] }] });
    let any = json!({ "information": [{ "propertyNames": ["speed"] }] });
    let all = |expected: Value| with(json!({ "isActive": true, "notification": {} }), &expected);
    let speed = json!({ "attributes": ["speed"] });
    let table = [
        (cars.clone(), of_cars.clone(), all(cars.clone())),
        (
            cars.clone(),
            speeds.clone(),
            all(json!({ "entities": [{ "type": "Car" }], "watchedAttributes": ["speed"], "notification": speed })),
        ),
        (
            json!({ "entities": [{ "type": "Car" }], "watchedAttributes": ["speed", "weight"] }),
            speeds.clone(),
            all(json!({ "entities": [{ "type": "Car" }], "watchedAttributes": ["speed"], "notification": speed })),
        ),
        (json!({ "entities": [{ "type": "Car" }], "watchedAttributes": ["weight"] }), speeds.clone(), Value::Null),
        (json!({ "entities": [{ "type": "Bus" }] }), of_cars.clone(), Value::Null),
        (json!({ "entities": [{ "type": "(Car;Vehicle),Bus" }] }), of_cars.clone(), all(cars.clone())),
        (json!({ "entities": [{ "type": "(Vehicle;Car)" }] }), of_cars.clone(), all(cars.clone())),
        (
            json!({ "entities": [{ "type": "*" }] }),
            some.clone(),
            all(json!({ "watchedAttributes": ["owner"],
            "entities": [{ "type": "Car", "id": ["urn:c:1", "urn:c:2"] }, { "type": "Bus", "idPattern": "^urn:b" }],
            "notification": { "attributes": ["owner"] } })),
        ),
        (
            json!({ "entities": [{ "type": "Car", "idPattern": "2$" }] }),
            some.clone(),
            all(json!({ "watchedAttributes": ["owner"],
            "entities": [{ "type": "Car", "id": "urn:c:2" }], "notification": { "attributes": ["owner"] } })),
        ),
        (
            json!({ "entities": [{ "type": "Car", "idPattern": "2$" }] }),
            of_cars.clone(),
            all(json!({ "entities": [{ "type": "Car", "idPattern": "2$" }] })),
        ),
        (
            json!({ "watchedAttributes": ["speed"] }),
            any.clone(),
            all(json!({ "watchedAttributes": ["speed"], "notification": speed })),
        ),
        (
            cars.clone(),
            any,
            all(json!({ "entities": [{ "type": "Car" }], "watchedAttributes": ["speed"], "notification": speed })),
        ),
        (
            with(
                cars.clone(),
                &json!({ "q": "speed>1", "throttling": 5, "lang": "fr", "isActive": false,
            "notificationTrigger": ["entityDeleted"], "expiresAt": "2100-01-01T00:00:00Z" }),
            ),
            of_cars.clone(),
            json!({ "entities": [{ "type": "Car" }], "notificationTrigger": ["entityDeleted"], "isActive": false,
                "expiresAt": "2100-01-01T00:00:00Z", "notification": { "showChanges": true } }),
        ),
        (
            with(cars.clone(), &json!({ "timeInterval": 5 })),
            speeds,
            all(json!({ "entities": [{ "type": "Car" }], "timeInterval": 5,
            "notification": speed })),
        ),
        (
            with(cars.clone(), &json!({ "csf": "line==7" })),
            with(of_cars.clone(), &json!({ "line": 7 })),
            all(cars.clone()),
        ),
        (with(cars.clone(), &json!({ "csf": "line==7" })), with(of_cars.clone(), &json!({ "line": 8 })), Value::Null),
        (cars.clone(), with(of_cars.clone(), &json!({ "mode": "auxiliary" })), Value::Null),
        (
            cars.clone(),
            with(of_cars.clone(), &json!({ "mode": "redirect", "operations": ["createSubscription"] })),
            all(cars.clone()),
        ),
        (cars.clone(), with(of_cars.clone(), &json!({ "operations": ["redirectionOps"] })), Value::Null),
        (
            cars.clone(),
            with(of_cars.clone(), &json!({ "expiresAt": "2090-01-01T00:00:00Z" })),
            all(json!({ "entities": [{ "type": "Car" }], "expiresAt": "2090-01-01T00:00:00Z" })),
        ),
        (
            cars.clone(),
            with(of_cars.clone(), &json!({ "observationInterval": { "startAt": "2020-01-01T00:00:00Z" } })),
            Value::Null,
        ),
    ];
    for (members, of_source, expected) in table {
        let wish = wish(&compiled(&subscription(&members), false, &[]), &source(&of_source), "http://here/", NOW);
        assert_eq!(wish.as_ref().map_or(Value::Null, asked), expected, "{members} {of_source}");
    }
    let named = source(&with(of_cars, &json!({ "contextSourceAlias": "there" })));
    for (local, via, expected) in
        [(false, &["1.1 other"][..], true), (true, &[], false), (false, &["1.1 there"], false)]
    {
        let subscription = compiled(&subscription(&cars), local, via);
        assert_eq!(wish(&subscription, &named, "http://here/", NOW).is_some(), expected, "{local} {via:?}");
    }
}

#[test]
fn what_takes_too_many_selectors_is_told_by_types() {
    let entities: Vec<_> = (0..600).map(|number| json!({ "type": "Car", "id": format!("urn:c:{number}") })).collect();
    let more: Vec<_> = (600..1_200).map(|number| json!({ "type": "Car", "id": format!("urn:c:{number}") })).collect();
    let source = source(&json!({ "information": [{ "entities": entities }, { "entities": more }] }));
    for selector in [json!({ "type": "Car" }), json!({ "type": "*" })] {
        let subscription = compiled(&subscription(&json!({ "entities": [selector] })), false, &[]);
        let wish = wish(&subscription, &source, "http://here/", NOW).unwrap();
        assert_eq!(asked(&wish)["entities"], json!([{ "type": "Car" }]));
    }
}

#[test]
fn a_change_says_what_is_no_more() {
    let source = source(&json!({ "information": [{ "entities": [{ "type": "Car" }] }] }));
    let wish_of = |members: Value| {
        let whole = subscription(&with(json!({ "entities": [{ "type": "Car" }] }), &members));
        wish(&compiled(&whole, false, &[]), &source, "http://here/", NOW).unwrap()
    };
    let former = wish_of(json!({ "watchedAttributes": ["speed"], "expiresAt": "2100-01-01T00:00:00Z",
        "notification": { "showChanges": true, "endpoint": { "uri": "http://host/" } } }));
    let fragment = Value::Object(wish_of(json!({})).fragment(Some(&former), "key", &Context::core()));
    for path in ["/watchedAttributes", "/expiresAt", "/notification/showChanges"] {
        assert_eq!(fragment.pointer(path), Some(&json!("urn:ngsi-ld:null")), "{path}");
    }
    assert_eq!((fragment.get("id"), &fragment["isActive"]), (None, &json!(true)));
    let before =
        Wanted::parse(&serde_json::to_vec(&former.whole("urn:s:2", "key", &Context::core())).unwrap()).unwrap();
    let after = before.patched(fragment.to_string().as_bytes()).unwrap();
    let whole = wish_of(json!({})).whole("urn:s:2", "key", &Context::core());
    assert_eq!(after, Wanted::parse(&serde_json::to_vec(&whole).unwrap()).unwrap());
}

fn selector() -> impl Strategy<Value = Value> {
    let ids = prop_oneof![
        Just(json!({})),
        Just(json!({ "id": "e:1" })),
        Just(json!({ "id": ["e:1", "e:2"] })),
        Just(json!({ "idPattern": "1$" }))
    ];
    let types = proptest::sample::select(&["A", "B", "A,B", "(A;B)", "*", "C"][..]);
    (ids, types).prop_map(|(selector, types)| with(selector, &json!({ "type": types })))
}

proptest! {
    /// Whatever a subscription means and a source may have, the source is subscribed to.
    #[test]
    fn nothing_that_is_meant_is_left_out(
        selectors in proptest::collection::vec(selector(), 1..3),
        watched in subset(&["x", "y", "z"]),
        registration in any_registration(),
        id in proptest::sample::select(&["e:1", "e:2", "f:1"][..]),
        types in subset(&["A", "B", "C"]),
        changed in proptest::sample::select(&["x", "y", "z", "w"][..]),
    ) {
        if types.is_empty() {
            return Ok(());
        }
        let registration = Registration { id: RegistrationId::from("urn:r:1"), ..registration };
        let source = Source::compile(registration).unwrap();
        let mut members = json!({ "entities": selectors });
        if !watched.is_empty() {
            members["watchedAttributes"] = json!(watched);
        }
        let subscription = compiled(&subscription(&members), false, &["1.1 met"]);
        let mut entity = Entity::new(EntityId::from(id), types[0].clone(), NOW);
        entity.more_types = types[1..].to_vec();
        let name = Name::from(changed);
        let subject = Subject { id, types: &types };
        let has = source.share(subject, &Attributes::Only(vec![name.clone()])).is_some();
        // An entity of several types may be meant by one and registered by another (5.12).
        let by_all = selectors.iter().all(|selector| {
            let named = selector["type"].as_str().unwrap();
            named == "*" || types.iter().all(|name| named.contains(name.as_str()))
        });
        let is_watched = watched.is_empty() || watched.contains(&name);
        let Registration { mode, alias, .. } = &source.registration;
        let serves = source.is_current(NOW) && *mode != Mode::Auxiliary && alias.as_deref() != Some("met")
            && source.operations.has(Operation::CreateSubscription);
        let wish = wish(&subscription, &source, "http://here/", NOW);
        prop_assert!(serves || wish.is_none());
        if !(subscription.selects(&entity) && has && by_all && is_watched && serves) {
            return Ok(());
        }
        let wish = wish.unwrap();
        let there = compiled(&Value::Object(wish.whole("urn:s:2", "key", &Context::core())), false, &[]);
        prop_assert!(there.selects(&entity), "{wish:?}");
        let asked = asked(&wish);
        let names = |names: &Value| names.as_array().is_none_or(|names| names.contains(&json!(changed)));
        prop_assert!(names(&asked["watchedAttributes"]) && names(&asked["notification"]["attributes"]), "{asked}");
    }
}

#[test]
fn what_a_source_tells_is_read() {
    let at = |second: u8| format!("2026-01-01T00:00:0{second}Z");
    let times = |created: u8, modified: u8| json!({ "createdAt": at(created), "modifiedAt": at(modified) });
    let car = |members: Value| with(json!({ "id": "urn:c:1", "type": "Car" }), &members);
    let speed =
        |value: Value, more: Value| json!({ "speed": with(json!({ "type": "Property", "value": value }), &more) });
    let table = [
        (
            car(with(times(1, 1), &speed(json!(5), times(1, 1)))),
            "entityCreate",
            false,
            json!({ "speed": 5 }),
            json!({}),
        ),
        (
            car(with(times(1, 2), &speed(json!(6), json!({ "previousValue": 5 })))),
            "entityChange",
            false,
            json!({ "speed": 6 }),
            json!({ "speed": 5 }),
        ),
        (
            car(speed(json!("urn:ngsi-ld:null"), json!({ "deletedAt": at(3) }))),
            "entityChange",
            false,
            json!({}),
            json!({ "speed": "urn:ngsi-ld:null" }),
        ),
        (
            car(speed(json!("urn:ngsi-ld:null"), json!({ "previousValue": 6 }))),
            "entityChange",
            false,
            json!({}),
            json!({ "speed": 6 }),
        ),
        (
            car(with(json!({ "deletedAt": at(3) }), &speed(json!("urn:ngsi-ld:null"), json!({ "previousValue": 6 })))),
            "entityDelete",
            true,
            json!({ "speed": 6 }),
            json!({}),
        ),
        (car(json!({ "deletedAt": at(3) })), "entityDelete", true, json!({}), json!({})),
    ];
    let values = |attributes: &[ngsi::Attribute]| {
        let all = attributes.iter().map(|attribute| (attribute.name.to_string(), attribute.value.to_value()));
        Value::Object(all.collect())
    };
    for (told, alteration, deleted, expected, former) in table {
        let heard = Heard::read(&to_raw_value(&told).unwrap(), &Context::core(), NOW).unwrap();
        assert_eq!((heard.cause.alteration.as_str(), heard.deleted), (alteration, deleted), "{told}");
        assert_eq!(values(&heard.entity.attributes), expected, "{told}");
        assert_eq!(values(&heard.cause.former), former, "{told}");
    }
    let told = car(json!({ "speed": 1, "weight": 2 }));
    let heard = Heard::read(&to_raw_value(&told).unwrap(), &Context::core(), NOW).unwrap();
    let speeds = source(&json!({ "information": [{ "entities": [{ "type": "Car" }], "propertyNames": ["speed"] }] }));
    let buses = source(&json!({ "information": [{ "entities": [{ "type": "Bus" }] }] }));
    assert!(heard.clone().of_source(&buses).is_none());
    let heard = heard.of_source(&speeds).unwrap();
    assert_eq!(values(&heard.entity.attributes), json!({ "speed": 1 }));
    let here = Heard::read(&to_raw_value(&car(json!({ "colour": 3 }))).unwrap(), &Context::core(), NOW).unwrap().entity;
    assert_eq!(values(&heard.put_together(Some(here)).entity.attributes), json!({ "colour": 3, "speed": 1 }));
}
