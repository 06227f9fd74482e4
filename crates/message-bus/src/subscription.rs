use crate::{in_process, rabbitmq};
use flow::Envelope;

/// A subscriber's end of a queue. Several subscriptions to one queue share its messages; dropping the last one
/// removes the queue.
#[derive(Debug)]
pub struct Subscription(pub(crate) Source);

#[derive(Debug)]
pub(crate) enum Source {
    InProcess(in_process::Consumer),
    RabbitMq(rabbitmq::Consumer),
}

impl Subscription {
    /// The next message, in the order of publication per publisher; `None` once the bus has been shut down.
    /// May be dropped and called again without losing a message.
    pub async fn next(&mut self) -> Option<Delivery> {
        match &mut self.0 {
            Source::InProcess(consumer) => consumer.next().await,
            Source::RabbitMq(consumer) => consumer.next().await,
        }
    }

    /// Waits until the queue exists and is bound: what is published from now on is not missed.
    pub async fn bound(&mut self) {
        match &mut self.0 {
            Source::InProcess(_) => {}
            Source::RabbitMq(consumer) => consumer.bound().await,
        }
    }
}

/// A message that stays on its queue until it is acknowledged.
#[derive(Debug)]
#[must_use = "a delivery that is dropped without `ack` returns to its queue"]
pub struct Delivery {
    /// The message.
    pub envelope: Envelope,
    pub(crate) receipt: Receipt,
}

impl Delivery {
    /// Removes the message from its queue: it has been dealt with.
    pub fn ack(mut self) {
        self.receipt.settle(true);
    }
}

/// Returns the message to its queue when dropped unsettled.
#[derive(Debug)]
pub(crate) struct Receipt(Option<Settle>);

#[derive(Debug)]
pub(crate) enum Settle {
    InProcess(in_process::Settle),
    RabbitMq(rabbitmq::Settle),
}

impl Receipt {
    pub(crate) fn new(settle: Settle) -> Self {
        Self(Some(settle))
    }

    fn settle(&mut self, acknowledged: bool) {
        match self.0.take() {
            Some(Settle::InProcess(settle)) => settle.settle(acknowledged),
            Some(Settle::RabbitMq(settle)) => settle.settle(acknowledged),
            None => {}
        }
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        self.settle(false);
    }
}
