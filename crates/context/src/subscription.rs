//! A subscription as a broker keeps it.

use std::time::Duration;

use ngsi::v1::ngsi10::SubscribeContextRequest;
use ngsi::v1::parse_duration;
use ngsi::{AttributeKind, Name, ParseError, SubscriptionId, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Change, Query};

/// The longest reference, in bytes.
const MAX_REFERENCE: usize = 2048;

/// In which dialect a subscriber wants to be notified: the header `Destination`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dialect {
    /// NGSI-10 `notifyContext`.
    #[default]
    Ngsi10,
    /// An NGSIv2 notification.
    NgsiV2,
    /// An NGSI-LD batch upsert.
    NgsiLd,
}

/// What the headers of a subscription say about notifying.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// `Destination`.
    #[serde(default)]
    pub dialect: Dialect,
    /// `NGSILD-Tenant`.
    #[serde(default)]
    pub tenant: String,
    /// `Require-Reliability`: an undelivered notification is kept until it is delivered.
    #[serde(default)]
    pub reliable: bool,
    /// `Fiware-Correlator`: updates with the same one are not sent back.
    #[serde(default)]
    pub correlator: String,
    /// `User-Agent` of a broker: it looks after entities elsewhere itself.
    #[serde(default)]
    pub from_broker: bool,
}

/// A subscription as it is written to disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its identifier.
    pub id: SubscriptionId,
    /// The request.
    pub request: SubscribeContextRequest,
    /// The request's headers.
    pub delivery: Delivery,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether the entities as they stood have been delivered.
    #[serde(default)]
    pub initialised: bool,
}

/// A subscription ready to be matched.
#[derive(Debug, Clone)]
pub struct Subscription {
    /// What it was made of.
    pub record: Record,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
    /// The shortest time between two notifications.
    pub throttling: Option<Duration>,
    query: Query,
    watched: Vec<Name>,
}

impl Subscription {
    /// Understands a subscription.
    ///
    /// # Errors
    /// Names the member that is missing or malformed.
    pub fn compile(record: Record) -> Result<Self, ParseError> {
        let request = &record.request;
        if !request.entities.is_empty() {
            // Existing clients also subscribe to nothing and expect an identifier.
            check_reference(&request.reference)?;
        }
        let query = Query::compile(&request.entities, &[], &request.restriction)?;
        let expires_at = duration("duration", &request.duration)?.map(|length| record.created_at.after(length));
        let throttling = duration("throttling", &request.throttling)?;
        let conditions = request.notify_conditions.iter().filter(|condition| is_on_change(&condition.condition_type));
        let conditions: Vec<Name> = conditions.flat_map(|condition| condition.cond_values.iter().cloned()).collect();
        let watched = if conditions.is_empty() { request.attributes.clone() } else { conditions };
        Ok(Self { expires_at, throttling, query, watched, record })
    }

    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> &SubscriptionId {
        &self.record.id
    }

    /// The attributes to send; all when empty.
    #[must_use]
    pub fn attributes(&self) -> &[Name] {
        &self.record.request.attributes
    }

    /// Which entities are meant.
    #[must_use]
    pub fn query(&self) -> &Query {
        &self.query
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether the entity has anything the subscriber asked for.
    #[must_use]
    pub fn has_content(&self, entity: &ngsi::Entity) -> bool {
        let attributes = self.attributes();
        attributes.is_empty()
            || attributes.iter().any(|name| entity.attribute(AttributeKind::Context, name.as_str()).is_some())
    }

    /// Whether the subscriber is to hear of the change. The author of an update does not hear itself.
    #[must_use]
    pub fn wants(&self, change: &Change, correlator: &str, now: Timestamp) -> bool {
        let own = !correlator.is_empty() && self.record.delivery.correlator == correlator;
        let touches =
            change.deleted || self.watched.is_empty() || self.watched.iter().any(|n| change.touched.contains(n));
        touches
            && !own
            && !self.is_expired(now)
            && self.query.selects(&change.entity)
            && self.query.in_scope(&change.entity)
    }
}

/// Of other conditions the values are no names of attributes; such subscriptions hear of every change.
fn is_on_change(condition_type: &str) -> bool {
    condition_type.is_empty() || condition_type.eq_ignore_ascii_case("ONCHANGE")
}

fn duration(member: &str, text: &str) -> Result<Option<Duration>, ParseError> {
    if text.is_empty() {
        return Ok(None);
    }
    let length =
        parse_duration(text).ok_or_else(|| ParseError::new(member, format!("not an ISO 8601 duration: `{text}`")))?;
    Ok((!length.is_zero()).then_some(length))
}

fn check_reference(reference: &str) -> Result<(), ParseError> {
    let wrong = |problem: &str| Err(ParseError::new("reference", problem));
    let Some(rest) = reference.strip_prefix("http://").or_else(|| reference.strip_prefix("https://")) else {
        return wrong("must be an http:// or https:// URL");
    };
    if rest.is_empty() || rest.starts_with('/') {
        return wrong("must name a host");
    }
    if reference.len() > MAX_REFERENCE {
        return wrong("is too long");
    }
    if reference.bytes().any(|byte| byte <= b' ' || byte == 0x7f) {
        return wrong("must not contain spaces or control characters");
    }
    Ok(())
}
