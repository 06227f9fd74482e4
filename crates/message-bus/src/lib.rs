//! The message bus between masters, workers and designers: a topic exchange, in this process or in RabbitMQ.
//!
//! Everybody codes against [`Bus`] and cannot tell which of the two it is. Messages are hints to look again, never
//! the only copy of a decision, so delivery is at least once: a message is returned to its queue unless
//! [`Delivery::ack`] was called, and may come twice after a lost connection.
//!
//! In RabbitMQ everything is declared exactly as the services written in Go declare it (exchange `fogflow`, topic,
//! durable, auto-delete; queues durable, auto-delete, no arguments), because the server refuses a second declaration
//! that differs and either side may come first. The price: a queue lives as long as its consumer. Quorum queues or
//! queues with an expiry would survive their consumer but cannot share a name with a queue of a Go service.
//!
//! lapin's own recovery is not used: it is young, and a channel the server closed (an auto-deleted exchange is enough)
//! is not recovered by it. Here one supervisor keeps the connection, and each subscription keeps its own channel.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod bus;
mod error;
mod in_process;
mod lock;
mod rabbitmq;
mod stats;
mod subscription;
mod topic;

pub use bus::{Bus, BusState};
pub use error::PublishError;
pub use lock::{Lock, LockError};
pub use rabbitmq::{Identity, RabbitMq, Tls};
pub use stats::BusStats;
pub use subscription::{Delivery, Subscription};
