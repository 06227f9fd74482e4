//! What discovery and other brokers tell on account of our subscriptions.

use std::sync::Arc;
use std::time::Duration;

use context::{Change, Subscribed};
use ngsi::v1::ngsi9::{NotifyContextAvailabilityRequest, UNAVAILABLE};
use ngsi::v1::ngsi10::NotifyContextRequest;
use ngsi::{Entity, EntityId, JsonText, SubscriptionId, Timestamp};
use serde::Deserialize;
use storage::{Batch, StorageError};

use super::causes;
use super::link::Part;
use super::remote;
use super::spanning::wake;
use super::whole;
use crate::broker::Broker;
use crate::ledger::Due;
use crate::notifier::{self, Subscriber};

/// How long a broker is listened to after discovery said that an entity there is gone.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// Marks a notification as one part of everything there is.
#[derive(Default, Deserialize)]
pub(crate) struct Completeness {
    #[serde(default)]
    snapshot: bool,
    #[serde(default)]
    part: usize,
    #[serde(default)]
    parts: usize,
}

impl Completeness {
    fn part(&self) -> Part {
        match self.snapshot {
            false => Part::Some,
            true => Part::OfAll { first: self.part <= 1, last: self.part >= self.parts },
        }
    }
}

/// Whom a message from elsewhere is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recipient {
    /// A subscription of ours, which has been told.
    Known,
    /// Perhaps one that is being made: to be sent again.
    NotYet,
    /// None.
    Nobody,
}

fn unknown(broker: &Broker) -> Recipient {
    if broker.federation.links.is_making() { Recipient::NotYet } else { Recipient::Nobody }
}

/// Discovery tells where entities are.
pub(crate) async fn availability(
    broker: &Arc<Broker>,
    told: NotifyContextAvailabilityRequest,
    completeness: &Completeness,
) -> Recipient {
    let links = &broker.federation.links;
    let Some(id) = links.of_availability(&told.subscribe_id).await else {
        let recipient = unknown(broker);
        if recipient == Recipient::Nobody && !told.subscribe_id.is_empty() {
            end_at_discovery(broker, told.subscribe_id);
        }
        return recipient;
    };
    let registrations = told.context_registration_responses.into_iter().map(|response| response.context_registration);
    if told.error_code.code == UNAVAILABLE {
        let gone = registrations.flat_map(|registration| registration.entities).map(|entity| entity.id).collect();
        forget_soon(broker, &id, gone);
    } else {
        let elsewhere = registrations.filter(|registration| {
            !registration.providing_application.is_empty() && registration.providing_application != broker.own_url()
        });
        let found = elsewhere.flat_map(|registration| {
            let provider = registration.providing_application;
            registration.entities.into_iter().map(move |entity| (provider.clone(), entity))
        });
        links.want(&id, found.collect(), completeness.part());
        wake(broker, &id);
    }
    Recipient::Known
}

/// Left over from a crash, or on its way while it ended: discovery need not send more of it.
fn end_at_discovery(broker: &Arc<Broker>, id: SubscriptionId) {
    let broker = broker.clone();
    broker.clone().node.tasks.spawn(async move {
        tokio::select! {
            _ = broker.federation.discovery.unsubscribe(&id) => {}
            () = broker.node.shutdown.cancelled() => {}
        }
    });
}

/// A broker tells subscribers itself that an entity is deleted: its notification must not be cancelled on the way.
fn forget_soon(broker: &Arc<Broker>, id: &SubscriptionId, gone: Vec<EntityId>) {
    let leaving = broker.federation.links.leaving(id, gone);
    if leaving.is_empty() {
        return;
    }
    let (broker, id) = (broker.clone(), id.clone());
    broker.clone().node.tasks.spawn(async move {
        tokio::select! {
            () = tokio::time::sleep(LAST_WORDS) => {}
            () = broker.node.shutdown.cancelled() => return,
        }
        broker.federation.links.unwant(&id, &leaving);
        wake(&broker, &id);
    });
}

/// Another broker notifies us: passed on to the subscriber it is for, durably.
pub(crate) async fn relay(broker: &Arc<Broker>, told: NotifyContextRequest) -> Result<Recipient, StorageError> {
    let Some(id) = broker.federation.links.of_remote(&told.subscription_id).await else { return Ok(unknown(broker)) };
    let now = service::now();
    let subscriber = broker.subscribers.read().get(id.as_str()).cloned();
    let Some(subscriber) = subscriber.filter(|subscriber| !subscriber.subscription().is_expired(now)) else {
        return Ok(Recipient::Nobody);
    };
    let mut batch = Batch::new();
    for response in told.context_responses {
        let element = response.context_element;
        let whole = response.entity.as_ref().map(whole::understand);
        if whole == Some(None) {
            tracing::warn!(subscription = %id, entity = %element.entity.id, "another broker tells an entity that cannot be read");
            continue;
        }
        let whole = whole.flatten();
        let deleted = whole.is_none() && element.attributes.is_empty() && element.domain_metadata.is_empty();
        let entity = whole.unwrap_or_else(|| remote::entity(element, now));
        let due = if subscriber.subscription().begins_with_state() {
            Some(Due::new(Arc::new(entity), deleted, now, None))
        } else {
            judged(&subscriber, entity, deleted, response.cause.as_ref(), now)
                .filter(|_| broker.is_served(&mut batch, &subscriber))
        };
        if let Some(due) = due {
            broker.queue(&mut batch, &subscriber, &due);
        }
    }
    if batch.is_empty() {
        return Ok(Recipient::Known);
    }
    let commit = broker.ledger.submit(batch);
    notifier::wake(broker, &subscriber);
    broker.ledger.finish(commit).await?;
    Ok(Recipient::Known)
}

/// Of subscriptions that are told changes, not states, we judge the changes ourselves: the other broker sends all.
fn judged(
    subscriber: &Subscriber,
    entity: Entity,
    deleted: bool,
    told: Option<&JsonText>,
    now: Timestamp,
) -> Option<Due> {
    let subscription = subscriber.subscription();
    let cause = causes::understand(told, &entity, deleted, subscription.record.created_at, now)?;
    let entity = if deleted { causes::last_state(entity, &cause) } else { entity };
    let entity = Arc::new(entity);
    let change = Change::told(entity.clone(), deleted, cause.clone());
    let wanted = subscriber.listens() && subscription.wants(&change, &cause.origin, now);
    wanted.then(|| Due::new(entity, deleted, now, Some(cause)))
}
