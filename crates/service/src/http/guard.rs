//! Where requests may go that others ask this node to send: contexts to fetch, notifications.
//!
//! Whoever can name a URL must not reach through it what only this machine can: the metadata services of clouds, and whatever
//! else has link-local addresses. Private networks and this machine itself stay allowed, since sites are made of them.
//! Addresses are checked where connections are made, so that a name cannot resolve to one thing when it is checked and to
//! another when it is used.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper_util::client::legacy::connect::dns::Name;

use crate::config::Network;

/// Metadata services that have other than link-local addresses.
const METADATA: [IpAddr; 3] = [
    IpAddr::V4(Ipv4Addr::new(100, 100, 100, 200)),
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254)),
    IpAddr::V6(Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254)),
];

/// Why nothing is sent to a URL, in words.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// It is no URL of a server.
    #[error("`{0}` is not a URL of the form http://host or https://host")]
    NotHttp(String),
    /// Its host has no address, now.
    #[error("the host `{host}` cannot be resolved")]
    Unresolved {
        /// The name.
        host: String,
        /// What the resolver says.
        #[source]
        cause: io::Error,
    },
    /// Its host has only addresses that requests of others may not go to.
    #[error("the host `{host}` has the address {address}, which requests on behalf of others may not go to")]
    Refused {
        /// The name or address in the URL.
        host: String,
        /// One of its addresses.
        address: IpAddr,
    },
}

/// Which addresses are allowed; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    allowed: Arc<[Network]>,
}

impl Guard {
    /// A guard that makes exceptions for some networks.
    #[must_use]
    pub fn new(allowed: &[Network]) -> Self {
        Self { allowed: allowed.into() }
    }

    /// Whether connections to an address are allowed.
    #[must_use]
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = embedded(address.to_canonical());
        !is_special(address) || self.allowed.iter().any(|network| network.contains(address))
    }

    /// Checks a URL before anything is sent there. Its host may get other addresses later, so this replaces no check at the
    /// time of connecting, which the client of [`Node::outside`](crate::Node::outside) makes.
    ///
    /// # Errors
    /// [`TargetError`]; one that is [`TargetError::Unresolved`] may be gone tomorrow.
    pub async fn check_target(&self, uri: &Uri) -> Result<(), TargetError> {
        let host = host(uri)?;
        self.resolve(host).await.map(drop)
    }

    /// Refuses the host of a URL that is an address, which no resolver sees.
    pub(super) fn check_literal(&self, uri: &Uri) -> Result<(), TargetError> {
        let host = host(uri)?;
        match host.parse() {
            Ok(address) => self.filter(host, vec![SocketAddr::new(address, 0)]).map(drop),
            Err(_) => Ok(()),
        }
    }

    /// The addresses of a host that are allowed, of which there is one at least.
    pub(crate) async fn addresses(&self, host: &str) -> Result<Vec<SocketAddr>, TargetError> {
        self.resolve(host.trim_matches(['[', ']'])).await
    }

    async fn resolve(&self, host: &str) -> Result<Vec<SocketAddr>, TargetError> {
        match tokio::net::lookup_host((host, 0)).await {
            Ok(addresses) => self.filter(host, addresses.collect()),
            Err(cause) => Err(TargetError::Unresolved { host: host.to_owned(), cause }),
        }
    }

    /// Leaves the addresses that are allowed, of which there must be one.
    fn filter(&self, host: &str, mut addresses: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, TargetError> {
        let first = addresses.first().map(SocketAddr::ip);
        addresses.retain(|address| self.permits(address.ip()));
        match first {
            _ if !addresses.is_empty() => Ok(addresses),
            Some(address) => Err(TargetError::Refused { host: host.to_owned(), address }),
            None => {
                let cause = io::Error::new(io::ErrorKind::NotFound, "it has no address");
                Err(TargetError::Unresolved { host: host.to_owned(), cause })
            }
        }
    }
}

fn host(uri: &Uri) -> Result<&str, TargetError> {
    match (uri.scheme_str(), uri.host()) {
        (Some("http" | "https"), Some(host)) if !host.is_empty() => Ok(host.trim_matches(['[', ']'])),
        _ => Err(TargetError::NotHttp(uri.to_string())),
    }
}

/// The address that a translated one (RFC 6052, `64:ff9b::/96`) leads to.
fn embedded(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) if v6.segments()[..6] == [0x64, 0xff9b, 0, 0, 0, 0] => {
            let [.., a, b, c, d] = v6.octets();
            IpAddr::V4(Ipv4Addr::new(a, b, c, d))
        }
        other => other,
    }
}

fn is_special(address: IpAddr) -> bool {
    let by_kind = match address {
        IpAddr::V4(v4) => v4.is_link_local() || v4.octets()[0] == 0 || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_unicast_link_local(),
    };
    by_kind || address.is_unspecified() || address.is_multicast() || METADATA.contains(&address)
}

/// How connections find addresses: all of them, or those that a guard allows.
#[derive(Clone)]
pub(super) struct Resolver(pub(super) Option<Guard>);

impl tower::Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let guard = self.0.clone();
        Box::pin(async move {
            match guard {
                None => Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.collect::<Vec<_>>().into_iter()),
                Some(guard) => match guard.resolve(name.as_str()).await {
                    Ok(addresses) => Ok(addresses.into_iter()),
                    Err(TargetError::Unresolved { cause, .. }) => Err(cause),
                    Err(refused) => Err(io::Error::new(io::ErrorKind::PermissionDenied, refused)),
                },
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::{Guard, TargetError};

    #[test]
    fn link_local_and_the_like_are_refused() {
        let guard = Guard::default();
        for refused in [
            "169.254.169.254",
            "169.254.0.1",
            "0.0.0.0",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "100.100.100.200",
            "::",
            "fe80::1",
            "febf::1",
            "ff02::1",
            "fd00:ec2::254",
            "::ffff:169.254.169.254",
            "64:ff9b::a9fe:a9fe",
        ] {
            assert!(!guard.permits(refused.parse().unwrap()), "{refused}");
        }
        for allowed in
            ["127.0.0.1", "::1", "10.0.0.1", "192.168.1.1", "172.17.0.1", "fd00::1", "192.0.2.1", "2001:db8::1"]
        {
            assert!(guard.permits(allowed.parse().unwrap()), "{allowed}");
        }
    }

    #[test]
    fn exceptions_can_be_configured() {
        let guard = Guard::new(&["169.254.10.0/24".parse().unwrap()]);
        assert!(guard.permits("169.254.10.7".parse().unwrap()));
        assert!(guard.permits("::ffff:169.254.10.7".parse().unwrap()));
        assert!(!guard.permits("169.254.169.254".parse().unwrap()));
    }

    #[tokio::test]
    async fn urls_are_checked_by_their_addresses() {
        let guard = Guard::default();
        for allowed in ["http://127.0.0.1:1/x", "https://[::1]/", "http://localhost/"] {
            guard.check_target(&allowed.parse().unwrap()).await.unwrap();
        }
        // The other spellings of an address that a system's resolver understands.
        for refused in
            ["http://169.254.169.254/latest", "http://[fe80::1]:80/", "http://0xa9fea9fe/", "http://2852039166/"]
        {
            let error = guard.check_target(&refused.parse().unwrap()).await.unwrap_err();
            assert!(matches!(error, TargetError::Refused { .. }), "{refused}: {error:?}");
        }
        let error = guard.check_target(&"mqtt://localhost/".parse().unwrap()).await.unwrap_err();
        assert!(matches!(error, TargetError::NotHttp(_)), "{error:?}");
    }
}
