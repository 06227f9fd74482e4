//! Ways to a RabbitMQ server, and messages to send through it.
#![allow(dead_code, reason = "each test binary uses a part")]

use flow::Envelope;
use message_bus::{Bus, BusState, Delivery, RabbitMq, Subscription};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn settings(server: &testkit::RabbitMq) -> RabbitMq {
    RabbitMq::new("127.0.0.1", server.port(), "admin", "mypass")
}

/// A bus of its own: as if in another process.
pub(crate) fn bus(server: &testkit::RabbitMq) -> (Bus, CancellationToken) {
    let shutdown = CancellationToken::new();
    (Bus::rabbitmq(settings(server), shutdown.clone()), shutdown)
}

/// A plain AMQP client, as the services in Go are.
pub(crate) async fn plain_channel(server: &testkit::RabbitMq) -> (lapin::Connection, lapin::Channel) {
    let properties = lapin::ConnectionProperties::default();
    let connection = lapin::Connection::connect(&server.url(), properties).await.unwrap();
    let channel = connection.create_channel().await.unwrap();
    (connection, channel)
}

pub(crate) fn envelope(routing_key: &str, kind: &str) -> Envelope {
    let body = format!(r#"{{"Type":"{kind}","RoutingKey":"{routing_key}","From":"test","PayLoad":{{"id":1}}}}"#);
    Envelope::parse(body.as_bytes()).unwrap()
}

pub(crate) async fn next(subscription: &mut Subscription) -> Delivery {
    tokio::time::timeout(PATIENCE, subscription.next()).await.expect("no message").expect("the bus is closed")
}

/// Acknowledges the next message and tells its type.
pub(crate) async fn next_type(subscription: &mut Subscription) -> String {
    let delivery = next(subscription).await;
    let kind = delivery.envelope.message_type.clone();
    delivery.ack();
    kind
}

pub(crate) async fn wait_for(bus: &Bus, wanted: impl Fn(&BusState) -> bool) -> BusState {
    let mut state = bus.state();
    let reached = tokio::time::timeout(PATIENCE, state.wait_for(|state| wanted(state)));
    reached.await.expect("the state is not reached").unwrap().clone()
}

/// Repeats a look at the world until it is as expected.
pub(crate) async fn eventually(mut expected: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !expected().await {
        assert!(Instant::now() < deadline, "did not happen in time");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
