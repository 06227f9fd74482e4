//! Making, changing and ending subscriptions.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use context::{Record, Subscribed, Subscription};
use ngsi::{Entity, SubscriptionId};
use storage::{Batch, StorageError};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::broker::Broker;
use crate::ledger::Kind;
use crate::notifier::{self, Subscriber};

/// How often ended subscriptions are cleared away; that they are not served is checked at every update.
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);
/// How often counters that have changed are written down: after a crash those of the last second are missing.
const COUNTERS_INTERVAL: Duration = Duration::from_secs(1);

impl Broker {
    /// Keeps a subscription and, once `answered` ends, begins to serve it: the subscriber should know its identifier first.
    pub(crate) async fn subscribe(
        self: &Arc<Self>,
        subscription: Subscription,
        answered: oneshot::Receiver<()>,
    ) -> Result<(), StorageError> {
        let broker = self.clone();
        // The request ends when its client hangs up; the subscription must not stay half made.
        let made = self.node.tasks.spawn(async move { broker.make(subscription, answered).await }).await;
        made.unwrap_or(Err(StorageError::Closed))
    }

    async fn make(
        self: &Arc<Self>,
        subscription: Subscription,
        answered: oneshot::Receiver<()>,
    ) -> Result<(), StorageError> {
        let subscriber = Arc::new(Subscriber::new(subscription, &self.endpoints));
        self.subscribers.write().insert(subscriber.clone());
        self.begin(&subscriber).await;
        let record = subscriber.record();
        if let Err(error) = self.ledger.commit(self.subscription_batch(&record)).await {
            self.subscribers.write().remove(record.id.as_str());
            self.outbox.done(&record.id, &subscriber.end());
            return Err(error);
        }
        self.counters.subscriptions.inc();
        let broker = self.clone();
        self.node.tasks.spawn(async move {
            // The sender goes with the answer's body. A client that does not read its answer is served all the same.
            let _ = timeout(notifier::HEAD_START, answered).await;
            broker.serve(&subscriber);
            if !record.delivery.from_broker {
                crate::federation::span(&broker, &subscriber);
                broker.follow_subscription(subscriber.id());
            }
        });
        Ok(())
    }

    /// Queues what there is, if the subscriber is told; what changes from now on follows.
    pub(crate) async fn begin(&self, subscriber: &Subscriber) {
        let subscription = subscriber.subscription();
        if let Some(interest) = subscription.sources() {
            return self.begin_with_sources(subscriber, interest).await;
        }
        let mut initial = Vec::new();
        if subscription.begins_with_state() {
            initial = self.shards.select(subscription.query()).await;
            initial.retain(|entity| subscription.has_content(entity));
        }
        self.queue_initial(subscriber, initial);
    }

    pub(crate) fn queue_initial(&self, subscriber: &Subscriber, initial: Vec<Arc<Entity>>) {
        let none = initial.is_empty();
        let contained = subscriber.begin_with(initial, service::now());
        subscriber.set_initialised(none);
        self.outbox.done(subscriber.id(), &contained);
    }

    pub(crate) fn serve(self: &Arc<Self>, subscriber: &Arc<Subscriber>) {
        subscriber.open();
        notifier::wake(self, subscriber);
    }

    fn subscription_batch(&self, record: &Record) -> Batch {
        let mut batch = Batch::new();
        self.put_subscription(&mut batch, record);
        batch
    }

    fn put_subscription(&self, batch: &mut Batch, record: &Record) {
        if let Err(error) = self.ledger.put_subscription(batch, record) {
            tracing::error!(subscription = %record.id, %error, "a subscription cannot be written down");
        }
    }

    /// Remembers that a subscriber need not be sent the entities as they stand after a restart.
    pub(crate) fn note_initialised(&self, subscriber: &Subscriber) {
        let record = subscriber.record();
        let subscribers = self.subscribers.read();
        if subscribers.get(record.id.as_str()).is_some() {
            // If it does not reach the disk the first notification is repeated after a restart.
            drop(self.ledger.submit(self.subscription_batch(&record)));
        }
    }

    /// Ends a subscription; `false` when there is none of that id.
    pub(crate) async fn unsubscribe(self: &Arc<Self>, id: &SubscriptionId) -> Result<bool, StorageError> {
        let Some(subscriber) = self.subscribers.write().remove(id.as_str()) else { return Ok(false) };
        let left = subscriber.end();
        self.outbox.done(id, &left);
        self.counters.subscriptions.dec();
        crate::federation::unspan(self, id);
        self.follow_subscription(id);
        let mut batch = Batch::new();
        self.ledger.delete(&mut batch, Kind::Subscription, id.as_str());
        self.ledger.delete(&mut batch, Kind::Counters, id.as_str());
        self.ledger.commit(batch).await?;
        Ok(true)
    }

    /// As [`Broker::unsubscribe`], where nobody waits for the answer.
    pub(crate) async fn drop_subscription(self: &Arc<Self>, id: &SubscriptionId) {
        if let Err(error) = self.unsubscribe(id).await {
            tracing::warn!(subscription = %id, %error, "an ended subscription stays on disk until the next restart");
        }
    }

    pub(crate) async fn sweep(self: &Arc<Self>) {
        let mut swept_at = service::now();
        while !self.node.shutdown.is_cancelled() {
            tokio::select! {
                () = tokio::time::sleep(SWEEP_INTERVAL) => {}
                () = self.node.shutdown.cancelled() => return,
            }
            let now = service::now();
            let ended: Vec<_> = {
                let subscribers = self.subscribers.read();
                let ended = subscribers.iter().filter(|subscriber| {
                    let subscription = subscriber.subscription();
                    subscription.is_expired(now) && !subscription.outlives_its_end()
                });
                ended.map(|subscriber| subscriber.id().clone()).collect()
            };
            for id in ended {
                self.drop_subscription(&id).await;
            }
            self.unregister_ended().await;
            self.follow_ended();
            self.tell_ended_sources(std::mem::replace(&mut swept_at, now), now).await;
        }
    }

    /// Whether a subscriber that matches is told. One that wanted a single notification is served no more afterwards, which
    /// is written down with the change.
    pub(crate) fn is_served(&self, batch: &mut Batch, subscriber: &Subscriber) -> bool {
        if !subscriber.is_oneshot() {
            return true;
        }
        let first = subscriber.spend();
        if first {
            self.put_subscription(batch, &subscriber.record());
        }
        first
    }

    /// Changes a subscription.
    pub(crate) async fn amend<P>(
        self: &Arc<Self>,
        id: &str,
        change: impl FnOnce(Record) -> Result<Subscription, P>,
    ) -> Result<(), NotAmended<P>> {
        let (former, amended, commit) = {
            let _amending = self.amending.lock();
            let former = self.subscribers.read().get(id).cloned().ok_or(NotAmended::Unknown)?;
            let mut changed = change(former.record()).map_err(NotAmended::Refused)?;
            changed.record.initialised &= changed.sources().is_none();
            let amended = Arc::new(former.amended(changed, &self.endpoints));
            self.subscribers.write().insert(amended.clone());
            (former, amended.clone(), self.ledger.submit(self.subscription_batch(&amended.subscription().record)))
        };
        if let Err(error) = self.ledger.finish(commit).await {
            self.subscribers.write().insert(former);
            return Err(NotAmended::Unsaved(error));
        }
        if amended.is_wanted() {
            amended.resume();
        } else {
            self.outbox.done(amended.id(), &amended.silence());
        }
        if let Some(interest) = amended.subscription().sources() {
            self.begin_with_sources(&amended, interest).await;
        }
        notifier::wake(self, &amended);
        self.follow_subscription(amended.id());
        let entities = |subscriber: &Subscriber| subscriber.subscription().record.as_ngsi10().into_owned().entities;
        // What has ended is dropped by other brokers.
        if amended.subscription().sources().is_none()
            && (former.subscription().is_expired(service::now()) || entities(&former) != entities(&amended))
        {
            crate::federation::respan(self, amended.id());
        }
        Ok(())
    }

    /// Serves a subscription no more whose notifications fail too often.
    pub(crate) fn deactivate(&self, subscriber: &Subscriber, fails: u64) {
        self.outbox.done(subscriber.id(), &subscriber.silence());
        let (subscription, reference) = (subscriber.id(), subscriber.reference());
        tracing::warn!(%subscription, reference, fails, "notifications fail too often, the subscription is inactive now");
        // If it does not reach the disk it is found out again after a restart.
        drop(self.ledger.submit(self.subscription_batch(&subscriber.record())));
    }

    /// Writes counters down from time to time, and at the end.
    pub(crate) async fn keep_counters(&self) {
        while !self.node.shutdown.is_cancelled() {
            tokio::select! {
                () = tokio::time::sleep(COUNTERS_INTERVAL) => {}
                () = self.node.shutdown.cancelled() => {}
            }
            self.save_counters().await;
        }
        while self.drivers.load(Ordering::Acquire) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.save_counters().await;
    }

    async fn save_counters(&self) {
        let mut batch = Batch::new();
        for subscriber in self.subscribers.read().iter() {
            if let Some(counters) = subscriber.counters_to_save() {
                self.ledger.put_counters(&mut batch, subscriber.id(), &counters);
            }
        }
        if let Err(error) = self.ledger.commit(batch).await {
            tracing::warn!(%error, "counters of subscriptions are not stored");
        }
    }
}

/// Why a subscription was not changed.
pub(crate) enum NotAmended<P> {
    /// There is none of that identifier.
    Unknown,
    Refused(P),
    Unsaved(StorageError),
}
