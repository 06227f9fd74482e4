//! The keys of brokers.

use serde::Deserialize;

use super::super::Network;

/// `broker`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Broker {
    /// `broker.host_ip`.
    pub host_ip: Option<String>,
    /// `broker.http_port`: default 8070.
    pub http_port: u16,
    /// `broker.https_port`: default 8443, since discovery's default is 443.
    pub https_port: u16,
    /// `broker.external_port`: the port other nodes reach it at, behind a proxy or a port mapping; default: the one it
    /// listens on.
    pub external_port: Option<u16>,
    /// `broker.heartbeat_interval`: seconds between heartbeats to discovery; default 30.
    pub heartbeat_interval: u64,
    /// `broker.history_series`: of how many numeric attributes the latest numbers are kept in memory, up to 1.5 KiB each; 0 keeps
    /// none; default 4096.
    pub history_series: usize,
    /// `broker.max_tenants`: the most tenants beside the default one, each about 100 KiB of memory; 0 allows none; default 1000.
    pub max_tenants: usize,
    /// `broker.cors_origin`: the one origin whose pages may call the broker from a browser, `*` for any; default: none.
    pub cors_origin: String,
    /// `broker.cors_max_age`: seconds that a browser remembers that; default 86400.
    pub cors_max_age: u64,
    /// `broker.max_contexts`: the most NGSI-LD contexts kept of each kind (hosted, cached, implicitly created); default 200.
    pub max_contexts: usize,
    /// `broker.allowed_addresses`: addresses and networks that contexts are fetched from and notifications sent to although they
    /// are link-local or otherwise special; default none.
    pub allowed_addresses: Vec<Network>,
    /// `broker.temporal`.
    pub temporal: Temporal,
}

impl Default for Broker {
    fn default() -> Self {
        Self {
            host_ip: None,
            http_port: 8070,
            https_port: 8443,
            external_port: None,
            heartbeat_interval: 30,
            history_series: 4096,
            max_tenants: 1000,
            cors_origin: String::new(),
            cors_max_age: 86_400,
            max_contexts: 200,
            allowed_addresses: Vec::new(),
            temporal: Temporal::default(),
        }
    }
}

/// `broker.temporal`: the temporal evolution of entities (NGSI-LD).
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Temporal {
    /// `broker.temporal.record`: types of entities whose changes are recorded, as NGSI-LD stores them, or `*` for all; default none.
    pub record: Vec<String>,
    /// `broker.temporal.engine`: where evolutions are kept; default `embedded`.
    pub engine: TemporalEngine,
    /// `broker.temporal.keep`: about how many of the latest instances of each attribute the embedded store keeps; default 1000.
    pub keep: usize,
    /// `broker.temporal.keep_days`: for how many days instances are kept, in PostgreSQL too; 0 for ever; default 30.
    pub keep_days: u32,
    /// `broker.temporal.max_instances`: most instances of one answer; default 10 000.
    pub max_instances: usize,
    /// `broker.temporal.max_waiting`: most changes that wait on disk for PostgreSQL before updates wait too; default 1 000 000.
    pub max_waiting: usize,
}

impl Default for Temporal {
    fn default() -> Self {
        Self {
            record: Vec::new(),
            engine: TemporalEngine::default(),
            keep: 1_000,
            keep_days: 30,
            max_instances: 10_000,
            max_waiting: 1_000_000,
        }
    }
}

/// Where evolutions are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TemporalEngine {
    /// In the broker's own store.
    #[default]
    Embedded,
    /// In the database of section `postgresql`.
    PostgreSql,
}
