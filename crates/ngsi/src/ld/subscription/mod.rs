//! Subscriptions of NGSI-LD as clients write and read them (ETSI GS CIM 009, 5.2.12 to 5.2.15, 5.2.22).
//!
//! Names stay as the client wrote them, together with the `@context` they are of.

mod check;

use std::borrow::Cow;

use percent_encoding::percent_decode_str;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use crate::json::{null_as_default, one_or_many};
use crate::{JsonText, ParseError};

/// What a client asks to be notified of, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Subscription {
    /// Its identifier, if the client chose one.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub id: String,
    /// `Subscription`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A short name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscription_name: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whom it is about; anybody who has a watched attribute when empty.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    pub entities: Vec<EntitySelector>,
    /// The attributes of which a change counts; any when empty.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    pub watched_attributes: Vec<String>,
    /// Which kinds of change count; attributes that are created or updated when empty.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    pub notification_trigger: Vec<Trigger>,
    /// Seconds between two notifications that are sent whether or not anything changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_interval: Option<u64>,
    /// What the entity must hold (4.9).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Where the entity must be (4.10).
    #[serde(rename = "geoQ", default, skip_serializing_if = "Option::is_none")]
    pub geo_q: Option<GeoQuery>,
    /// Which scope the entity must be in (4.19).
    #[serde(rename = "scopeQ", default, skip_serializing_if = "Option::is_none")]
    pub scope_q: Option<String>,
    /// Which context sources are asked (4.9); of a subscription to registrations, which of those are meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csf: Option<String>,
    /// Of which times a source has a history, in a subscription to registrations (4.11).
    #[serde(rename = "temporalQ", default, skip_serializing_if = "Option::is_none")]
    pub temporal_q: Option<TemporalQuery>,
    /// The data sets of which instances of attributes are sent, `@none` for default instances; all when empty (4.5.5).
    #[serde(default, deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub dataset_id: Vec<String>,
    /// The languages in which texts are sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lang: Option<String>,
    /// Whether it is served.
    #[serde(default = "yes")]
    pub is_active: bool,
    /// Who is told what, and how.
    pub notification: Notification,
    /// ISO 8601; never when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// Seconds that lie at least between two notifications: a JSON number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling: Option<JsonText>,
    /// The `@context` of notifications, when it is another than that of the subscription.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jsonld_context: Option<String>,
}

/// Entities by identifier or pattern, and type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EntitySelector {
    /// Identifiers; one, or a list.
    #[serde(default, deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    pub id: Vec<String>,
    /// A regular expression that finds something in the identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_pattern: Option<String>,
    /// In the entity type selection language (4.17).
    #[serde(rename = "type", default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub types: String,
}

/// A place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeoQuery {
    /// How the place of the entity relates to the shape.
    pub georel: String,
    /// The kind of the shape.
    pub geometry: String,
    /// Where the shape is: GeoJSON, or that as text.
    pub coordinates: JsonText,
    /// Which attribute is the place of the entity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geoproperty: Option<String>,
}

impl GeoQuery {
    /// The coordinates as the text of a query.
    #[must_use]
    pub fn coordinates(&self) -> String {
        self.coordinates.to_plain()
    }
}

/// A time or times (5.2.21).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TemporalQuery {
    /// `before`, `after` or `between`.
    pub timerel: String,
    /// ISO 8601.
    pub time_at: String,
    /// ISO 8601; the later time of `between`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_time_at: Option<String>,
    /// Which of the times of an attribute is meant; `observedAt` when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeproperty: Option<String>,
}

/// What may happen to an entity or an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Trigger {
    /// An entity is created.
    EntityCreated,
    /// An entity is changed in any way.
    EntityUpdated,
    /// An entity is deleted.
    EntityDeleted,
    /// An attribute is added.
    AttributeCreated,
    /// An attribute is set.
    AttributeUpdated,
    /// An attribute is removed.
    AttributeDeleted,
}

/// How entities are written in a notification.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Format {
    /// With types.
    #[default]
    Normalized,
    /// Without the types that follow from the members.
    Concise,
    /// Values alone.
    Simplified,
    /// The same, by its older name.
    KeyValues,
}

/// Where linked entities stand (4.5.23).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Join {
    /// Inside of the Relationships that link to them.
    Inline,
    /// Behind the entities that link to them.
    Flat,
    /// Nowhere.
    #[serde(rename = "@none")]
    None,
}

/// Who is told what, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// The attributes to send; all when empty.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<String>,
    /// The members to send; all when empty.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    pub pick: Vec<String>,
    /// The members not to send.
    #[serde(default, deserialize_with = "filled", skip_serializing_if = "Vec::is_empty")]
    pub omit: Vec<String>,
    /// How entities are written.
    #[serde(default)]
    pub format: Format,
    /// Whether former values are sent too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub show_changes: bool,
    /// Whether times of creation and modification are sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub sys_attrs: bool,
    /// Where the entities are sent that those of the notification link to (4.5.23); nowhere when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join: Option<Join>,
    /// How many levels of them; one when missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_level: Option<usize>,
    /// Whom to notify.
    pub endpoint: Endpoint,
}

/// Where notifications go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Endpoint {
    /// `http:`, `https:`, `mqtt:` or `mqtts:`; the path of an MQTT URI is the topic (7.2).
    pub uri: String,
    /// The media type of notifications.
    #[serde(default)]
    pub accept: Accept,
    /// Milliseconds that the receiver may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// Milliseconds to wait after a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<u64>,
    /// Headers of the notification.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub receiver_info: Vec<KeyValue>,
    /// What the notifier is to know, such as `MQTT-QoS`.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub notifier_info: Vec<KeyValue>,
}

/// A media type of notifications.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Accept {
    /// `application/json`, with the `@context` in a `Link` header.
    #[default]
    #[serde(rename = "application/json")]
    Json,
    /// `application/ld+json`, with the `@context` in the body.
    #[serde(rename = "application/ld+json")]
    JsonLd,
    /// `application/geo+json`.
    #[serde(rename = "application/geo+json")]
    GeoJson,
}

/// A pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyValue {
    /// Its name.
    pub key: String,
    /// What it is set to.
    pub value: String,
}

/// A list that has something, if it is given (tables 5.2.12-1 and 5.2.14.1-1).
fn filled<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    match null_as_default::<D, Option<Vec<T>>>(deserializer)? {
        Some(list) if list.is_empty() => Err(D::Error::custom("must not be an empty list")),
        list => Ok(list.unwrap_or_default()),
    }
}

fn yes() -> bool {
    true
}

impl Subscription {
    /// Reads a subscription.
    ///
    /// # Errors
    /// Names the member that is missing or wrong.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        let subscription: Self = crate::json::parse_object(body)?;
        subscription.check()?;
        Ok(subscription)
    }

    /// What the entity must hold: `q`, which may be escaped as in a URL.
    #[must_use]
    pub fn condition(&self) -> Option<Cow<'_, str>> {
        let q = self.q.as_deref()?;
        Some(percent_decode_str(q).decode_utf8().unwrap_or(Cow::Borrowed(q)))
    }

    /// This subscription with the members of a fragment in the place of its own (5.8.2); those of `notification` and its
    /// `endpoint` one by one, and gone when they are `urn:ngsi-ld:null`.
    ///
    /// # Errors
    /// As [`Subscription::parse`].
    pub fn patched(&self, fragment: &[u8]) -> Result<Self, ParseError> {
        let fragment: serde_json::Value = crate::json::parse_object(fragment)?;
        let mut whole = serde_json::to_value(self).map_err(|error| ParseError::new("$", error.to_string()))?;
        merge(&mut whole, fragment, 2);
        Self::parse(whole.to_string().as_bytes())
    }
}

/// Sets members, to that depth one by one.
fn merge(into: &mut serde_json::Value, from: serde_json::Value, depth: usize) {
    let (serde_json::Value::Object(members), serde_json::Value::Object(given)) = (into, from) else { return };
    for (name, value) in given {
        if value == "urn:ngsi-ld:null" || value.is_null() {
            members.remove(&name);
            continue;
        }
        match members.get_mut(&name) {
            Some(present)
                if depth > 0 && present.is_object() && value.is_object() && name != "geoQ" && name != "temporalQ" =>
            {
                merge(present, value, depth - 1);
            }
            _ => drop(members.insert(name, value)),
        }
    }
}
