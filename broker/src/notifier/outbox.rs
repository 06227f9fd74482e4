//! Forgetting, on disk, what has been delivered: in groups, some milliseconds later. A crash in between repeats a
//! notification, it never loses one.

use std::sync::atomic::Ordering;
use std::time::Duration;

use context::Notice;
use ngsi::SubscriptionId;
use parking_lot::Mutex;
use prometheus_client::metrics::gauge::Gauge;
use storage::Batch;
use tokio::sync::Notify;

use crate::broker::Broker;
use crate::ledger::{Ledger, outbox_key};

const DELAY: Duration = Duration::from_millis(20);
const RETRY: Duration = Duration::from_secs(1);

pub(crate) struct Outbox {
    done: Mutex<Vec<Vec<u8>>>,
    work: Notify,
    length: Gauge,
}

impl Outbox {
    pub(crate) fn new(length: Gauge) -> Self {
        Self { done: Mutex::default(), work: Notify::new(), length }
    }

    /// Counts notices that have become due.
    pub(crate) fn added(&self, notices: usize) {
        self.length.inc_by(i64::try_from(notices).unwrap_or(i64::MAX));
    }

    /// These notices need not be kept any longer.
    pub(crate) fn done(&self, subscription: &SubscriptionId, notices: &[Notice]) {
        let kept = notices.iter().filter(|notice| notice.seq > 0);
        let keys: Vec<_> = kept.map(|notice| outbox_key(subscription, notice.seq)).collect();
        if keys.is_empty() {
            return;
        }
        self.length.dec_by(i64::try_from(keys.len()).unwrap_or(i64::MAX));
        let mut done = self.done.lock();
        let first = done.is_empty();
        done.extend(keys);
        drop(done);
        if first {
            self.work.notify_one();
        }
    }

    /// Until shutdown, and then until the drivers have stopped.
    pub(crate) async fn run(&self, broker: &Broker) {
        let shutdown = &broker.node.shutdown;
        loop {
            tokio::select! {
                () = self.work.notified() => tokio::time::sleep(DELAY).await,
                () = shutdown.cancelled() => break,
            }
            while !self.flush(&broker.ledger).await && !shutdown.is_cancelled() {
                tokio::time::sleep(RETRY).await;
            }
        }
        while broker.drivers.load(Ordering::Acquire) > 0 {
            tokio::time::sleep(DELAY).await;
        }
        self.flush(&broker.ledger).await;
    }

    async fn flush(&self, ledger: &Ledger) -> bool {
        let keys = std::mem::take(&mut *self.done.lock());
        let mut batch = Batch::new();
        for key in &keys {
            batch.delete(&ledger.outbox, key);
        }
        let stored = ledger.commit(batch).await.is_ok();
        if !stored {
            self.done.lock().extend(keys);
        }
        stored
    }
}
