//! The state of one broker, and what may be done with it.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use context::backlog::Displaced;
use context::{Mappings, Notice, Subscribed, SubscriptionIndex};
use ngsi::Timestamp;
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
use crate::unsaved::Unsaved;

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
    /// Entity maps of queries.
    pub(crate) mappings: Mutex<Mappings>,
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
        let broker = self.clone();
        self.node.tasks.spawn(async move {
            let shutdown = &broker.node.shutdown;
            shutdown.run_until_cancelled(broker.follow_all()).await
        });
    }

    /// Waits until an update of that size may be held in memory until it is on disk, and in the history.
    pub(crate) async fn admit(&self, bytes: usize) -> Option<SemaphorePermit<'_>> {
        self.temporal.admit().await;
        self.ledger.admit(bytes).await
    }

    /// Makes a state of an entity due for a subscriber, durably with the batch.
    pub(crate) fn queue(&self, batch: &mut Batch, subscriber: &Subscriber, due: &Due) {
        let notice = self.ledger.put_notice(batch, subscriber.id(), due);
        self.hand_over(subscriber, notice);
    }

    /// Gives a subscriber a notice that the outbox has.
    pub(crate) fn hand_over(&self, subscriber: &Subscriber, notice: Notice) {
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
