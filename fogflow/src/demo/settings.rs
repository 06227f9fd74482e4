//! The demo's configuration: two sites on this machine, on ports nobody uses.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};

use anyhow::Context;
use ngsi::Point;
use serde_json::json;
use service::Config;

/// Where the first worker stands.
pub(super) const NORTH: Point = Point { latitude: 49.41, longitude: 8.69 };
/// Where the second worker stands.
pub(super) const SOUTH: Point = Point { latitude: -33.92, longitude: 18.42 };

/// Where the demo keeps its state; a temporary one is removed at the end.
pub(super) struct Folder {
    path: PathBuf,
    temporary: bool,
}

impl Folder {
    pub(super) fn new(given: Option<&Path>) -> anyhow::Result<Self> {
        let folder = match given {
            Some(path) => Self { path: path.to_owned(), temporary: false },
            None => Self { path: unused(), temporary: true },
        };
        std::fs::create_dir_all(&folder.path).with_context(|| format!("cannot create {}", folder.path.display()))?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn log(&self) -> PathBuf {
        self.path.join("demo.log")
    }
}

fn unused() -> PathBuf {
    std::env::temp_dir().join(format!("fogflow-demo-{}", uuid::Uuid::new_v4()))
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            // What cannot be removed is left to the system, which clears its temporary folder.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// The given configuration, or one with the usual ports where they are free; logs go to a file beside the state.
pub(super) fn configure(file: Option<&Path>, folder: &Path, devices: u32) -> anyhow::Result<Config> {
    let mut config = match file {
        Some(file) => Config::load(Some(file))?,
        None => Config::parse(&on_free_ports().to_string(), |_| None)?,
    };
    folder.clone_into(&mut config.data_dir);
    config.location = config.location.or(Some(NORTH));
    config.worker.heartbeat_interval = config.worker.heartbeat_interval.min(2);
    // Every detector of both sites, should one worker leave, and the counter.
    config.worker.capacity = config.worker.capacity.max(devices * 4 + 1);
    let log = folder.join("demo.log").display().to_string();
    (config.logging.info, config.logging.error) = (Some(log.clone()), Some(log));
    Ok(config)
}

fn on_free_ports() -> serde_json::Value {
    json!({
        "site_id": "north",
        "bind_ip": "127.0.0.1",
        "discovery": { "http_port": free(8090) },
        "broker": { "http_port": free(8070) },
        "master": { "rest_api_port": free(8010), "ngsi_agent_port": free(1060) },
        "designer": { "webSrvPort": free(8080), "agentPort": free(1030) },
        "worker": { "container_management": "function" },
    })
}

/// The usual port, or one the system gives when that is taken.
fn free(usual: u16) -> u16 {
    let port = |wanted| TcpListener::bind((Ipv4Addr::LOCALHOST, wanted)).and_then(|listener| listener.local_addr());
    port(usual).or_else(|_| port(0)).map_or(usual, |address| address.port())
}

/// The second site: the same core services, a worker elsewhere.
pub(super) fn south(north: &Config) -> Config {
    let mut config = north.clone();
    config.site_id = if north.site_id == "south" { "north" } else { "south" }.to_owned();
    config.location = Some(SOUTH);
    config.worker.http_port = 0;
    config
}
