//! Notifications: in order, again until taken, and nobody waits for anybody else.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;

use crate::common::{Discovery, Subscriber, told};
use serde_json::{Value, json};

const BROKER: &str = "http://10.0.0.1:8070/ngsi10";

async fn register_many(discovery: &Discovery, numbers: std::ops::Range<usize>) {
    let entities: Vec<_> = numbers.map(|n| json!({"id": format!("Car{n}"), "type": "Car"})).collect();
    let registration = json!({"entities": entities, "providingApplication": BROKER});
    discovery.post("registerContext", json!({"contextRegistrations": [registration]})).await;
}

/// Ids named by the last complete snapshot.
fn last_snapshot(notifications: &[Value]) -> Option<BTreeSet<String>> {
    let first = notifications.iter().rposition(|one| one["part"] == 1)?;
    let parts = notifications[first]["parts"].as_u64().and_then(|parts| usize::try_from(parts).ok())?;
    let snapshot = notifications.get(first..first + parts)?;
    assert!(snapshot.iter().all(|part| part["snapshot"] == true && part["errorCode"]["code"] == 201));
    Some(told(snapshot).into_iter().map(|(_, id)| id).collect())
}

#[tokio::test]
async fn changes_arrive_in_order_after_the_subscriber_was_away() {
    let discovery = Discovery::start().await;
    let subscriber = Subscriber::start().await;
    discovery.subscribe("Car", &subscriber.reference).await;
    discovery.register("Car0", "Car", BROKER).await;
    subscriber.wait_for(|notifications| notifications.len() == 1).await;
    subscriber.forget();
    subscriber.refuse.store(true, Ordering::SeqCst);
    let mut expected = Vec::new();
    for _ in 0..20 {
        discovery.register("Car1", "Car", BROKER).await;
        discovery.remove("Car1").await;
        expected.extend([(301, "Car1".to_owned()), (410, "Car1".to_owned())]);
    }
    subscriber.refuse.store(false, Ordering::SeqCst);
    let notifications = subscriber.wait_for(|notifications| told(notifications).len() >= expected.len()).await;
    assert_eq!(told(&notifications), expected);
}

#[tokio::test]
async fn changes_of_one_kind_travel_together() {
    let discovery = Discovery::start().await;
    let subscriber = Subscriber::start().await;
    discovery.subscribe("Car", &subscriber.reference).await;
    register_many(&discovery, 0..1_200).await;
    let notifications = subscriber.wait_for(|notifications| told(notifications).len() == 1_200).await;
    assert!(notifications.len() <= 4, "{} notifications", notifications.len());
}

#[tokio::test]
async fn silent_subscriber_delays_nobody() {
    let discovery = Discovery::start().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let subscriber = Subscriber::start().await;
    discovery.subscribe("Car", &format!("http://{}/", silent.local_addr().unwrap())).await;
    discovery.subscribe("Car", &subscriber.reference).await;
    for n in 0..50 {
        discovery.register(&format!("Car{n}"), "Car", BROKER).await;
    }
    let notifications = subscriber.wait_for(|notifications| told(notifications).len() == 50).await;
    assert!(told(&notifications).iter().all(|(code, _)| *code == 301));
}

#[tokio::test]
async fn snapshot_takes_the_place_of_too_many_changes() {
    let discovery = Discovery::start().await;
    let subscriber = Subscriber::start().await;
    discovery.subscribe("Car", &subscriber.reference).await;
    subscriber.refuse.store(true, Ordering::SeqCst);
    for start in (0..12_000).step_by(3_000) {
        register_many(&discovery, start..start + 3_000).await;
    }
    discovery.remove("Car7").await;
    subscriber.refuse.store(false, Ordering::SeqCst);
    let complete = |notifications: &[Value]| last_snapshot(notifications).is_some_and(|ids| ids.len() == 11_999);
    let notifications = subscriber.wait_for(complete).await;
    assert!(!last_snapshot(&notifications).unwrap().contains("Car7"));
}

#[tokio::test]
async fn restart_is_made_good_by_a_snapshot() {
    let discovery = Discovery::start().await;
    let subscriber = Subscriber::start().await;
    let id = discovery.subscribe("Car", &subscriber.reference).await;
    discovery.register("Car1", "Car", BROKER).await;
    discovery.register("Car2", "Car", BROKER).await;
    subscriber.wait_for(|notifications| told(notifications).len() == 2).await;
    subscriber.refuse.store(true, Ordering::SeqCst);
    discovery.remove("Car1").await;
    subscriber.forget();
    let discovery = discovery.restart().await;
    subscriber.refuse.store(false, Ordering::SeqCst);
    let notifications = subscriber.wait_for(|notifications| !notifications.is_empty()).await;
    assert_eq!(notifications[0]["subscribeId"], json!(id));
    assert_eq!(last_snapshot(&notifications).unwrap(), BTreeSet::from(["Car2".to_owned()]));
    discovery.remove("Car2").await;
    subscriber.wait_for(|notifications| told(notifications).contains(&(410, "Car2".to_owned()))).await;
    subscriber.forget();
    let _discovery = discovery.restart().await;
    let notifications = subscriber.wait_for(|notifications| !notifications.is_empty()).await;
    assert_eq!(last_snapshot(&notifications).unwrap(), BTreeSet::new());
}

#[tokio::test]
async fn ended_subscription_is_told_nothing() {
    let discovery = Discovery::start().await;
    let (ended, other) = (Subscriber::start().await, Subscriber::start().await);
    let id = discovery.subscribe("Car", &ended.reference).await;
    discovery.subscribe("Car", &other.reference).await;
    discovery.post("unsubscribeContextAvailability", json!({"subscriptionId": id})).await;
    discovery.register("Car1", "Car", BROKER).await;
    other.wait_for(|notifications| notifications.len() == 1).await;
    ended.wait_for(<[Value]>::is_empty).await;
}

#[tokio::test]
async fn many_subscriptions_of_one_subscriber_are_all_served() {
    let discovery = Discovery::start().await;
    let subscriber = Subscriber::start().await;
    for _ in 0..50 {
        discovery.subscribe("Car", &subscriber.reference).await;
    }
    discovery.register("Car1", "Car", BROKER).await;
    let notifications = subscriber.wait_for(|notifications| notifications.len() == 50).await;
    let subscriptions: BTreeSet<_> = notifications.iter().map(|one| one["subscribeId"].to_string()).collect();
    assert_eq!(subscriptions.len(), 50);
}

#[tokio::test]
async fn subscribers_that_hang_up_before_the_answer_are_served_all_the_same() {
    let (discovery, subscriber) = (Discovery::start().await, Subscriber::start().await);
    let body = json!({"entities": [{"type": "Car"}], "reference": subscriber.reference}).to_string();
    for _ in 0..50 {
        crate::common::post_and_hang_up(&discovery.url, "/ngsi9/subscribeContextAvailability", &body);
    }
    // Requests that arrived are made by the time that this later one is.
    discovery.subscribe("Car", &subscriber.reference).await;
    discovery.register("Car1", "Car", "http://b1:8070/ngsi10").await;
    let made = discovery.get("/ngsi9/subscription").await.as_object().unwrap().len();
    subscriber.wait_for(|notifications| notifications.len() >= made).await;
}
