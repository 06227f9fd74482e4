//! A lock is an exclusive queue: the server gives it to one connection and deletes it with that connection.
//!
//! Rejected: an exclusive consumer on a queue that all declare (in a cluster the queue may be lost while the connection of its
//! consumer is not, and RabbitMQ phases such transient queues out), a message as the token (whoever puts it there must be
//! the only one), and leases by time (clocks, and a holder that stood still does not know that its time is over).

use super::client::Client;
use super::session::Session;
use crate::{LockError, PublishError};
use flow::Envelope;
use futures_util::StreamExt;
use lapin::options::{BasicConsumeOptions, QueueDeclareOptions};
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use lapin::types::FieldTable;
use lapin::{Channel, ErrorKind};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::{CancellationToken, DropGuard};

/// How long the server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
const REPLY_SUCCESS: u16 = 200;

/// The holder's end.
#[derive(Debug)]
pub(crate) struct Held {
    name: String,
    client: Arc<Client>,
    session: Arc<Session>,
    lost: CancellationToken,
    _release: DropGuard,
}

impl Held {
    pub(crate) async fn publish(&self, envelope: &Envelope) -> Result<(), PublishError> {
        self.client.publish_with(envelope, Some(self)).await
    }

    pub(crate) async fn lost(&self) {
        self.lost.cancelled().await;
    }

    /// The connection that holds the lock, while it does.
    pub(super) fn session(&self) -> Option<&Arc<Session>> {
        (!self.lost.is_cancelled()).then_some(&self.session)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

pub(super) async fn obtain(client: &Arc<Client>, name: &str) -> Result<Held, LockError> {
    let session = client.session.borrow().clone().ok_or(LockError::NotConnected)?;
    let declared = tokio::time::timeout(PATIENCE, declare(&session, name)).await;
    let (channel, consumer) = declared.unwrap_or(Err(LockError::NotConnected))?;
    let (lost, release) = (CancellationToken::new(), CancellationToken::new());
    let replaced = replaced(client.clone(), session.clone());
    client.tasks.spawn(keep(channel, consumer, replaced, lost.clone(), release.clone()));
    Ok(Held { name: name.to_owned(), client: client.clone(), session, lost, _release: release.drop_guard() })
}

/// The consumer is there to be told when the queue is deleted by hand.
async fn declare(session: &Session, name: &str) -> Result<(Channel, lapin::Consumer), LockError> {
    let channel = session.plain_channel().await.map_err(|_| LockError::NotConnected)?;
    let queue = QueueDeclareOptions { exclusive: true, auto_delete: true, ..QueueDeclareOptions::default() };
    let declared = channel.queue_declare(name.into(), queue, FieldTable::default()).await;
    declared.map_err(|error| refusal(name, &error))?;
    let consume = BasicConsumeOptions { exclusive: true, ..BasicConsumeOptions::default() };
    let consumer = channel.basic_consume(name.into(), "".into(), consume, FieldTable::default()).await;
    // The queue is ours, so whoever consumes from it, or did a moment ago, is this connection.
    Ok((channel, consumer.map_err(|_| LockError::Held)?))
}

fn refusal(name: &str, error: &lapin::Error) -> LockError {
    match error.kind() {
        ErrorKind::ProtocolError(error) if *error.kind() == AMQPErrorKind::Soft(AMQPSoftError::RESOURCELOCKED) => {
            LockError::Held
        }
        ErrorKind::ProtocolError(error) => {
            LockError::Refused { name: name.to_owned(), reason: error.get_message().to_string() }
        }
        _ => LockError::NotConnected,
    }
}

/// Notes the loss, or releases the lock: with its consumer the queue goes.
async fn keep(
    channel: Channel,
    mut consumer: lapin::Consumer,
    replaced: impl Future<Output = ()>,
    lost: CancellationToken,
    release: CancellationToken,
) {
    let ended = async { while let Some(Ok(_)) = consumer.next().await {} };
    tokio::select! {
        () = ended => {}
        () = replaced => {}
        () = release.cancelled() => {}
    }
    lost.cancel();
    let close = channel.close(REPLY_SUCCESS, "released".into());
    if let Ok(Err(error)) = tokio::time::timeout(CLOSE_TIMEOUT, close).await {
        tracing::debug!(%error, "the channel of a lock ended before it was closed");
    }
}

/// Waits until another connection has taken the place of this one, or none.
async fn replaced(client: Arc<Client>, session: Arc<Session>) {
    let mut current = client.session.subscribe();
    let other = |current: &Option<Arc<Session>>| current.as_ref().is_none_or(|now| !Arc::ptr_eq(now, &session));
    // An error means that the client is gone.
    let _ = current.wait_for(other).await;
}
