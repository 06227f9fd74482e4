//! Whole systems for tests: real processes over a real RabbitMQ, with containers of a real Docker engine.

pub mod anomaly;
mod api;
mod bus;
mod system;

pub use api::{Api, panel, rule};
pub use bus::BusClient;
pub use system::{Part, Place, System, Workers};
