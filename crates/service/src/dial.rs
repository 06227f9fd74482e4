//! Connections to servers that others name, for protocols that are not HTTP: guarded as those of [`Node::outside`] are.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::Node;
use crate::http::TargetError;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// What is read from and written to.
pub trait Stream: AsyncRead + AsyncWrite + Send + Sync + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Sync + Unpin> Stream for T {}

impl Node {
    /// Connects to a port of a host, with TLS if it is to be secure. The certificate must be signed by an authority of the
    /// system or of this node, as with [`Node::outside`].
    ///
    /// # Errors
    /// When the host has no address, only addresses that are not allowed, or does not answer in time.
    pub async fn dial(&self, host: &str, port: u16, secure: bool) -> io::Result<Box<dyn Stream>> {
        let addresses = self.guard().addresses(host).await.map_err(|error| match error {
            TargetError::Unresolved { cause, .. } => cause,
            refused => io::Error::new(io::ErrorKind::PermissionDenied, refused),
        })?;
        let addresses: Vec<_> = addresses.into_iter().map(|address| (address.ip(), port).into()).collect();
        let too_slow = |_| io::Error::new(io::ErrorKind::TimedOut, format!("no connection within {CONNECT_TIMEOUT:?}"));
        let stream = timeout(CONNECT_TIMEOUT, TcpStream::connect(&addresses[..])).await.map_err(too_slow)??;
        stream.set_nodelay(true)?;
        if !secure {
            return Ok(Box::new(stream));
        }
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        let connector = TlsConnector::from(Arc::new(self.to_servers().config()));
        let stream = timeout(CONNECT_TIMEOUT, connector.connect(name, stream)).await.map_err(too_slow)??;
        Ok(Box::new(stream))
    }
}
