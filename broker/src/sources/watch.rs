//! Those who have subscribed to registrations, and what they are told (ETSI GS CIM 009, 5.11).

use std::sync::Arc;

use context::sources::{HasSource, Source, SourceInterest, as_told};
use context::{Notice, Subscribed};
use ngsi::v2::AlterationType;
use ngsi::{Entity, Timestamp};
use storage::Batch;

use super::Sources;
use crate::broker::Broker;
use crate::ledger::Due;
use crate::notifier::{self, Subscriber};

/// What has become due with a change of a registration, and for whom.
pub(super) type Told = Vec<(Arc<Subscriber>, Notice)>;

impl Sources {
    /// The registrations that a subscriber means, as they are told.
    pub(crate) fn as_told(&self, interest: &SourceInterest) -> Vec<Arc<Entity>> {
        let now = service::now();
        self.with(|sources| {
            let relevant = sources.iter().filter_map(|entry| interest.relevant(entry.source(), now));
            relevant.map(|registration| Arc::new(as_told(&registration))).collect()
        })
    }
}

impl Broker {
    /// Queues the registrations there are, if the subscription is served.
    pub(crate) async fn begin_with_sources(&self, subscriber: &Subscriber, interest: &SourceInterest) {
        // A change that is being made has not been queued for a subscriber who came meanwhile.
        let _unchanged = self.sources.changing.lock().await;
        let served = subscriber.listens() && !subscriber.subscription().is_expired(service::now());
        let initial = if served { self.sources.as_told(interest) } else { Vec::new() };
        self.queue_initial(subscriber, initial);
    }

    /// Makes what becomes of a registration due, durably with the batch.
    pub(super) fn put_told(&self, batch: &mut Batch, former: Option<&Source>, present: Option<&Source>) -> Told {
        self.put_told_at(batch, former, present, service::now())
    }

    /// As [`Broker::put_told`], where registrations count that had not ended at that time.
    fn put_told_at(&self, batch: &mut Batch, former: Option<&Source>, present: Option<&Source>, at: Timestamp) -> Told {
        let now = service::now();
        let subscribers = self.subscribers.read();
        let served = subscribers.of_sources().filter(|subscriber| {
            let subscription = subscriber.subscription();
            subscriber.listens() && !subscription.is_expired(now)
        });
        let told = served.filter_map(|subscriber| {
            let told = subscriber.subscription().sources()?.told(former, present, at)?;
            let deleted = told.cause.alteration == AlterationType::EntityDelete;
            let due = Due::new(told.entity, deleted, now, Some(Arc::new(told.cause)));
            Some((subscriber.clone(), self.ledger.put_notice(batch, subscriber.id(), &due)))
        });
        told.collect()
    }

    /// Tells of the registrations that have ended by themselves since that time.
    pub(crate) async fn tell_ended_sources(self: &Arc<Self>, since: Timestamp, now: Timestamp) {
        if self.subscribers.read().of_sources().next().is_none() {
            return;
        }
        let _unchanged = self.sources.changing.lock().await;
        let ended = self.sources.with(|sources| {
            let ended = sources.iter().filter(|entry| {
                let registration = &entry.source().registration;
                registration.is_expired(now) && !registration.is_expired(since)
            });
            ended.cloned().collect::<Vec<_>>()
        });
        let mut batch = Batch::new();
        let told: Told =
            ended.iter().flat_map(|entry| self.put_told_at(&mut batch, Some(entry.source()), None, since)).collect();
        match self.ledger.commit(batch).await {
            Ok(()) => self.tell(told),
            Err(error) => tracing::warn!(%error, "of registrations that have ended nobody is told"),
        }
    }

    /// Tells what has been stored.
    pub(super) fn tell(self: &Arc<Self>, told: Told) {
        for (subscriber, notice) in told {
            self.hand_over(&subscriber, notice);
            notifier::wake(self, &subscriber);
        }
    }
}
