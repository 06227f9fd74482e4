//! Latency from publishing to delivery, and confirmed messages per second, in this process and in RabbitMQ.
//!
//!     cargo run --release -p message-bus --example throughput -- [HOST PORT USER PASSWORD]
#![allow(clippy::unwrap_used)]

use flow::Envelope;
use message_bus::{Bus, RabbitMq, Subscription};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const LATENCY_MESSAGES: usize = 2_000;
const MESSAGES: usize = 50_000;
const PUBLISHERS: usize = 256;

#[tokio::main(worker_threads = 2)]
async fn main() {
    measure("in process", &Bus::in_process()).await;
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [host, port, user, password] = &arguments[..] {
        let settings = RabbitMq::new(host, port.parse().unwrap(), user, password);
        let shutdown = CancellationToken::new();
        let bus = Bus::rabbitmq(settings, shutdown.clone());
        measure("RabbitMQ", &bus).await;
        shutdown.cancel();
        bus.closed().await;
    }
}

async fn measure(name: &str, bus: &Bus) {
    let mut subscription = bus.subscribe("throughput", &["throughput.*"]);
    subscription.bound().await;
    let mut latencies = Vec::new();
    for _ in 0..LATENCY_MESSAGES {
        let sent = Instant::now();
        let (published, ()) = tokio::join!(bus.publish(envelope()), receive(&mut subscription, 1));
        published.unwrap();
        latencies.push(sent.elapsed());
    }
    latencies.sort();
    let started = Instant::now();
    let publishers: Vec<_> = (0..PUBLISHERS).map(|_| tokio::spawn(publish(bus.clone()))).collect();
    receive(&mut subscription, MESSAGES / PUBLISHERS * PUBLISHERS).await;
    let rate = to_f64(MESSAGES) / started.elapsed().as_secs_f64();
    for publisher in publishers {
        publisher.await.unwrap();
    }
    let [p50, p99] = [50, 99].map(|percent| latencies[LATENCY_MESSAGES * percent / 100]);
    println!("{name}: published, delivered and confirmed in {p50:.1?} (p50), {p99:.1?} (p99); {rate:.0} messages/s");
}

async fn publish(bus: Bus) {
    for _ in 0..MESSAGES / PUBLISHERS {
        bus.publish(envelope()).await.unwrap();
    }
}

async fn receive(subscription: &mut Subscription, count: usize) {
    for _ in 0..count {
        let next = tokio::time::timeout(Duration::from_secs(10), subscription.next());
        next.await.unwrap().unwrap().ack();
    }
}

fn envelope() -> Envelope {
    let body =
        r#"{"Type":"WORKER_HEARTBEAT","RoutingKey":"throughput.","From":"Worker.1","PayLoad":{"id":"Worker.1"}}"#;
    Envelope::parse(body.as_bytes()).unwrap()
}

fn to_f64(count: usize) -> f64 {
    u32::try_from(count).map(f64::from).unwrap()
}
