//! Real parts for tests: RabbitMQ, Mosquitto, PostgreSQL, Docker, FogFlow processes and a receiver of notifications, and an
//! authority that signs certificates.
//!
//! Everything started here ends with its owner, and also when the test process dies: a small shell at the other end of a pipe
//! kills by process group when the pipe closes. `testcontainers` was not used: it needs an image registry.

pub mod authority;
pub mod docker;
pub mod fogflow;
pub mod mosquitto;
pub mod ports;
pub mod postgres;
pub mod process;
pub mod rabbitmq;
pub mod receiver;
pub mod wait;

pub use authority::Authority;
pub use docker::Docker;
pub use fogflow::{Fogflow, program};
pub use mosquitto::{Mosquitto, MqttListener};
pub use ports::free_port;
pub use postgres::Postgres;
pub use rabbitmq::RabbitMq;
pub use receiver::{Behaviour, Received, Receiver};
pub use wait::{DEADLINE, wait_until};
