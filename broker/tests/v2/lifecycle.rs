//! Subscriptions that begin, pause, fail, end, and survive restarts.

use http::StatusCode;
use serde_json::{Value, json};
use testkit::{Behaviour, Receiver, wait_until};

use super::common::{SOON, Site};
use super::subscriptions::{subscribe, to_rooms};
use super::{check, create, get};

async fn set(site: &Site, value: i64) {
    check(site, &[("POST", "/v2/entities/Room1/attrs", json!({ "t": { "value": value } }), 204, "")]).await;
}

async fn patch(site: &Site, location: &str, change: Value) {
    check(site, &[("PATCH", location, change, 204, "")]).await;
}

fn values(receiver: &Receiver) -> Vec<Value> {
    receiver.received().iter().map(|request| request.json()["data"][0]["t"]["value"].clone()).collect()
}

async fn status_once(site: &Site, location: &str, status: &str) -> Value {
    wait_until(SOON, status, async || {
        let now = get(site, location).await.json();
        (now["status"] == status).then(|| now["notification"].clone())
    })
    .await
}

async fn started(changes: &Value) -> (Site, Receiver, String) {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    create(&site, &json!({ "id": "Room1", "type": "Room", "t": { "value": 0 } })).await;
    let location = subscribe(&site, &to_rooms(&receiver.url(), changes)).await;
    (site, receiver, location)
}

#[tokio::test]
async fn a_oneshot_subscription_is_notified_once_each_time_it_is_made_so() {
    let (site, receiver, location) = started(&json!({ "status": "oneshot" })).await;
    assert_eq!(get(&site, &location).await.json()["status"], "oneshot");
    set(&site, 1).await;
    set(&site, 2).await;
    status_once(&site, &location, "inactive").await;
    let site = site.restart().await;
    set(&site, 3).await;
    patch(&site, &location, json!({ "status": "oneshot" })).await;
    set(&site, 4).await;
    set(&site, 5).await;
    receiver.wait_for(2, SOON).await;
    assert_eq!(values(&receiver), [1, 4].map(Value::from));
}

#[tokio::test]
async fn an_inactive_subscription_hears_nothing() {
    let (site, receiver, location) = started(&json!({ "status": "inactive" })).await;
    set(&site, 1).await;
    patch(&site, &location, json!({ "status": "active" })).await;
    set(&site, 2).await;
    receiver.wait_for(1, SOON).await;
    patch(&site, &location, json!({ "status": "inactive" })).await;
    set(&site, 3).await;
    let site = site.restart().await;
    set(&site, 4).await;
    assert_eq!(get(&site, &location).await.json()["status"], "inactive");
    patch(&site, &location, json!({ "status": "active" })).await;
    set(&site, 5).await;
    receiver.wait_for(2, SOON).await;
    assert_eq!(values(&receiver), [2, 5].map(Value::from));
}

#[tokio::test]
async fn an_expired_subscription_stays_and_can_be_revived() {
    let (site, receiver, location) = started(&json!({ "expires": "2020-01-01T00:00:00Z" })).await;
    set(&site, 1).await;
    let site = site.restart().await;
    let now = get(&site, &location).await.json();
    assert_eq!((&now["status"], &now["expires"]), (&json!("expired"), &json!("2020-01-01T00:00:00.000Z")));
    patch(&site, &location, json!({ "expires": "2040-01-01" })).await;
    set(&site, 2).await;
    receiver.wait_for(1, SOON).await;
    assert_eq!(values(&receiver), [2].map(Value::from));
}

#[tokio::test]
async fn failures_are_told_and_what_failed_arrives_later() {
    let (site, receiver, location) = started(&json!({})).await;
    receiver.behave(Behaviour::Refuse(StatusCode::INTERNAL_SERVER_ERROR));
    set(&site, 1).await;
    let failed = status_once(&site, &location, "failed").await;
    assert!(failed["lastFailureReason"].as_str().unwrap().contains("500"), "{failed}");
    assert!(failed["failsCounter"].as_u64().unwrap() >= 1 && failed["lastSuccess"].is_null(), "{failed}");
    receiver.behave(Behaviour::Answer(json!({})));
    let well = status_once(&site, &location, "active").await;
    assert_eq!((&well["lastSuccessCode"], well.get("failsCounter")), (&json!(200), None));
    assert!(values(&receiver).iter().all(|value| *value == 1));
}

#[tokio::test]
async fn after_too_many_failures_a_subscription_is_inactive() {
    let (site, receiver, location) = started(&json!({ "notification": { "maxFailsLimit": 2 } })).await;
    receiver.behave(Behaviour::Refuse(StatusCode::INTERNAL_SERVER_ERROR));
    set(&site, 1).await;
    let failed = status_once(&site, &location, "inactive").await;
    assert_eq!(failed["failsCounter"], 3);
    receiver.behave(Behaviour::Answer(json!({})));
    let site = site.restart().await;
    let kept = get(&site, &location).await.json();
    assert_eq!((&kept["status"], &kept["notification"]["timesSent"]), (&json!("inactive"), &json!(3)));
    patch(&site, &location, json!({ "status": "active" })).await;
    set(&site, 2).await;
    receiver.wait_for(4, SOON).await;
    assert_eq!(values(&receiver), [1, 1, 1, 2].map(Value::from));
}

#[tokio::test]
async fn while_throttled_only_the_latest_state_waits_with_all_that_changed() {
    let notification = json!({ "onlyChangedAttrs": true, "attrsFormat": "keyValues", "metadata": ["previousValue"] });
    let (site, receiver, location) = started(&json!({ "throttling": 3600, "notification": notification })).await;
    set(&site, 1).await;
    receiver.wait_for(1, SOON).await;
    set(&site, 2).await;
    check(&site, &[("POST", "/v2/entities/Room1/attrs", json!({ "u": { "value": 1 } }), 204, "")]).await;
    patch(&site, &location, json!({ "throttling": 0 })).await;
    let received = receiver.wait_for(2, SOON).await;
    assert_eq!(received[1].json()["data"][0], json!({ "id": "Room1", "type": "Room", "t": 2, "u": 1 }));
}

#[tokio::test]
async fn a_forced_update_is_notified_though_it_changes_nothing() {
    let (site, receiver, _) = started(&json!({ "notification": { "attrs": ["t", "alterationType"] } })).await;
    let same = json!({ "t": { "value": 0 } });
    check(
        &site,
        &[
            ("PATCH", "/v2/entities/Room1/attrs", same.clone(), 204, ""),
            ("PATCH", "/v2/entities/Room1/attrs?options=forcedUpdate", same, 204, ""),
        ],
    )
    .await;
    let received = receiver.wait_for(1, SOON).await;
    assert_eq!(received[0].json()["data"][0]["alterationType"]["value"], "entityChange");
    set(&site, 1).await;
    receiver.wait_for(2, SOON).await;
    assert_eq!(values(&receiver), [0, 1].map(Value::from));
}
