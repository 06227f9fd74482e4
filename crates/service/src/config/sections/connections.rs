//! The keys of what all services talk through: HTTP and TLS, the message bus and the database.

use std::path::PathBuf;

use serde::Deserialize;

use super::super::Secret;

/// `https`: mutual TLS among services, and TLS to other servers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Https {
    /// `https.enabled`: whether services speak it with each other; the files count without it too, towards other servers; default
    /// false.
    pub enabled: bool,
    /// `https.my_certificate`: PEM file of this node's certificate chain.
    pub my_certificate: Option<PathBuf>,
    /// `https.my_key`: PEM file of its private key.
    pub my_key: Option<PathBuf>,
    /// `https.my_ca`: PEM file of the authority that signs every node's certificate; towards other servers it is trusted besides
    /// those of the system.
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
