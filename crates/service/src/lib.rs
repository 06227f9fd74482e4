//! What every service shares: configuration, HTTP server and client, TLS, logs, metrics, readiness, shutdown.
//!
//! A service is `start(node, …) -> Running`: it reads its part of the [`config::Config`], binds with [`http::bind`], recovers
//! its state, and hands its router to [`http::serve`]. Everything it spawns goes through [`Node::tasks`] and ends when
//! [`Node::shutdown`] is cancelled.

pub mod config;
pub mod dial;
pub mod http;
pub mod logging;
pub mod metrics;
pub mod node;
pub mod shutdown;

pub use config::{Config, ConfigError};
pub use metrics::Metrics;
pub use node::{Node, Running};

/// The wall clock, read here and nowhere else; pure crates get the value passed in.
#[must_use]
pub fn now() -> ngsi::Timestamp {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    ngsi::Timestamp::from_micros(i64::try_from(since_epoch.as_micros()).unwrap_or(i64::MAX))
}
