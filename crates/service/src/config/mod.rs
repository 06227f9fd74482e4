//! `config.json`: one file for every service, read and checked as a whole before anything binds or connects.
//!
//! Deserialized strictly by type, leniently by key: a wrong type or value stops the start with the key's dotted path, a key
//! nobody knows is kept in [`Config::unknown_keys`] for the start to warn about. Secrets may come from the environment.
//! The `config` crate was not used: it lower-cases keys and cannot tell unknown ones.

mod address;
mod check;
mod load;
mod network;
mod secret;
mod sections;

pub use check::is_host;
pub use load::ConfigError;
pub use network::Network;
pub use secret::Secret;
pub use sections::{
    Broker, Config, Designer, Discovery, Http, Https, Kubernetes, LogFormat, Logging, MapTiles, Master, PostgreSql,
    Prometheus, RabbitMq, Registry, Temporal, TemporalEngine, Worker,
};

/// The id of a node's service: `Broker.<site>`, with `.<n>` for the second and later instances of a site.
#[must_use]
pub fn node_id(kind: &str, site_id: &str, instance: u32) -> String {
    if instance > 1 { format!("{kind}.{site_id}.{instance}") } else { format!("{kind}.{site_id}") }
}

#[cfg(test)]
mod tests;
