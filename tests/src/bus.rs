//! A plain AMQP client that does exactly what the existing Go services do, and nothing of ours.

use std::time::Duration;

use anyhow::Context;
use futures_util::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, ExchangeDeclareOptions, QueueBindOptions,
    QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer, ExchangeKind};
use serde_json::{Value, json};
use testkit::RabbitMq;

/// A member of the message bus with one queue.
pub struct BusClient {
    name: String,
    _connection: Connection,
    channel: Channel,
    consumer: Consumer,
}

impl BusClient {
    /// Declares the exchange and a queue named `name`, bound to `keys`.
    ///
    /// # Errors
    /// When the server refuses a declaration.
    pub async fn join(rabbitmq: &RabbitMq, name: &str, keys: &[&str]) -> anyhow::Result<Self> {
        let connection = Connection::connect(&rabbitmq.url(), ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        let exchange = ExchangeDeclareOptions { durable: true, auto_delete: true, ..ExchangeDeclareOptions::default() };
        channel.exchange_declare("fogflow".into(), ExchangeKind::Topic, exchange, FieldTable::default()).await?;
        let queue = QueueDeclareOptions { durable: true, auto_delete: true, ..QueueDeclareOptions::default() };
        channel.queue_declare(name.into(), queue, FieldTable::default()).await?;
        for key in keys {
            channel
                .queue_bind(
                    name.into(),
                    "fogflow".into(),
                    (*key).into(),
                    QueueBindOptions::default(),
                    FieldTable::default(),
                )
                .await?;
        }
        let consumer = channel
            .basic_consume(name.into(), name.into(), BasicConsumeOptions::default(), FieldTable::default())
            .await?;
        Ok(Self { name: name.to_owned(), _connection: connection, channel, consumer })
    }

    /// Publishes a message in the form of the protocol.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send(&self, key: &str, message_type: &str, payload: &Value) -> anyhow::Result<()> {
        let body = json!({ "Type": message_type, "RoutingKey": key, "From": self.name, "PayLoad": payload });
        self.send_raw(key, body.to_string().as_bytes()).await
    }

    /// Publishes any bytes.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn send_raw(&self, key: &str, body: &[u8]) -> anyhow::Result<()> {
        let publish = BasicPublishOptions::default();
        let confirm =
            self.channel.basic_publish("fogflow".into(), key.into(), publish, body, BasicProperties::default()).await?;
        confirm.await?;
        Ok(())
    }

    /// The payload of the next message of that type; others are passed over.
    ///
    /// # Errors
    /// When none comes in time.
    pub async fn expect(&mut self, message_type: &str, patience: Duration) -> anyhow::Result<Value> {
        let search = async {
            while let Some(delivery) = self.consumer.next().await {
                let delivery = delivery?;
                delivery.ack(BasicAckOptions::default()).await?;
                let mut message: Value = serde_json::from_slice(&delivery.data)?;
                if message["Type"] == message_type {
                    return Ok(message["PayLoad"].take());
                }
            }
            anyhow::bail!("the message bus ended the consumer")
        };
        tokio::time::timeout(patience, search).await.with_context(|| format!("no {message_type} came"))?
    }
}
