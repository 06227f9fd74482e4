//! Subscriptions of one broker: what is notified, to whom, in which form, and what survives.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use crate::common::{SOON, Site, update, values, wait_elements};
use http::StatusCode;
use serde_json::{Value, json};
use testkit::{Behaviour, Receiver, wait_until};

fn rooms(receiver: &Receiver) -> Value {
    json!({ "entities": [{ "type": "Room", "isPattern": true }], "reference": receiver.url() })
}

#[tokio::test]
async fn a_subscriber_gets_entities_as_they_stand_then_every_change_in_order() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    site.set("Room.1", "Room", 0).await;
    site.set("Lamp.1", "Lamp", 99).await;
    let id = site.subscribe(&rooms(&receiver), &[]).await;
    wait_elements(&receiver, 1).await;
    for value in 1..=50 {
        site.set("Room.1", "Room", value).await;
    }
    site.delete("/ngsi10/entity/Room.1").await;
    let elements = wait_elements(&receiver, 52).await;
    let received = receiver.received();
    assert_eq!(values(&received)[..51], (0..=50).map(Value::from).collect::<Vec<_>>()[..]);
    let gone = json!({ "entityId": { "id": "Room.1", "type": "Room", "isPattern": false }, "attributes": [] });
    assert_eq!(elements[51], gone);
    for request in &received {
        assert_eq!(request.path, "/notifyContext");
        assert_eq!(request.json()["subscriptionId"], id);
        assert_eq!(request.json()["contextResponses"][0]["statusCode"]["code"], 200);
    }
}

#[tokio::test]
async fn a_task_does_not_hear_itself() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    site.subscribe(&rooms(&receiver), &[("Fiware-Correlator", "task-1")]).await;
    for (correlator, value) in [("task-1", 1), ("task-2", 2), ("", 3), ("task-1", 4), ("task-2", 5)] {
        let headers = [("Fiware-Correlator", correlator)];
        site.post_with("/ngsi10/updateContext", &headers, &update("Room.1", "Room", value)).await;
    }
    wait_elements(&receiver, 3).await;
    assert_eq!(values(&receiver.received()), [2, 3, 5].map(Value::from));
}

#[tokio::test]
async fn only_the_attributes_asked_for_are_sent_and_wake() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let body = json!({ "entities": [{ "id": "Room.1" }], "attributes": ["value"], "reference": receiver.url() });
    site.subscribe(&body, &[]).await;
    let other = json!({ "contextElements": [{ "entityId": { "id": "Room.1", "type": "Room" },
        "attributes": [{ "name": "other", "type": "string", "value": "x" }] }], "updateAction": "UPDATE" });
    site.post("/ngsi10/updateContext", &other).await;
    site.set("Room.1", "Room", 1).await;
    let elements = wait_elements(&receiver, 1).await;
    assert_eq!(elements[0]["attributes"], json!([{ "name": "value", "type": "integer", "value": 1 }]));
}

#[tokio::test]
async fn only_entities_in_scope_are_notified() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let mut body = rooms(&receiver);
    let circle = json!({ "centerLatitude": 49.0, "centerLongitude": 8.0, "radius": 1000 });
    body["restriction"] = json!({ "scopes": [{ "scopeType": "circle", "scopeValue": circle }] });
    site.subscribe(&body, &[]).await;
    for (id, latitude) in [("Room.far", 50.0), ("Room.near", 49.0)] {
        let mut update = update(id, "Room", 1);
        let place = json!({ "latitude": latitude, "longitude": 8.0 });
        update["contextElements"][0]["domainMetadata"] =
            json!([{ "name": "location", "type": "point", "value": place }]);
        site.post("/ngsi10/updateContext", &update).await;
    }
    let elements = wait_elements(&receiver, 1).await;
    assert_eq!(elements[0]["entityId"]["id"], "Room.near");
}

#[tokio::test]
async fn other_dialects_are_spoken() {
    let (site, v2, ld) = (Site::alone().await, Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    let mut body = rooms(&v2);
    body["reference"] = json!(format!("{}/v2/notify", v2.url()));
    site.subscribe(&body, &[("Destination", "NGSIv2")]).await;
    site.subscribe(&rooms(&ld), &[("Destination", "NGSI-LD"), ("NGSILD-Tenant", "city")]).await;
    site.set("Room.1", "Room", 1).await;

    let request = v2.wait_for(1, SOON).await.remove(0);
    assert_eq!(request.path, "/v2/notify");
    assert_eq!(request.json()["data"][0]["value"], json!({ "type": "integer", "value": 1, "metadata": {} }));
    let request = ld.wait_for(1, SOON).await.remove(0);
    assert_eq!(request.path, "/ngsi-ld/v1/entityOperations/upsert");
    assert_eq!(request.headers["ngsild-tenant"], "city");
    assert!(request.headers["link"].to_str().unwrap().contains("ngsi-ld-core-context-v1.8.jsonld"));
    assert_eq!(request.json()[0]["id"], "urn:Room.1");
}

#[tokio::test]
async fn a_dead_subscriber_delays_nobody() {
    let (site, alive, hanging) =
        (Site::alone().await, Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    hanging.behave(Behaviour::Hang);
    site.subscribe(&rooms(&hanging), &[]).await;
    let nowhere = json!({ "entities": [{ "isPattern": true }], "reference": "http://127.0.0.1:9" });
    site.subscribe(&nowhere, &[]).await;
    site.subscribe(&rooms(&alive), &[]).await;
    for value in 0..20 {
        site.set("Room.1", "Room", value).await;
    }
    wait_elements(&alive, 20).await;
    assert_eq!(values(&alive.received()), (0..20).map(Value::from).collect::<Vec<_>>());
    assert!(hanging.received().len() <= 1);
}

#[tokio::test]
async fn what_was_refused_is_sent_again_in_order() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    receiver.behave(Behaviour::Refuse(StatusCode::SERVICE_UNAVAILABLE));
    site.subscribe(&rooms(&receiver), &[("Require-Reliability", "true")]).await;
    for value in 0..10 {
        site.set("Room.1", "Room", value).await;
    }
    receiver.wait_for(2, SOON).await;
    drop(receiver.take());
    receiver.behave(Behaviour::Answer(json!({})));
    wait_elements(&receiver, 10).await;
    let mut told = values(&receiver.received());
    told.dedup();
    assert_eq!(told, (0..10).map(Value::from).collect::<Vec<_>>());
}

#[tokio::test]
async fn due_notifications_and_subscriptions_survive_a_restart() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let id = site.subscribe(&rooms(&receiver), &[("Require-Reliability", "true")]).await;
    site.set("Room.1", "Room", 0).await;
    wait_elements(&receiver, 1).await;
    receiver.behave(Behaviour::Refuse(StatusCode::INTERNAL_SERVER_ERROR));
    for value in 1..=5 {
        site.set("Room.1", "Room", value).await;
    }
    let site = site.restart().await;
    drop(receiver.take());
    receiver.behave(Behaviour::Answer(json!({})));
    wait_until(SOON, "the last value", async || values(&receiver.received()).contains(&json!(5)).then_some(())).await;
    let mut told = values(&receiver.received());
    told.retain(|value| *value != json!(0));
    assert_eq!(told, (1..=5).map(Value::from).collect::<Vec<_>>());
    site.set("Room.1", "Room", 6).await;
    wait_until(SOON, "a new value", async || values(&receiver.received()).contains(&json!(6)).then_some(())).await;
    assert_eq!(site.get(&format!("/ngsi10/subscription/{id}")).await.0, StatusCode::OK);
    wait_until(SOON, "an empty outbox", async || {
        let metrics = site.node.metrics.text();
        metrics.lines().any(|line| line == "fogflow_broker_outbox 0").then_some(())
    })
    .await;
}

#[tokio::test]
async fn subscriptions_are_listed_and_end() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let id = site.subscribe(&rooms(&receiver), &[]).await;
    let other = site.subscribe(&rooms(&receiver), &[]).await;
    let (_, list) = site.get("/ngsi10/subscription").await;
    assert_eq!(list.as_object().unwrap().len(), 2);
    assert_eq!(list[&id]["reference"], receiver.url());
    let (status, answer) = site.post("/ngsi10/unsubscribeContext", &json!({ "subscriptionId": id })).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer, json!({ "subscriptionId": id, "statusCode": { "code": 200, "reasonPhrase": "OK" } }));
    assert_eq!(site.delete(&format!("/ngsi10/subscription/{other}")).await.0, StatusCode::OK);
    assert_eq!(site.delete(&format!("/ngsi10/subscription/{other}")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(site.get(&format!("/ngsi10/subscription/{id}")).await.0, StatusCode::NOT_FOUND);
    site.set("Room.1", "Room", 1).await;
    let site = site.restart().await;
    assert_eq!(site.get("/ngsi10/subscription").await.1, json!({}));
    assert!(receiver.received().is_empty());
}

#[tokio::test]
async fn throttling_sends_the_latest_state() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let mut body = rooms(&receiver);
    body["throttling"] = json!("PT1S");
    site.subscribe(&body, &[]).await;
    site.set("Room.1", "Room", 0).await;
    wait_elements(&receiver, 1).await;
    for value in 1..=30 {
        site.set("Room.1", "Room", value).await;
    }
    wait_until(SOON, "the last value", async || values(&receiver.received()).contains(&json!(30)).then_some(())).await;
    let received = receiver.received();
    assert!(received.len() <= 3, "{} notifications", received.len());
    assert!(received.windows(2).all(|pair| pair[1].at - pair[0].at >= Duration::from_millis(900)));
}

#[tokio::test]
async fn an_expired_subscription_is_not_notified() {
    let (site, brief, lasting) =
        (Site::alone().await, Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    let mut body = rooms(&brief);
    body["duration"] = json!("PT1S");
    let id = site.subscribe(&body, &[]).await;
    site.subscribe(&rooms(&lasting), &[]).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    site.set("Room.1", "Room", 1).await;
    wait_elements(&lasting, 1).await;
    assert!(brief.received().is_empty());
    assert_eq!(site.get(&format!("/ngsi10/subscription/{id}")).await.0, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/ngsi10/subscription").await.1.as_object().unwrap().len(), 1);
}

#[tokio::test]
async fn a_subscription_is_the_same_after_a_restart() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let mut body = rooms(&receiver);
    let circle = json!({ "centerLatitude": 49.5, "centerLongitude": 8.25, "radius": 1000 });
    body["restriction"] = json!({ "scopes": [{ "scopeType": "circle", "scopeValue": circle }] });
    body["attributes"] = json!(["value"]);
    body["duration"] = json!("PT1H");
    let id = site.subscribe(&body, &[("Destination", "NGSIv2"), ("Fiware-Correlator", "me")]).await;
    let before = site.get(&format!("/ngsi10/subscription/{id}")).await;
    let site = site.restart().await;
    assert_eq!(site.get(&format!("/ngsi10/subscription/{id}")).await, before);
    let mut update = update("Room.1", "Room", 1);
    let place = json!({ "latitude": 49.5, "longitude": 8.25 });
    update["contextElements"][0]["domainMetadata"] = json!([{ "name": "location", "type": "point", "value": place }]);
    site.post_with("/ngsi10/updateContext", &[("Fiware-Correlator", "me")], &update).await;
    site.post("/ngsi10/updateContext", &update).await;
    let received = receiver.wait_for(1, SOON).await;
    assert_eq!(received[0].json()["data"][0]["id"], "Room.1");
    assert_eq!(received.len(), 1);
}

#[tokio::test]
async fn a_subscriber_far_behind_gets_the_latest_of_each_entity() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    receiver.behave(Behaviour::Refuse(StatusCode::SERVICE_UNAVAILABLE));
    site.subscribe(&rooms(&receiver), &[("Require-Reliability", "true")]).await;
    for burst in 0..30 {
        let elements: Vec<_> = (0..50)
            .map(|n| update(&format!("Room.{}", n % 2), "Room", burst * 50 + n)["contextElements"][0].clone())
            .collect();
        let body = json!({ "contextElements": elements, "updateAction": "UPDATE" });
        site.post("/ngsi10/updateContext", &body).await;
    }
    drop(receiver.take());
    receiver.behave(Behaviour::Answer(json!({})));
    wait_until(SOON, "the last values", async || {
        let told = values(&receiver.received());
        (told.contains(&json!(1498)) && told.contains(&json!(1499))).then_some(())
    })
    .await;
    let told = values(&receiver.received());
    assert!(told.len() < 1400, "{} elements", told.len());
}

#[tokio::test]
async fn subscribers_that_hang_up_before_the_answer_are_served_all_the_same() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let body = rooms(&receiver).to_string();
    for _ in 0..50 {
        crate::common::post_and_hang_up(&site.url, "/ngsi10/subscribeContext", &body);
    }
    site.subscribe(&rooms(&receiver), &[]).await;
    site.set("Room.1", "Room", 1).await;
    wait_until(SOON, "every subscription is served", async || {
        let made = site.get("/ngsi10/subscription").await.1;
        let received = receiver.received();
        let served = |id: &String| received.iter().any(|request| request.json()["subscriptionId"] == **id);
        made.as_object().unwrap().keys().all(served).then_some(())
    })
    .await;
}
