//! A RabbitMQ server of the test's own, and messages to send through it.
#![allow(dead_code, reason = "each test binary uses a part")]

use flow::Envelope;
use message_bus::{Bus, BusState, Delivery, RabbitMq, Subscription};
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio_util::sync::CancellationToken;

const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the server for as long as its standard input is open: it cannot outlive the test.
const RUN: &str = "/usr/lib/rabbitmq/bin/rabbitmq-server >>$HOME/out 2>&1 & \
                   cat >/dev/null; kill $(cat $RABBITMQ_PID_FILE); wait";

pub(crate) struct Server {
    pub(crate) port: u16,
    distribution_port: u16,
    dir: tempfile::TempDir,
    process: Option<Child>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut server = Self { port: free_port(), distribution_port: free_port(), dir, process: None };
        let config =
            format!("listeners.tcp.default = 127.0.0.1:{}\ndefault_user = admin\ndefault_pass = mypass\n", server.port);
        std::fs::write(server.dir.path().join("rabbitmq.conf"), config).unwrap();
        server.resume();
        server
    }

    /// Starts the server again, with what it has on disk.
    pub(crate) fn resume(&mut self) {
        let dir = self.dir.path();
        let process = Command::new("sh")
            .args(["-c", RUN])
            .env("HOME", dir)
            .env("RABBITMQ_NODENAME", format!("bus{}@localhost", self.port))
            .env("RABBITMQ_DIST_PORT", self.distribution_port.to_string())
            .env("RABBITMQ_CONFIG_FILE", dir.join("rabbitmq.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", dir.join("plugins"))
            .env("RABBITMQ_MNESIA_BASE", dir.join("mnesia"))
            .env("RABBITMQ_LOG_BASE", dir.join("log"))
            .env("RABBITMQ_PID_FILE", dir.join("pid"))
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        self.process = Some(process);
        let deadline = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            assert!(Instant::now() < deadline, "RabbitMQ does not start (is rabbitmq-server installed?)");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Stops the server; what is durable stays.
    pub(crate) fn stop(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.stdin.take().map(|mut stdin| stdin.flush());
            process.wait().unwrap();
        }
    }

    /// Freezes (`STOP`) or thaws (`CONT`) the server: its connections stay open and silent.
    pub(crate) fn signal(&self, signal: &str) {
        let pid = std::fs::read_to_string(self.dir.path().join("pid")).unwrap();
        assert!(Command::new("kill").args(["-s", signal, pid.trim()]).status().unwrap().success());
    }

    pub(crate) fn settings(&self) -> RabbitMq {
        RabbitMq::new("127.0.0.1", self.port, "admin", "mypass")
    }

    /// A bus of its own: as if in another process.
    pub(crate) fn bus(&self) -> (Bus, CancellationToken) {
        let shutdown = CancellationToken::new();
        (Bus::rabbitmq(self.settings(), shutdown.clone()), shutdown)
    }

    /// A plain AMQP client, as the services in Go are.
    pub(crate) async fn plain_channel(&self) -> (lapin::Connection, lapin::Channel) {
        let uri = format!("amqp://admin:mypass@127.0.0.1:{}/%2f", self.port);
        let connection = lapin::Connection::connect(&uri, lapin::ConnectionProperties::default()).await.unwrap();
        let channel = connection.create_channel().await.unwrap();
        (connection, channel)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
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
