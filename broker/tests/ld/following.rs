//! Subscriptions that sources are subscribed at for: what these are asked, and what becomes of what they tell.

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use testkit::{Behaviour, Received, Receiver, wait_until};

use super::common::{NOWHERE, SOON, Site};
use super::registrations::registration;
use super::{call, call_with, check, create, get};

const SUBSCRIPTION: &str = "/subscriptions/urn:s:1";
const REGISTRATION: &str = "/csourceRegistrations/urn:r:1";

fn with(mut whole: Value, members: &Value) -> Value {
    whole.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    whole
}

fn subscription(receiver: &Receiver, members: &Value) -> Value {
    let whole = json!({ "id": "urn:s:1", "type": "Subscription", "entities": [{ "type": "Car" }],
        "notification": { "endpoint": { "uri": format!("{}/told", receiver.url()), "accept": "application/json" } } });
    with(whole, members)
}

fn cars() -> Value {
    json!([{ "entities": [{ "type": "Car" }] }])
}

async fn register(site: &Site, endpoint: &str, information: &Value, more: &Value) {
    let body = registration("urn:r:1", endpoint, information, more);
    check(site, &[("POST", "/csourceRegistrations", body, 201, "")]).await;
}

/// What a source was asked, without what its queries were.
fn asked(source: &Receiver) -> Vec<Received> {
    source.received().into_iter().filter(|request| request.path.starts_with("/ngsi-ld/v1/subscriptions")).collect()
}

async fn wait_asked(source: &Receiver, count: usize) -> Received {
    wait_until(SOON, &format!("{count} requests to the source"), async || asked(source).into_iter().nth(count - 1))
        .await
}

fn header<'r>(request: &'r Received, name: &str) -> &'r str {
    request.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

/// Notifies like a source; the status of the answer.
async fn notify(site: &Site, uri: &str, headers: &[(&str, &str)], subscription_id: &str, data: Value) -> u16 {
    let body = json!({ "id": "urn:n:1", "type": "Notification", "subscriptionId": subscription_id,
        "notifiedAt": "2026-01-01T00:00:00Z", "data": data });
    let mut request = Request::builder().method(Method::POST).uri(uri).header("content-type", "application/json");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    site.send(request.body(Bytes::from(body.to_string())).unwrap()).await.status().as_u16()
}

fn speed(id: &str, value: Value) -> Value {
    json!({ "id": id, "type": "Car", "speed": { "type": "Property", "value": value } })
}

#[tokio::test]
async fn a_source_is_asked_exactly_for_what_it_may_have() {
    let here = Site::start("here", NOWHERE).await;
    let (source, receiver) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    let contexts = super::context_server::ContextServer::start().await;
    let context =
        contexts.context("/own", &json!({ "Auto": "https://example.org/Car", "tempo": "https://example.org/speed" }));
    let link = format!("<{context}>; rel=\"http://www.w3.org/ns/json-ld#context\"; type=\"application/ld+json\"");
    let headers = [("content-type", "application/json"), ("link", &*link), ("via", "1.1 before")];
    let body = registration(
        "urn:r:1",
        &source.url(),
        &json!([{ "entities": [{ "type": "Auto" }], "propertyNames": ["tempo"] }]),
        &json!({ "tenant": "cars", "operations": ["federationOps"],
            "contextSourceInfo": [{ "key": "X-Key", "value": "secret" }, { "key": "Authorization", "value": "urn:ngsi-ld:request" }] }),
    );
    assert_eq!(call_with(&here, "POST", "/csourceRegistrations", &headers, &body.to_string()).await.status, 201);
    let wanted = subscription(
        &receiver,
        &json!({ "entities": [{ "type": "Auto" }, { "type": "Bus" }], "q": "tempo>50", "throttling": 1,
        "expiresAt": "2100-01-01T00:00:00Z" }),
    );
    assert_eq!(call_with(&here, "POST", "/subscriptions", &headers, &wanted.to_string()).await.status, 201);

    let request = wait_asked(&source, 1).await;
    let made = request.json();
    let (id, uri) = (made["id"].as_str().unwrap(), made["notification"]["endpoint"]["uri"].as_str().unwrap());
    let expected = json!({ "id": id, "type": "Subscription", "entities": [{ "type": "Auto" }], "watchedAttributes": ["tempo"],
        "isActive": true, "expiresAt": "2100-01-01T00:00:00Z",
        "notification": { "attributes": ["tempo"], "format": "normalized", "sysAttrs": true,
            "endpoint": { "uri": uri, "accept": "application/json" } } });
    assert_eq!((request.method.as_str(), &*request.path, &made), ("POST", "/ngsi-ld/v1/subscriptions", &expected));
    assert!(uri.starts_with(&format!("{}/ngsi-ld/v1/sourceNotifications/", here.url)), "{uri}");
    assert_ne!(id, "urn:s:1");
    assert_eq!(
        (header(&request, "ngsild-tenant"), header(&request, "x-key"), header(&request, "authorization")),
        ("cars", "secret", "")
    );
    assert!(header(&request, "link").contains(&context));
    assert!(header(&request, "via").starts_with("1.1 before, 1.1 Broker"), "{}", header(&request, "via"));

    let at_home = json!({ "q": "tempo>60", "isActive": false, "expiresAt": "urn:ngsi-ld:null" });
    let headers = [headers[0], headers[1]];
    assert_eq!(call_with(&here, "PATCH", SUBSCRIPTION, &headers, &at_home.to_string()).await.status, 204);
    let request = wait_asked(&source, 2).await;
    assert_eq!((request.method.as_str(), request.path), ("PATCH", format!("/ngsi-ld/v1/subscriptions/{id}")));
    let mut fragment = with(expected, &json!({ "isActive": false, "expiresAt": "urn:ngsi-ld:null" }));
    fragment.as_object_mut().unwrap().remove("id");
    assert_eq!(serde_json::from_slice::<Value>(&request.body).unwrap(), fragment);

    check(&here, &[("DELETE", SUBSCRIPTION, Value::Null, 204, "")]).await;
    let request = wait_asked(&source, 3).await;
    assert_eq!((request.method.as_str(), request.path.clone()), ("DELETE", format!("/ngsi-ld/v1/subscriptions/{id}")));
    assert_eq!((header(&request, "ngsild-tenant"), header(&request, "x-key")), ("cars", "secret"));
    contexts.stop().await;
}

#[tokio::test]
async fn what_a_source_tells_is_checked_and_passed_on() {
    let here = Site::start("here", NOWHERE).await;
    let (source, receiver) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    let information = json!([{ "entities": [{ "type": "Car" }], "propertyNames": ["speed"] }]);
    register(&here, &source.url(), &information, &json!({})).await;
    create(&here, &json!({ "id": "urn:c:1", "type": "Car", "colour": { "value": "red" } })).await;
    let wanted = subscription(&receiver, &json!({ "q": "speed>50;colour==\"red\"" }));
    check(&here, &[("POST", "/subscriptions", wanted, 201, "")]).await;
    let made = wait_asked(&source, 1).await.json();
    let (id, uri) = (made["id"].as_str().unwrap(), made["notification"]["endpoint"]["uri"].as_str().unwrap());
    // Until the source has answered it may tell under an identifier of its own.
    wait_until(SOON, "another identifier is refused", async || {
        (notify(&here, uri, &[], "urn:s:1", json!([])).await == 404).then_some(())
    })
    .await;
    let tenant = [("ngsild-tenant", "theirs")];
    let context = [("link", "<http://127.0.0.1:9/none>; rel=\"http://www.w3.org/ns/json-ld#context\"")];
    let unknown = format!("{uri}0");
    let none: &[(&str, &str)] = &[];
    let table = [
        (uri, &tenant[..], json!([speed("urn:c:1", json!(60))]), 204),
        (uri, none, json!([speed("urn:c:1", json!(10))]), 204),
        (uri, none, json!([speed("urn:c:2", json!(60))]), 204),
        (uri, none, json!([{ "id": "urn:c:1", "type": "Bus", "speed": { "value": 70 } }]), 204),
        (uri, none, json!([{ "id": "urn:c:1", "type": "Car", "colour": { "value": "red" } }]), 204),
        (uri, none, json!([7, { "id": "none" }]), 204),
        (uri, none, json!({}), 400),
        (&unknown, none, json!([speed("urn:c:1", json!(60))]), 404),
        (uri, &context, json!([speed("urn:c:1", json!(60))]), 503),
    ];
    for (uri, headers, data, status) in table {
        assert_eq!(notify(&here, uri, headers, id, data.clone()).await, status, "{data}");
    }
    assert_eq!(notify(&here, uri, &[], id, json!([speed("urn:c:1", json!(90))])).await, 204);
    let told = receiver.wait_for(2, SOON).await;
    let data: Vec<_> = told.iter().map(|one| one.json()["data"][0].clone()).collect();
    for (data, value) in data.iter().zip([60, 90]) {
        let expected = json!({ "id": "urn:c:1", "type": "Car", "colour": { "type": "Property", "value": "red" },
            "speed": { "type": "Property", "value": value } });
        assert_eq!(data, &expected);
    }
    assert_eq!((told.len(), &told[0].json()["subscriptionId"]), (2, &json!("urn:s:1")));
    check(&here, &[("DELETE", REGISTRATION, Value::Null, 204, "")]).await;
    assert_eq!(notify(&here, uri, &[], id, json!([speed("urn:c:1", json!(60))])).await, 404);
}

/// How many subscriptions a broker has.
async fn count(site: &Site) -> usize {
    get(site, "/subscriptions").await.json().as_array().unwrap().len()
}

async fn wait_count(site: &Site, expected: usize) {
    wait_until(SOON, &format!("{expected} subscriptions"), async || (count(site).await == expected).then_some(()))
        .await;
}

#[tokio::test]
async fn subscribers_hear_of_entities_of_a_broker_that_is_a_source() {
    let (here, there) = (Site::start("here", NOWHERE).await, Site::start("there", NOWHERE).await);
    let receiver = Receiver::start().await.unwrap();
    let triggers =
        json!({ "notificationTrigger": ["entityCreated", "attributeUpdated", "attributeDeleted", "entityDeleted"] });
    let shown = json!({ "showChanges": true, "endpoint": { "uri": receiver.url(), "accept": "application/json" } });
    let wanted = subscription(&receiver, &with(triggers, &json!({ "notification": shown })));
    check(&here, &[("POST", "/subscriptions", wanted, 201, "")]).await;
    register(&here, &there.url, &cars(), &json!({})).await;
    wait_count(&there, 1).await;
    let here = here.restart().await;
    create(&there, &speed("urn:c:1", json!(1.5))).await;
    check(
        &there,
        &[
            ("PATCH", "/entities/urn:c:1/attrs", json!({ "speed": { "value": 2 } }), 204, ""),
            ("DELETE", "/entities/urn:c:1/attrs/speed", Value::Null, 204, ""),
            ("DELETE", "/entities/urn:c:1", Value::Null, 204, ""),
            ("POST", "/entities", json!({ "id": "urn:b:1", "type": "Bus" }), 201, ""),
        ],
    )
    .await;
    let told = receiver.wait_for(4, SOON).await;
    let data: Vec<_> = told.iter().map(|one| one.json()["data"][0].clone()).collect();
    let speed = |members: Value| json!({ "id": "urn:c:1", "type": "Car", "speed": with(json!({ "type": "Property" }), &members) });
    assert_eq!(data[0], speed(json!({ "value": 1.5 })));
    assert_eq!(data[1], speed(json!({ "value": 2, "previousValue": 1.5 })));
    assert_eq!(
        (&data[2]["speed"]["value"], &data[2]["speed"]["previousValue"]),
        (&json!("urn:ngsi-ld:null"), &json!(2))
    );
    assert!(data[3]["deletedAt"].is_string() && data[3]["id"] == "urn:c:1", "{}", data[3]);

    let buses = json!({ "entities": [{ "type": "Bus" }] });
    let both = json!({ "information": [{ "entities": [{ "type": "Car" }] }, { "entities": [{ "type": "Bus" }] }] });
    check(&here, &[("PATCH", SUBSCRIPTION, buses, 204, "")]).await;
    wait_count(&there, 0).await;
    check(&here, &[("PATCH", REGISTRATION, both, 204, "")]).await;
    wait_count(&there, 1).await;
    check(&here, &[("DELETE", REGISTRATION, Value::Null, 204, "")]).await;
    wait_count(&there, 0).await;
}

#[tokio::test]
async fn a_source_that_is_away_or_has_forgotten_is_made_up_for() {
    let here = Site::start("here", NOWHERE).await;
    let receiver = Receiver::start().await.unwrap();
    let mut there = Site::start("there", NOWHERE).await;
    there.stop().await;
    register(&here, &there.url, &cars(), &json!({})).await;
    check(&here, &[("POST", "/subscriptions", subscription(&receiver, &json!({})), 201, "")]).await;
    wait_until(SOON, "it was tried", async || {
        (get(&here, REGISTRATION).await.json()["status"] == "failed").then_some(())
    })
    .await;
    let here = here.restart().await;
    let mut there = there.restart().await;
    wait_count(&there, 1).await;
    let own = get(&there, "/subscriptions").await.json()[0]["id"].as_str().unwrap().to_owned();
    check(&there, &[("DELETE", &format!("/subscriptions/{own}"), Value::Null, 204, "")]).await;
    check(&here, &[("PATCH", REGISTRATION, json!({ "description": "it registers again" }), 204, "")]).await;
    wait_count(&there, 1).await;
    there.stop().await;
    check(&here, &[("DELETE", SUBSCRIPTION, Value::Null, 204, "")]).await;
    let _here = here.restart().await;
    let there = there.restart().await;
    wait_count(&there, 0).await;
}

#[tokio::test]
async fn brokers_that_are_sources_of_one_another_tell_once() {
    let (one, two) = (Site::start("here", NOWHERE).await, Site::start("there", NOWHERE).await);
    let receiver = Receiver::start().await.unwrap();
    register(&one, &two.url, &cars(), &json!({})).await;
    register(&two, &one.url, &cars(), &json!({})).await;
    check(&one, &[("POST", "/subscriptions", subscription(&receiver, &json!({})), 201, "")]).await;
    wait_count(&two, 1).await;
    wait_until(SOON, "the way back is refused", async || {
        (get(&two, REGISTRATION).await.json()["timesSent"] == 1).then_some(())
    })
    .await;
    for (site, id) in [(&one, "urn:c:1"), (&two, "urn:c:2"), (&one, "urn:c:3")] {
        let answer = call(site, "POST", "/entities?local=true", &speed(id, json!(1))).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        receiver.wait_for(id[6..].parse().unwrap(), SOON).await;
    }
    let ids: Vec<_> = receiver.received().iter().map(|told| told.json()["data"][0]["id"].clone()).collect();
    assert_eq!(ids, ["urn:c:1", "urn:c:2", "urn:c:3"]);
    assert_eq!((count(&one).await, count(&two).await), (1, 1));
    let via = format!("1.1 {}", get(&one, "/info/sourceIdentity").await.json()["contextSourceAlias"].as_str().unwrap());
    let body = subscription(&receiver, &json!({ "id": "urn:s:2" })).to_string();
    let headers = [("content-type", "application/json"), ("via", &*via)];
    assert_eq!(call_with(&one, "POST", "/subscriptions", &headers, &body).await.status, 508);
}

#[tokio::test]
async fn tenants_of_both_sides_are_kept_apart_and_local_ones_stay_here() {
    let (here, there) = (Site::start("here", NOWHERE).await, Site::start("there", NOWHERE).await);
    let receiver = Receiver::start().await.unwrap();
    let json_of = |tenant: &'static str| [("content-type", "application/json"), ("ngsild-tenant", tenant)];
    let (ours, theirs) = (json_of("ours"), json_of("theirs"));
    let body = registration("urn:r:1", &there.url, &cars(), &json!({ "tenant": "theirs" })).to_string();
    assert_eq!(call_with(&here, "POST", "/csourceRegistrations", &ours, &body).await.status, 201);
    for (path, id) in [("/subscriptions?local=true", "urn:s:0"), ("/subscriptions", "urn:s:1")] {
        let body = subscription(&receiver, &json!({ "id": id })).to_string();
        assert_eq!(call_with(&here, "POST", path, &ours, &body).await.status, 201);
    }
    wait_until(SOON, "it is subscribed", async || {
        let found = call_with(&there, "GET", "/subscriptions", &theirs[1..], "").await;
        (found.status == 200 && found.json().as_array().unwrap().len() == 1).then_some(())
    })
    .await;
    let body = speed("urn:c:1", json!(1)).to_string();
    assert_eq!(call_with(&there, "POST", "/entities", &theirs, &body).await.status, 201);
    let told = receiver.wait_for(1, SOON).await;
    assert_eq!((&told[0].json()["subscriptionId"], header(&told[0], "ngsild-tenant")), (&json!("urn:s:1"), "ours"));
    assert_eq!(count(&there).await, 0);
}

#[tokio::test]
async fn a_refusal_is_not_repeated_and_what_is_there_already_is_changed() {
    let here = Site::start("here", NOWHERE).await;
    let (source, receiver) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    source.behave(Behaviour::Refuse(StatusCode::FORBIDDEN));
    register(&here, &source.url(), &cars(), &json!({})).await;
    check(&here, &[("POST", "/subscriptions", subscription(&receiver, &json!({})), 201, "")]).await;
    wait_asked(&source, 1).await;
    source.behave(Behaviour::Refuse(StatusCode::CONFLICT));
    check(&here, &[("PATCH", SUBSCRIPTION, json!({ "description": "again" }), 204, "")]).await;
    let patch = wait_asked(&source, 3).await;
    let methods: Vec<_> = asked(&source).iter().map(|request| request.method.to_string()).collect();
    assert_eq!(methods, ["POST", "POST", "PATCH"]);
    source.behave(Behaviour::Answer(json!({})));
    assert_eq!(patch.path, format!("/ngsi-ld/v1/subscriptions/{}", asked(&source)[1].json()["id"].as_str().unwrap()));
    check(&here, &[("PATCH", SUBSCRIPTION, json!({ "description": "and again" }), 204, "")]).await;
    assert_eq!(wait_asked(&source, 4).await.method, "POST");
}

#[tokio::test]
async fn intervals_tell_what_sources_have() {
    let (here, there) = (Site::start("here", NOWHERE).await, Site::start("there", NOWHERE).await);
    let receiver = Receiver::start().await.unwrap();
    create(&there, &speed("urn:c:1", json!(1))).await;
    register(&here, &there.url, &cars(), &json!({})).await;
    check(&here, &[("POST", "/subscriptions", subscription(&receiver, &json!({ "timeInterval": 1 })), 201, "")]).await;
    wait_until(SOON, "the entity there is told", async || {
        receiver.received().iter().any(|told| told.json()["data"][0]["id"] == "urn:c:1").then_some(())
    })
    .await;
}
