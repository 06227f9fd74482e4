//! The keys of `config.json`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Network, Secret};

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

/// How a log line looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}

/// `logging`: each kind goes to `stdout`, `stderr`, `discard` or the file named.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Logging {
    /// `logging.info`: default `stderr`, so that standard output carries only what a command prints.
    pub info: Option<String>,
    /// `logging.error`: errors and warnings; default `stderr`.
    pub error: Option<String>,
    /// `logging.protocol`: messages exchanged with other nodes; default `discard`.
    pub protocol: Option<String>,
    /// `logging.debug`: default `discard`; any other value lowers the level to `debug`.
    pub debug: Option<String>,
    /// `logging.format`: `text` or `json`.
    pub format: LogFormat,
    /// `logging.level`: a `tracing` filter such as `info` or `broker=debug,info`; `RUST_LOG` wins.
    pub level: Option<String>,
}

/// `discovery`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Discovery {
    /// `discovery.host_ip`.
    pub host_ip: Option<String>,
    /// `discovery.http_port`: default 8090.
    pub http_port: u16,
    /// `discovery.https_port`: default 443.
    pub https_port: u16,
}

impl Default for Discovery {
    fn default() -> Self {
        Self { host_ip: None, http_port: 8090, https_port: 443 }
    }
}

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

/// `master`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Master {
    /// `master.host_ip`.
    pub host_ip: Option<String>,
    /// `master.ngsi_agent_port`: where availability notifications arrive; default 1060.
    pub ngsi_agent_port: u16,
    /// `master.rest_api_port`: `/workers` and `/status`; default 8010.
    pub rest_api_port: u16,
}

impl Default for Master {
    fn default() -> Self {
        Self { host_ip: None, ngsi_agent_port: 1060, rest_api_port: 8010 }
    }
}

/// `worker`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Worker {
    /// `worker.host_ip`: where other services reach the worker's own port; default: `internal_hostip`.
    pub host_ip: Option<String>,
    /// `worker.http_port`: metrics, health and tasks that run inside the worker; default 0, any free port.
    pub http_port: u16,
    /// `worker.container_management`: `docker`, `kubernetes`, `mec`, or `function`; default: Docker when its engine answers,
    /// otherwise functions only.
    pub container_management: Option<String>,
    /// `worker.docker_host`: the Docker engine, `unix://<path>` or `tcp://<host>:<port>`; default `DOCKER_HOST`, else
    /// `unix:///var/run/docker.sock`.
    pub docker_host: Option<String>,
    /// `worker.capacity`: most task instances this node may run; default 10.
    pub capacity: u32,
    /// `worker.heartbeat_interval`: seconds; default 10.
    pub heartbeat_interval: u64,
    /// `worker.detection_duration`: heartbeats missed until a worker counts as dead; default 3.
    pub detection_duration: u64,
    /// `worker.container_autoremove`: whether a stopped container is removed at once; default true.
    pub container_autoremove: bool,
    /// `worker.start_actual_task`: false only reports tasks as running, for tests of scale; default true.
    pub start_actual_task: bool,
    /// `worker.app_namespace`: the Kubernetes namespace of tasks; default: the worker's own.
    pub app_namespace: Option<String>,
    /// `worker.edge_controller_port`: the port of a MEC platform's controller.
    pub edge_controller_port: Option<u16>,
    /// `worker.edge_address`: reported in the worker's profile.
    pub edge_address: Option<String>,
    /// `worker.cadvisor_port`: reported in the worker's profile.
    pub cadvisor_port: Option<u16>,
    /// `worker.registry`: the image registry to log in to.
    pub registry: Registry,
    /// `worker.kubernetes`: how task instances run as pods.
    pub kubernetes: Kubernetes,
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            host_ip: None,
            http_port: 0,
            container_management: None,
            docker_host: None,
            capacity: 10,
            heartbeat_interval: 10,
            detection_duration: 3,
            container_autoremove: true,
            start_actual_task: true,
            app_namespace: None,
            edge_controller_port: None,
            edge_address: None,
            cadvisor_port: None,
            registry: Registry::default(),
            kubernetes: Kubernetes::default(),
        }
    }
}

/// `worker.registry`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Registry {
    /// `worker.registry.username`, or `FOGFLOW_REGISTRY_USERNAME[_FILE]`.
    pub username: Secret,
    /// `worker.registry.password`, or `FOGFLOW_REGISTRY_PASSWORD[_FILE]`.
    pub password: Secret,
    /// `worker.registry.email`.
    pub email: Option<String>,
    /// `worker.registry.serveraddress`.
    pub serveraddress: Option<String>,
}

/// `worker.kubernetes`: what task pods have in common; operator parameters of the same purpose win.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Kubernetes {
    /// `worker.kubernetes.stateful_set`: the StatefulSet this worker is a pod of. It owns the task instances, and its pods may
    /// take over each other's; default: none, the worker is alone.
    pub stateful_set: Option<String>,
    /// `worker.kubernetes.pool`: workers of one pool may take over each other's pods; no other pool in the namespace of the tasks
    /// may have the name; default: the name of the StatefulSet.
    pub pool: Option<String>,
    /// `worker.kubernetes.pull_policy`: `Always`, `IfNotPresent` or `Never`; default: the cluster's.
    pub pull_policy: Option<String>,
    /// `worker.kubernetes.image_pull_secrets`: names of Secrets in `worker.app_namespace`.
    pub image_pull_secrets: Vec<String>,
    /// `worker.kubernetes.node_selector`: labels a node must have.
    pub node_selector: BTreeMap<String, String>,
    /// `worker.kubernetes.tolerations`: objects as in a pod.
    pub tolerations: Vec<serde_json::Value>,
    /// `worker.kubernetes.affinity`: an object as in a pod.
    pub affinity: Option<serde_json::Value>,
    /// `worker.kubernetes.requests`: default `cpu` 50m, `memory` 64Mi.
    pub requests: BTreeMap<String, String>,
    /// `worker.kubernetes.limits`: default `cpu` 1, `memory` 256Mi.
    pub limits: BTreeMap<String, String>,
    /// `worker.kubernetes.run_as_user`: the user and group of a container; default 65532; `null` leaves it to the namespace.
    pub run_as_user: Option<i64>,
    /// `worker.kubernetes.service_account`: of task pods, which get no token of it; default: the namespace's.
    pub service_account: Option<String>,
    /// `worker.kubernetes.labels`: further labels of task pods.
    pub labels: BTreeMap<String, String>,
    /// `worker.kubernetes.not_ready_seconds`: how long a pod stays on a node that is not ready or out of reach; default 30.
    pub not_ready_seconds: i64,
}

impl Default for Kubernetes {
    fn default() -> Self {
        let quantities = |cpu: &str, memory: &str| {
            BTreeMap::from([("cpu".to_owned(), cpu.to_owned()), ("memory".to_owned(), memory.to_owned())])
        };
        Self {
            stateful_set: None,
            pool: None,
            pull_policy: None,
            image_pull_secrets: Vec::new(),
            node_selector: BTreeMap::new(),
            tolerations: Vec::new(),
            affinity: None,
            requests: quantities("50m", "64Mi"),
            limits: quantities("1", "256Mi"),
            run_as_user: Some(65_532),
            service_account: None,
            labels: BTreeMap::new(),
            not_ready_seconds: 30,
        }
    }
}

/// `designer`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Designer {
    /// `designer.host_ip`.
    pub host_ip: Option<String>,
    /// `designer.webSrvPort`: default 8080.
    #[serde(rename = "webSrvPort")]
    pub web_srv_port: u16,
    /// `designer.https_webSrvPort`: default 8444.
    #[serde(rename = "https_webSrvPort")]
    pub https_web_srv_port: u16,
    /// `designer.agentPort`: default 1030.
    #[serde(rename = "agentPort")]
    pub agent_port: u16,
    /// `designer.map_tiles`: the tile server of the dashboard's map; default: none, the map that comes with it.
    pub map_tiles: Option<MapTiles>,
}

impl Default for Designer {
    fn default() -> Self {
        Self { host_ip: None, web_srv_port: 8080, https_web_srv_port: 8444, agent_port: 1030, map_tiles: None }
    }
}

/// `designer.map_tiles`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
pub struct MapTiles {
    /// `designer.map_tiles.url`: where a tile is, with `{z}`, `{x}` and `{y}` in it.
    pub url: String,
    /// `designer.map_tiles.attribution`: whom the map names as the source, as its terms of use want; default: nobody.
    #[serde(default)]
    pub attribution: String,
}

/// `rabbitmq`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct RabbitMq {
    /// `rabbitmq.host_ip`.
    pub host_ip: Option<String>,
    /// `rabbitmq.port`: default 5672.
    pub port: u16,
    /// `rabbitmq.username`, or `FOGFLOW_RABBITMQ_USERNAME[_FILE]`; default `admin`.
    pub username: Secret,
    /// `rabbitmq.password`, or `FOGFLOW_RABBITMQ_PASSWORD[_FILE]`; default `mypass`.
    pub password: Secret,
    /// `rabbitmq.virtual_host`: default `/`.
    pub virtual_host: String,
    /// `rabbitmq.tls`: AMQPS, usually on port 5671, with the files of `https` where they are given; default false.
    pub tls: bool,
}

impl Default for RabbitMq {
    fn default() -> Self {
        Self {
            host_ip: None,
            port: 5672,
            username: Secret::new("admin"),
            password: Secret::new("mypass"),
            virtual_host: "/".into(),
            tls: false,
        }
    }
}

/// `postgresql`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct PostgreSql {
    /// `postgresql.host_ip`: default: the address of the core services.
    pub host_ip: Option<String>,
    /// `postgresql.port`: default 5432.
    pub port: u16,
    /// `postgresql.database`: default `fogflow`.
    pub database: String,
    /// `postgresql.username`, or `FOGFLOW_POSTGRESQL_USERNAME[_FILE]`; default `fogflow`.
    pub username: Secret,
    /// `postgresql.password`, or `FOGFLOW_POSTGRESQL_PASSWORD[_FILE]`.
    pub password: Secret,
    /// `postgresql.tls`: TLS that checks the server's certificate, with the files of `https` where they are given; default false.
    pub tls: bool,
}

impl Default for PostgreSql {
    fn default() -> Self {
        Self {
            host_ip: None,
            port: 5432,
            database: "fogflow".into(),
            username: Secret::new("fogflow"),
            password: Secret::default(),
            tls: false,
        }
    }
}

/// `https`: mutual TLS among services.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Https {
    /// `https.enabled`: default false.
    pub enabled: bool,
    /// `https.my_certificate`: PEM file of this node's certificate chain.
    pub my_certificate: Option<PathBuf>,
    /// `https.my_key`: PEM file of its private key.
    pub my_key: Option<PathBuf>,
    /// `https.my_ca`: PEM file of the authority that signs every node's certificate.
    pub my_ca: Option<PathBuf>,
}

/// `http`: limits of every HTTP server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Http {
    /// `http.max_body_bytes`: a larger request is answered 413; default 2 MiB.
    pub max_body_bytes: usize,
    /// `http.header_timeout_ms`: until a connection has sent a request's header, and how long it may idle; default 30 000.
    pub header_timeout_ms: u64,
    /// `http.body_timeout_ms`: until a request's body has arrived; later is answered 408; default 15 000.
    pub body_timeout_ms: u64,
    /// `http.request_timeout_ms`: until a request is answered; later is answered 503; default 60 000.
    pub request_timeout_ms: u64,
    /// `http.max_connections`: open at once; more wait in the system's queue; default 4096.
    pub max_connections: usize,
    /// `http.drain_timeout_ms`: how long requests may still run after the stop signal; default 10 000.
    pub drain_timeout_ms: u64,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            max_body_bytes: 2 * 1024 * 1024,
            header_timeout_ms: 30_000,
            body_timeout_ms: 15_000,
            request_timeout_ms: 60_000,
            max_connections: 4096,
            drain_timeout_ms: 10_000,
        }
    }
}

/// `prometheus`: read for compatibility only.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Prometheus {
    /// `prometheus.address`.
    pub address: Option<String>,
    /// `prometheus.data_port`.
    pub data_port: Option<u16>,
    /// `prometheus.admin_port`.
    pub admin_port: Option<u16>,
}
