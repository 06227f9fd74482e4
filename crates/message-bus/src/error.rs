/// Why a message is not known to have reached the bus. It may have: publish it again only if repeating is harmless,
/// as it is for every message of the protocol.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The bus could not be reached in time.
    #[error("not connected to the message bus: {reason}")]
    NotConnected {
        /// Why the last attempt to connect or to publish failed.
        reason: String,
    },
    /// RabbitMQ took the message and did not confirm it in time.
    #[error("the message bus did not confirm a message to `{routing_key}` in time")]
    Unconfirmed {
        /// Where the message was sent.
        routing_key: String,
    },
    /// RabbitMQ refused the message.
    #[error("the message bus refused a message to `{routing_key}`")]
    Refused {
        /// Where the message was sent.
        routing_key: String,
    },
    /// The lock with which the message was to be published is held no more.
    #[error("a message to `{routing_key}` was not sent: the lock `{lock}` is lost")]
    LockLost {
        /// The name of the lock.
        lock: String,
        /// Where the message was to be sent.
        routing_key: String,
    },
    /// A subscriber in this process does not take its messages, and its queue stayed full.
    #[error("queue {queue} is full")]
    QueueFull {
        /// The name of the queue.
        queue: String,
    },
    /// The message is larger than the bus carries.
    #[error("a message of {bytes} bytes is larger than the {limit} bytes the message bus carries")]
    TooLarge {
        /// Size of the message.
        bytes: usize,
        /// Largest message.
        limit: usize,
    },
    /// The message cannot be written as JSON.
    #[error("cannot encode a message to `{routing_key}`")]
    Encode {
        /// Where the message was to be sent.
        routing_key: String,
        /// What cannot be written.
        source: serde_json::Error,
    },
}
