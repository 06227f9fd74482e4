//! The message bus of a process: closed only when its services have said good-bye on it.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use message_bus::{Bus, Identity, RabbitMq, Tls};
use service::Config;
use tokio_util::sync::CancellationToken;

const CLOSE_DEADLINE: Duration = Duration::from_secs(5);

pub(crate) struct OpenBus {
    pub(crate) bus: Bus,
    close: CancellationToken,
}

impl OpenBus {
    pub(crate) fn in_process() -> Self {
        Self { bus: Bus::in_process(), close: CancellationToken::new() }
    }

    /// Returns at once: the bus connects, and reconnects, by itself.
    pub(crate) fn rabbitmq(config: &Config) -> anyhow::Result<Self> {
        let (host, port) = config.rabbitmq_address();
        let keys = &config.rabbitmq;
        let mut settings = RabbitMq::new(host, port, keys.username.expose(), keys.password.expose());
        settings.virtual_host.clone_from(&keys.virtual_host);
        settings.tls = if keys.tls { Some(tls(config)?) } else { None };
        let close = CancellationToken::new();
        Ok(Self { bus: Bus::rabbitmq(settings, close.clone()), close })
    }

    /// Gives unacknowledged messages back and closes the connection.
    pub(crate) async fn close(self) {
        self.close.cancel();
        if tokio::time::timeout(CLOSE_DEADLINE, self.bus.closed()).await.is_err() {
            tracing::warn!("the message bus did not close in time");
        }
    }
}

fn tls(config: &Config) -> anyhow::Result<Tls> {
    let https = &config.https;
    let authorities_pem = https.my_ca.as_deref().map(|file| read(file, "https.my_ca")).transpose()?;
    let identity_pem = match (&https.my_certificate, &https.my_key) {
        (Some(certificate), Some(key)) => Some(Identity {
            certificates: read(certificate, "https.my_certificate")?.into_bytes(),
            key: read(key, "https.my_key")?.into_bytes(),
        }),
        _ => None,
    };
    Ok(Tls { authorities_pem, identity_pem })
}

fn read(file: &Path, key: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("configuration key `{key}`: cannot read {}", file.display()))
}
