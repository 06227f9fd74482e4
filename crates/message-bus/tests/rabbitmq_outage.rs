//! The bus while its RabbitMQ goes away and comes back.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod common;

use common::{bus, envelope, eventually, next_type, plain_channel, wait_for};
use message_bus::{BusState, PublishError};
use testkit::RabbitMq;

fn is_disconnected(state: &BusState) -> bool {
    matches!(state, BusState::Disconnected { .. })
}

#[tokio::test(flavor = "multi_thread")]
async fn subscription_and_publisher_survive_a_restart_of_the_server() {
    let mut server = RabbitMq::start().await.unwrap();
    let (bus, shutdown) = bus(&server);
    let mut subscription = bus.subscribe("Worker.1", &["Worker.1.*"]);
    subscription.bound().await;
    bus.publish(envelope("Worker.1.", "before")).await.unwrap();
    assert_eq!(next_type(&mut subscription).await, "before");

    server.stop().await.unwrap();
    wait_for(&bus, is_disconnected).await;
    let refused = bus.publish(envelope("Worker.1.", "down")).await.unwrap_err();
    assert!(matches!(refused, PublishError::NotConnected { .. }), "{refused:?}");
    let patient = tokio::spawn({
        let bus = bus.clone();
        async move { while bus.publish(envelope("Worker.1.", "patient")).await.is_err() {} }
    });
    server.resume().await.unwrap();

    wait_for(&bus, |state| *state == BusState::Connected).await;
    patient.await.unwrap();
    subscription.bound().await;
    bus.publish(envelope("Worker.1.", "after")).await.unwrap();
    eventually(async || next_type(&mut subscription).await == "after").await;
    assert_eq!(bus.stats().disconnects, 1);
    shutdown.cancel();
    bus.closed().await;
    assert!(subscription.next().await.is_none());
}

/// The exchange is auto-delete: it goes with its last queue, under the feet of who only publishes.
#[tokio::test(flavor = "multi_thread")]
async fn publisher_survives_the_end_of_the_exchange() {
    let server = RabbitMq::start().await.unwrap();
    let (publisher, _) = bus(&server);
    let (other, leave) = bus(&server);
    for _ in 0..2 {
        let mut subscription = other.subscribe("only", &["k.*"]);
        subscription.bound().await;
        publisher.publish(envelope("k.", "1")).await.unwrap();
        assert_eq!(next_type(&mut subscription).await, "1");
        drop(subscription);
        eventually(async || exchange_is_gone(&server).await).await;
        publisher.publish(envelope("k.", "nobody")).await.unwrap();
    }
    assert_eq!(publisher.stats().disconnects, 0);
    leave.cancel();
    other.closed().await;
}

async fn exchange_is_gone(server: &RabbitMq) -> bool {
    let (_connection, channel) = plain_channel(server).await;
    let passive = lapin::options::ExchangeDeclareOptions { passive: true, ..Default::default() };
    let kind = lapin::ExchangeKind::Topic;
    channel.exchange_declare("fogflow".into(), kind, passive, Default::default()).await.is_err()
}

/// As when a cable is cut: nothing says that the server is gone, only its heartbeats are missing.
#[tokio::test(flavor = "multi_thread")]
async fn silent_server_is_given_up_and_found_again() {
    let server = RabbitMq::start().await.unwrap();
    let (bus, _) = bus(&server);
    let mut subscription = bus.subscribe("Worker.2", &["Worker.2.*"]);
    subscription.bound().await;

    server.freeze().unwrap();
    let refused = bus.publish(envelope("Worker.2.", "silence")).await.unwrap_err();
    assert!(matches!(refused, PublishError::Unconfirmed { .. }), "{refused:?}");
    wait_for(&bus, is_disconnected).await;
    server.thaw().unwrap();

    wait_for(&bus, |state| *state == BusState::Connected).await;
    subscription.bound().await;
    bus.publish(envelope("Worker.2.", "after")).await.unwrap();
    eventually(async || next_type(&mut subscription).await == "after").await;
}
