//! Subscriptions of NGSIv2 as clients write and read them ("Subscription payload datamodel" of the API, and what its reference
//! implementation added: MQTT, alteration types, `covered`, custom payloads).

mod change;
mod check;
mod transport;

use serde::{Deserialize, Serialize};

pub use change::merged;
pub use transport::{Destination, Http, HttpCustom, Mqtt, MqttCustom, Password, Payload};

use crate::filter::{Filter, GeoFilter};
use crate::json::{self, null_as_default};
use crate::selector::EntityRef;
use crate::v2::select::{self, Choice};
use crate::v2::{Kind, Problem};
use crate::{Name, ParseError, Timestamp, date};

/// What a client asks to be notified of, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Subscription {
    /// Free text, at most 1024 characters.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// What it is about.
    pub subject: Subject,
    /// Who is told what, and how.
    pub notification: Notification,
    /// ISO 8601; never when empty.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub expires: String,
    /// Whether it is served.
    #[serde(default)]
    pub status: Status,
    /// Seconds that lie at least between two notifications.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_zero")]
    pub throttling: u64,
}

/// Entities, and what must happen to them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Subject {
    /// The entities.
    pub entities: Vec<EntityChoice>,
    /// What must happen.
    #[serde(default)]
    pub condition: Condition,
}

/// Entities by identifier or pattern, and type or pattern.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct EntityChoice {
    /// The identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// A regular expression that finds something in the identifier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id_pattern: Option<String>,
    /// The type.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub entity_type: Option<String>,
    /// A regular expression that finds something in the type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_pattern: Option<String>,
}

/// What must happen to an entity, and what it must hold then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Condition {
    /// The attributes of which a change counts; any when empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub attrs: Vec<Name>,
    /// What the entity must hold, and where it must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expression: Option<Expression>,
    /// Which kinds of change count; creations and actual changes when empty.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub alteration_types: Vec<AlterationType>,
    /// Whether other metadata alone are a change.
    #[serde(default = "yes")]
    pub notify_on_metadata_change: bool,
}

impl Default for Condition {
    fn default() -> Self {
        Self { attrs: Vec::new(), expression: None, alteration_types: Vec::new(), notify_on_metadata_change: true }
    }
}

/// The filters of queries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expression {
    /// Conditions on values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// Conditions on metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mq: Option<String>,
    /// How the place of the entity relates to a shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub georel: Option<String>,
    /// The kind of that shape.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geometry: Option<String>,
    /// Where that shape is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coords: Option<String>,
}

/// What an update did to an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AlterationType {
    /// Created it.
    EntityCreate,
    /// Named attributes of it, whether anything is different now or not.
    EntityUpdate,
    /// Changed it.
    EntityChange,
    /// Deleted it.
    EntityDelete,
}

impl AlterationType {
    /// The name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EntityCreate => "entityCreate",
            Self::EntityUpdate => "entityUpdate",
            Self::EntityChange => "entityChange",
            Self::EntityDelete => "entityDelete",
        }
    }
}

/// What a notification holds, and where it goes: to exactly one destination.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Notification {
    /// By HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http: Option<Http>,
    /// By HTTP, with requests of the client's making.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_custom: Option<HttpCustom>,
    /// By MQTT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mqtt: Option<Mqtt>,
    /// By MQTT, with messages of the client's making.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mqtt_custom: Option<MqttCustom>,
    /// Which attributes are sent, in order; all when empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub attrs: Vec<Name>,
    /// Which attributes are not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub except_attrs: Option<Vec<Name>>,
    /// Whether only attributes are sent that the update changed.
    #[serde(default)]
    pub only_changed_attrs: bool,
    /// Whether attributes that the entity does not have are sent as `null`.
    #[serde(default)]
    pub covered: bool,
    /// Which metadata are sent; all when empty.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<Name>,
    /// How entities are written.
    #[serde(default)]
    pub attrs_format: Format,
    /// After more failures in a row than this the subscription becomes inactive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_fails_limit: Option<u64>,
}

/// How entities are written in notifications.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Format {
    /// `{"subscriptionId","data":[entity]}` with types and metadata.
    #[default]
    Normalized,
    /// The same with values alone.
    KeyValues,
    /// The same with lists of values.
    Values,
    /// The entity alone, with types and metadata.
    SimplifiedNormalized,
    /// The entity alone, with values alone.
    SimplifiedKeyValues,
    /// The notification of NGSIv1.
    Legacy,
}

impl Format {
    /// The name, as it stands in the header `Ngsiv2-AttrsFormat`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Normalized => "normalized",
            Self::KeyValues => "keyValues",
            Self::Values => "values",
            Self::SimplifiedNormalized => "simplifiedNormalized",
            Self::SimplifiedKeyValues => "simplifiedKeyValues",
            Self::Legacy => "legacy",
        }
    }
}

/// Whether a subscription is served.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Status {
    /// It is.
    #[default]
    Active,
    /// It is not.
    Inactive,
    /// Until the next notification.
    Oneshot,
}

impl Subscription {
    /// Reads and checks a subscription.
    ///
    /// # Errors
    /// [`Kind::ParseError`] for what is no JSON, else [`Kind::BadRequest`] with the member that is wrong.
    pub fn parse(document: &[u8]) -> Result<Self, Problem> {
        json::check_depth(document)?;
        if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(document) {
            return Err(Problem::new(Kind::ParseError, format!("the body: {error}")));
        }
        let mut subscription: Self = json::parse_object(document)?;
        subscription.check()?;
        Ok(subscription)
    }

    /// When it ends; `None` for never.
    #[must_use]
    pub fn expires_at(&self) -> Option<Timestamp> {
        date::parse(&self.expires)
    }

    /// The entities in the words that every broker and discovery understand.
    ///
    /// # Errors
    /// More combinations than a request may have.
    pub fn references(&self) -> Result<Vec<EntityRef>, ParseError> {
        let mut references = Vec::with_capacity(self.subject.entities.len());
        for (index, entity) in self.subject.entities.iter().enumerate() {
            let within = |error: ParseError| error.within(&format!("subject.entities[{index}]"));
            references.extend(entity.references().map_err(within)?);
        }
        Ok(references)
    }
}

impl EntityChoice {
    fn references(&self) -> Result<Vec<EntityRef>, ParseError> {
        select::references(
            choice("id", self.id.as_deref(), self.id_pattern.as_deref())?,
            choice("type", self.entity_type.as_deref(), self.type_pattern.as_deref())?,
        )
    }
}

/// A pattern that finds something in everything is none: the index of subscriptions then knows the type.
fn choice<'a>(name: &str, exact: Option<&'a str>, pattern: Option<&'a str>) -> Result<Choice<'a>, ParseError> {
    Choice::new(name, exact.into_iter().collect(), pattern.filter(|pattern| *pattern != ".*"))
}

impl Expression {
    /// The filters that it names.
    ///
    /// # Errors
    /// The path is `q` or `mq`.
    pub fn filters(&self) -> Result<Vec<Filter>, ParseError> {
        let mut filters = Vec::new();
        filters.extend(self.q.as_deref().map(Filter::parse_q).transpose()?);
        filters.extend(self.mq.as_deref().map(Filter::parse_mq).transpose()?);
        Ok(filters)
    }

    /// Where an entity must be, if that matters.
    ///
    /// # Errors
    /// One of the three members that go together is missing or malformed.
    pub fn place(&self) -> Result<Option<GeoFilter>, ParseError> {
        match (&self.georel, &self.geometry, &self.coords) {
            (None, None, None) => Ok(None),
            (Some(georel), Some(geometry), Some(coords)) => GeoFilter::parse(georel, geometry, coords).map(Some),
            _ => Err(ParseError::new("georel", "georel, geometry and coords: either all three or none")),
        }
    }
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}
