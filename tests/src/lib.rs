//! Whole systems for tests: real processes over a real RabbitMQ, with containers of a real Docker engine, or on a real cluster.

pub mod anomaly;
mod api;
mod bus;
pub mod cluster;
mod image;
mod system;

pub use api::{Api, panel, rule};
pub use bus::BusClient;
pub use image::build_images;
pub use system::{Part, Place, System, Workers};
