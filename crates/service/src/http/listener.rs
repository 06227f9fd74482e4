//! Bound ports.

use std::net::SocketAddr;

use anyhow::Context;
use tokio::net::TcpListener;

/// A bound port that accepts nothing yet, so that a service may recover its state before it answers.
#[derive(Debug)]
pub struct Listener {
    pub(super) tcp: TcpListener,
    pub(super) address: SocketAddr,
}

impl Listener {
    /// The address bound, with the port the system chose when 0 was asked for.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The port bound.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

/// Binds a port; `key` is the configuration key that chose it.
///
/// # Errors
/// When the port is taken or not allowed, naming key and address.
pub async fn bind(address: SocketAddr, key: &str) -> anyhow::Result<Listener> {
    let context = || format!("configuration key `{key}`: cannot listen on {address}");
    let tcp = TcpListener::bind(address).await.with_context(context)?;
    let address = tcp.local_addr().with_context(context)?;
    Ok(Listener { tcp, address })
}
