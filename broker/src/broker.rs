//! The state of one broker, and what may be done with it.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use context::backlog::Displaced;
use context::{
    Change, Edit, EditAction, EditRefusal, EntityMap, LinkedAction, LinkedEdit, LinkedEdited, LinkedRefusal, Notice,
    Origin, Refusal, Subscribed, SubscriptionIndex,
};
use ngsi::v1::ContextElement;
use ngsi::v1::ngsi10::UpdateAction;
use ngsi::{Name, Timestamp};
use parking_lot::{Mutex, RwLock};
use service::Node;
use storage::Batch;
use tokio::sync::SemaphorePermit;

use crate::contexts::Contexts;
use crate::expiry::Expiry;
use crate::federation::Federation;
use crate::histories::Histories;
use crate::ledger::{Due, Ledger};
use crate::metrics::Counters;
use crate::notifier::{self, Endpoints, Mqtt, Outbox, Subscriber};
use crate::providers::Providers;
use crate::shards::Shards;
use crate::sources::Sources;
use crate::temporal::Temporal;
use crate::unsaved::{Applied, Unsaved};

/// One tenant of the broker.
pub(crate) struct Broker {
    /// Empty for the default one.
    pub(crate) tenant: String,
    pub(crate) started_at: Timestamp,
    pub(crate) node: Node,
    pub(crate) shards: Shards,
    pub(crate) histories: Histories,
    pub(crate) subscribers: RwLock<SubscriptionIndex<Subscriber>>,
    /// Held while a subscription is changed, so that no change is lost.
    pub(crate) amending: Mutex<()>,
    pub(crate) endpoints: Arc<Endpoints>,
    pub(crate) mqtt: Arc<Mqtt>,
    pub(crate) contexts: Arc<Contexts>,
    pub(crate) ledger: Ledger,
    pub(crate) temporal: Temporal,
    pub(crate) outbox: Outbox,
    pub(crate) unsaved: Unsaved,
    pub(crate) federation: Federation,
    pub(crate) expiry: Expiry,
    pub(crate) providers: Providers,
    pub(crate) sources: Sources,
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
        self.node.tasks.spawn(async move { broker.keep_intervals().await });
        let broker = self.clone();
        self.node.tasks.spawn(async move { broker.keep_counters().await });
        let broker = self.clone();
        self.node.tasks.spawn(async move { broker.temporal.run(&broker).await });
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

    /// Waits until an update of that size may be held in memory until it is on disk, and in the history.
    pub(crate) async fn admit(&self, bytes: usize) -> Option<SemaphorePermit<'_>> {
        self.temporal.admit().await;
        self.ledger.admit(bytes).await
    }

    /// Applies one element to an entity of ours: to memory, to the subscribers it concerns, and to the journal. Nothing may
    /// be acknowledged before it is [saved](Broker::saved).
    pub(crate) fn apply(
        self: &Arc<Self>,
        element: ContextElement,
        action: UpdateAction,
        origin: &Origin,
    ) -> Result<Applied, Refusal> {
        let id = element.entity.id.clone();
        self.change(id.as_str(), origin, |shard, now| {
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
    pub(crate) fn edit(self: &Arc<Self>, edit: Edit, origin: &Origin) -> Result<(Applied, Vec<Name>), EditRefusal> {
        let (id, action) = (edit.id.clone(), edit.action);
        self.change(id.as_str(), origin, |shard, now| {
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
        origin: &Origin,
    ) -> Result<(Option<Applied>, LinkedEdited), LinkedRefusal> {
        let id = edit.id.clone();
        let forgets =
            matches!(edit.action, LinkedAction::Delete | LinkedAction::Replace(_) | LinkedAction::CreateOrReplace(_));
        let changed = self.change(id.as_str(), origin, |shard, now| {
            let edited = shard.edit_linked(edit, now).map_err(Err)?;
            let Some(change) = edited.change.clone() else { return Err(Ok(Box::new(edited))) };
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
            Err(Ok(edited)) => Ok((None, *edited)),
            Err(Err(refusal)) => Err(refusal),
        }
    }

    pub(crate) fn change<T, E>(
        self: &Arc<Self>,
        id: &str,
        origin: &Origin,
        make: impl FnOnce(&mut EntityMap, Timestamp) -> Result<(Change, T), E>,
    ) -> Result<(Applied, T), E> {
        let now = service::now();
        let mut shard = self.shards.of(id).write();
        let count = shard.len();
        let (change, outcome) = make(&mut shard, now)?;
        let grown = shard.len() as i64 - count as i64;
        let mut batch = Batch::new();
        let mut concerned = self.subscribers.read().matching(&change, origin, now);
        concerned.retain(|subscriber| self.is_served(&mut batch, subscriber));
        let told = concerned.iter().any(|subscriber| subscriber.subscription().tells_causes());
        let cause = told.then(|| change.cause(origin).clone());
        let due = Due::new(change.entity.clone(), change.deleted, now, cause);
        self.ledger.put_change(&mut batch, &due);
        self.temporal.record(&mut batch, &change, now);
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
}
