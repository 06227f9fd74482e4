//! Every call of NGSI-9, with the names and codes on the wire.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::common::{Discovery, Subscriber, registration, told};
use http::StatusCode;
use serde_json::{Value, json};

const BROKER: &str = "http://10.0.0.1:8070/ngsi10";

#[tokio::test]
async fn register_answers_with_the_registration_id() {
    let discovery = Discovery::start().await;
    let mut body = registration("Car1", "Car", BROKER);
    body["registrationId"] = json!("mine");
    let answer = discovery.post("registerContext", body).await;
    let expected =
        json!({"duration": "PT10M", "registrationId": "mine", "errorCode": {"code": 200, "reasonPhrase": "OK"}});
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn discover_groups_entities_by_provider() {
    let discovery = Discovery::start().await;
    discovery.register("Car1", "Car", BROKER).await;
    discovery.register("Car2", "Car", BROKER).await;
    discovery.register("Car3", "Car", "http://10.0.0.2:8070/ngsi10").await;
    let answer = discovery.post("discoverContextAvailability", json!({"entities": [{"type": "Car"}]})).await;
    let ok = json!({"code": 200, "reasonPhrase": "OK"});
    let entity = |id: &str| json!({"id": id, "type": "Car", "isPattern": false});
    let expected = json!({
        "contextRegistrationResponses": [
            {"contextRegistration": {"entities": [entity("Car1"), entity("Car2")], "providingApplication": BROKER}, "errorCode": ok},
            {"contextRegistration": {"entities": [entity("Car3")], "providingApplication": "http://10.0.0.2:8070/ngsi10"}, "errorCode": ok},
        ],
        "errorCode": ok,
    });
    assert_eq!(answer, expected);
}

#[tokio::test]
async fn discover_goes_on_where_a_page_ends() {
    let discovery = Discovery::start().await;
    for n in 0..5 {
        discovery.register(&format!("Car{n}"), "Car", BROKER).await;
    }
    let page = |parameters: &str| format!("/ngsi9/discoverContextAvailability?{parameters}");
    let (_, first) = discovery.post_raw(&page("limit=2"), "{}").await;
    assert_eq!(first["errorCode"]["details"], "there are more: ask again with ?offset=2");
    let (_, last) = discovery.post_raw(&page("offset=4&limit=2"), "{}").await;
    assert_eq!(last["errorCode"], json!({"code": 200, "reasonPhrase": "OK"}));
    assert_eq!(last["contextRegistrationResponses"][0]["contextRegistration"]["entities"][0]["id"], "Car4");
}

#[tokio::test]
async fn registration_can_be_read_and_deleted() {
    let discovery = Discovery::start().await;
    let mut body = registration("Shop/1", "Shop", BROKER);
    let place = json!([{"name": "location", "type": "point", "value": {"latitude": 35.5, "longitude": 139.25}}]);
    body["contextRegistrations"][0]["contextMetadata"] = place.clone();
    discovery.post("registerContext", body).await;
    let expected = json!({
        "ID": "Shop/1",
        "Type": "Shop",
        "AttributesList": {"temperature": {"name": "temperature", "type": "float", "isDomain": false}},
        "MetadataList": {"location": place[0]},
        "ProvidingApplication": BROKER,
    });
    assert_eq!(discovery.get("/ngsi9/registration/Shop/1").await, expected);
    discovery.node.client.delete(&format!("{}/ngsi9/registration/Shop/1", discovery.url)).await.unwrap();
    assert_eq!(discovery.get("/ngsi9/registration/Shop/1").await, Value::Null);
}

#[tokio::test]
async fn subscriber_is_told_what_is_there_what_comes_and_what_goes() {
    let discovery = Discovery::start().await;
    let subscriber = Subscriber::start().await;
    discovery.register("Car1", "Car", BROKER).await;
    let id = discovery.subscribe("Car", &subscriber.reference).await;
    subscriber.wait_for(|notifications| notifications.len() == 1).await;
    discovery.register("Car2", "Car", BROKER).await;
    discovery.register("Bus1", "Bus", BROKER).await;
    discovery.remove("Car1").await;
    let notifications = subscriber.wait_for(|notifications| told(notifications).len() == 3).await;
    let expected = [(201, "Car1".to_owned()), (301, "Car2".to_owned()), (410, "Car1".to_owned())];
    assert_eq!(told(&notifications), expected);
    let first = json!({
        "subscribeId": id,
        "contextRegistrationResponses": [{
            "contextRegistration": {
                "entities": [{"id": "Car1", "type": "Car", "isPattern": false}],
                "attributes": [{"name": "temperature", "type": "float", "isDomain": false}],
                "contextMetadata": [],
                "providingApplication": BROKER,
            },
            "errorCode": {"code": 200, "reasonPhrase": "OK"},
        }],
        "errorCode": {"code": 201, "reasonPhrase": "OK"},
        "snapshot": true, "part": 1, "parts": 1,
    });
    assert_eq!(notifications[0], first);
}

#[tokio::test]
async fn subscriptions_can_be_listed_read_and_ended() {
    let discovery = Discovery::start().await;
    let subscriber = Subscriber::start().await;
    let id = discovery.subscribe("Car", &subscriber.reference).await;
    let one = discovery.get(&format!("/ngsi9/subscription/{id}")).await;
    assert_eq!(one["reference"], json!(subscriber.reference));
    assert_eq!(discovery.get("/ngsi9/subscription").await, json!({ &id: one }));
    let answer = discovery.post("unsubscribeContextAvailability", json!({"subscriptionId": id})).await;
    assert_eq!(
        answer,
        json!({"subscriptionId": id, "statusCode": {"code": 200, "reasonPhrase": "OK", "details": "OK"}})
    );
    assert_eq!(discovery.get(&format!("/ngsi9/subscription/{id}")).await, Value::Null);
}

#[tokio::test]
async fn heartbeat_tells_a_broker_whether_it_is_known() {
    let discovery = Discovery::start().await;
    discovery.register("Car1", "Car", BROKER).await;
    let body = json!({"id": "Broker.one", "myURL": BROKER});
    let first = discovery.post("broker/heartbeat", body.clone()).await;
    assert_eq!((&first["known"], &first["registrations"]), (&json!(false), &json!(1)));
    let second = discovery.post("broker/heartbeat", body).await;
    assert_eq!((&second["known"], &second["epoch"]), (&json!(true), &first["epoch"]));
    let broker = &discovery.get("/ngsi9/broker").await["Broker.one"];
    assert_eq!((&broker["id"], &broker["myURL"]), (&json!("Broker.one"), &json!(BROKER)));
    assert!(broker["Last_Heartbeat_Update"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn status_and_types() {
    let discovery = Discovery::start().await;
    discovery.register("Car1", "Car", BROKER).await;
    discovery.register("Bus1", "Bus", BROKER).await;
    assert_eq!(discovery.get("/ngsi9/status").await, "ok");
    assert_eq!(discovery.get("/etype").await, json!(["Bus", "Car"]));
    assert_eq!(discovery.get("/ngsi9/etype").await, json!(["Bus", "Car"]));
}

#[tokio::test]
async fn types_are_counted_as_entities_come_change_and_go() {
    let discovery = Discovery::start().await;
    for (id, entity_type) in [("Car1", "Car"), ("Car2", "Car"), ("Bus1", "Bus"), ("Tram1", "Tram"), ("Car1", "Bus")] {
        discovery.register(id, entity_type, BROKER).await;
    }
    discovery.remove("Tram1").await;
    let counts = json!([{"type": "Bus", "entities": 2}, {"type": "Car", "entities": 1}]);
    assert_eq!(discovery.get("/etype?counts=true").await, counts);
    assert_eq!(discovery.get("/ngsi9/etype?counts=true").await, counts);
    assert_eq!(discovery.get("/etype?counts=false").await, json!(["Bus", "Car"]));
    let discovery = discovery.restart().await;
    assert_eq!(discovery.get("/etype?counts=true").await, counts);
}

#[tokio::test]
async fn metrics_count_what_discovery_holds() {
    let discovery = Discovery::start().await;
    discovery.register("Car1", "Car", BROKER).await;
    let deadline = tokio::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        let answer = discovery.node.client.get(&format!("{}/metrics", discovery.url)).await.unwrap();
        let text = String::from_utf8(answer.body().to_vec()).unwrap();
        if text.contains("fogflow_discovery_registrations 1") {
            return;
        }
        assert!(tokio::time::Instant::now() < deadline, "{text}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn replaced_subscription_selects_something_else() {
    let discovery = Discovery::start().await;
    let subscriber = Subscriber::start().await;
    discovery.register("Car1", "Car", BROKER).await;
    discovery.register("Bus1", "Bus", BROKER).await;
    let id = discovery.subscribe("Car", &subscriber.reference).await;
    subscriber.wait_for(|notifications| notifications.len() == 1).await;
    subscriber.forget();
    let request = json!({"entities": [{"type": "Bus"}], "reference": subscriber.reference});
    let answer = discovery.post(&format!("UpdateLDContextAvailability/{id}"), request).await;
    assert_eq!(answer["subscribeId"], json!(id));
    let notifications = subscriber.wait_for(|notifications| notifications.len() == 1).await;
    assert_eq!(
        (&notifications[0]["snapshot"], &told(&notifications)[..]),
        (&json!(true), &[(201, "Bus1".to_owned())][..])
    );
    discovery.remove("Car1").await;
    discovery.remove("Bus1").await;
    let notifications = subscriber.wait_for(|notifications| notifications.len() == 2).await;
    assert_eq!(told(&notifications)[1], (410, "Bus1".to_owned()));
}

#[tokio::test]
async fn without_a_disk_changes_are_refused_and_questions_answered() {
    let discovery = Discovery::start().await;
    assert_eq!(discovery.get("/readyz").await, json!({ "status": "ready" }));
    discovery.lose_disk();
    let body = registration("Car1", "Car", "http://b1:8070/ngsi10").to_string();
    let (status, answer) = discovery.post_raw("/ngsi9/registerContext", &body).await;
    assert_eq!((status, &answer["errorCode"]["code"]), (StatusCode::INTERNAL_SERVER_ERROR, &json!(500)));
    assert_eq!(discovery.get("/ngsi9/status").await, "ok");
    let ready = discovery.node.client.get(&format!("{}/readyz", discovery.url)).await.unwrap();
    assert_eq!(ready.status(), StatusCode::SERVICE_UNAVAILABLE);
}
