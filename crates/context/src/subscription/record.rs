//! What is kept of a subscription: the request of its dialect as it came, and what its headers say.

use std::borrow::Cow;

use ngsi::ld::{Context, subscription};
use ngsi::v1::ngsi10::{NotifyCondition, SubscribeContextRequest};
use ngsi::{SubscriptionId, Timestamp, v2};
use serde::{Deserialize, Serialize};

use crate::linked::LinkedRequest;

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
    /// `Entity-Form: whole` of a broker: it wants entities with what NGSI-10 has no words for.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole: bool,
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
    /// NGSI-LD, to registrations of context sources.
    Sources(Box<LinkedRequest>),
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
#[derive(Default, Serialize, Deserialize)]
struct Stored {
    id: SubscriptionId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    request: Option<Box<SubscribeContextRequest>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    v2: Option<Box<v2::Subscription>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ld: Option<Box<LinkedRequest>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sources: Option<Box<LinkedRequest>>,
    #[serde(default)]
    delivery: Delivery,
    created_at: Timestamp,
    #[serde(default)]
    initialised: bool,
}

impl From<Record> for Stored {
    fn from(record: Record) -> Self {
        let Record { id, request, delivery, created_at, initialised } = record;
        let mut stored = Self { id, delivery, created_at, initialised, ..Self::default() };
        match request {
            Request::Ngsi10(request) => stored.request = Some(request),
            Request::NgsiV2(request) => stored.v2 = Some(request),
            Request::NgsiLd(request) => stored.ld = Some(request),
            Request::Sources(request) => stored.sources = Some(request),
        }
        stored
    }
}

impl TryFrom<Stored> for Record {
    type Error = &'static str;

    fn try_from(stored: Stored) -> Result<Self, Self::Error> {
        let Stored { id, request, v2, ld, sources, delivery, created_at, initialised } = stored;
        let request = match (request, v2, ld, sources) {
            (Some(request), None, None, None) => Request::Ngsi10(request),
            (None, Some(request), None, None) => Request::NgsiV2(request),
            (None, None, Some(request), None) => Request::NgsiLd(request),
            (None, None, None, Some(request)) => Request::Sources(request),
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
            Request::NgsiLd(request) | Request::Sources(request) => {
                request.subscription.notification.endpoint.without_user()
            }
        }
    }

    /// The request, if it is one of NGSI-LD.
    #[must_use]
    pub fn linked(&self) -> Option<&LinkedRequest> {
        match &self.request {
            Request::NgsiLd(request) | Request::Sources(request) => Some(request),
            Request::Ngsi10(_) | Request::NgsiV2(_) => None,
        }
    }

    /// As [`Record::linked`], to change it.
    pub fn linked_mut(&mut self) -> Option<&mut LinkedRequest> {
        match &mut self.request {
            Request::NgsiLd(request) | Request::Sources(request) => Some(request),
            Request::Ngsi10(_) | Request::NgsiV2(_) => None,
        }
    }

    /// The request in the words of NGSI-10, as far as it has any.
    #[must_use]
    pub fn as_ngsi10(&self) -> Cow<'_, SubscribeContextRequest> {
        let (entities, cond_values, attributes) = match &self.request {
            Request::Ngsi10(request) => return Cow::Borrowed(request),
            Request::Sources(_) => (Ok(Vec::new()), Vec::new(), Vec::new()),
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
