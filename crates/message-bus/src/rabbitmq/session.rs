//! One connection to RabbitMQ, from log-in to loss.

use super::{EXCHANGE, RabbitMq};
use futures_util::{Stream, StreamExt};
use lapin::options::{BasicPublishOptions, ConfirmSelectOptions, ExchangeDeclareOptions};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Confirmation, Connection, ConnectionProperties, Event, ExchangeKind};
use std::time::Duration;

/// Time for TCP, TLS and log-in.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the connection is looked at, should no event tell of its end.
const CHECK_INTERVAL: Duration = Duration::from_secs(1);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
const PERSISTENT: u8 = 2;
const REPLY_SUCCESS: u16 = 200;

#[derive(Debug)]
pub(super) struct Session {
    connection: Connection,
    /// Opened when first needed, and again after the server closed it.
    publisher: tokio::sync::Mutex<Option<Channel>>,
}

impl Session {
    pub(super) async fn connect(settings: &RabbitMq) -> Result<Self, String> {
        let runtime = lapin::runtime::default_runtime().map_err(|error| error.to_string())?;
        let properties = ConnectionProperties::default().with_connection_name("fogflow".into());
        let connect = Connection::connect_uri_with_config(settings.uri(), properties, settings.tls_config(), runtime);
        let connection = tokio::time::timeout(CONNECT_TIMEOUT, connect)
            .await
            .map_err(|_| format!("no answer within {} s", CONNECT_TIMEOUT.as_secs()))?
            .map_err(|error| error.to_string())?;
        Ok(Self { connection, publisher: tokio::sync::Mutex::default() })
    }

    /// A channel on which nothing has been declared.
    pub(super) async fn plain_channel(&self) -> lapin::Result<Channel> {
        self.connection.create_channel().await
    }

    /// A channel on which the exchange has been declared, exactly as every service of the protocol declares it.
    pub(super) async fn channel(&self) -> lapin::Result<Channel> {
        let channel = self.plain_channel().await?;
        let options = ExchangeDeclareOptions { durable: true, auto_delete: true, ..ExchangeDeclareOptions::default() };
        channel.exchange_declare(EXCHANGE.into(), ExchangeKind::Topic, options, FieldTable::default()).await?;
        Ok(channel)
    }

    /// Publishes and waits for the confirmation; others may publish meanwhile.
    pub(super) async fn publish(&self, routing_key: &str, body: &[u8]) -> lapin::Result<bool> {
        let properties =
            BasicProperties::default().with_content_type("application/json".into()).with_delivery_mode(PERSISTENT);
        let confirm = self
            .publisher()
            .await?
            .basic_publish(EXCHANGE.into(), routing_key.into(), BasicPublishOptions::default(), body, properties)
            .await?;
        Ok(matches!(confirm.await?, Confirmation::Ack(_)))
    }

    async fn publisher(&self) -> lapin::Result<Channel> {
        let mut publisher = self.publisher.lock().await;
        if let Some(channel) = publisher.as_ref().filter(|channel| channel.status().connected()) {
            return Ok(channel.clone());
        }
        let channel = self.channel().await?;
        channel.confirm_select(ConfirmSelectOptions::default()).await?;
        *publisher = Some(channel.clone());
        Ok(channel)
    }

    /// Resolves when the connection has been lost, with the reason.
    pub(super) async fn lost(&self) -> String {
        let mut events = std::pin::pin!(self.connection.events_listener());
        loop {
            if let Some(reason) = next_error(events.as_mut()).await {
                return reason;
            }
            if !self.connection.status().connected() {
                return "the connection was closed".to_owned();
            }
        }
    }

    pub(super) async fn close(&self) {
        let close = self.connection.close(REPLY_SUCCESS, "shutdown".into());
        if let Ok(Err(error)) = tokio::time::timeout(CLOSE_TIMEOUT, close).await {
            tracing::debug!(%error, "the connection to RabbitMQ did not close cleanly");
        }
    }
}

/// The reason for which the connection ended, or none if it did not within the check interval.
async fn next_error(mut events: std::pin::Pin<&mut impl Stream<Item = Event>>) -> Option<String> {
    match tokio::time::timeout(CHECK_INTERVAL, events.next()).await {
        // A soft error closes a channel and not the connection.
        Ok(Some(Event::Error(error))) => (!error.is_amqp_soft_error()).then(|| error.to_string()),
        Ok(Some(Event::ConnectionBlocked(reason))) => {
            tracing::warn!(%reason, "RabbitMQ takes no messages for now");
            None
        }
        Ok(Some(Event::ConnectionUnblocked)) => {
            tracing::info!("RabbitMQ takes messages again");
            None
        }
        Ok(None) => Some("the connection was closed".to_owned()),
        Ok(Some(_)) | Err(_) => None,
    }
}
