//! Subscriptions of NGSI-LD that notify from time to time, whether or not anything changes (ETSI GS CIM 009, 5.2.12,
//! timeInterval).

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use context::{Subscribed, Subscription};
use ngsi::v1::ngsi10::QueryContextRequest;
use ngsi::{Entity, SubscriptionId, Timestamp};

use crate::broker::Broker;
use crate::federation::{self, BROKER_TYPE};
use crate::notifier::{self, Subscriber};

/// How often it is looked whether one is due.
const TICK: Duration = Duration::from_secs(1);

impl Broker {
    /// Notifies what is due, until shutdown. After a restart an interval begins anew.
    pub(crate) async fn keep_intervals(self: &Arc<Self>) {
        let mut due: HashMap<SubscriptionId, Timestamp> = HashMap::new();
        while !self.node.shutdown.is_cancelled() {
            tokio::select! {
                () = tokio::time::sleep(TICK) => {}
                () = self.node.shutdown.cancelled() => return,
            }
            let now = service::now();
            let timed: Vec<_> = self.subscribers.read().iter().filter_map(timed).collect();
            due.retain(|id, _| timed.iter().any(|(subscriber, _)| subscriber.id() == id));
            for (subscriber, interval) in timed {
                let next = due.entry(subscriber.id().clone()).or_insert_with(|| now.after(interval));
                if *next <= now {
                    *next = now.after(interval);
                    self.tell_state(&subscriber, now).await;
                }
            }
        }
    }

    /// Sends the entities or registrations as they stand, unless the last time is not over yet.
    async fn tell_state(self: &Arc<Self>, subscriber: &Arc<Subscriber>, now: Timestamp) {
        if !subscriber.is_idle() {
            return;
        }
        let subscription = subscriber.subscription();
        let entities = match subscription.sources() {
            Some(interest) => self.sources.as_told(interest),
            None => {
                let mut entities = self.shards.select(subscription.query()).await;
                entities.extend(self.standing_elsewhere(subscription).await);
                entities.retain(|entity| subscription.selects(entity));
                entities
            }
        };
        subscriber.begin_with(entities, now);
        notifier::wake(self, subscriber);
    }
    /// The entities of other brokers that a subscription means, as far as these answer.
    async fn standing_elsewhere(&self, subscription: &Subscription) -> Vec<Arc<Entity>> {
        let entities = subscription.record.as_ngsi10().into_owned().entities;
        let mut located = federation::locate(self, &QueryContextRequest { entities, ..Default::default() }).await;
        located.retain(|entity| entity.entity_type != BROKER_TYPE && !self.shards.holds(entity.id.as_str()));
        let found = located.fetch_linked(self).await;
        for problem in located.problems {
            tracing::debug!(subscription = %subscription.id(), problem, "not all entities are told");
        }
        found
    }
}

/// A subscriber that is served from time to time, and how often.
fn timed(subscriber: &Arc<Subscriber>) -> Option<(Arc<Subscriber>, Duration)> {
    let interval = subscriber.subscription().linked()?.subscription.time_interval?;
    let served = subscriber.listens() && !subscriber.subscription().is_expired(service::now());
    served.then(|| (subscriber.clone(), Duration::from_secs(interval)))
}
