//! Where services listen and where each is reached.
//!
//! A service's own `host_ip` wins; else `coreservice_ip` for what runs once in the cloud (discovery, RabbitMQ) or the
//! external address for what every node has (broker, master); else the internal address.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::{Config, node_id};

const LOOPBACK: &str = "127.0.0.1";

/// An IPv6 address needs brackets before a port.
pub(super) fn authority_host(host: &str) -> String {
    if host.parse::<std::net::Ipv6Addr>().is_ok() { format!("[{host}]") } else { host.to_owned() }
}

fn given(host: &Option<String>) -> Option<&str> {
    host.as_deref().filter(|host| !host.is_empty())
}

impl Config {
    /// The address this node's services and tasks use among themselves.
    #[must_use]
    pub fn internal_host(&self) -> &str {
        given(&self.internal_hostip).unwrap_or(LOOPBACK)
    }

    /// The address other nodes reach this one at.
    #[must_use]
    pub fn external_host(&self) -> &str {
        given(&self.external_hostip).unwrap_or_else(|| self.internal_host())
    }

    fn core_host(&self) -> &str {
        given(&self.coreservice_ip).unwrap_or_else(|| self.internal_host())
    }

    /// Discovery, without a path.
    #[must_use]
    pub fn discovery_url(&self) -> String {
        let host = given(&self.discovery.host_ip).unwrap_or_else(|| self.core_host());
        self.url(host, self.discovery.http_port, self.discovery.https_port)
    }

    /// This node's broker as local callers and tasks reach it, without a path.
    #[must_use]
    pub fn broker_url(&self) -> String {
        let host = given(&self.broker.host_ip).unwrap_or_else(|| self.internal_host());
        self.url(host, self.broker.http_port, self.broker.https_port)
    }

    /// This node's broker as other nodes reach it, without a path.
    #[must_use]
    pub fn broker_external_url(&self) -> String {
        let broker = &self.broker;
        let host = given(&broker.host_ip).unwrap_or_else(|| self.external_host());
        let port = |listened| broker.external_port.unwrap_or(listened);
        self.url(host, port(broker.http_port), port(broker.https_port))
    }

    /// The master's REST interface as other nodes reach it, without a path.
    #[must_use]
    pub fn master_url(&self) -> String {
        self.url(self.master_host(), self.master.rest_api_port, self.master.rest_api_port)
    }

    /// Where the master receives notifications, as other nodes reach it, without a path.
    #[must_use]
    pub fn master_agent_url(&self) -> String {
        self.url(self.master_host(), self.master.ngsi_agent_port, self.master.ngsi_agent_port)
    }

    fn master_host(&self) -> &str {
        given(&self.master.host_ip).unwrap_or_else(|| self.external_host())
    }

    /// This node's worker as its broker and tasks reach it, without a path; needs the bound port.
    #[must_use]
    pub fn worker_url(&self) -> String {
        let host = given(&self.worker.host_ip).unwrap_or_else(|| self.internal_host());
        self.url(host, self.worker.http_port, self.worker.http_port)
    }

    /// The host tasks of this node are reached at by their broker.
    #[must_use]
    pub fn worker_host(&self) -> &str {
        given(&self.worker.host_ip).unwrap_or_else(|| self.internal_host())
    }

    /// The designer's web server as local callers reach it, without a path.
    #[must_use]
    pub fn designer_url(&self) -> String {
        let host = given(&self.designer.host_ip).unwrap_or_else(|| self.internal_host());
        self.url(host, self.designer.web_srv_port, self.designer.https_web_srv_port)
    }

    /// The designer's agent, where notifications for it arrive, without a path.
    #[must_use]
    pub fn designer_agent_url(&self) -> String {
        let host = given(&self.designer.host_ip).unwrap_or_else(|| self.external_host());
        self.url(host, self.designer.agent_port, self.designer.agent_port)
    }

    /// RabbitMQ's host and port.
    #[must_use]
    pub fn rabbitmq_address(&self) -> (&str, u16) {
        (given(&self.rabbitmq.host_ip).unwrap_or_else(|| self.core_host()), self.rabbitmq.port)
    }

    /// Where PostgreSQL is: host and port.
    #[must_use]
    pub fn postgresql_address(&self) -> (&str, u16) {
        (given(&self.postgresql.host_ip).unwrap_or_else(|| self.core_host()), self.postgresql.port)
    }

    /// Where state is kept.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.data_dir.clone()
    }

    /// Where discovery listens, with the key that says so.
    #[must_use]
    pub fn discovery_listen(&self) -> (SocketAddr, &'static str) {
        let Self { discovery, .. } = self;
        self.listen((discovery.http_port, "discovery.http_port"), (discovery.https_port, "discovery.https_port"))
    }

    /// Where the broker listens, with the key that says so.
    #[must_use]
    pub fn broker_listen(&self) -> (SocketAddr, &'static str) {
        let Self { broker, .. } = self;
        self.listen((broker.http_port, "broker.http_port"), (broker.https_port, "broker.https_port"))
    }

    /// Where the master's REST interface listens, with the key that says so.
    #[must_use]
    pub fn master_listen(&self) -> (SocketAddr, &'static str) {
        let port = (self.master.rest_api_port, "master.rest_api_port");
        self.listen(port, port)
    }

    /// Where the master receives notifications, with the key that says so.
    #[must_use]
    pub fn master_agent_listen(&self) -> (SocketAddr, &'static str) {
        let port = (self.master.ngsi_agent_port, "master.ngsi_agent_port");
        self.listen(port, port)
    }

    /// Where the worker listens, with the key that says so.
    #[must_use]
    pub fn worker_listen(&self) -> (SocketAddr, &'static str) {
        let port = (self.worker.http_port, "worker.http_port");
        self.listen(port, port)
    }

    /// Where the designer's web server listens, with the key that says so.
    #[must_use]
    pub fn designer_listen(&self) -> (SocketAddr, &'static str) {
        let Self { designer, .. } = self;
        self.listen(
            (designer.web_srv_port, "designer.webSrvPort"),
            (designer.https_web_srv_port, "designer.https_webSrvPort"),
        )
    }

    /// Where the designer's agent listens, with the key that says so.
    #[must_use]
    pub fn designer_agent_listen(&self) -> (SocketAddr, &'static str) {
        let port = (self.designer.agent_port, "designer.agentPort");
        self.listen(port, port)
    }

    /// The id of this node's service, such as `Broker.<site>`; see [`node_id`].
    #[must_use]
    pub fn node_id(&self, kind: &str, instance: u32) -> String {
        node_id(kind, &self.site_id, instance)
    }

    fn listen(&self, http: (u16, &'static str), https: (u16, &'static str)) -> (SocketAddr, &'static str) {
        let (port, key) = if self.https.enabled { https } else { http };
        (SocketAddr::new(self.bind_ip, port), key)
    }

    fn url(&self, host: &str, http_port: u16, https_port: u16) -> String {
        let (scheme, port) = if self.https.enabled { ("https", https_port) } else { ("http", http_port) };
        format!("{scheme}://{}:{port}", authority_host(host))
    }
}
