//! MQTT brokers, and messages for them.

use ngsi::v2::subscription::{Mqtt, MqttCustom, Password};

const PORT: u16 = 1883;
const SECURE_PORT: u16 = 8883;

/// An MQTT broker, and who publishes there.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MqttBroker {
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether it is spoken to by TLS.
    pub secure: bool,
    /// Name and password of the publisher.
    pub user: Option<(String, String)>,
}

/// What is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttMessage {
    /// Where; `None` when the URL cannot be understood.
    pub broker: Option<MqttBroker>,
    /// The topic.
    pub topic: String,
    /// Quality of service: 0, 1 or 2.
    pub qos: u8,
    /// Whether the MQTT broker keeps it.
    pub retain: bool,
    /// The payload.
    pub payload: Vec<u8>,
}

impl std::fmt::Debug for MqttBroker {
    /// Without the publisher's password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl MqttBroker {
    /// Reads `mqtt[s]://[user:password@]host[:port][/…]`.
    #[must_use]
    pub fn parse(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let secure = match scheme {
            "mqtt" => false,
            "mqtts" => true,
            _ => return None,
        };
        let authority = rest.split('/').next()?;
        let (user, address) = match authority.rsplit_once('@') {
            Some((user, address)) => (Some(user.split_once(':').unwrap_or((user, ""))), address),
            None => (None, authority),
        };
        let usual = if secure { SECURE_PORT } else { PORT };
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
            _ => (address, usual),
        };
        let user = user.map(|(name, password)| (name.to_owned(), password.to_owned()));
        (!host.is_empty()).then(|| Self { host: host.trim_matches(['[', ']']).to_owned(), port, secure, user })
    }
}

/// What a subscription of NGSIv2 says of publishing.
#[derive(Debug, Clone)]
pub(super) struct Publishing {
    broker: Option<MqttBroker>,
    qos: u8,
    retain: bool,
}

impl Publishing {
    fn new(url: &str, user: Option<&String>, password: Option<&Password>, qos: u8, retain: bool) -> Self {
        let user = user.cloned().zip(password.map(|password| password.reveal().to_owned()));
        Self { broker: MqttBroker::parse(url).map(|broker| MqttBroker { user, ..broker }), qos, retain }
    }

    pub(super) fn message(&self, topic: String, payload: Vec<u8>) -> MqttMessage {
        MqttMessage { broker: self.broker.clone(), topic, qos: self.qos, retain: self.retain, payload }
    }
}

impl From<&Mqtt> for Publishing {
    fn from(to: &Mqtt) -> Self {
        Self::new(&to.url, to.user.as_ref(), to.passwd.as_ref(), to.qos, to.retain)
    }
}

impl From<&MqttCustom> for Publishing {
    fn from(to: &MqttCustom) -> Self {
        Self::new(&to.url, to.user.as_ref(), to.passwd.as_ref(), to.qos, to.retain)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

    use super::MqttBroker;

    #[test]
    fn urls_of_mqtt_brokers() {
        let table = [
            ("mqtt://a", "a", 1883, false, None),
            ("mqtts://a", "a", 8883, true, None),
            ("mqtt://a:1/t/u", "a", 1, false, None),
            ("mqtt://[::1]", "::1", 1883, false, None),
            ("mqtts://u:p@q@[::1]:5/t", "::1", 5, true, Some(("u", "p@q"))),
        ];
        for (url, host, port, secure, user) in table {
            let broker = MqttBroker::parse(url).unwrap();
            let user = user.map(|(name, password): (&str, &str)| (name.to_owned(), password.to_owned()));
            assert_eq!(
                (broker.host.as_str(), broker.port, broker.secure, broker.user),
                (host, port, secure, user),
                "{url}"
            );
        }
        for url in ["http://a", "a", "mqtt://", "mqtt://a:x"] {
            assert_eq!(MqttBroker::parse(url), None, "{url}");
        }
    }
}
