//! Notifications by MQTT, with a real Mosquitto.

use serde_json::{Value, json};
use testkit::{Authority, Mosquitto, wait_until};

use super::common::{NOWHERE, SOON, Site};
use super::subscriptions::{subscribe, to_rooms};
use super::{check, create, get};

fn by_mqtt(kind: &str, destination: Value) -> Value {
    to_rooms("", &json!({ "notification": { "http": "-", kind: destination } }))
}

fn room(id: &str, value: i64) -> Value {
    json!({ "id": id, "type": "Room", "t": { "value": value } })
}

#[tokio::test]
async fn every_quality_of_service_is_delivered_and_counted() {
    let (site, mosquitto) = (Site::alone().await, Mosquitto::start().await.unwrap());
    let listener = mosquitto.listen("rooms/#").await.unwrap();
    let mut subscriptions = Vec::new();
    for qos in 0..3 {
        let to = json!({ "url": mosquitto.url(), "topic": format!("rooms/{qos}"), "qos": qos, "retain": qos == 2 });
        subscriptions.push(subscribe(&site, &by_mqtt("mqtt", to)).await);
    }
    create(&site, &room("Room1", 1)).await;
    let mut heard = listener.wait_for(3, SOON).await;
    heard.sort();
    for (qos, (topic, payload)) in heard.iter().enumerate() {
        assert_eq!(*topic, format!("rooms/{qos}"));
        let payload: Value = serde_json::from_str(payload).unwrap();
        let id = subscriptions[qos].rsplit('/').next();
        let entity = json!({ "id": "Room1", "type": "Room", "t": { "type": "Number", "value": 1, "metadata": {} } });
        assert_eq!(payload, json!({ "subscriptionId": id, "data": [entity] }));
    }
    for location in &subscriptions {
        let shown = wait_until(SOON, "it is counted", async || {
            let now = get(&site, location).await.json()["notification"].clone();
            now["lastSuccess"].is_string().then_some(now)
        });
        let shown = shown.await;
        assert_eq!((&shown["timesSent"], shown.get("lastSuccessCode")), (&json!(1), None));
    }
    let late = mosquitto.listen("rooms/#").await.unwrap();
    assert_eq!(late.wait_for(1, SOON).await[0].0, "rooms/2", "the retained one");
}

#[tokio::test]
async fn topic_and_payload_may_be_of_the_clients_making() {
    let (site, mosquitto) = (Site::alone().await, Mosquitto::start().await.unwrap());
    let listener = mosquitto.listen("#").await.unwrap();
    let to = |members: Value| {
        let mut to = json!({ "url": mosquitto.url(), "topic": "${type}/${id}", "qos": 1 });
        to.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        by_mqtt("mqttCustom", to)
    };
    subscribe(&site, &to(json!({ "payload": "t is ${t}%21" }))).await;
    create(&site, &room("Room1", 1)).await;
    assert_eq!(listener.wait_for(1, SOON).await[0], ("Room/Room1".to_owned(), "t is 1!".to_owned()));
    let location = subscribe(&site, &to(json!({ "topic": "x/${wild}", "payload": null }))).await;
    create(&site, &json!({ "id": "Room2", "type": "Room", "wild": { "value": "#" } })).await;
    let reason = wait_until(SOON, "a topic that cannot be is told", async || {
        let now = get(&site, &location).await.json();
        (now["notification"]["failsCounter"] == 1).then_some(now["status"].clone())
    });
    assert_eq!(reason.await, "failed");
}

#[tokio::test]
async fn what_is_due_while_the_mqtt_broker_is_away_arrives_in_order() {
    let (site, mut mosquitto) = (Site::alone().await, Mosquitto::start_for("me", "secret").await.unwrap());
    let to = json!({ "url": mosquitto.url(), "topic": "t", "qos": 1, "user": "me", "passwd": "secret" });
    let location = subscribe(&site, &by_mqtt("mqtt", to)).await;
    assert_eq!(get(&site, &location).await.json()["notification"]["mqtt"]["passwd"], "*****");
    mosquitto.kill();
    create(&site, &room("Room1", 1)).await;
    wait_until(SOON, "it fails", async || (get(&site, &location).await.json()["status"] == "failed").then_some(()))
        .await;
    let site = site.restart().await;
    check(&site, &[("PATCH", "/v2/entities/Room1/attrs", json!({ "t": { "value": 2 } }), 204, "")]).await;
    let wrong = json!({ "notification": { "mqtt": { "url": mosquitto.url(), "topic": "t", "qos": 1, "user": "me", "passwd": "no" } } });
    check(&site, &[("PATCH", &location, wrong, 204, "")]).await;
    mosquitto.resume().await.unwrap();
    let listener = mosquitto.listen("t").await.unwrap();
    let right = json!({ "notification": { "mqtt": { "url": mosquitto.url(), "topic": "t", "qos": 1, "user": "me", "passwd": "secret" } } });
    check(&site, &[("PATCH", &location, right, 204, "")]).await;
    let heard = listener.wait_for(2, SOON).await;
    let values: Vec<_> = heard
        .iter()
        .map(|(_, payload)| serde_json::from_str::<Value>(payload).unwrap()["data"][0]["t"]["value"].clone())
        .collect();
    assert_eq!(values, [1, 2].map(Value::from));
}

/// A broker that trusts an authority and serves without TLS.
async fn trusting(authority: &Authority) -> Site {
    let discovery = json!({ "http_port": NOWHERE });
    let https = json!({ "my_ca": authority.file() });
    Site::with_config(json!({ "site_id": "alone", "discovery": discovery, "broker": {}, "https": https })).await
}

#[tokio::test]
async fn with_tls_the_authority_is_all_that_counts() {
    let authority = Authority::new().unwrap();
    let mosquitto = Mosquitto::start_secure(&authority).await.unwrap();
    let (site, stranger) = (trusting(&authority).await, trusting(&Authority::new().unwrap()).await);
    let listener = mosquitto.listen("t").await.unwrap();
    let to = by_mqtt("mqtt", json!({ "url": mosquitto.url(), "topic": "t", "qos": 1 }));
    let refused = subscribe(&stranger, &to).await;
    create(&stranger, &room("Room1", 1)).await;
    let reason = wait_until(SOON, "it is said why nothing comes", async || {
        get(&stranger, &refused).await.json()["notification"]["lastFailureReason"].as_str().map(str::to_owned)
    });
    let reason = reason.await;
    assert!(reason.contains("invalid peer certificate: UnknownIssuer"), "{reason}");

    subscribe(&site, &to).await;
    create(&site, &room("Room2", 2)).await;
    let (_, payload) = listener.wait_for(1, SOON).await.remove(0);
    assert_eq!(serde_json::from_str::<Value>(&payload).unwrap()["data"][0]["id"], "Room2");
}
