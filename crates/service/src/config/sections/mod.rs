//! The keys of `config.json`.

mod broker;
mod connections;
mod logging;
mod services;
mod worker;

use std::net::IpAddr;
use std::path::PathBuf;

use serde::Deserialize;

pub use self::broker::{Broker, Temporal, TemporalEngine};
pub use self::connections::{Http, Https, PostgreSql, Prometheus, RabbitMq};
pub use self::logging::{LogFormat, Logging};
pub use self::services::{Designer, Discovery, MapTiles, Master};
pub use self::worker::{Kubernetes, Registry, Worker};

/// The whole of `config.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Config {
    /// `site_id`: unique name of this node, required; the ids of its services derive from it.
    pub site_id: String,
    /// `coreservice_ip`: where the cloud's discovery, nginx and RabbitMQ are; default: this host.
    pub coreservice_ip: Option<String>,
    /// `external_hostip` (or `external_ip`): where other nodes reach this one; default: `internal_hostip`.
    #[serde(alias = "external_ip")]
    pub external_hostip: Option<String>,
    /// `internal_hostip` (or `my_hostip`): the address this node's services and tasks use; default: `127.0.0.1`.
    #[serde(alias = "my_hostip")]
    pub internal_hostip: Option<String>,
    /// `webportal_ip`: accepted from older files; the designer's address is `designer.host_ip`.
    pub webportal_ip: Option<String>,
    /// `bind_ip`: the local address every port is opened on; default `0.0.0.0`, since containers call back.
    pub bind_ip: IpAddr,
    /// `physical_location`: where this node stands, in degrees; default: nowhere known.
    #[serde(rename = "physical_location")]
    pub location: Option<ngsi::Point>,
    /// `data_dir`: where state is kept; default `./fogflow-data`.
    pub data_dir: PathBuf,
    /// `logging`.
    pub logging: Logging,
    /// `discovery`.
    pub discovery: Discovery,
    /// `broker`.
    pub broker: Broker,
    /// `master`.
    pub master: Master,
    /// `worker`.
    pub worker: Worker,
    /// `designer`.
    pub designer: Designer,
    /// `rabbitmq`.
    pub rabbitmq: RabbitMq,
    /// `postgresql`.
    pub postgresql: PostgreSql,
    /// `https`.
    pub https: Https,
    /// `http`: limits of every HTTP server.
    pub http: Http,
    /// `prometheus`: accepted from older files; metrics are at `/metrics` of each service.
    pub prometheus: Prometheus,
    /// Dotted paths of keys that nobody reads.
    #[serde(skip)]
    pub unknown_keys: Vec<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            site_id: String::new(),
            coreservice_ip: None,
            external_hostip: None,
            internal_hostip: None,
            webportal_ip: None,
            bind_ip: IpAddr::from([0, 0, 0, 0]),
            location: None,
            data_dir: PathBuf::from("./fogflow-data"),
            logging: Logging::default(),
            discovery: Discovery::default(),
            broker: Broker::default(),
            master: Master::default(),
            worker: Worker::default(),
            designer: Designer::default(),
            rabbitmq: RabbitMq::default(),
            postgresql: PostgreSql::default(),
            https: Https::default(),
            http: Http::default(),
            prometheus: Prometheus::default(),
            unknown_keys: Vec::new(),
        }
    }
}
