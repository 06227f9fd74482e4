use crate::rabbitmq::{self, RabbitMq};
use crate::subscription::Source;
use crate::{BusStats, Lock, LockError, PublishError, Subscription, in_process, lock};
use flow::Envelope;
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// Where messages are published and subscribed to. Clones share it.
#[derive(Clone, Debug)]
pub struct Bus(Kind);

#[derive(Clone, Debug)]
enum Kind {
    InProcess { exchange: Arc<in_process::Exchange>, state: watch::Receiver<BusState> },
    RabbitMq(Arc<rabbitmq::Client>),
}

/// Whether messages can be published and are received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BusState {
    /// Messages flow.
    Connected,
    /// Not now; another attempt is being made or will be soon.
    Disconnected {
        /// Why the connection was lost or not made.
        reason: String,
    },
    /// The bus has been shut down.
    Closed,
}

impl Bus {
    /// A bus for services that share this process.
    pub fn in_process() -> Self {
        let (_, state) = watch::channel(BusState::Connected);
        Self(Kind::InProcess { exchange: Arc::default(), state })
    }

    /// A bus in RabbitMQ. Returns at once; connects and reconnects for ever, until `shutdown` is cancelled. Cancel it
    /// only when the services have said good-bye on the bus, then wait for [`Bus::closed`]. Needs a tokio runtime.
    pub fn rabbitmq(settings: RabbitMq, shutdown: CancellationToken) -> Self {
        Self(Kind::RabbitMq(rabbitmq::Client::start(settings, shutdown)))
    }

    /// Publishes to every queue bound to the envelope's routing key; to none is no error. On return the message is in
    /// those queues. While RabbitMQ is away this waits for 5 s.
    ///
    /// # Errors
    /// The message is not known to have arrived: see [`PublishError`].
    pub async fn publish(&self, envelope: Envelope) -> Result<(), PublishError> {
        match &self.0 {
            Kind::InProcess { exchange, .. } => exchange.publish(envelope).await,
            Kind::RabbitMq(client) => client.publish(&envelope).await,
        }
    }

    /// Receives what is published to any of `keys` (binding keys, e.g. `heartbeat.*`) through the named queue. Use the
    /// service's id as its name. Survives lost connections; messages may wait in the queue only while it has a consumer.
    pub fn subscribe(&self, queue: &str, keys: &[&str]) -> Subscription {
        Subscription(match &self.0 {
            Kind::InProcess { exchange, .. } => Source::InProcess(exchange.subscribe(queue, keys)),
            Kind::RabbitMq(client) => Source::RabbitMq(client.subscribe(queue, keys)),
        })
    }

    /// Obtains a lock that only one bus of all that share a RabbitMQ (its virtual host) holds, or says why not at once.
    ///
    /// # Errors
    /// Somebody holds it, this bus too; or see [`LockError`].
    pub async fn try_lock(&self, name: &str) -> Result<Lock, LockError> {
        match &self.0 {
            Kind::InProcess { exchange, .. } => exchange.try_lock(name).map(lock::Held::InProcess).map(Lock),
            Kind::RabbitMq(client) => client.try_lock(name).await.map(lock::Held::RabbitMq).map(Lock),
        }
    }

    /// Follows the connection.
    pub fn state(&self) -> watch::Receiver<BusState> {
        match &self.0 {
            Kind::InProcess { state, .. } => state.clone(),
            Kind::RabbitMq(client) => client.state(),
        }
    }

    /// What the bus has done so far.
    pub fn stats(&self) -> BusStats {
        match &self.0 {
            Kind::InProcess { exchange, .. } => exchange.counters.read(),
            Kind::RabbitMq(client) => client.counters.read(),
        }
    }

    /// Waits, after shutdown, until unacknowledged messages are back in their queues and the connection is closed.
    pub async fn closed(&self) {
        match &self.0 {
            Kind::InProcess { .. } => {}
            Kind::RabbitMq(client) => client.closed().await,
        }
    }
}
