//! One subscription: its own channel, opened again for as long as the subscriber is there.

use super::client::Client;
use super::session::Session;
use super::{EXCHANGE, MESSAGE_BYTES, PREFETCH, retries};
use crate::Delivery;
use crate::subscription::{Receipt, Settle as AnySettle};
use flow::Envelope;
use futures_util::StreamExt;
use futures_util::future::try_join_all;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicNackOptions, BasicQosOptions, QueueBindOptions, QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{Acker, Channel};
use std::sync::Arc;
use tokio::sync::{mpsc, watch};

/// The subscriber's end.
#[derive(Debug)]
pub(crate) struct Consumer {
    deliveries: mpsc::Receiver<Delivery>,
    bound: watch::Receiver<bool>,
}

impl Consumer {
    pub(crate) async fn next(&mut self) -> Option<Delivery> {
        self.deliveries.recv().await
    }

    pub(crate) async fn bound(&mut self) {
        let _ = self.bound.wait_for(|bound| *bound).await;
    }
}

/// The task behind a subscription.
pub(super) struct Driver {
    client: Arc<Client>,
    queue: String,
    keys: Vec<String>,
    deliveries: mpsc::Sender<Delivery>,
    bound: watch::Sender<bool>,
}

pub(super) fn new(client: Arc<Client>, queue: &str, keys: &[&str]) -> (Consumer, Driver) {
    let (sender, deliveries) = mpsc::channel(usize::from(PREFETCH));
    let (bound_sender, bound) = watch::channel(false);
    let driver = Driver {
        client,
        queue: queue.to_owned(),
        keys: keys.iter().map(ToString::to_string).collect(),
        deliveries: sender,
        bound: bound_sender,
    };
    (Consumer { deliveries, bound }, driver)
}

impl Driver {
    pub(super) async fn run(self) {
        let shutdown = self.client.shutdown.clone();
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.deliveries.closed() => {}
            () = self.keep_consuming() => {}
        }
    }

    async fn keep_consuming(&self) {
        let mut pauses = retries();
        while let Some(session) = self.client.session().await {
            let error = self.consume(&session).await;
            if self.bound.send_replace(false) {
                pauses = retries();
            }
            tracing::warn!(queue = %self.queue, %error, "the subscription was interrupted");
            tokio::time::sleep(pauses.next().unwrap_or(super::RETRY_MAX)).await;
        }
    }

    async fn consume(&self, session: &Session) -> String {
        let consumed = async {
            let channel = session.channel().await?;
            let consumer = self.declare(&channel).await?;
            self.bound.send_replace(true);
            self.forward(consumer).await
        };
        match consumed.await {
            Ok(()) => "the queue was deleted".to_owned(),
            Err(error) => error.to_string(),
        }
    }

    async fn declare(&self, channel: &Channel) -> lapin::Result<lapin::Consumer> {
        let arguments = FieldTable::default;
        channel.basic_qos(PREFETCH, BasicQosOptions::default()).await?;
        let options = QueueDeclareOptions { durable: true, auto_delete: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(self.queue.as_str().into(), options, arguments()).await?;
        for key in &self.keys {
            let (queue, key) = (self.queue.as_str().into(), key.as_str().into());
            channel.queue_bind(queue, EXCHANGE.into(), key, QueueBindOptions::default(), arguments()).await?;
        }
        let (queue, server_chooses_tag) = (self.queue.as_str().into(), "".into());
        channel.basic_consume(queue, server_chooses_tag, BasicConsumeOptions::default(), arguments()).await
    }

    /// Hands deliveries to the subscriber and its verdicts to the server until either ends.
    async fn forward(&self, mut consumer: lapin::Consumer) -> lapin::Result<()> {
        let (settle, mut verdicts) = mpsc::unbounded_channel();
        let mut settling = Vec::new();
        loop {
            tokio::select! {
                _ = verdicts.recv_many(&mut settling, usize::from(PREFETCH)) => {
                    try_join_all(settling.drain(..).map(|verdict| self.settle(verdict))).await?;
                }
                delivery = consumer.next() => match delivery {
                    Some(delivery) => self.hand_over(delivery?, &settle).await?,
                    None => return Ok(()),
                },
            }
        }
    }

    async fn hand_over(
        &self,
        delivery: lapin::message::Delivery,
        verdicts: &mpsc::UnboundedSender<Verdict>,
    ) -> lapin::Result<()> {
        let envelope = match decode(&delivery.data) {
            Ok(envelope) => envelope,
            Err(reason) => {
                let (queue, key) = (&self.queue, delivery.routing_key.as_str());
                tracing::warn!(%queue, %key, bytes = delivery.data.len(), %reason, "dropped a message");
                self.client.counters.dropped.add();
                return delivery.acker.ack(BasicAckOptions::default()).await.map(drop);
            }
        };
        self.client.counters.delivered.add();
        let settle = Settle { acker: delivery.acker, verdicts: verdicts.clone() };
        let receipt = Receipt::new(AnySettle::RabbitMq(settle));
        // An error means that the subscriber is gone, which ends this task anyway.
        let _ = self.deliveries.send(Delivery { envelope, receipt }).await;
        Ok(())
    }

    async fn settle(&self, verdict: Verdict) -> lapin::Result<()> {
        if verdict.acknowledged {
            self.client.counters.acknowledged.add();
            verdict.acker.ack(BasicAckOptions::default()).await?;
        } else {
            let options = BasicNackOptions { requeue: true, ..BasicNackOptions::default() };
            verdict.acker.nack(options).await?;
        }
        Ok(())
    }
}

fn decode(body: &[u8]) -> Result<Envelope, String> {
    if body.len() > MESSAGE_BYTES {
        return Err(format!("larger than {MESSAGE_BYTES} bytes"));
    }
    Envelope::parse(body).map_err(|error| error.to_string())
}

/// What it takes to settle a delivery. At most [`PREFETCH`] verdicts can be on their way.
#[derive(Debug)]
pub(crate) struct Settle {
    acker: Acker,
    verdicts: mpsc::UnboundedSender<Verdict>,
}

struct Verdict {
    acker: Acker,
    acknowledged: bool,
}

impl Settle {
    /// Too late if the connection is gone: the server delivers the message again.
    pub(crate) fn settle(self, acknowledged: bool) {
        let _ = self.verdicts.send(Verdict { acker: self.acker, acknowledged });
    }
}
