//! How containers and this host reach each other.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bollard::models::IpamConfig;
use bollard::query_parameters::InspectContainerOptions;
use tokio::net::TcpStream;

use super::engine::{Container, DockerEngine};
use crate::engine::StartError;

const POLL: Duration = Duration::from_millis(3);
const CONNECT: Duration = Duration::from_millis(500);
/// A container that does not listen by then is treated as if it did.
const PATIENCE: Duration = Duration::from_secs(20);

impl DockerEngine {
    /// The nearest broker as containers reach it: for a broker on this host's loopback address that is the bridge.
    pub(super) async fn broker_for_containers(&self) -> String {
        let url = self.nearest.url().await;
        let gateway = self.gateway.lock().clone();
        gateway.map_or_else(|| url.clone(), |gateway| off_loopback(&url, &gateway))
    }

    /// Waits until the task accepts connections. Asked at the container's own address: at the published port Docker's proxy
    /// accepts connections before the task does.
    pub(super) async fn wait_until_listening(&self, container: &Container) -> Result<(), StartError> {
        let listening = async {
            let Some(address) = self.address(container).await else { return };
            loop {
                match tokio::time::timeout(CONNECT, TcpStream::connect(address)).await {
                    Ok(Ok(_)) => return,
                    _ => tokio::time::sleep(POLL).await,
                }
            }
        };
        tokio::select! {
            () = container.gone.cancelled() => Err(StartError::passing("the container ended before it listened")),
            waited = tokio::time::timeout(PATIENCE, listening) => {
                if waited.is_err() {
                    tracing::warn!(container = container.id, port = container.port, "the container does not listen yet");
                }
                Ok(())
            }
        }
    }

    async fn address(&self, container: &Container) -> Option<SocketAddr> {
        let docker = self.docker().ok()?;
        let inspected = docker.inspect_container(&container.id, None::<InspectContainerOptions>).await.ok()?;
        if inspected.state.as_ref().and_then(|state| state.running) == Some(false) {
            // It has ended already; why, will be told by its event.
            std::future::pending::<()>().await;
        }
        let networks = inspected.network_settings?.networks?;
        let ip = networks.values().find_map(|network| network.ip_address.as_deref()?.parse().ok())?;
        Some(SocketAddr::new(ip, container.port))
    }
}

/// The host as containers of a network see it. Of a bridge that it has just made an engine tells only the subnet, of which the
/// host then has the first address.
pub(super) fn gateway(config: &IpamConfig) -> Option<String> {
    let first = || {
        let (base, _) = config.subnet.as_deref()?.split_once('/')?;
        let base: Ipv4Addr = base.parse().ok()?;
        Some(Ipv4Addr::from_bits(base.to_bits() | 1).to_string())
    };
    config.gateway.clone().filter(|gateway| !gateway.is_empty()).or_else(first)
}

fn off_loopback(url: &str, gateway: &str) -> String {
    for host in ["127.0.0.1", "localhost", "[::1]"] {
        for end in [':', '/'] {
            let (here, there) = (format!("//{host}{end}"), format!("//{gateway}{end}"));
            if url.contains(&here) {
                return url.replacen(&here, &there, 1);
            }
        }
    }
    url.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_has_the_first_address_of_a_subnet_without_a_gateway() {
        let config = |subnet: &str, gateway: Option<&str>| IpamConfig {
            subnet: Some(subnet.to_owned()),
            gateway: gateway.map(str::to_owned),
            ..IpamConfig::default()
        };
        assert_eq!(gateway(&config("172.17.0.0/16", None)).as_deref(), Some("172.17.0.1"));
        assert_eq!(gateway(&config("172.17.0.0/16", Some("172.17.0.9"))).as_deref(), Some("172.17.0.9"));
        assert_eq!(gateway(&config("fd00::/64", None)), None);
    }

    #[test]
    fn only_loopback_is_replaced() {
        let cases = [
            ("http://127.0.0.1:8070/ngsi10", "http://172.17.0.1:8070/ngsi10"),
            ("http://localhost/ngsi10", "http://172.17.0.1/ngsi10"),
            ("http://10.0.0.7:8070/ngsi10", "http://10.0.0.7:8070/ngsi10"),
            ("http://localhost.example:80/ngsi10", "http://localhost.example:80/ngsi10"),
        ];
        for (url, expected) in cases {
            assert_eq!(off_loopback(url, "172.17.0.1"), expected);
        }
    }
}
