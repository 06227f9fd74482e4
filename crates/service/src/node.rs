//! What a service is given at its start, and what it gives back.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use futures_util::future::join_all;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::http::{Client, Guard, Limits, Readiness, ReadySet, Tls, ToServers};
use crate::{Config, Metrics};

/// The place a service runs in; cheap to clone.
#[derive(Clone)]
pub struct Node {
    /// The checked configuration.
    pub config: Arc<Config>,
    /// The flag `-i`; 1 unless given.
    pub instance: u32,
    /// HTTP to other services, pooled.
    pub client: Client,
    /// The process's metrics.
    pub metrics: Metrics,
    /// Cancelled when the process is to stop.
    pub shutdown: CancellationToken,
    /// Every task a service spawns, waited for at the end.
    pub tasks: TaskTracker,
    outside: Arc<OnceLock<Client>>,
    service: &'static str,
    ready: ReadySet,
    tls: Option<Tls>,
    to_servers: Arc<ToServers>,
}

impl Node {
    /// A node with its own metrics, tasks and stop signal.
    ///
    /// # Errors
    /// When a file that `https` names cannot be used; the error names the key.
    pub fn new(config: Config, instance: u32) -> anyhow::Result<Self> {
        let tls = Tls::from_config(&config.https)?;
        let to_servers = Arc::new(ToServers::from_config(&config.https)?);
        Ok(Self {
            client: Client::new(tls.as_ref()),
            config: Arc::new(config),
            instance,
            metrics: Metrics::default(),
            shutdown: CancellationToken::new(),
            tasks: TaskTracker::new(),
            outside: Arc::default(),
            service: "fogflow",
            ready: ReadySet::default(),
            tls,
            to_servers,
        })
    }

    /// HTTP to servers that others name, pooled and guarded: see [`Guard`]. Made when it is first asked for, since the list of
    /// authorities is long.
    #[must_use]
    pub fn outside(&self) -> &Client {
        self.outside.get_or_init(|| Client::guarded(&self.to_servers, self.guard()))
    }

    /// TLS to servers that are not services of this system.
    #[must_use]
    pub fn to_servers(&self) -> &ToServers {
        &self.to_servers
    }

    /// Where connections may go that others ask this node to make.
    pub(crate) fn guard(&self) -> Guard {
        Guard::new(&self.config.broker.allowed_addresses)
    }

    /// The same node seen by one of its services: readiness and request metrics of its own, under its name.
    #[must_use]
    pub fn for_service(&self, service: &'static str) -> Self {
        Self { service, ready: ReadySet::default(), ..self.clone() }
    }

    /// The same node with another configuration, as a service needs that bound a port of the system's choice.
    #[must_use]
    pub fn with_config(&self, config: Config) -> Self {
        Self { config: Arc::new(config), ..self.clone() }
    }

    /// The name given by [`Node::for_service`].
    #[must_use]
    pub fn service(&self) -> &'static str {
        self.service
    }

    /// The id of this node's service of a kind: `Broker.<site>`, `Broker.<site>.2`.
    #[must_use]
    pub fn id(&self, kind: &str) -> String {
        self.config.node_id(kind, self.instance)
    }

    /// A condition `/readyz` waits for, not met until set; the same name gives the same condition.
    #[must_use]
    pub fn readiness(&self, condition: &str) -> Readiness {
        self.ready.condition(condition)
    }

    /// The configured limits of HTTP servers.
    #[must_use]
    pub fn limits(&self) -> Limits {
        Limits::from(&self.config.http)
    }

    pub(crate) fn ready(&self) -> &ReadySet {
        &self.ready
    }

    pub(crate) fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }
}

/// A started service.
#[derive(Debug)]
#[must_use = "a service is drained by waiting for it"]
pub struct Running {
    /// The service's name.
    pub name: &'static str,
    /// The address it is bound to, with the port the system chose when 0 was configured.
    pub address: SocketAddr,
    /// Whether it speaks HTTPS.
    pub https: bool,
    parts: Vec<JoinHandle<()>>,
}

impl Running {
    pub(crate) fn new(name: &'static str, address: SocketAddr, https: bool, part: JoinHandle<()>) -> Self {
        Self { name, address, https, parts: vec![part] }
    }

    /// Where it is reached from this machine, without a path.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.https { "https" } else { "http" };
        let mut address = self.address;
        if address.ip().is_unspecified() {
            address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
        }
        format!("{scheme}://{address}")
    }

    /// One service of two servers: keeps this one's name and address, drains both.
    pub fn and(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// Makes [`Running::drained`] wait for a task of the service as well.
    pub fn with_task(mut self, task: JoinHandle<()>) -> Self {
        self.parts.push(task);
        self
    }

    /// Waits until the service has stopped, which begins when the node's shutdown is cancelled.
    pub async fn drained(self) {
        for ended in join_all(self.parts).await {
            if let Err(error) = ended {
                tracing::error!(service = self.name, %error, "a part of the service ended badly");
            }
        }
    }
}
