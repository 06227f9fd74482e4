//! Where notifications go, and what they look like there.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::Notification;
use crate::JsonText;

/// `http`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// The URL.
    pub url: String,
    /// Milliseconds to wait for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
}

/// `httpCustom`. Everything but `timeout` may hold macros such as `${id}`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpCustom {
    /// The URL.
    pub url: String,
    /// Headers; an empty one is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// Parameters in the URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub qs: Option<BTreeMap<String, String>>,
    /// The method; `POST` when not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Text, percent-encoded; `null` for no body at all.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub payload: Option<Option<String>>,
    /// A JSON body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<JsonText>,
    /// What takes the place of parts of the entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ngsi: Option<JsonText>,
    /// Milliseconds to wait for an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
}

/// `mqtt`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mqtt {
    /// `mqtt://` or `mqtts://`, host and port.
    pub url: String,
    /// The topic.
    pub topic: String,
    /// Quality of service: 0, 1 or 2.
    #[serde(default)]
    pub qos: u8,
    /// Whether the MQTT broker keeps the last message.
    #[serde(default)]
    pub retain: bool,
    /// Who the publisher is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The publisher's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passwd: Option<Password>,
}

/// `mqttCustom`. Topic and payload may hold macros.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MqttCustom {
    /// `mqtt://` or `mqtts://`, host and port.
    pub url: String,
    /// The topic.
    pub topic: String,
    /// Quality of service: 0, 1 or 2.
    #[serde(default)]
    pub qos: u8,
    /// Whether the MQTT broker keeps the last message.
    #[serde(default)]
    pub retain: bool,
    /// Who the publisher is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The publisher's password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passwd: Option<Password>,
    /// Text, percent-encoded; `null` for no payload at all.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub payload: Option<Option<String>>,
    /// A JSON payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<JsonText>,
    /// What takes the place of parts of the entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ngsi: Option<JsonText>,
}

/// A member that is `null` is given.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::<String>::deserialize(deserializer).map(Some)
}

/// A secret that is written to disk and sent to its MQTT broker, and shown to nobody.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

/// What is shown instead of a password.
const HIDDEN: &str = "*****";

impl Password {
    /// The password itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl std::fmt::Debug for HttpCustom {
    /// Headers are where clients put tokens.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpCustom").field("url", &self.url).finish_non_exhaustive()
    }
}

/// The one destination of a notification.
#[derive(Debug, Clone, Copy)]
pub enum Destination<'a> {
    /// See [`Http`].
    Http(&'a Http),
    /// See [`HttpCustom`].
    HttpCustom(&'a HttpCustom),
    /// See [`Mqtt`].
    Mqtt(&'a Mqtt),
    /// See [`MqttCustom`].
    MqttCustom(&'a MqttCustom),
}

/// What takes the place of the usual payload.
#[derive(Debug, Clone, Copy)]
pub enum Payload<'a> {
    /// Nothing does.
    Usual,
    /// There is none at all.
    Nothing,
    /// Text, percent-encoded.
    Text(&'a str),
    /// JSON.
    Json(&'a JsonText),
    /// The usual payload of an entity of which parts are replaced.
    Ngsi(&'a JsonText),
}

impl<'a> Payload<'a> {
    fn new(text: Option<&'a Option<String>>, json: Option<&'a JsonText>, ngsi: Option<&'a JsonText>) -> Self {
        match (text, json, ngsi) {
            (Some(None), ..) => Self::Nothing,
            (Some(Some(text)), ..) if !text.is_empty() => Self::Text(text),
            (_, Some(json), _) => Self::Json(json),
            (.., Some(ngsi)) => Self::Ngsi(ngsi),
            _ => Self::Usual,
        }
    }
}

impl<'a> Destination<'a> {
    /// The URL as it was given.
    #[must_use]
    pub fn url(self) -> &'a str {
        match self {
            Self::Http(http) => &http.url,
            Self::HttpCustom(http) => &http.url,
            Self::Mqtt(mqtt) => &mqtt.url,
            Self::MqttCustom(mqtt) => &mqtt.url,
        }
    }

    /// The payload that the client asked for.
    #[must_use]
    pub fn payload(self) -> Payload<'a> {
        match self {
            Self::Http(_) | Self::Mqtt(_) => Payload::Usual,
            Self::HttpCustom(http) => Payload::new(http.payload.as_ref(), http.json.as_ref(), http.ngsi.as_ref()),
            Self::MqttCustom(mqtt) => Payload::new(mqtt.payload.as_ref(), mqtt.json.as_ref(), mqtt.ngsi.as_ref()),
        }
    }
}

impl Notification {
    /// Its destinations: one, unless it is malformed.
    pub fn destinations(&self) -> impl Iterator<Item = Destination<'_>> {
        let http = self.http.as_ref().map(Destination::Http);
        let http_custom = self.http_custom.as_ref().map(Destination::HttpCustom);
        let mqtt = self.mqtt.as_ref().map(Destination::Mqtt);
        let mqtt_custom = self.mqtt_custom.as_ref().map(Destination::MqttCustom);
        [http, http_custom, mqtt, mqtt_custom].into_iter().flatten()
    }

    /// The notification as it is shown: without the password.
    #[must_use]
    pub fn shown(&self) -> Self {
        let mut shown = self.clone();
        let plain = shown.mqtt.as_mut().and_then(|mqtt| mqtt.passwd.as_mut());
        let custom = shown.mqtt_custom.as_mut().and_then(|mqtt| mqtt.passwd.as_mut());
        for password in plain.into_iter().chain(custom) {
            *password = Password(HIDDEN.to_owned());
        }
        shown
    }
}
