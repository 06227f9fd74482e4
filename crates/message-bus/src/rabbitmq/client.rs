use super::consumer::{self, Consumer};
use super::lock::{self, Held};
use super::session::Session;
use super::{MESSAGE_BYTES, PUBLISH_TIMEOUT, RETRY_MIN, RabbitMq, supervisor};
use crate::stats::Counters;
use crate::{BusState, LockError, PublishError};
use flow::Envelope;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// What publishers, subscriptions and the supervisor share.
#[derive(Debug)]
pub(crate) struct Client {
    pub(super) settings: RabbitMq,
    pub(super) shutdown: CancellationToken,
    pub(super) session: watch::Sender<Option<Arc<Session>>>,
    pub(super) state: watch::Sender<BusState>,
    pub(crate) counters: Counters,
    pub(super) tasks: TaskTracker,
}

impl Client {
    pub(crate) fn start(settings: RabbitMq, shutdown: CancellationToken) -> Arc<Self> {
        let state = BusState::Disconnected { reason: "not connected yet".to_owned() };
        let client = Arc::new(Self {
            settings,
            shutdown,
            session: watch::Sender::new(None),
            state: watch::Sender::new(state),
            counters: Counters::default(),
            tasks: TaskTracker::new(),
        });
        client.tasks.spawn(supervisor::run(client.clone()));
        client
    }

    pub(crate) async fn publish(&self, envelope: &Envelope) -> Result<(), PublishError> {
        self.publish_with(envelope, None).await
    }

    /// Publishes, with a lock only over the connection that holds it.
    pub(super) async fn publish_with(&self, envelope: &Envelope, lock: Option<&Held>) -> Result<(), PublishError> {
        let published = self.try_publish(envelope, lock).await;
        match &published {
            Ok(()) => self.counters.published.add(),
            Err(_) => self.counters.publish_failures.add(),
        }
        published
    }

    pub(crate) fn subscribe(self: &Arc<Self>, queue: &str, keys: &[&str]) -> Consumer {
        let (consumer, driver) = consumer::new(self.clone(), queue, keys);
        self.tasks.spawn(driver.run());
        consumer
    }

    pub(crate) async fn try_lock(self: &Arc<Self>, name: &str) -> Result<Held, LockError> {
        lock::obtain(self, name).await
    }

    pub(crate) fn state(&self) -> watch::Receiver<BusState> {
        self.state.subscribe()
    }

    pub(crate) async fn closed(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// The connection, as soon as there is one.
    pub(super) async fn session(&self) -> Option<Arc<Session>> {
        let mut session = self.session.subscribe();
        let connected = session.wait_for(Option::is_some).await.ok()?;
        connected.clone()
    }

    async fn try_publish(&self, envelope: &Envelope, lock: Option<&Held>) -> Result<(), PublishError> {
        let routing_key = || envelope.routing_key.clone();
        let body = serde_json::to_vec(envelope)
            .map_err(|source| PublishError::Encode { routing_key: routing_key(), source })?;
        if body.len() > MESSAGE_BYTES {
            return Err(PublishError::TooLarge { bytes: body.len(), limit: MESSAGE_BYTES });
        }
        let mut failure = None;
        let attempts = self.publish_until_confirmed(&envelope.routing_key, &body, lock, &mut failure);
        match tokio::time::timeout_at(Instant::now() + PUBLISH_TIMEOUT, attempts).await {
            Ok(Some(true)) => Ok(()),
            Ok(Some(false)) => Err(PublishError::Refused { routing_key: routing_key() }),
            Ok(None) => {
                let lock = lock.map(Held::name).unwrap_or_default().to_owned();
                Err(PublishError::LockLost { lock, routing_key: routing_key() })
            }
            Err(_elapsed) => Err(self.publish_timeout(failure, routing_key())),
        }
    }

    /// Whether RabbitMQ accepted the message; `None` when the lock is lost. A lost connection or channel means another
    /// attempt.
    async fn publish_until_confirmed(
        &self,
        routing_key: &str,
        body: &[u8],
        lock: Option<&Held>,
        failure: &mut Option<String>,
    ) -> Option<bool> {
        loop {
            let session = match lock {
                Some(lock) => Some(lock.session()?.clone()),
                None => self.session().await,
            };
            if let Some(session) = session {
                match session.publish(routing_key, body).await {
                    Ok(accepted) => return Some(accepted),
                    Err(error) => *failure = Some(error.to_string()),
                }
            }
            tokio::time::sleep(RETRY_MIN).await;
        }
    }

    fn publish_timeout(&self, failure: Option<String>, routing_key: String) -> PublishError {
        match (&*self.state.borrow(), failure) {
            (BusState::Disconnected { reason }, _) => PublishError::NotConnected { reason: reason.clone() },
            (BusState::Closed, _) => PublishError::NotConnected { reason: "the bus is closed".to_owned() },
            (BusState::Connected, Some(reason)) => PublishError::NotConnected { reason },
            (BusState::Connected, None) => PublishError::Unconfirmed { routing_key },
        }
    }
}
