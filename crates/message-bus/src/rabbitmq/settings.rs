use lapin::tcp::{OwnedIdentity, OwnedTLSConfig};
use lapin::uri::{AMQPAuthority, AMQPQueryString, AMQPScheme, AMQPUri, AMQPUserInfo};

/// Seconds between heartbeats; a silent peer is given up after two of them.
const HEARTBEAT_S: u16 = 10;
/// Largest AMQP frame: bounds the buffers of the connection. Longer bodies take several.
const FRAME_BYTES: u32 = 32 * 1024;

/// Where RabbitMQ is and how to log in.
#[derive(Clone)]
pub struct RabbitMq {
    /// Host name or address.
    pub host: String,
    /// Port, usually 5672, with TLS 5671.
    pub port: u16,
    /// User name.
    pub username: String,
    /// Password; never logged.
    pub password: String,
    /// Virtual host, usually `/`.
    pub virtual_host: String,
    /// Encrypt the connection (`amqps`).
    pub tls: Option<Tls>,
}

/// Certificates for an encrypted connection.
#[derive(Clone, Debug, Default)]
pub struct Tls {
    /// Certificates of authorities trusted beside the system's, in PEM.
    pub authorities_pem: Option<String>,
    /// Own certificate chain and key, in PEM, if the server asks for one.
    pub identity_pem: Option<Identity>,
}

/// A certificate chain and its private key.
#[derive(Clone)]
pub struct Identity {
    /// Certificate chain in PEM.
    pub certificates: Vec<u8>,
    /// Private key in PEM (PKCS#8).
    pub key: Vec<u8>,
}

impl RabbitMq {
    /// Settings for the virtual host `/` without TLS.
    pub fn new(host: impl Into<String>, port: u16, username: impl Into<String>, password: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port,
            username: username.into(),
            password: password.into(),
            virtual_host: "/".to_owned(),
            tls: None,
        }
    }

    pub(super) fn uri(&self) -> AMQPUri {
        AMQPUri {
            scheme: if self.tls.is_some() { AMQPScheme::AMQPS } else { AMQPScheme::AMQP },
            authority: AMQPAuthority {
                userinfo: AMQPUserInfo { username: self.username.clone(), password: self.password.clone() },
                host: self.host.clone(),
                port: self.port,
            },
            vhost: self.virtual_host.clone(),
            query: AMQPQueryString {
                heartbeat: Some(HEARTBEAT_S),
                frame_max: Some(FRAME_BYTES),
                ..AMQPQueryString::default()
            },
        }
    }

    pub(super) fn tls_config(&self) -> OwnedTLSConfig {
        let tls = self.tls.clone().unwrap_or_default();
        OwnedTLSConfig {
            identity: tls
                .identity_pem
                .map(|identity| OwnedIdentity::PKCS8 { pem: identity.certificates, key: identity.key }),
            cert_chain: tls.authorities_pem,
        }
    }
}

impl std::fmt::Debug for RabbitMq {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RabbitMq")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("username", &self.username)
            .field("virtual_host", &self.virtual_host)
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn password_is_not_shown() {
        let shown = format!("{:?}", RabbitMq::new("cloud", 5672, "admin", "mypass"));
        assert!(shown.contains("cloud") && shown.contains("admin") && !shown.contains("mypass"));
    }
}
