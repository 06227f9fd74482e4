//! Subscriptions and their notifications.

use serde_json::{Value, json};
use testkit::{Received, Receiver};

use super::common::{SOON, Site};
use super::{call, check, create, get};

const PATH: &str = "/subscriptions/urn:ngsi-ld:Subscription:1";

fn subscription(receiver: &str, change: Value) -> Value {
    let mut whole = json!({
        "id": "urn:ngsi-ld:Subscription:1", "type": "Subscription", "entities": [{ "type": "Room" }],
        "notification": { "endpoint": { "uri": receiver, "accept": "application/json" } },
    });
    whole.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    whole
}

fn room(temperature: i64) -> Value {
    json!({ "id": "urn:r:1", "type": "Room", "temperature": { "type": "Property", "value": temperature },
        "owner": { "type": "Relationship", "object": "urn:p:1" } })
}

fn header<'r>(received: &'r Received, name: &str) -> &'r str {
    received.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

async fn set(site: &Site, temperature: i64) {
    let body = json!({ "temperature": { "type": "Property", "value": temperature } });
    let answer = call(site, "PATCH", "/entities/urn:r:1/attrs", &body).await;
    assert_eq!(answer.status, 204, "{}", answer.text);
}

#[tokio::test]
async fn a_query_may_be_escaped_as_in_a_url() {
    let site = Site::alone().await;
    for given in [
        "name==\"Eiffel Tower\"",
        "name==\"Eiffel%20Tower\"",
        "name%3D%3D%22Eiffel%20Tower%22%3Brate==\"100%\"",
        "rate==\"100%25\"",
    ] {
        let receiver = Receiver::start().await.unwrap();
        let whole = subscription(&receiver.url(), json!({ "q": given }));
        assert_eq!(call(&site, "POST", "/subscriptions", &whole).await.status, 201, "{given}");
        check(&site, &[("PATCH", PATH, json!({ "description": "towers" }), 204, "")]).await;
        assert_eq!(get(&site, PATH).await.json()["q"], given);
        create(&site, &json!({ "id": "urn:r:1", "type": "Room", "name": "Eiffel Tower", "rate": "100%" })).await;
        receiver.wait_for(1, SOON).await;
        for path in [PATH, "/entities/urn:r:1"] {
            assert_eq!(call(&site, "DELETE", path, &Value::Null).await.status, 204);
        }
    }
}

#[tokio::test]
async fn a_subscription_is_made_read_changed_and_ended() {
    let site = Site::alone().await;
    let whole = subscription("http://127.0.0.1:9/notify", json!({ "q": "temperature>20", "description": "hot" }));
    let answer = call(&site, "POST", "/subscriptions", &whole).await;
    assert_eq!(
        (answer.status, answer.header("location")),
        (201, "/ngsi-ld/v1/subscriptions/urn:ngsi-ld:Subscription:1")
    );
    let read = get(&site, PATH).await.json();
    for (name, value) in whole.as_object().unwrap().iter().filter(|(name, _)| *name != "notification") {
        assert_eq!(&read[name], value, "{name}");
    }
    assert_eq!((&read["status"], &read["isActive"]), (&json!("active"), &Value::Null));
    let site = site.restart().await;
    assert_eq!(get(&site, PATH).await.json(), read);
    check(
        &site,
        &[
            ("POST", "/subscriptions", whole, 409, "AlreadyExists"),
            ("PATCH", PATH, json!({ "isActive": false, "q": "temperature>25" }), 204, ""),
            ("PATCH", PATH, json!({ "q": "((" }), 400, "BadRequestData"),
            ("PATCH", PATH, json!({ "expiresAt": "2001-01-01T00:00:00Z" }), 400, "BadRequestData"),
            ("PATCH", "/subscriptions/urn:none", json!({ "isActive": false }), 404, "ResourceNotFound"),
            ("GET", "/subscriptions/no-uri", Value::Null, 400, "BadRequestData"),
        ],
    )
    .await;
    let read = get(&site, PATH).await.json();
    assert_eq!((&read["status"], &read["q"]), (&json!("paused"), &json!("temperature>25")));
    let listed = get(&site, "/subscriptions?count=true").await;
    assert_eq!((listed.json(), listed.header("ngsild-results-count")), (json!([read]), "1"));
    check(&site, &[("DELETE", PATH, Value::Null, 204, ""), ("GET", PATH, Value::Null, 404, "ResourceNotFound")]).await;
}

#[tokio::test]
async fn refusals_name_the_member() {
    let site = Site::alone().await;
    let table = [
        (json!({ "type": "Other" }), "type"),
        (json!({ "id": "no uri" }), "id"),
        (json!({ "entities": [] }), "entities"),
        (json!({ "entities": [{ "id": "urn:r:1" }] }), "entities[0].type"),
        (json!({ "entities": [{ "type": "Room", "idPattern": "(" }] }), "entities[0].idPattern"),
        (json!({ "entities": [{ "type": "Room", "idPattern": "urn:**" }] }), "entities[0].idPattern"),
        (json!({ "q": "a=(" }), "q"),
        (json!({ "geoQ": { "georel": "near", "geometry": "Point", "coordinates": [1, 2] } }), "geoQ"),
        (json!({ "watchedAttributes": ["a"], "timeInterval": 1 }), "timeInterval"),
        (json!({ "throttling": -1 }), "throttling"),
        (json!({ "csf": "((" }), "csf"),
        (json!({ "watchedAttributes": [] }), "watchedAttributes"),
        (json!({ "notification": { "omit": [], "endpoint": { "uri": "http://host/" } } }), "notification.omit"),
        (json!({ "datasetId": ["none"] }), "datasetId"),
        (json!({ "expiresAt": "yesterday" }), "expiresAt"),
        (json!({ "notificationTrigger": ["never"] }), "notificationTrigger"),
        (json!({ "notification": { "endpoint": { "uri": "ftp://host" } } }), "uri"),
        (json!({ "notification": {} }), "notification"),
        (
            json!({ "notification": { "pick": ["a"], "omit": ["a"], "endpoint": { "uri": "http://host/" } } }),
            "notification.omit",
        ),
        (
            json!({ "notification": { "pick": ["a"], "attributes": ["b"], "endpoint": { "uri": "http://host/" } } }),
            "notification.attributes",
        ),
        (json!({ "id": "" }), "id"),
        (json!({ "notification": { "join": "up", "endpoint": { "uri": "http://host/" } } }), "notification.join"),
        (
            json!({ "notification": { "join": "flat", "joinLevel": 11, "endpoint": { "uri": "http://host/" } } }),
            "notification.joinLevel",
        ),
        (
            json!({ "notification": { "pick": ["owner{name}"], "endpoint": { "uri": "http://host/" } } }),
            "notification.pick",
        ),
    ];
    for (change, member) in table {
        let answer = call(&site, "POST", "/subscriptions", &subscription("http://127.0.0.1:9/", change.clone())).await;
        assert_eq!(answer.outcome(), (400, "BadRequestData".to_owned()), "{change}: {}", answer.text);
        assert!(answer.text.contains(member), "{change}: {}", answer.text);
    }
}

#[tokio::test]
async fn changes_of_watched_attributes_are_told() {
    let site = Site::alone().await;
    let receiver = Receiver::start().await.unwrap();
    create(&site, &room(10)).await;
    let change = json!({ "watchedAttributes": ["temperature"], "q": "temperature>20", "notification": {
        "attributes": ["temperature"], "format": "keyValues",
        "endpoint": { "uri": format!("{}/notify", receiver.url()), "receiverInfo": [{ "key": "X-Key", "value": "7" }] } } });
    check(&site, &[("POST", "/subscriptions", subscription("http://unused", change), 201, "")]).await;
    set(&site, 15).await;
    set(&site, 25).await;
    let owner = json!({ "type": "Relationship", "object": "urn:p:2" });
    check(&site, &[("PUT", "/entities/urn:r:1/attrs/owner", owner, 204, "")]).await;
    set(&site, 30).await;
    let received = receiver.wait_for(2, SOON).await;
    let bodies: Vec<_> = received.iter().map(Received::json).collect();
    let data = |temperature: i64| json!([{ "id": "urn:r:1", "type": "Room", "temperature": temperature }]);
    assert_eq!([&bodies[0]["data"], &bodies[1]["data"]], [&data(25), &data(30)]);
    assert_eq!(bodies[0]["type"], "Notification");
    assert_eq!(bodies[0]["subscriptionId"], "urn:ngsi-ld:Subscription:1");
    assert!(bodies[0]["notifiedAt"].is_string() && bodies[0]["id"].as_str().unwrap().starts_with("urn:"));
    assert_eq!(header(&received[0], "x-key"), "7");
    assert!(header(&received[0], "link").contains("ngsi-ld-core-context"));
    let notification = testkit::wait_until(SOON, "it is counted", async || {
        let read = get(&site, PATH).await.json()["notification"].clone();
        (read["timesSent"] == 2).then_some(read)
    })
    .await;
    assert_eq!(notification["status"], "ok");
    assert!(notification["lastSuccess"].is_string() && notification.get("timesFailed").is_none());
}

#[tokio::test]
async fn triggers_choose_what_is_told() {
    let table = [
        (json!(["entityCreated"]), json!([10])),
        (json!(["attributeUpdated"]), json!([11])),
        (json!(["attributeDeleted"]), json!(["urn:ngsi-ld:null", null])),
        (json!(["entityDeleted"]), json!([null])),
        (json!(["entityUpdated"]), json!([11, "urn:ngsi-ld:null"])),
    ];
    for (triggers, expected) in table {
        let site = Site::alone().await;
        let receiver = Receiver::start().await.unwrap();
        let wanted = subscription(&receiver.url(), json!({ "notificationTrigger": triggers }));
        check(
            &site,
            &[
                ("POST", "/subscriptions", wanted, 201, ""),
                ("POST", "/entities", room(10), 201, ""),
                (
                    "PATCH",
                    "/entities/urn:r:1/attrs",
                    json!({ "temperature": { "type": "Property", "value": 11 } }),
                    204,
                    "",
                ),
                ("DELETE", "/entities/urn:r:1/attrs/temperature", Value::Null, 204, ""),
                ("DELETE", "/entities/urn:r:1", Value::Null, 204, ""),
            ],
        )
        .await;
        let received = receiver.wait_for(expected.as_array().unwrap().len(), SOON).await;
        let told: Vec<_> = received.iter().map(|one| one.json()["data"][0]["temperature"]["value"].clone()).collect();
        assert_eq!(json!(told), expected, "{triggers}");
        if triggers == json!(["entityDeleted"]) {
            assert!(received[0].json()["data"][0]["deletedAt"].is_string());
        }
    }
}

#[tokio::test]
async fn notifications_come_as_linked_data_and_as_features_and_at_intervals() {
    for (accept, timed) in [("application/ld+json", false), ("application/geo+json", false), ("application/json", true)]
    {
        let site = Site::alone().await;
        let receiver = Receiver::start().await.unwrap();
        let mut change = json!({ "notification": { "endpoint": { "uri": receiver.url(), "accept": accept } } });
        if timed {
            change["timeInterval"] = json!(1);
        }
        create(&site, &room(1)).await;
        check(&site, &[("POST", "/subscriptions", subscription("http://unused", change), 201, "")]).await;
        if !timed {
            set(&site, 2).await;
        }
        let received = receiver.wait_for(if timed { 2 } else { 1 }, SOON).await;
        let body = received[0].json();
        assert_eq!(header(&received[0], "content-type"), accept);
        match accept {
            "application/ld+json" => {
                assert!(!body["@context"].is_null(), "{body}");
                assert_eq!(body["data"][0]["@context"], body["@context"]);
            }
            "application/geo+json" => assert_eq!(body["data"]["type"], "FeatureCollection"),
            _ => assert_eq!(body["data"][0]["temperature"]["value"], 1),
        }
    }
}

#[tokio::test]
async fn one_null_stands_for_all_instances_that_are_gone() {
    let site = Site::alone().await;
    let receiver = Receiver::start().await.unwrap();
    let instance = |value: i64, id: &str| json!({ "type": "Property", "value": value, "datasetId": id });
    let default = json!({ "type": "Property", "value": 1 });
    create(
        &site,
        &json!({ "id": "urn:r:1", "type": "Room", "speed": [default, instance(2, "urn:d:2"), instance(3, "urn:d:3")] }),
    )
    .await;
    let wanted = subscription(&receiver.url(), json!({ "notificationTrigger": ["attributeDeleted"] }));
    check(
        &site,
        &[
            ("POST", "/subscriptions", wanted, 201, ""),
            ("DELETE", "/entities/urn:r:1/attrs/speed?datasetId=urn:d:2", Value::Null, 204, ""),
            ("DELETE", "/entities/urn:r:1/attrs/speed?deleteAll=true", Value::Null, 204, ""),
        ],
    )
    .await;
    let received = receiver.wait_for(2, SOON).await;
    let told: Vec<_> = received.iter().map(|one| one.json()["data"][0]["speed"].clone()).collect();
    let null = json!({ "type": "Property", "value": "urn:ngsi-ld:null" });
    let one_null = json!([default, instance(3, "urn:d:3"), { "type": "Property", "value": "urn:ngsi-ld:null", "datasetId": "urn:d:2" }]);
    assert_eq!(told, [one_null, null]);
}
