//! The bus within a process.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use flow::Envelope;
use message_bus::{Bus, BusState, PublishError, Subscription};
use std::time::Duration;

fn envelope(routing_key: &str, kind: &str) -> Envelope {
    let body = format!(r#"{{"Type":"{kind}","RoutingKey":"{routing_key}","From":"test","PayLoad":{{}}}}"#);
    Envelope::parse(body.as_bytes()).unwrap()
}

async fn next_type(subscription: &mut Subscription) -> String {
    let delivery = subscription.next().await.unwrap();
    let kind = delivery.envelope.message_type.clone();
    delivery.ack();
    kind
}

async fn is_silent(subscription: &mut Subscription) -> bool {
    tokio::time::timeout(Duration::from_millis(20), subscription.next()).await.is_err()
}

#[tokio::test]
async fn message_reaches_every_queue_bound_to_its_key_once() {
    let bus = Bus::in_process();
    let mut master = bus.subscribe("Master.1", &["heartbeat.*", "heartbeat.", "task.*"]);
    let mut designer = bus.subscribe("Designer", &["task.*"]);
    let mut worker = bus.subscribe("Worker.1", &["Worker.1.*"]);
    bus.publish(envelope("heartbeat.", "WORKER_JOIN")).await.unwrap();
    bus.publish(envelope("task.", "TASK_UPDATE")).await.unwrap();
    bus.publish(envelope("nobody.", "LOST")).await.unwrap();
    assert_eq!(next_type(&mut master).await, "WORKER_JOIN");
    assert_eq!(next_type(&mut master).await, "TASK_UPDATE");
    assert_eq!(next_type(&mut designer).await, "TASK_UPDATE");
    for subscription in [&mut master, &mut designer, &mut worker] {
        assert!(is_silent(subscription).await);
    }
    assert_eq!(*bus.state().borrow(), BusState::Connected);
    let stats = bus.stats();
    assert_eq!((stats.published, stats.delivered, stats.acknowledged), (3, 3, 3));
}

#[tokio::test]
async fn messages_of_one_publisher_keep_their_order() {
    let bus = Bus::in_process();
    let mut subscription = bus.subscribe("q", &["#"]);
    let publisher = tokio::spawn({
        let bus = bus.clone();
        async move {
            for number in 0..10_000 {
                bus.publish(envelope("k.", &number.to_string())).await.unwrap();
            }
        }
    });
    for number in 0..10_000 {
        assert_eq!(next_type(&mut subscription).await, number.to_string());
    }
    publisher.await.unwrap();
}

#[tokio::test]
async fn subscriptions_to_one_queue_share_its_messages() {
    let bus = Bus::in_process();
    let (mut first, mut second) = (bus.subscribe("q", &["k."]), bus.subscribe("q", &["k."]));
    bus.publish(envelope("k.", "1")).await.unwrap();
    bus.publish(envelope("k.", "2")).await.unwrap();
    assert_eq!(next_type(&mut first).await, "1");
    assert_eq!(next_type(&mut second).await, "2");
}

#[tokio::test]
async fn unacknowledged_message_returns_to_the_head_of_its_queue() {
    let bus = Bus::in_process();
    let mut subscription = bus.subscribe("q", &["k."]);
    bus.publish(envelope("k.", "1")).await.unwrap();
    bus.publish(envelope("k.", "2")).await.unwrap();
    drop(subscription.next().await.unwrap());
    assert_eq!(next_type(&mut subscription).await, "1");
    assert_eq!(next_type(&mut subscription).await, "2");
}

#[tokio::test]
async fn queue_disappears_with_its_last_subscription() {
    let bus = Bus::in_process();
    drop(bus.subscribe("q", &["k."]));
    bus.publish(envelope("k.", "1")).await.unwrap();
    assert!(is_silent(&mut bus.subscribe("q", &["k."])).await);
}

#[tokio::test(start_paused = true)]
async fn slow_subscriber_holds_publishers_back_and_then_fails_only_its_own_queue() {
    let bus = Bus::in_process();
    let mut slow = bus.subscribe("slow", &["k."]);
    let mut published = 0;
    let refused = loop {
        match bus.publish(envelope("k.", &published.to_string())).await {
            Ok(()) => published += 1,
            Err(error) => break error,
        }
        assert!(published < 10_000, "the queue has no bound");
    };
    assert!(matches!(refused, PublishError::QueueFull { queue } if queue == "slow"));

    let mut healthy = bus.subscribe("healthy", &["k."]);
    bus.publish(envelope("k.", "late")).await.unwrap_err();
    assert_eq!(next_type(&mut healthy).await, "late");

    let waiting = tokio::spawn({
        let bus = bus.clone();
        async move { bus.publish(envelope("k.", "patient")).await }
    });
    assert_eq!(next_type(&mut slow).await, "0");
    waiting.await.unwrap().unwrap();
}
