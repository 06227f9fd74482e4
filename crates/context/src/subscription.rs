//! A subscription as a broker keeps it: the request of its dialect as it came, and what all dialects have in common.

use std::borrow::Cow;
use std::time::Duration;

use ngsi::ld::{Context, subscription};
use ngsi::v1::ngsi10::{NotifyCondition, SubscribeContextRequest};
use ngsi::v1::parse_duration;
use ngsi::v2::path::ServicePaths;
use ngsi::{AttributeKind, Entity, Name, ParseError, Restriction, SubscriptionId, Timestamp, v2};
use serde::{Deserialize, Serialize};

use crate::interest::{Altered, Interest};
use crate::linked::LinkedRequest;
use crate::outgoing::{CustomOutgoing, LinkedOutgoing, Outgoing};
use crate::{Change, Origin, Query};

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
    /// `Fiware-ServicePath`: where the entities stand that are meant.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
}

/// What a subscriber asked for, in its dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// NGSI-10.
    Ngsi10(Box<SubscribeContextRequest>),
    /// NGSIv2.
    NgsiV2(Box<v2::Subscription>),
    /// NGSI-LD.
    NgsiLd(Box<LinkedRequest>),
}

/// A subscription as it is written to disk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Record {
    /// Its identifier.
    pub id: SubscriptionId,
    /// The request.
    pub request: Request,
    /// The request's headers.
    pub delivery: Delivery,
    /// When it was made.
    pub created_at: Timestamp,
    /// Whether the entities as they stood have been delivered.
    pub initialised: bool,
}

/// The record, with a member for each dialect.
#[derive(Serialize, Deserialize)]
struct Stored {
    id: SubscriptionId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<Box<SubscribeContextRequest>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    v2: Option<Box<v2::Subscription>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ld: Option<Box<LinkedRequest>>,
    #[serde(default)]
    delivery: Delivery,
    created_at: Timestamp,
    #[serde(default)]
    initialised: bool,
}

impl From<Record> for Stored {
    fn from(record: Record) -> Self {
        let Record { id, request, delivery, created_at, initialised } = record;
        let (request, v2, ld) = match request {
            Request::Ngsi10(request) => (Some(request), None, None),
            Request::NgsiV2(request) => (None, Some(request), None),
            Request::NgsiLd(request) => (None, None, Some(request)),
        };
        Self { id, request, v2, ld, delivery, created_at, initialised }
    }
}

impl TryFrom<Stored> for Record {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { id, request, v2, ld, delivery, created_at, initialised } = stored;
        let request = match (request, v2, ld) {
            (Some(request), None, None) => Request::Ngsi10(request),
            (None, Some(request), None) => Request::NgsiV2(request),
            (None, None, Some(request)) => Request::NgsiLd(request),
            _ => return Err("it has no request of a dialect that is known, or several"),
        };
        Ok(Self { id, request, delivery, created_at, initialised })
    }
}

impl Record {
    /// Whom it notifies, as the subscriber wrote it, without names and passwords of users.
    #[must_use]
    pub fn reference(&self) -> &str {
        match &self.request {
            Request::Ngsi10(request) => &request.reference,
            Request::NgsiV2(request) => {
                request.notification.destinations().next().map(v2::subscription::Destination::url).unwrap_or_default()
            }
            Request::NgsiLd(request) => request.subscription.notification.endpoint.without_user(),
        }
    }

    /// The request in the words of NGSI-10, as far as it has any.
    #[must_use]
    pub fn as_ngsi10(&self) -> Cow<'_, SubscribeContextRequest> {
        let (entities, cond_values, attributes) = match &self.request {
            Request::Ngsi10(request) => return Cow::Borrowed(request),
            Request::NgsiV2(request) => {
                (request.references(), request.subject.condition.attrs.clone(), request.notification.attrs.clone())
            }
            Request::NgsiLd(request) => {
                let core = Context::core();
                let expand = |term: &str| request.expand(&core, term);
                let names = |terms: &[String]| terms.iter().map(|term| expand(term)).collect();
                let subscription::Subscription { watched_attributes, notification, .. } = &request.subscription;
                (request.references(&expand), names(watched_attributes), names(&notification.attributes))
            }
        };
        let condition = NotifyCondition { condition_type: "ONCHANGE".to_owned(), cond_values, ..Default::default() };
        Cow::Owned(SubscribeContextRequest {
            entities: entities.unwrap_or_default(),
            attributes,
            reference: self.reference().to_owned(),
            notify_conditions: vec![condition],
            ..SubscribeContextRequest::default()
        })
    }
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
    paths: ServicePaths,
    interest: Interest,
    outgoing: Option<Outgoing>,
}

impl Subscription {
    /// Understands a subscription.
    ///
    /// # Errors
    /// Names the member that is missing or malformed.
    pub fn compile(record: Record) -> Result<Self, ParseError> {
        Self::compile_with(record, &Context::core())
    }

    /// Understands a subscription whose names are of that context, if it is one of NGSI-LD.
    ///
    /// # Errors
    /// As [`Subscription::compile`].
    pub fn compile_with(mut record: Record, context: &Context) -> Result<Self, ParseError> {
        let Parts { expires_at, throttling, query, interest, outgoing } = match &mut record.request {
            Request::Ngsi10(request) => Parts::ngsi10(request, record.created_at)?,
            Request::NgsiV2(request) => Parts::ngsi_v2(request)?,
            Request::NgsiLd(request) => Parts::ngsi_ld(request, context)?,
        };
        let paths = ServicePaths::parse(&record.delivery.path)?;
        Ok(Self { record, expires_at, throttling, query, paths, interest, outgoing })
    }

    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> &SubscriptionId {
        &self.record.id
    }

    /// The attributes to send; all when empty.
    #[must_use]
    pub fn attributes(&self) -> &[Name] {
        match &self.record.request {
            Request::Ngsi10(request) => &request.attributes,
            Request::NgsiV2(request) => &request.notification.attrs,
            // What is sent of an entity, its notifications know.
            Request::NgsiLd(_) => &[],
        }
    }

    /// The request, if it is one of NGSIv2.
    #[must_use]
    pub fn v2(&self) -> Option<&v2::Subscription> {
        match &self.record.request {
            Request::NgsiV2(request) => Some(request),
            Request::Ngsi10(_) | Request::NgsiLd(_) => None,
        }
    }

    /// The request, if it is one of NGSI-LD.
    #[must_use]
    pub fn linked(&self) -> Option<&LinkedRequest> {
        match &self.record.request {
            Request::NgsiLd(request) => Some(request),
            Request::Ngsi10(_) | Request::NgsiV2(_) => None,
        }
    }

    /// Whether an entity as it stands is one that is meant, whatever happened to it.
    #[must_use]
    pub fn selects(&self, entity: &Entity) -> bool {
        let by_content = match &self.interest {
            Interest::Linked(linked) => linked.selects(entity),
            Interest::Named(_) | Interest::Altered(_) => true,
        };
        by_content && self.query.selects(entity) && self.query.in_scope(entity)
    }

    /// How its notifications are made; `None` for NGSI-10, where the broker knows.
    #[must_use]
    pub fn outgoing(&self) -> Option<&Outgoing> {
        self.outgoing.as_ref()
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

    /// Whether the subscriber is first told how the entities stand. NGSIv2 and NGSI-LD tell only what happens.
    #[must_use]
    pub fn begins_with_state(&self) -> bool {
        matches!(self.record.request, Request::Ngsi10(_))
    }

    /// Whether it stays when it has ended, until its owner deletes it or moves its end.
    #[must_use]
    pub fn outlives_its_end(&self) -> bool {
        !matches!(self.record.request, Request::Ngsi10(_))
    }

    /// Whether the subscriber is told what led to a state, not the state alone; other brokers are.
    #[must_use]
    pub fn tells_causes(&self) -> bool {
        self.outgoing.is_some() || self.record.delivery.from_broker
    }

    /// Whether the entity has anything the subscriber asked for.
    #[must_use]
    pub fn has_content(&self, entity: &Entity) -> bool {
        let attributes = self.attributes();
        attributes.is_empty()
            || attributes.iter().any(|name| entity.attribute(AttributeKind::Context, name.as_str()).is_some())
    }

    /// Whether the subscriber is to hear of the change. The author of an update does not hear itself.
    #[must_use]
    pub fn wants(&self, change: &Change, origin: &Origin, now: Timestamp) -> bool {
        let own = !origin.correlator.is_empty() && self.record.delivery.correlator == origin.correlator;
        !own && !self.is_expired(now)
            && self.query.selects(&change.entity)
            && self.paths.select(&change.entity)
            && self.interest.holds(change, origin)
            && self.query.in_scope(&change.entity)
    }
}
/// What a subscription is compiled into, whatever its dialect.
struct Parts {
    expires_at: Option<Timestamp>,
    throttling: Option<Duration>,
    query: Query,
    interest: Interest,
    outgoing: Option<Outgoing>,
}

impl Parts {
    fn ngsi10(request: &SubscribeContextRequest, created_at: Timestamp) -> Result<Self, ParseError> {
        if !request.entities.is_empty() {
            // Existing clients also subscribe to nothing and expect an identifier.
            check_reference(&request.reference)?;
        }
        let conditions = request.notify_conditions.iter().filter(|condition| is_on_change(&condition.condition_type));
        let conditions: Vec<Name> = conditions.flat_map(|condition| condition.cond_values.iter().cloned()).collect();
        let watched = if conditions.is_empty() { request.attributes.clone() } else { conditions };
        Ok(Self {
            query: Query::compile(&request.entities, &[], &request.restriction)?,
            expires_at: duration("duration", &request.duration)?.map(|length| created_at.after(length)),
            throttling: duration("throttling", &request.throttling)?,
            interest: Interest::Named(watched),
            outgoing: None,
        })
    }

    fn ngsi_v2(request: &v2::Subscription) -> Result<Self, ParseError> {
        let query = Query::compile(&request.references()?, &[], &Restriction::default());
        let altered = Altered::compile(&request.subject.condition);
        let outgoing = CustomOutgoing::compile(&request.notification);
        Ok(Self {
            query: query.map_err(|error| error.within("subject"))?,
            expires_at: request.expires_at(),
            throttling: (request.throttling > 0).then(|| Duration::from_secs(request.throttling)),
            interest: Interest::Altered(altered.map_err(|error| error.within("subject.condition.expression"))?),
            outgoing: Some(Outgoing::NgsiV2(Box::new(outgoing.map_err(|error| error.within("notification"))?))),
        })
    }

    /// Also notes in the request what its names stand for.
    fn ngsi_ld(request: &mut LinkedRequest, context: &Context) -> Result<Self, ParseError> {
        let (query, interest, names) = request.compile(context)?;
        request.names = names;
        let expand = |term: &str| request.expand(context, term);
        let outgoing = LinkedOutgoing::compile(&request.subscription, context.clone(), &expand)?;
        Ok(Self {
            query,
            expires_at: request.subscription.expires_at(),
            throttling: request.subscription.throttling(),
            interest: Interest::Linked(Box::new(interest)),
            outgoing: Some(Outgoing::NgsiLd(Box::new(outgoing))),
        })
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
