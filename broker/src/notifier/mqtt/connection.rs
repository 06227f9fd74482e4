//! One connection to an MQTT broker. What `rumqttc` calls an event loop is driven here; nothing else knows that crate.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use context::outgoing::{MqttBroker, MqttMessage};
use parking_lot::Mutex;
use rumqttc::{AsyncClient, EventLoop, MqttOptions, PublishOptions, QoS};
use service::Node;
use tokio::sync::watch;
use tokio::time::Instant;

/// Messages that wait to be sent.
const WAITING: usize = 64;
/// Messages that wait to be acknowledged.
const UNACKNOWLEDGED: u16 = 64;
const KEEP_ALIVE_S: u16 = 30;
/// How long a connection stays open that nothing is published on.
const IDLE: Duration = Duration::from_secs(60);
/// What an MQTT broker may send us, and we it, in bytes.
const MAX_INCOMING: usize = 64 * 1024;
const MAX_OUTGOING: usize = 32 * 1024 * 1024;

pub(super) struct Connection {
    client: AsyncClient,
    /// Taken by the driver.
    events: Mutex<Option<EventLoop>>,
    in_use: AtomicUsize,
    last_use: Mutex<Instant>,
    /// Why it ended, once it has.
    ended: watch::Sender<Option<String>>,
}

impl Connection {
    pub(super) fn open(node: &Node, broker: &MqttBroker) -> Arc<Self> {
        // 3.1.1 promises identifiers of 23 characters.
        let unique = uuid::Uuid::new_v4().simple().to_string();
        let mut options = MqttOptions::new(format!("fogflow{}", &unique[..16]), (broker.host.as_str(), broker.port));
        options.set_keep_alive(KEEP_ALIVE_S).set_inflight(UNACKNOWLEDGED);
        options.set_max_packet_size(MAX_INCOMING, MAX_OUTGOING);
        if let Some((user, password)) = &broker.user {
            options.set_credentials(user.as_str(), password.clone());
        }
        let (node, broker) = (node.clone(), broker.clone());
        options.set_socket_connector(move |_, _| {
            let (node, broker) = (node.clone(), broker.clone());
            async move { node.dial(&broker.host, broker.port, broker.secure).await }
        });
        let (client, events) = AsyncClient::builder(options).capacity(WAITING).build();
        Arc::new(Self {
            client,
            events: Mutex::new(Some(events)),
            in_use: AtomicUsize::new(0),
            last_use: Mutex::new(Instant::now()),
            ended: watch::Sender::new(None),
        })
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.borrow().is_some()
    }

    pub(super) async fn publish(&self, message: MqttMessage) -> Result<(), String> {
        let _use = Use::of(self);
        let qos = match message.qos {
            0 => QoS::AtMostOnce,
            1 => QoS::AtLeastOnce,
            _ => QoS::ExactlyOnce,
        };
        let options = PublishOptions::new(qos).retain(message.retain);
        let exchange = async {
            let queued = self.client.publish_tracked(message.topic, message.payload, options).await;
            let notice = queued.map_err(|error| self.why(&error))?;
            notice.wait_completion_async().await.map_err(|error| self.why(&error))
        };
        // What is still queued when the connection ends is neither sent nor dropped: nobody would say so.
        tokio::select! {
            biased;
            outcome = exchange => outcome,
            reason = self.end() => Err(reason),
        }
    }

    /// Waits until it ends, and says why.
    async fn end(&self) -> String {
        let mut ended = self.ended.subscribe();
        let reason = ended.wait_for(Option::is_some).await;
        reason.ok().and_then(|reason| reason.clone()).unwrap_or_default()
    }

    /// What broke the connection says more than what became of one message.
    fn why(&self, error: &dyn std::error::Error) -> String {
        self.ended.borrow().clone().unwrap_or_else(|| error.to_string())
    }

    /// Moves what is sent and received until the connection breaks, is idle for long, or the node stops.
    pub(super) async fn run(&self, node: &Node) {
        let Some(mut events) = self.events.lock().take() else { return };
        let exchange = async {
            loop {
                if let Err(error) = events.poll().await {
                    break error.to_string();
                }
            }
        };
        let reason = tokio::select! {
            reason = exchange => reason,
            () = self.idle() => "the connection was idle and is closed".to_owned(),
            () = node.shutdown.cancelled() => "the broker stops".to_owned(),
        };
        self.ended.send_replace(Some(reason));
    }

    async fn idle(&self) {
        loop {
            let close_at = *self.last_use.lock() + IDLE;
            tokio::time::sleep_until(close_at).await;
            if self.in_use.load(Ordering::Acquire) == 0 && self.last_use.lock().elapsed() >= IDLE {
                return;
            }
            *self.last_use.lock() = Instant::now();
        }
    }
}

/// While it is held the connection is not idle.
struct Use<'a>(&'a Connection);

impl<'a> Use<'a> {
    fn of(connection: &'a Connection) -> Self {
        connection.in_use.fetch_add(1, Ordering::AcqRel);
        Self(connection)
    }
}

impl Drop for Use<'_> {
    fn drop(&mut self) {
        *self.0.last_use.lock() = Instant::now();
        self.0.in_use.fetch_sub(1, Ordering::AcqRel);
    }
}
