use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use availability::{Brokers, Registry};
use parking_lot::{Mutex, RwLock};
use service::Node;
use service::http::Readiness;
use storage::{StorageError, Store};
use tokio::sync::Semaphore;

use crate::metrics::Gauges;
use crate::notify::Outbox;
use crate::subscriptions::Subscribers;
use crate::tables::Tables;

/// How many bytes of changes may wait for the disk; less than the store's own bound, at which it would block.
pub(crate) const UNSAVED_BYTES: usize = 8 * 1024 * 1024;

/// How many large snapshots are sent at once.
const LARGE_SNAPSHOTS: usize = 8;

/// All state of the service.
///
/// Locks are taken in the order of the fields; what must happen in one order everywhere happens under `registry`.
pub(crate) struct Discovery {
    pub(crate) registry: RwLock<Registry>,
    pub(crate) subscribers: Mutex<Subscribers>,
    pub(crate) brokers: Mutex<Brokers>,
    pub(crate) outbox: Outbox,
    pub(crate) store: Store,
    pub(crate) tables: Tables,
    pub(crate) unsaved: Semaphore,
    /// Turns at holding a snapshot of many registrations in memory.
    pub(crate) large_snapshots: Semaphore,
    /// Changes when the stored state is lost.
    pub(crate) epoch: String,
    pub(crate) gauges: Gauges,
    pub(crate) node: Node,
    disk: Disk,
}

/// Whether the last write reached the disk.
struct Disk {
    failing: AtomicBool,
    readiness: Readiness,
}

impl Discovery {
    /// Reads everything stored.
    pub(crate) fn recover(node: Node, store: Store) -> anyhow::Result<Self> {
        let tables = Tables::open(&store)?;
        let epoch = tables.epoch(&store)?;
        let registry = tables.registry()?;
        let interval = Duration::from_secs(node.config.broker.heartbeat_interval);
        let brokers = tables.brokers(interval, service::now())?;
        let discovery = Self {
            registry: RwLock::new(registry),
            subscribers: Mutex::default(),
            brokers: Mutex::new(brokers),
            outbox: Outbox::default(),
            store,
            epoch,
            unsaved: Semaphore::new(UNSAVED_BYTES),
            large_snapshots: Semaphore::new(LARGE_SNAPSHOTS),
            gauges: Gauges::new(&node.metrics),
            tables,
            disk: Disk { failing: AtomicBool::new(false), readiness: node.readiness("storage") },
            node,
        };
        discovery.disk.readiness.set(Ok(()));
        discovery.recover_subscriptions()?;
        discovery.measure();
        Ok(discovery)
    }

    /// Shows in the readiness when the disk stops or starts taking writes.
    pub(crate) fn observe(&self, written: Result<(), StorageError>) -> Result<(), StorageError> {
        let failing = written.is_err();
        if self.disk.failing.swap(failing, Ordering::Relaxed) != failing {
            self.disk.readiness.set(written.as_ref().copied().map_err(ToString::to_string));
        }
        written
    }

    /// Brings the gauges up to date.
    pub(crate) fn measure(&self) {
        let (registrations, subscriptions) = {
            let registry = self.registry.read();
            (registry.len(), registry.subscription_count())
        };
        self.gauges.set(registrations, subscriptions, self.brokers.lock().iter().count(), self.outbox.pending());
    }

    /// Sends every subscriber a snapshot, as after a restart.
    pub(crate) fn notify_all(self: &Arc<Self>) {
        for id in self.outbox.all() {
            self.wake(id);
        }
    }
}
