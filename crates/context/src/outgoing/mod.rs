//! Notifications of NGSIv2 and NGSI-LD as values: what is sent where. Sending is the broker's part.

mod content;
mod linked;
mod message;
mod mqtt;

use std::sync::Arc;
use std::time::Duration;

use ngsi::ld::Context;
use ngsi::ld::write::{Join, Joined, Selection};
use ngsi::v2::path::path_of;
use ngsi::v2::subscription::{Destination, Format, HttpCustom, Notification, Payload};
use ngsi::v2::template::{Facts, JsonTemplate, Patch, Template};
use ngsi::{Entity, ParseError, SubscriptionId, Timestamp};

use crate::Notice;
use content::Content;
use mqtt::Publishing;

pub use linked::LinkedOutgoing;
pub(crate) use linked::departed;
pub use mqtt::{MqttBroker, MqttMessage};

/// How the notifications of a subscription are made.
#[derive(Debug, Clone)]
pub enum Outgoing {
    /// As NGSIv2 has them.
    NgsiV2(Box<CustomOutgoing>),
    /// As NGSI-LD has them.
    NgsiLd(Box<LinkedOutgoing>),
}

/// Which links are followed for a notification (ETSI GS CIM 009, 4.5.23).
#[derive(Debug)]
pub struct Joins<'o> {
    /// How far, and where what they lead to stands.
    pub join: &'o Join,
    /// What names are called.
    pub context: &'o Context,
    /// What of entities is told.
    pub selection: &'o Selection,
    /// The entities they begin with.
    pub entities: Vec<Arc<Entity>>,
}

impl Outgoing {
    /// Which links are to be followed before these states are told, if any.
    #[must_use]
    pub fn joins(&self, notices: &[Notice]) -> Option<Joins<'_>> {
        match self {
            Self::NgsiV2(_) => None,
            Self::NgsiLd(linked) => linked.joins(notices),
        }
    }

    /// The notification of states that are told together, for a broker of that name and a subscriber of that tenant. NGSIv2
    /// tells one at a time. With `joined`, what they link to is told as well.
    #[must_use]
    pub fn message(
        &self,
        id: &SubscriptionId,
        notices: &[Notice],
        originator: &str,
        tenant: &str,
        joined: Option<&Joined>,
        now: Timestamp,
    ) -> Option<Message> {
        match self {
            Self::NgsiV2(custom) => notices.first().map(|notice| custom.message(id, notice, originator, tenant)),
            Self::NgsiLd(linked) => Some(linked.message(id, notices, tenant, joined, now)),
        }
    }
}

/// How the notifications of a subscription of NGSIv2 are made.
#[derive(Debug, Clone)]
pub struct CustomOutgoing {
    content: Content,
    format: Format,
    payload: Made,
    route: Route,
}

/// What takes the place of the usual payload.
#[derive(Debug, Clone)]
enum Made {
    Usual,
    Nothing,
    Text(Template),
    Json(JsonTemplate),
    Ngsi(Patch),
}

/// Where a notification goes.
#[derive(Debug, Clone)]
enum Route {
    Http(HttpRoute),
    Mqtt { topic: Template, publishing: Publishing },
}

#[derive(Debug, Clone)]
struct HttpRoute {
    url: Template,
    method: String,
    headers: Vec<(Template, Template)>,
    parameters: Vec<(Template, Template)>,
    timeout: Option<Duration>,
}

/// A notification as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// By HTTP.
    Http(HttpMessage),
    /// By MQTT.
    Mqtt(MqttMessage),
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpMessage {
    /// Its method.
    pub method: String,
    /// Where it goes.
    pub url: String,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
    /// How long an answer is waited for; as long as usual when not given.
    pub timeout: Option<Duration>,
}

impl CustomOutgoing {
    /// Understands what a subscription says of its notifications.
    ///
    /// # Errors
    /// Names the member that is malformed.
    pub fn compile(notification: &Notification) -> Result<Self, ParseError> {
        let destination = notification.destinations().next();
        let destination = destination.ok_or_else(|| ParseError::new("http", "missing"))?;
        Ok(Self {
            content: Content::compile(notification),
            format: notification.attrs_format,
            payload: Made::compile(destination.payload())?,
            route: Route::compile(destination),
        })
    }

    /// The notification of one state of an entity, for a broker of that name and a subscriber of that tenant.
    fn message(&self, id: &SubscriptionId, notice: &Notice, originator: &str, tenant: &str) -> Message {
        let facts = Facts {
            entity: &notice.entity,
            service: tenant,
            service_path: path_of(&notice.entity),
            auth_token: notice.cause.as_ref().map_or("", |cause| cause.origin.auth_token.as_str()),
            covered: self.content.covered,
        };
        let body = self.body(id, notice, originator, &facts);
        match &self.route {
            Route::Mqtt { topic, publishing } => Message::Mqtt(publishing.message(topic.render(&facts), body)),
            Route::Http(route) => Message::Http(self.request(route, notice, &facts, body)),
        }
    }
}

impl Made {
    fn compile(payload: Payload<'_>) -> Result<Self, ParseError> {
        Ok(match payload {
            Payload::Usual => Self::Usual,
            Payload::Nothing => Self::Nothing,
            Payload::Text(text) => Self::Text(Template::decoded(text)),
            Payload::Json(json) => Self::Json(JsonTemplate::new(json)),
            Payload::Ngsi(ngsi) => Self::Ngsi(Patch::new(ngsi)?),
        })
    }
}

impl Route {
    fn compile(destination: Destination<'_>) -> Self {
        match destination {
            Destination::Http(http) => Self::Http(HttpRoute {
                url: Template::fixed(&http.url),
                method: "POST".to_owned(),
                headers: Vec::new(),
                parameters: Vec::new(),
                timeout: milliseconds(http.timeout),
            }),
            Destination::HttpCustom(http) => Self::custom(http),
            Destination::Mqtt(mqtt) => Self::Mqtt { topic: Template::fixed(&mqtt.topic), publishing: mqtt.into() },
            Destination::MqttCustom(mqtt) => Self::Mqtt { topic: Template::new(&mqtt.topic), publishing: mqtt.into() },
        }
    }

    fn custom(http: &HttpCustom) -> Self {
        let pairs = http.headers.iter().flatten();
        let headers = pairs.map(|(name, value)| (Template::new(name), Template::decoded(value))).collect();
        let pairs = http.qs.iter().flatten();
        let parameters = pairs.map(|(name, value)| (Template::new(name), Template::new(value))).collect();
        Self::Http(HttpRoute {
            url: Template::new(&http.url),
            method: http.method.clone().unwrap_or_else(|| "POST".to_owned()),
            headers,
            parameters,
            timeout: milliseconds(http.timeout),
        })
    }
}

/// Zero means the usual one.
fn milliseconds(timeout: Option<u64>) -> Option<Duration> {
    timeout.filter(|timeout| *timeout > 0).map(Duration::from_millis)
}
