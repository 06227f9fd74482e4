//! The one way out to the workers. Sending never holds the reconciler up: what the bus does not take is dropped and
//! counted, and repeated when the worker concerned reports.

use std::sync::Arc;

use flow::Envelope;
use futures_util::StreamExt;
use futures_util::stream;
use message_bus::{Lock, PublishError};
use tokio::sync::mpsc;

use crate::state::Master;

/// Messages that may wait for the bus.
const WAITING: usize = 20_000;
/// Messages on their way to RabbitMQ that it has not confirmed yet.
const UNCONFIRMED: usize = 256;

/// Puts messages in line.
pub(crate) struct Sender {
    master: Arc<Master>,
    queue: mpsc::Sender<Envelope>,
}

impl Sender {
    pub(crate) fn send(&self, envelope: Envelope) {
        let gauges = &self.master.gauges;
        match self.queue.try_send(envelope) {
            Ok(()) => gauges.commands.inc(),
            Err(_) => gauges.commands_dropped.inc(),
        };
    }
}

/// Starts the driver; it ends when the sender is gone and everything is sent, or dropped since the lock is lost.
pub(crate) fn start(master: &Arc<Master>, lock: Arc<Lock>) -> Sender {
    let (queue, messages) = mpsc::channel(WAITING);
    master.node.tasks.spawn(run(master.clone(), lock, messages));
    Sender { master: master.clone(), queue }
}

async fn run(master: Arc<Master>, lock: Arc<Lock>, messages: mpsc::Receiver<Envelope>) {
    let messages = stream::unfold(messages, |mut messages| async { Some((messages.recv().await?, messages)) });
    let publishing = messages.map(|envelope| publish(&master, &lock, envelope)).buffered(UNCONFIRMED);
    publishing.for_each(|()| std::future::ready(())).await;
}

async fn publish(master: &Master, lock: &Lock, envelope: Envelope) {
    let (key, message) = (envelope.routing_key.clone(), envelope.message_type.clone());
    let Err(error) = lock.publish(envelope).await else { return };
    master.gauges.commands_dropped.inc();
    match error {
        PublishError::LockLost { .. } => tracing::debug!(key, message, "not sent: another master decides now"),
        error => tracing::warn!(key, message, %error, "a message was not sent; it is repeated when the worker reports"),
    }
}
