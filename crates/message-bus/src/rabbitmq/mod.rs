//! The bus in RabbitMQ (AMQP 0-9-1).

mod client;
mod consumer;
mod lock;
mod session;
mod settings;
mod supervisor;

pub(crate) use client::Client;
pub(crate) use consumer::{Consumer, Settle};
pub(crate) use lock::Held;
pub use settings::{Identity, RabbitMq, Tls};

use std::time::Duration;

/// The one exchange of the protocol.
const EXCHANGE: &str = "fogflow";
/// Largest message sent or accepted.
const MESSAGE_BYTES: usize = 1024 * 1024;
/// Messages handed out to one subscription before they are acknowledged.
const PREFETCH: u16 = 64;
/// How long a publisher waits for a connection and the confirmation together.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(5);

/// First and longest pause between two attempts at the same thing; chance adds up to as much again.
const RETRY_MIN: Duration = Duration::from_millis(100);
const RETRY_MAX: Duration = Duration::from_secs(5);

/// Growing pauses with jitter, without end.
fn retries() -> impl Iterator<Item = Duration> {
    use backon::BackoffBuilder;
    backon::ExponentialBuilder::default()
        .with_min_delay(RETRY_MIN)
        .with_max_delay(RETRY_MAX)
        .with_jitter()
        .without_max_times()
        .build()
}
