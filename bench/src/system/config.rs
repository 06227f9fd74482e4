//! The `config.json` of a site under test.

use std::net::TcpListener;
use std::path::Path;

use serde_json::{Value, json};

/// Ports and addresses of one site.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    pub(crate) name: String,
    /// Degrees: latitude, longitude.
    pub(crate) place: (f64, f64),
    /// Where services listen; `0.0.0.0` when containers must reach them.
    pub(crate) bind: &'static str,
    /// Where containers and services of the site find each other.
    pub(crate) host: String,
    pub(crate) discovery: u16,
    pub(crate) broker: u16,
    pub(crate) master: u16,
    pub(crate) agent: u16,
    pub(crate) designer: u16,
    /// The section of that name, unless all is in one process.
    pub(crate) rabbitmq: Option<Value>,
    /// The Docker engine; without it the worker runs functions only.
    pub(crate) docker: Option<String>,
    pub(crate) capacity: u32,
}

impl Site {
    /// A site with free ports of its own.
    pub(crate) fn new(name: &str) -> anyhow::Result<Self> {
        Ok(Self {
            name: name.to_owned(),
            place: (35.7, 139.7),
            bind: "127.0.0.1",
            host: "127.0.0.1".to_owned(),
            discovery: free_port()?,
            broker: free_port()?,
            master: free_port()?,
            agent: free_port()?,
            designer: free_port()?,
            rabbitmq: None,
            docker: None,
            capacity: 100_000,
        })
    }

    /// The same site, with containers that reach it at `gateway`.
    pub(crate) fn with_docker(self, docker: &str, gateway: &str) -> Self {
        Self { bind: "0.0.0.0", host: gateway.to_owned(), docker: Some(docker.to_owned()), ..self }
    }

    /// Another site that uses this one's discovery and message bus.
    pub(crate) fn sibling(&self, name: &str) -> anyhow::Result<Self> {
        Ok(Self { discovery: self.discovery, rabbitmq: self.rabbitmq.clone(), ..Self::new(name)? })
    }

    /// The port on which a service says that it is ready, if it has a fixed one.
    pub(crate) fn port_of(&self, service: &str) -> Option<u16> {
        match service {
            "discovery" => Some(self.discovery),
            "broker" => Some(self.broker),
            "master" => Some(self.master),
            "designer" | "up" => Some(self.designer),
            _ => None,
        }
    }

    pub(super) fn config(&self, data: &Path) -> Value {
        let mut config = json!({
            "site_id": self.name,
            "bind_ip": self.bind,
            "internal_hostip": self.host,
            "external_hostip": self.host,
            "physical_location": { "latitude": self.place.0, "longitude": self.place.1 },
            "data_dir": data,
            "discovery": { "host_ip": self.host, "http_port": self.discovery },
            "broker": { "host_ip": self.host, "http_port": self.broker },
            "master": { "host_ip": self.host, "rest_api_port": self.master, "ngsi_agent_port": self.agent },
            "worker": { "container_management": "function", "capacity": self.capacity },
            "designer": { "host_ip": self.host, "webSrvPort": self.designer, "agentPort": 0 },
            "logging": { "level": "warn" },
        });
        if let Some(docker) = &self.docker {
            config["worker"] =
                json!({ "container_management": "docker", "docker_host": docker, "capacity": self.capacity });
        }
        if let Some(rabbitmq) = &self.rabbitmq {
            config["rabbitmq"] = rabbitmq.clone();
        }
        config
    }
}

/// A port that nobody listens on now.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
