//! What sources tell on account of our subscriptions, passed on to those who are subscribed here (ETSI GS CIM 009, 5.8.6).

use std::sync::Arc;

use context::Subscribed;
use context::sources::{HasSource, Heard, Hold};
use ngsi::ld::{Context, Problem};
use ngsi::{Entity, Timestamp};
use serde_json::value::RawValue;
use storage::{Batch, StorageError};

use super::Registered;
use crate::broker::Broker;
use crate::ledger::Due;
use crate::notifier::{self, Subscriber};

/// Whom a notification of a source is for.
pub(crate) struct Addressee {
    subscriber: Arc<Subscriber>,
    source: Arc<Registered>,
}

impl Broker {
    /// Whom a notification is for that is known by that key, and says to be of that subscription at the source.
    pub(crate) fn addressee(&self, key: &str, subscription_id: &str) -> Option<Addressee> {
        let hold = {
            let holds = self.sources.holds.lock();
            holds.get(key).filter(|hold| holds.is_current(hold)).cloned()?
        };
        // As long as the source has not answered it may have chosen another identifier.
        if hold.told.is_some() && hold.id != subscription_id {
            return None;
        }
        let now = service::now();
        let source = self.sources.with(|sources| sources.get(hold.place.id.as_str()).cloned());
        let source = source.filter(|source| source.source().is_current(now))?;
        let subscriber = self.subscribers.read().get(hold.subscription.as_str()).cloned();
        let subscriber = subscriber.filter(|subscriber| !subscriber.subscription().is_expired(now))?;
        Some(Addressee { subscriber, source })
    }

    /// The context of which the names are that a source is sent on behalf of a subscription.
    pub(super) async fn language_for(&self, subscriber: &Subscriber, source: &Registered) -> Result<Context, Problem> {
        let own = match subscriber.subscription().linked() {
            Some(request) => self.contexts.resolve(&request.context.to_value()).await.ok(),
            None => None,
        };
        source.language(&self.contexts, &own.unwrap_or_else(Context::core)).await
    }

    /// The context of a notification that names none.
    pub(crate) async fn language_of(&self, addressee: &Addressee) -> Result<Context, Problem> {
        self.language_for(&addressee.subscriber, &addressee.source).await
    }

    /// Passes entities on, durably.
    pub(crate) async fn relay(
        self: &Arc<Self>,
        Addressee { subscriber, source }: &Addressee,
        entities: &[&RawValue],
        context: &Context,
    ) -> Result<(), StorageError> {
        if !subscriber.listens() {
            return Ok(());
        }
        let now = service::now();
        let heard = entities.iter().filter_map(|told| self.heard(subscriber, source, told, context, now));
        if is_timed(subscriber) {
            let standing: Vec<_> = heard.filter(|heard| !heard.deleted).map(|heard| Arc::new(heard.entity)).collect();
            if !standing.is_empty() && subscriber.is_idle() {
                subscriber.begin_with(standing, now);
                notifier::wake(self, subscriber);
            }
            return Ok(());
        }
        let mut batch = Batch::new();
        for Heard { entity, deleted, cause } in heard {
            let due = Due::new(Arc::new(entity), deleted, now, Some(Arc::new(cause)));
            self.queue(&mut batch, subscriber, &due);
        }
        if batch.is_empty() {
            return Ok(());
        }
        let commit = self.ledger.submit(batch);
        notifier::wake(self, subscriber);
        self.ledger.finish(commit).await
    }

    /// An entity as it is told to the subscriber, if it is.
    fn heard(
        &self,
        subscriber: &Subscriber,
        source: &Registered,
        told: &RawValue,
        context: &Context,
        now: Timestamp,
    ) -> Option<Heard> {
        let heard = match Heard::read(told, context, now) {
            Ok(heard) => heard.of_source(source.source())?,
            Err(error) => {
                let (subscription, registration) = (subscriber.id(), source.id());
                tracing::warn!(%subscription, registration, %error, "a source tells an entity that cannot be read");
                return None;
            }
        };
        let stored = self.shards.stored_id(heard.entity.id.as_str());
        let here: Option<Entity> = self.shards.get(stored.as_str()).map(Arc::unwrap_or_clone);
        let heard = heard.put_together(here);
        subscriber.subscription().selects(&heard.entity).then_some(heard)
    }

    pub(crate) fn recover_holds(&self) -> anyhow::Result<()> {
        let mut holds = self.sources.holds.lock();
        for row in self.ledger.records(crate::ledger::Kind::Hold) {
            let (key, value) = row?;
            match serde_json::from_slice::<Hold>(&value) {
                Ok(hold) => holds.recover(hold),
                Err(error) => {
                    tracing::error!(key, %error, "a subscription at a source in the store cannot be read and is left out");
                }
            }
        }
        Ok(())
    }
}

fn is_timed(subscriber: &Subscriber) -> bool {
    subscriber.subscription().linked().is_some_and(|request| request.subscription.time_interval.is_some())
}
