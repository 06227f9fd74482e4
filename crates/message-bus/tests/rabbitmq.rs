//! The bus in a real RabbitMQ, seen by our services and by a plain AMQP client.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{bus, envelope, eventually, next, next_type, plain_channel, wait_for};
use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, ExchangeDeclareOptions, QueueBindOptions,
    QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, ExchangeKind};
use message_bus::{Bus, BusState, RabbitMq};
use tokio_util::sync::CancellationToken;

async fn server() -> &'static testkit::RabbitMq {
    testkit::RabbitMq::shared().await.unwrap()
}

#[tokio::test]
async fn message_travels_between_two_services() {
    let (master, _) = bus(server().await);
    let (worker, _) = bus(server().await);
    let mut reports = master.subscribe("Master.travel", &["heartbeat.*"]);
    let mut commands = worker.subscribe("Worker.travel", &["Worker.travel.*"]);
    reports.bound().await;
    commands.bound().await;

    worker.publish(envelope("heartbeat.", "WORKER_JOIN")).await.unwrap();
    let delivery = next(&mut reports).await;
    assert_eq!(delivery.envelope, envelope("heartbeat.", "WORKER_JOIN"));
    delivery.ack();
    master.publish(envelope("Worker.travel.", "ADD_TASK")).await.unwrap();
    assert_eq!(next_type(&mut commands).await, "ADD_TASK");
    assert_eq!(master.stats().published, 1);
    eventually(async || master.stats().acknowledged == 1).await;
}

/// Exactly what the contract says: declarations, routing key, properties and body.
#[tokio::test]
async fn plain_client_and_bus_understand_each_other() {
    let (connection, channel) = plain_channel(server().await).await;
    let exchange = ExchangeDeclareOptions { durable: true, auto_delete: true, ..Default::default() };
    let queue = QueueDeclareOptions { durable: true, auto_delete: true, ..Default::default() };
    let none = FieldTable::default;
    channel.exchange_declare("fogflow".into(), ExchangeKind::Topic, exchange, none()).await.unwrap();
    channel.queue_declare("plain".into(), queue, none()).await.unwrap();
    let bind = QueueBindOptions::default();
    channel.queue_bind("plain".into(), "fogflow".into(), "plain-in.*".into(), bind, none()).await.unwrap();
    let consume = BasicConsumeOptions::default();
    let mut plain = channel.basic_consume("plain".into(), "".into(), consume, none()).await.unwrap();

    let (bus, _) = bus(server().await);
    bus.publish(envelope("plain-in.", "TASK_UPDATE")).await.unwrap();
    let delivery = plain.next().await.unwrap().unwrap();
    let expected = r#"{"Type":"TASK_UPDATE","RoutingKey":"plain-in.","From":"test","PayLoad":{"id":1}}"#;
    assert_eq!(std::str::from_utf8(&delivery.data).unwrap(), expected);
    assert_eq!(delivery.routing_key.as_str(), "plain-in.");
    assert_eq!(delivery.properties.content_type().as_ref().unwrap().as_str(), "application/json");
    assert_eq!(*delivery.properties.delivery_mode(), Some(2));
    delivery.ack(BasicAckOptions::default()).await.unwrap();

    let mut subscription = bus.subscribe("Worker.plain", &["Worker.plain.*"]);
    subscription.bound().await;
    channel.queue_declare("Worker.plain".into(), queue, none()).await.expect("declared as in the contract");
    for body in ["not json", r#"{"Type":"ADD_TASK","RoutingKey":"Worker.plain.","From":"m","PayLoad":{"ID":"t"}}"#] {
        let options = BasicPublishOptions::default();
        let key = "Worker.plain.".into();
        channel
            .basic_publish("fogflow".into(), key, options, body.as_bytes(), BasicProperties::default())
            .await
            .unwrap();
    }
    assert_eq!(next_type(&mut subscription).await, "ADD_TASK");
    assert_eq!(bus.stats().dropped, 1);
    connection.close(200, "".into()).await.unwrap();
}

#[tokio::test]
async fn messages_of_one_publisher_keep_their_order() {
    let (bus, _) = bus(server().await);
    let mut subscription = bus.subscribe("order", &["order.*"]);
    subscription.bound().await;
    let publisher = tokio::spawn({
        let bus = bus.clone();
        async move {
            for number in 0..500 {
                bus.publish(envelope("order.", &number.to_string())).await.unwrap();
            }
        }
    });
    for number in 0..500 {
        assert_eq!(next_type(&mut subscription).await, number.to_string());
    }
    publisher.await.unwrap();
}

#[tokio::test]
async fn unacknowledged_messages_of_a_lost_consumer_go_to_the_other() {
    let (keeping, _) = bus(server().await);
    let (leaving, leave) = bus(server().await);
    let mut kept = keeping.subscribe("shared", &["shared.*"]);
    let mut lost = leaving.subscribe("shared", &["shared.*"]);
    kept.bound().await;
    lost.bound().await;
    for number in 0..4 {
        keeping.publish(envelope("shared.", &number.to_string())).await.unwrap();
    }
    let first = next(&mut kept).await;
    let unacknowledged = next(&mut lost).await;
    leave.cancel();
    leaving.closed().await;
    assert_eq!(*leaving.state().borrow(), BusState::Closed);

    let mut types = vec![first.envelope.message_type.clone()];
    first.ack();
    for _ in 0..3 {
        types.push(next_type(&mut kept).await);
    }
    types.sort();
    assert_eq!(types, ["0", "1", "2", "3"]);
    drop(unacknowledged);
}

#[tokio::test]
async fn delivery_dropped_without_acknowledgement_comes_again() {
    let (bus, _) = bus(server().await);
    let mut subscription = bus.subscribe("again", &["again.*"]);
    subscription.bound().await;
    bus.publish(envelope("again.", "1")).await.unwrap();
    drop(next(&mut subscription).await);
    assert_eq!(next_type(&mut subscription).await, "1");
}

#[tokio::test]
async fn dropped_subscription_removes_its_queue() {
    let (bus, _) = bus(server().await);
    let mut subscription = bus.subscribe("leaver", &["leaver.*"]);
    subscription.bound().await;
    drop(subscription);
    let passive = QueueDeclareOptions { passive: true, ..Default::default() };
    eventually(async || {
        let (_connection, channel) = plain_channel(server().await).await;
        channel.queue_declare("leaver".into(), passive, FieldTable::default()).await.is_err()
    })
    .await;
}

#[tokio::test]
async fn deleted_queue_is_declared_again() {
    let (bus, _) = bus(server().await);
    let mut subscription = bus.subscribe("deleted", &["deleted.*"]);
    subscription.bound().await;
    let (_connection, channel) = plain_channel(server().await).await;
    channel.queue_delete("deleted".into(), Default::default()).await.unwrap();
    eventually(async || {
        bus.publish(envelope("deleted.", "1")).await.unwrap();
        let next = subscription.next();
        tokio::time::timeout(std::time::Duration::from_millis(100), next).await.is_ok_and(|delivery| {
            delivery.unwrap().ack();
            true
        })
    })
    .await;
}

#[tokio::test]
async fn queue_declared_otherwise_by_others_is_retried_and_disturbs_nobody() {
    let (connection, channel) = plain_channel(server().await).await;
    let transient = QueueDeclareOptions { auto_delete: true, ..Default::default() };
    channel.queue_declare("refused".into(), transient, FieldTable::default()).await.unwrap();
    let (bus, _) = bus(server().await);
    let mut refused = bus.subscribe("refused", &["refused.*"]);
    let mut healthy = bus.subscribe("healthy", &["healthy.*"]);
    healthy.bound().await;
    bus.publish(envelope("healthy.", "1")).await.unwrap();
    assert_eq!(next_type(&mut healthy).await, "1");
    channel.queue_delete("refused".into(), Default::default()).await.unwrap();
    refused.bound().await;
    connection.close(200, "".into()).await.unwrap();
}

#[tokio::test]
async fn wrong_password_is_a_reason_and_is_retried() {
    let shutdown = CancellationToken::new();
    let settings = RabbitMq::new("127.0.0.1", server().await.port(), "admin", "wrong-secret");
    let bus = Bus::rabbitmq(settings, shutdown.clone());
    let refused = |state: &BusState| matches!(state, BusState::Disconnected { reason } if reason.contains("ACCESS"));
    let state = wait_for(&bus, refused).await;
    assert!(!format!("{state:?}").contains("wrong-secret"));
    shutdown.cancel();
    bus.closed().await;
}

#[tokio::test]
async fn oversized_message_is_refused_to_its_publisher_and_dropped_for_the_subscriber() {
    let (bus, _) = bus(server().await);
    let mut subscription = bus.subscribe("large", &["large.*"]);
    subscription.bound().await;
    let large = envelope("large.", &"x".repeat(1_100_000));
    let refused = bus.publish(large.clone()).await.unwrap_err();
    assert!(matches!(refused, message_bus::PublishError::TooLarge { .. }));

    let (_connection, channel) = plain_channel(server().await).await;
    let body = vec![b' '; 1_100_000];
    channel
        .basic_publish("fogflow".into(), "large.".into(), Default::default(), &body, BasicProperties::default())
        .await
        .unwrap();
    bus.publish(envelope("large.", &"y".repeat(900_000))).await.unwrap();
    eventually(async || bus.stats().dropped == 1).await;
    assert_eq!(next_type(&mut subscription).await.len(), 900_000);
}
