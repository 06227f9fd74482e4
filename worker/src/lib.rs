//! The worker: runs task instances in containers and as functions, as masters command, and reports what it really runs.
//!
//! The decisions are those of [`tasks::Tasks`]. The reconciler tells it what happens and hands its actions to those who
//! perform them: the performer to an engine ([`function`] or Docker), the feeder to brokers, the reporter to the message bus.
//! What is wanted is on disk before a command is acknowledged, so a killed worker takes up where it was.

mod broker;
mod container;
mod docker;
mod engine;
pub mod function;
mod kubernetes;
pub mod logs;
mod memory;
mod metrics;
mod performer;
mod profile;
mod reconciler;
mod reporter;
mod requests;
mod routes;
mod start;

pub use start::start;
