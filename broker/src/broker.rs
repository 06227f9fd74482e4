//! The state of one broker, and what may be done with it.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use context::backlog::Displaced;
use context::{
    Change, Edit, EditAction, EditRefusal, EntityMap, LinkedAction, LinkedEdit, LinkedEdited, LinkedRefusal, Notice,
    Record, Refusal, Subscribed, Subscription, SubscriptionIndex,
};
use ngsi::v1::ContextElement;
use ngsi::v1::ngsi10::UpdateAction;
use ngsi::{Name, SubscriptionId, Timestamp};
use parking_lot::RwLock;
use service::Node;
use storage::{Batch, StorageError};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::contexts::Contexts;
use crate::expiry::Expiry;
use crate::federation::Federation;
use crate::histories::Histories;
use crate::ledger::{Due, Kind, Ledger};
use crate::metrics::Counters;
use crate::notifier::{self, Endpoints, Outbox, Subscriber};
use crate::shards::Shards;
use crate::unsaved::{Applied, Unsaved};

/// How often ended subscriptions are cleared away; that they are not served is checked at every update.
const SWEEP_INTERVAL: Duration = Duration::from_secs(30);

/// One tenant of the broker.
pub(crate) struct Broker {
    /// Empty for the default one.
    pub(crate) tenant: String,
    pub(crate) started_at: Timestamp,
    pub(crate) node: Node,
    pub(crate) shards: Shards,
    pub(crate) histories: Histories,
    pub(crate) subscribers: RwLock<SubscriptionIndex<Subscriber>>,
    pub(crate) endpoints: Arc<Endpoints>,
    pub(crate) contexts: Arc<Contexts>,
    pub(crate) ledger: Ledger,
    pub(crate) outbox: Outbox,
    pub(crate) unsaved: Unsaved,
    pub(crate) federation: Federation,
    pub(crate) expiry: Expiry,
    pub(crate) counters: Counters,
    /// Drivers of subscribers at work.
    pub(crate) drivers: AtomicUsize,
}

impl Broker {
    /// This broker as other nodes reach it, with `/ngsi10`.
    pub(crate) fn own_url(&self) -> &str {
        &self.federation.own_url
    }

    /// Starts everything that runs beside requests.
    pub(crate) fn run(self: &Arc<Self>) {
        let broker = self.clone();
        self.node.tasks.spawn(async move { broker.outbox.run(&broker).await });
        let broker = self.clone();
        self.node.tasks.spawn(async move { broker.sweep().await });
        let broker = self.clone();
        self.node.tasks.spawn(async move {
            let shutdown = &broker.node.shutdown;
            shutdown.run_until_cancelled(broker.save_unsaved()).await
        });
        let broker = self.clone();
        self.node.tasks.spawn(async move {
            let shutdown = &broker.node.shutdown;
            shutdown.run_until_cancelled(broker.keep_expiring()).await
        });
        let subscribers: Vec<_> = self.subscribers.read().iter().cloned().collect();
        for subscriber in subscribers {
            if subscriber.subscription().record.initialised {
                notifier::wake(self, &subscriber);
            } else {
                let broker = self.clone();
                self.node.tasks.spawn(async move {
                    broker.begin(&subscriber).await;
                    broker.serve(&subscriber);
                });
            }
        }
        crate::federation::run(self);
    }

    /// Applies one element to an entity of ours: to memory, to the subscribers it concerns, and to the journal. Nothing may
    /// be acknowledged before it is [saved](Broker::saved).
    pub(crate) fn apply(
        self: &Arc<Self>,
        element: ContextElement,
        action: UpdateAction,
        correlator: &str,
    ) -> Result<Applied, Refusal> {
        let id = element.entity.id.clone();
        self.change(id.as_str(), correlator, |shard, now| {
            let change = shard.apply(element, action, now)?;
            match action {
                UpdateAction::Delete => self.histories.forget(&change),
                UpdateAction::Update | UpdateAction::Append => self.histories.record(&change.entity),
            }
            Ok((change, ()))
        })
        .map(|(applied, ())| applied)
    }

    /// As [`Broker::apply`], with the semantics of NGSIv2. Tells which attributes were left out.
    pub(crate) fn edit(self: &Arc<Self>, edit: Edit, correlator: &str) -> Result<(Applied, Vec<Name>), EditRefusal> {
        let (id, action) = (edit.id.clone(), edit.action);
        self.change(id.as_str(), correlator, |shard, now| {
            let edited = shard.edit(edit, now)?;
            if matches!(action, EditAction::Delete | EditAction::Replace) {
                self.histories.forget(&edited.change);
            }
            if action != EditAction::Delete {
                self.histories.record(&edited.change.entity);
            }
            Ok((edited.change, edited.left_out))
        })
    }

    /// As [`Broker::apply`], with the semantics of NGSI-LD; nothing is to be saved when nothing changed.
    pub(crate) fn edit_linked(
        self: &Arc<Self>,
        edit: LinkedEdit,
        correlator: &str,
    ) -> Result<(Option<Applied>, LinkedEdited), LinkedRefusal> {
        let id = edit.id.clone();
        let forgets =
            matches!(edit.action, LinkedAction::Delete | LinkedAction::Replace(_) | LinkedAction::CreateOrReplace(_));
        let changed = self.change(id.as_str(), correlator, |shard, now| {
            let edited = shard.edit_linked(edit, now).map_err(Err)?;
            let Some(change) = edited.change.clone() else { return Err(Ok(edited)) };
            if forgets {
                self.histories.forget(&change);
            }
            if !change.deleted {
                self.histories.record(&change.entity);
            }
            Ok((change, edited))
        });
        match changed {
            Ok((applied, edited)) => Ok((Some(applied), edited)),
            Err(Ok(edited)) => Ok((None, edited)),
            Err(Err(refusal)) => Err(refusal),
        }
    }

    pub(crate) fn change<T, E>(
        self: &Arc<Self>,
        id: &str,
        correlator: &str,
        make: impl FnOnce(&mut EntityMap, Timestamp) -> Result<(Change, T), E>,
    ) -> Result<(Applied, T), E> {
        let now = service::now();
        let mut shard = self.shards.of(id).write();
        let count = shard.len();
        let (change, outcome) = make(&mut shard, now)?;
        let grown = shard.len() as i64 - count as i64;
        let mut batch = Batch::new();
        let due = Due::new(change.entity.clone(), change.deleted, now);
        self.ledger.put_change(&mut batch, &due);
        let concerned = self.subscribers.read().matching(&change, correlator, now);
        for subscriber in &concerned {
            self.queue(&mut batch, subscriber, &due);
        }
        let commit = self.ledger.submit(batch);
        self.expiry.note(&change);
        drop(shard);
        self.counters.updates.inc();
        self.counters.entities.inc_by(grown);
        for subscriber in &concerned {
            notifier::wake(self, subscriber);
        }
        self.announce(&change);
        Ok((Applied::new(change.entity.id.clone(), commit), outcome))
    }

    fn announce(&self, change: &Change) {
        if change.availability && !self.federation.alone {
            self.federation.registrar.mark(&change.entity.id, change.deleted);
        }
    }

    /// Makes a state of an entity due for a subscriber, durably with the batch.
    pub(crate) fn queue(&self, batch: &mut Batch, subscriber: &Subscriber, due: &Due) {
        let notice = self.ledger.put_notice(batch, subscriber.id(), due);
        self.outbox.added(1);
        for displaced in subscriber.push(notice) {
            match displaced {
                Displaced::Merged(earlier) => {
                    self.counters.merged.inc();
                    self.outbox.done(subscriber.id(), &[earlier]);
                }
                Displaced::Lost(oldest) => self.note_lost(subscriber, &[oldest], "too many wait"),
            }
        }
    }

    /// Counts notices that a subscriber will never get, and says so from time to time.
    pub(crate) fn note_lost(&self, subscriber: &Subscriber, lost: &[Notice], reason: &str) {
        self.counters.dropped.inc_by(lost.len() as u64);
        if let Some(count) = subscriber.count_lost(lost.len(), service::now()) {
            let first = lost.first().map(|notice| notice.entity.id.as_str()).unwrap_or_default();
            let (subscription, reference) = (subscriber.id(), subscriber.reference());
            tracing::warn!(%subscription, reference, reason, count, first, "gave up notifications");
        }
        self.outbox.done(subscriber.id(), lost);
    }

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
        let mut record = subscription.record.clone();
        let subscriber = Arc::new(Subscriber::new(subscription, &self.endpoints));
        self.subscribers.write().insert(subscriber.clone());
        record.initialised = self.begin(&subscriber).await == 0;
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
            }
        });
        Ok(())
    }

    /// Queues the entities as they stand and says how many; what changes from now on follows.
    async fn begin(&self, subscriber: &Subscriber) -> usize {
        let subscription = subscriber.subscription();
        let mut initial = self.shards.select(subscription.query()).await;
        initial.retain(|entity| subscription.has_content(entity));
        let count = initial.len();
        let contained = subscriber.begin_with(initial, service::now());
        self.outbox.done(subscriber.id(), &contained);
        count
    }

    fn serve(self: &Arc<Self>, subscriber: &Arc<Subscriber>) {
        subscriber.open();
        notifier::wake(self, subscriber);
    }

    fn subscription_batch(&self, record: &Record) -> Batch {
        let mut batch = Batch::new();
        if let Err(error) = self.ledger.put_subscription(&mut batch, record) {
            tracing::error!(subscription = %record.id, %error, "a subscription cannot be written down");
        }
        batch
    }

    /// Remembers that a subscriber need not be sent the entities as they stand after a restart.
    pub(crate) fn note_initialised(&self, subscriber: &Subscriber) {
        let mut record = subscriber.subscription().record.clone();
        record.initialised = true;
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
        let mut batch = Batch::new();
        self.ledger.delete(&mut batch, Kind::Subscription, id.as_str());
        self.ledger.commit(batch).await?;
        Ok(true)
    }

    /// As [`Broker::unsubscribe`], where nobody waits for the answer.
    pub(crate) async fn drop_subscription(self: &Arc<Self>, id: &SubscriptionId) {
        if let Err(error) = self.unsubscribe(id).await {
            tracing::warn!(subscription = %id, %error, "an ended subscription stays on disk until the next restart");
        }
    }

    async fn sweep(self: &Arc<Self>) {
        while !self.node.shutdown.is_cancelled() {
            tokio::select! {
                () = tokio::time::sleep(SWEEP_INTERVAL) => {}
                () = self.node.shutdown.cancelled() => return,
            }
            let now = service::now();
            let ended: Vec<_> = {
                let subscribers = self.subscribers.read();
                let ended = subscribers.iter().filter(|subscriber| subscriber.subscription().is_expired(now));
                ended.map(|subscriber| subscriber.id().clone()).collect()
            };
            for id in ended {
                self.drop_subscription(&id).await;
            }
        }
    }
}
