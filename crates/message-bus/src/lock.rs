use crate::{PublishError, in_process, rabbitmq};
use flow::Envelope;

/// Held by one bus at a time of all that share a RabbitMQ, or a process; dropping it lets the next one have it.
///
/// It goes with the connection: once that is lost, nothing published with [`Lock::publish`] arrives any more, whether the
/// holder knows of the loss or not. So of two that believe to hold it only one is heard.
#[derive(Debug)]
pub struct Lock(pub(crate) Held);

#[derive(Debug)]
pub(crate) enum Held {
    InProcess(in_process::Held),
    RabbitMq(rabbitmq::Held),
}

/// Why a lock was not obtained.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// Somebody has it.
    #[error("another one holds it")]
    Held,
    /// The bus cannot be reached.
    #[error("not connected to the message bus")]
    NotConnected,
    /// RabbitMQ refuses it for another reason, such as a user that may not declare queues of this name.
    #[error("the message bus refuses the lock `{name}` (its user must be allowed to configure that queue): {reason}")]
    Refused {
        /// The name of the lock, which is also that of its queue.
        name: String,
        /// What it says.
        reason: String,
    },
}

impl Lock {
    /// As [`crate::Bus::publish`], but only while the lock is held.
    ///
    /// # Errors
    /// [`PublishError::LockLost`], or as [`crate::Bus::publish`].
    pub async fn publish(&self, envelope: Envelope) -> Result<(), PublishError> {
        match &self.0 {
            Held::InProcess(held) => held.publish(envelope).await,
            Held::RabbitMq(held) => held.publish(&envelope).await,
        }
    }

    /// Waits until it is lost.
    pub async fn lost(&self) {
        match &self.0 {
            Held::InProcess(_) => std::future::pending().await,
            Held::RabbitMq(held) => held.lost().await,
        }
    }
}
