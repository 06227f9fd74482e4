//! Notifications by MQTT, with a real Mosquitto.

use serde_json::{Value, json};
use testkit::Mosquitto;

use super::common::{SOON, Site};
use super::{check, create};

#[tokio::test]
async fn a_notification_is_published_with_its_metadata() {
    let (site, mosquitto) = (Site::alone().await, Mosquitto::start_for("ada", "secret").await.unwrap());
    let listener = mosquitto.listen("rooms/#").await.unwrap();
    let host = mosquitto.url().trim_start_matches("mqtt://").to_owned();
    let subscription = json!({
        "id": "urn:s:1", "type": "Subscription", "entities": [{ "type": "Room" }],
        "notification": { "format": "keyValues", "endpoint": {
            "uri": format!("mqtt://ada:secret@{host}/rooms/all"), "notifierInfo": [{ "key": "MQTT-QoS", "value": "2" }],
            "receiverInfo": [{ "key": "X-Key", "value": "7" }] } },
    });
    check(&site, &[("POST", "/subscriptions", subscription, 201, "")]).await;
    create(&site, &json!({ "id": "urn:r:1", "type": "Room", "t": { "type": "Property", "value": 1 } })).await;
    let (topic, payload) = listener.wait_for(1, SOON).await.remove(0);
    let message: Value = serde_json::from_str(&payload).unwrap();
    assert_eq!(topic, "rooms/all");
    assert_eq!(message["body"]["data"], json!([{ "id": "urn:r:1", "type": "Room", "t": 1 }]));
    assert_eq!(message["body"]["subscriptionId"], "urn:s:1");
    assert_eq!(message["metadata"]["Content-Type"], "application/json");
    assert_eq!(message["metadata"]["x-key"], "7");
}

#[tokio::test]
async fn a_topic_is_needed_and_a_quality_that_exists() {
    let site = Site::alone().await;
    let to = |endpoint: Value| json!({ "type": "Subscription", "entities": [{ "type": "Room" }], "notification": { "endpoint": endpoint } });
    let quality = json!([{ "key": "MQTT-QoS", "value": "3" }]);
    check(
        &site,
        &[
            ("POST", "/subscriptions", to(json!({ "uri": "mqtt://host" })), 400, "BadRequestData"),
            ("POST", "/subscriptions", to(json!({ "uri": "mqtt://host/a/#" })), 400, "BadRequestData"),
            (
                "POST",
                "/subscriptions",
                to(json!({ "uri": "mqtt://host/a", "notifierInfo": quality })),
                400,
                "BadRequestData",
            ),
        ],
    )
    .await;
}
