//! Subscriptions to registrations of context sources, and what is told of these.

use serde_json::{Value, json};
use testkit::Receiver;

use super::common::{SOON, Site};
use super::{call, check, get};

const ALL: &str = "/csourceSubscriptions";
const PATH: &str = "/csourceSubscriptions/urn:ngsi-ld:Subscription:s";

fn subscription(receiver: &str, change: Value) -> Value {
    let mut whole = json!({
        "id": "urn:ngsi-ld:Subscription:s", "type": "Subscription", "entities": [{ "type": "Car" }],
        "notification": { "endpoint": { "uri": receiver, "accept": "application/json" } },
    });
    whole.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    whole
}

fn registration(id: &str, entity_type: &str, change: Value) -> Value {
    let mut whole = json!({
        "id": format!("urn:r:{id}"), "type": "ContextSourceRegistration", "endpoint": "http://127.0.0.1:9",
        "information": [{ "entities": [{ "type": entity_type }], "propertyNames": ["speed"] }],
    });
    whole.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    whole
}

async fn register(site: &Site, registration: Value) {
    check(site, &[("POST", "/csourceRegistrations", registration, 201, "")]).await;
}

/// Reason and identifiers of each notification so far.
fn told(receiver: &Receiver) -> Vec<(String, Vec<String>)> {
    let told = |body: Value| {
        let ids = body["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
        (body["triggerReason"].as_str().unwrap().to_owned(), ids)
    };
    receiver.received().iter().map(|one| told(one.json())).collect()
}

fn reasons(told: &[(String, Vec<String>)]) -> Vec<&str> {
    told.iter().map(|(reason, _)| reason.as_str()).collect()
}

#[tokio::test]
async fn a_subscription_is_made_read_changed_and_ended() {
    let site = Site::alone().await;
    let whole = subscription("http://127.0.0.1:9/notify", json!({ "csf": "line==7", "description": "cars" }));
    let answer = call(&site, "POST", ALL, &whole).await;
    assert_eq!((answer.status, answer.header("location")), (201, &format!("/ngsi-ld/v1{PATH}")[..]));
    let read = get(&site, PATH).await.json();
    for (name, value) in whole.as_object().unwrap().iter().filter(|(name, _)| *name != "notification") {
        assert_eq!(&read[name], value, "{name}");
    }
    assert_eq!((&read["status"], &read["notificationTrigger"]), (&json!("active"), &Value::Null));
    let site = site.restart().await;
    assert_eq!(get(&site, PATH).await.json(), read);
    check(
        &site,
        &[
            ("POST", ALL, whole, 409, "AlreadyExists"),
            ("PATCH", PATH, json!({ "isActive": false }), 204, ""),
            ("PATCH", PATH, json!({ "csf": "((" }), 400, "BadRequestData"),
            ("PATCH", "/csourceSubscriptions/urn:none", json!({ "isActive": false }), 404, "ResourceNotFound"),
            ("GET", "/subscriptions/urn:ngsi-ld:Subscription:s", Value::Null, 404, "ResourceNotFound"),
            ("DELETE", "/subscriptions/urn:ngsi-ld:Subscription:s", Value::Null, 404, "ResourceNotFound"),
        ],
    )
    .await;
    assert_eq!(get(&site, PATH).await.json()["status"], "paused");
    assert_eq!(get(&site, "/subscriptions").await.json(), json!([]));
    let listed = get(&site, "/csourceSubscriptions?count=true").await;
    assert_eq!((listed.json().as_array().unwrap().len(), listed.header("ngsild-results-count")), (1, "1"));
    check(&site, &[("DELETE", PATH, Value::Null, 204, ""), ("GET", PATH, Value::Null, 404, "ResourceNotFound")]).await;
}

#[tokio::test]
async fn refusals_name_the_member() {
    let site = Site::alone().await;
    let temporal = |relation: &str| json!({ "temporalQ": { "timerel": relation, "timeAt": "2026-01-01T00:00:00Z" } });
    let table = [
        (json!({ "type": "Other" }), "type"),
        (json!({ "entities": [] }), "entities"),
        (json!({ "entities": [{ "type": "Car", "idPattern": "(" }] }), "entities[0].idPattern"),
        (json!({ "entities": [{ "type": "Car", "idPattern": "urn:**" }] }), "entities[0].idPattern"),
        (json!({ "csf": "a=(" }), "csf"),
        (json!({ "q": "a=(" }), "q"),
        (temporal("since"), "temporalQ.timerel"),
        (temporal("between"), "temporalQ.endTimeAt"),
        (json!({ "geoQ": { "georel": "near", "geometry": "Point", "coordinates": [1, 2] } }), "geoQ"),
        (
            json!({ "notification": { "endpoint": { "uri": "http://host/", "accept": "application/geo+json" } } }),
            "accept",
        ),
    ];
    for (change, member) in table {
        let answer = call(&site, "POST", ALL, &subscription("http://127.0.0.1:9/", change.clone())).await;
        assert_eq!(answer.outcome(), (400, "BadRequestData".to_owned()), "{change}: {}", answer.text);
        assert!(answer.text.contains(member), "{change}: {}", answer.text);
    }
    let answer = call(&site, "POST", "/subscriptions", &subscription("http://127.0.0.1:9/", temporal("before"))).await;
    assert!(answer.status == 400 && answer.text.contains("temporalQ"), "{}", answer.text);
}

#[tokio::test]
async fn what_becomes_of_registrations_is_told() {
    let site = Site::alone().await;
    let receiver = Receiver::start().await.unwrap();
    register(&site, registration("1", "Car", json!({}))).await;
    register(&site, registration("2", "Car", json!({}))).await;
    register(&site, registration("3", "Bus", json!({}))).await;
    check(&site, &[("POST", ALL, subscription(&receiver.url(), json!({})), 201, "")]).await;
    let first = receiver.wait_for(1, SOON).await[0].json();
    assert_eq!(first["type"], "ContextSourceNotification");
    assert_eq!(first["subscriptionId"], "urn:ngsi-ld:Subscription:s");
    assert!(first["notifiedAt"].is_string() && first["id"].is_string());
    assert_eq!(first["data"][0]["information"][0]["propertyNames"], json!(["speed"]));
    let one = "/csourceRegistrations/urn:r:1";
    let information = json!({ "information": [{ "entities": [{ "type": "Bus" }] }] });
    check(
        &site,
        &[
            ("PATCH", one, json!({ "description": "fast" }), 204, ""),
            ("PATCH", one, information, 204, ""),
            ("PATCH", one, json!({ "description": "a bus" }), 204, ""),
            ("POST", "/csourceRegistrations", registration("4", "Car", json!({})), 201, ""),
            ("DELETE", "/csourceRegistrations/urn:r:3", Value::Null, 204, ""),
            ("DELETE", "/csourceRegistrations/urn:r:4", Value::Null, 204, ""),
        ],
    )
    .await;
    receiver.wait_for(5, SOON).await;
    let expected = [
        ("newlyMatching", vec!["urn:r:1", "urn:r:2"]),
        ("updated", vec!["urn:r:1"]),
        ("noLongerMatching", vec!["urn:r:1"]),
        ("newlyMatching", vec!["urn:r:4"]),
        ("noLongerMatching", vec!["urn:r:4"]),
    ];
    let expected: Vec<_> =
        expected.map(|(reason, ids)| (reason.to_owned(), ids.into_iter().map(str::to_owned).collect())).into();
    assert_eq!(told(&receiver), expected);
    let notification = testkit::wait_until(SOON, "it is counted", async || {
        let read = get(&site, PATH).await.json()["notification"].clone();
        (read["timesSent"] == 5).then_some(read)
    })
    .await;
    assert_eq!(notification["status"], "ok");
}

#[tokio::test]
async fn conditions_choose_registrations() {
    let past = json!({ "observationInterval": { "startAt": "2025-01-01T00:00:00Z", "endAt": "2025-02-01T00:00:00Z" } });
    let square = json!({ "type": "Polygon", "coordinates": [[[0, 0], [0, 9], [9, 9], [9, 0], [0, 0]]] });
    let near = |x: u8| {
        json!({ "geoQ": { "georel": "near;maxDistance==1000", "geometry": "Point", "coordinates": [x, 3],
            "geoproperty": "operationSpace" } })
    };
    let place = json!({ "operationSpace": square });
    let before = |at: &str| json!({ "temporalQ": { "timerel": "before", "timeAt": at } });
    let table = [
        (json!({ "entities": [{ "type": "Bus" }] }), json!({}), false),
        (json!({ "entities": [{ "type": "Bus" }, { "type": "Car", "idPattern": "^urn:c" }] }), json!({}), true),
        (json!({ "entities": [{ "type": "*" }] }), json!({}), true),
        (json!({ "watchedAttributes": ["speed"] }), json!({}), true),
        (json!({ "watchedAttributes": ["weight"] }), json!({}), false),
        (json!({ "csf": "line==7" }), json!({ "line": 7 }), true),
        (json!({ "csf": "line==7" }), json!({ "line": 8 }), false),
        (near(3), place.clone(), true),
        (near(30), place, false),
        (before("2025-03-01T00:00:00Z"), past.clone(), true),
        (before("2024-03-01T00:00:00Z"), past.clone(), false),
        (json!({}), past, false),
    ];
    for (condition, member, expected) in table {
        let site = Site::alone().await;
        let receiver = Receiver::start().await.unwrap();
        check(&site, &[("POST", ALL, subscription(&receiver.url(), condition.clone()), 201, "")]).await;
        register(&site, registration("1", "Car", member.clone())).await;
        // A change of the subscription tells what matches then, whatever was told before.
        let all = json!({ "entities": [{ "type": "Last" }], "watchedAttributes": null, "csf": null, "geoQ": null,
            "temporalQ": null });
        check(&site, &[("PATCH", PATH, all, 204, "")]).await;
        register(&site, registration("last", "Last", json!({}))).await;
        let count = if expected { 2 } else { 1 };
        receiver.wait_for(count, SOON).await;
        let told = told(&receiver);
        assert_eq!(told.len(), count, "{condition} {member}: {told:?}");
        assert_eq!(told[count - 1].1, ["urn:r:last"], "{condition} {member}");
    }
}

#[tokio::test]
async fn a_subscription_that_is_changed_begins_anew_and_a_paused_one_is_not_told() {
    let mut site = Site::alone().await;
    let receiver = Receiver::start().await.unwrap();
    register(&site, registration("1", "Car", json!({}))).await;
    register(&site, registration("2", "Bus", json!({}))).await;
    let paused = subscription(&receiver.url(), json!({ "isActive": false }));
    check(&site, &[("POST", ALL, paused, 201, "")]).await;
    register(&site, registration("3", "Car", json!({}))).await;
    site = site.restart().await;
    check(
        &site,
        &[
            ("PATCH", PATH, json!({ "isActive": true }), 204, ""),
            ("PATCH", PATH, json!({ "entities": [{ "type": "Bus" }] }), 204, ""),
        ],
    )
    .await;
    receiver.wait_for(2, SOON).await;
    let told = told(&receiver);
    assert_eq!(reasons(&told), ["newlyMatching", "newlyMatching"]);
    assert_eq!(
        (&told[0].1[..], &told[1].1[..]),
        (&["urn:r:1".to_owned(), "urn:r:3".to_owned()][..], &["urn:r:2".to_owned()][..])
    );
}

#[tokio::test]
async fn intervals_tell_all_and_what_is_due_survives_a_restart() {
    let site = Site::alone().await;
    let receiver = Receiver::start().await.unwrap();
    register(&site, registration("1", "Car", json!({}))).await;
    register(&site, registration("2", "Car", json!({}))).await;
    check(&site, &[("POST", ALL, subscription(&receiver.url(), json!({ "timeInterval": 1 })), 201, "")]).await;
    receiver.wait_for(3, SOON).await;
    for (reason, ids) in told(&receiver) {
        assert_eq!((reason.as_str(), ids.len()), ("newlyMatching", 2));
    }
    check(&site, &[("DELETE", PATH, Value::Null, 204, "")]).await;

    let url = receiver.url();
    drop(receiver);
    check(&site, &[("POST", ALL, subscription(&url, json!({})), 201, "")]).await;
    check(&site, &[("DELETE", "/csourceRegistrations/urn:r:2", Value::Null, 204, "")]).await;
    let site = site.restart().await;
    let receiver = Receiver::start().await.unwrap();
    let change = json!({ "notification": { "endpoint": { "uri": receiver.url() } } });
    check(&site, &[("PATCH", PATH, change, 204, "")]).await;
    testkit::wait_until(SOON, "both are told", async || {
        let told = told(&receiver);
        let has = |reason: &str, id: &str| told.iter().any(|(why, ids)| why == reason && ids.contains(&id.to_owned()));
        (has("newlyMatching", "urn:r:1") && has("noLongerMatching", "urn:r:2")).then_some(())
    })
    .await;
}
