//! A subscription as a broker keeps it: the request of its dialect as it came, and what all dialects have in common.

mod compile;
mod record;

use std::time::Duration;

use ngsi::ld::Context;
use ngsi::v2::path::ServicePaths;
use ngsi::{AttributeKind, Entity, Name, ParseError, SubscriptionId, Timestamp, v2};

use self::compile::Parts;
pub use self::record::{Delivery, Dialect, Record, Request};
use crate::interest::Interest;
use crate::linked::LinkedRequest;
use crate::outgoing::Outgoing;
use crate::sources::SourceInterest;
use crate::{Change, Origin, Query};

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
        let Parts { expires_at, throttling, query, interest, outgoing } =
            Parts::compile(&mut record.request, record.created_at, context)?;
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
            Request::NgsiLd(_) | Request::Sources(_) => &[],
        }
    }

    /// The request, if it is one of NGSIv2.
    #[must_use]
    pub fn v2(&self) -> Option<&v2::Subscription> {
        match &self.record.request {
            Request::NgsiV2(request) => Some(request),
            Request::Ngsi10(_) | Request::NgsiLd(_) | Request::Sources(_) => None,
        }
    }

    /// The request, if it is one of NGSI-LD.
    #[must_use]
    pub fn linked(&self) -> Option<&LinkedRequest> {
        self.record.linked()
    }

    /// Which registrations it means, if it is about these and not about entities.
    #[must_use]
    pub fn sources(&self) -> Option<&SourceInterest> {
        match &self.interest {
            Interest::Sources(interest) => Some(interest),
            Interest::Named(_) | Interest::Altered(_) | Interest::Linked(_) => None,
        }
    }

    /// Whether an entity as it stands is one that is meant, whatever happened to it.
    #[must_use]
    pub fn selects(&self, entity: &Entity) -> bool {
        let by_content = match &self.interest {
            Interest::Linked(linked) => linked.selects(entity),
            Interest::Named(_) | Interest::Altered(_) => true,
            Interest::Sources(_) => false,
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

    /// Whether the references of its query say all of which entities are meant.
    pub(crate) fn is_meant_by_references(&self) -> bool {
        !matches!(&self.interest, Interest::Linked(linked) if !linked.is_by_references())
    }

    /// Whether it has ended.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|end| end <= now)
    }

    /// Whether the subscriber is first told what there is. Of entities NGSIv2 and NGSI-LD tell only what happens.
    #[must_use]
    pub fn begins_with_state(&self) -> bool {
        matches!(self.record.request, Request::Ngsi10(_) | Request::Sources(_))
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
