//! What the broker keeps on disk, and in which form.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use context::provision::ProviderRecord;
use context::sources::Hold;
use context::{Cause, Notice, Record, codec};
use ngsi::{Entity, EntityId, Registration, SubscriptionId, Timestamp};
use service::http::Readiness;
use storage::{Batch, Commit, StorageError, Table};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::federation::LinkRecord;
use crate::notifier::Counters;
use crate::tenants::Common;

/// Memory, in KiB of request bodies, that updates may hold while they wait for the disk.
pub(crate) const UNCOMMITTED_KIB: usize = 8 * 1024;

pub(crate) struct Ledger {
    store: storage::Store,
    pub(crate) entities: Table,
    /// Notifications that are due: subscription, 0, number.
    pub(crate) outbox: Table,
    /// Everything of which there is little, by [`Kind`]: creating a table takes several syncs.
    registers: Table,
    next_seq: AtomicU64,
    uncommitted: Arc<Semaphore>,
    /// Whether deletions are written down for discovery.
    notes_departed: bool,
    failing: AtomicBool,
    readiness: Readiness,
}

/// What a record is about; the first byte of its key.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// A subscription.
    Subscription,
    /// How notifying has gone for a subscription.
    Counters,
    /// What a subscription holds at discovery and at other brokers.
    Link,
    /// The identifier of a deleted entity that discovery has not been told of.
    Departed,
    /// A registration of a context provider.
    Provider,
    /// A registration of a source outside of this system.
    Registration,
    /// A subscription at a source outside of this system.
    Hold,
    /// A tenant; only the ledger of the default one has these.
    Tenant,
}

impl Kind {
    fn prefix(self) -> u8 {
        match self {
            Self::Subscription => b's',
            Self::Counters => b'c',
            Self::Link => b'l',
            Self::Departed => b'd',
            Self::Provider => b'p',
            Self::Registration => b'r',
            Self::Hold => b'h',
            Self::Tenant => b't',
        }
    }

    fn key(self, id: &str) -> Vec<u8> {
        let mut key = Vec::with_capacity(id.len() + 1);
        key.push(self.prefix());
        key.extend_from_slice(id.as_bytes());
        key
    }

    fn id(self, key: &[u8]) -> Option<String> {
        let id = key.strip_prefix(&[self.prefix()])?;
        std::str::from_utf8(id).ok().map(str::to_owned)
    }
}

/// A state of an entity that others are to be told, with its record.
pub(crate) struct Due {
    pub(crate) entity: Arc<Entity>,
    pub(crate) deleted: bool,
    pub(crate) at: Timestamp,
    /// What led to it, if somebody is to be told.
    pub(crate) cause: Option<Arc<Cause>>,
    record: Vec<u8>,
}

impl Due {
    pub(crate) fn new(entity: Arc<Entity>, deleted: bool, at: Timestamp, cause: Option<Arc<Cause>>) -> Self {
        let mut record = Vec::with_capacity(256);
        codec::write_notice(&mut record, &entity, deleted, at, cause.as_deref());
        Self { entity, deleted, at, cause, record }
    }
}

impl Ledger {
    /// The default tenant has no name.
    pub(crate) fn open(common: &Common, tenant: &str) -> Result<Self, StorageError> {
        let table = |name: &str| common.table(tenant, name);
        Ok(Self {
            entities: table("entities")?,
            outbox: table("outbox")?,
            registers: table("subscriptions")?,
            store: common.store.clone(),
            next_seq: AtomicU64::new(1),
            uncommitted: common.uncommitted.clone(),
            notes_departed: tenant.is_empty(),
            failing: AtomicBool::new(false),
            readiness: common.node.readiness("storage"),
        })
    }

    /// Waits until an update of that size may be held in memory until it is on disk.
    pub(crate) async fn admit(&self, bytes: usize) -> Option<SemaphorePermit<'_>> {
        let kib = u32::try_from((bytes / 1024 + 1).min(UNCOMMITTED_KIB)).unwrap_or(1);
        self.uncommitted.acquire_many(kib).await.ok()
    }

    /// Numbers of notices rise over restarts.
    pub(crate) fn continue_after(&self, seq: u64) {
        self.next_seq.fetch_max(seq + 1, Ordering::Relaxed);
    }

    pub(crate) fn put_change(&self, batch: &mut Batch, change: &Due) {
        let id = &change.entity.id;
        if change.deleted {
            self.put_departed(batch, id);
        } else {
            batch.put(&self.entities, id.key(), codec::entity_in_notice(&change.record));
        }
    }

    /// An entity as it stands, or that there is none of that identifier.
    pub(crate) fn put_state(&self, batch: &mut Batch, id: &EntityId, entity: Option<&Arc<Entity>>) {
        let Some(entity) = entity else {
            return self.put_departed(batch, id);
        };
        let mut record = Vec::with_capacity(256);
        codec::write_entity(&mut record, entity);
        batch.put(&self.entities, id.key(), record);
    }

    fn put_departed(&self, batch: &mut Batch, id: &EntityId) {
        batch.delete(&self.entities, id.key());
        if self.notes_departed {
            batch.put(&self.registers, Kind::Departed.key(id.as_str()), []);
        }
    }

    pub(crate) fn put_tenant(&self, batch: &mut Batch, tenant: &str) {
        batch.put(&self.registers, Kind::Tenant.key(tenant), []);
    }

    /// Makes it due for a subscription.
    pub(crate) fn put_notice(&self, batch: &mut Batch, subscription: &SubscriptionId, due: &Due) -> Notice {
        let seq = self.next_seq.fetch_add(1, Ordering::Relaxed);
        batch.put(&self.outbox, outbox_key(subscription, seq), &due.record);
        Notice { seq, entity: due.entity.clone(), deleted: due.deleted, due_at: due.at, cause: due.cause.clone() }
    }

    pub(crate) fn put_subscription(&self, batch: &mut Batch, record: &Record) -> Result<(), serde_json::Error> {
        batch.put(&self.registers, Kind::Subscription.key(record.id.as_str()), serde_json::to_vec(record)?);
        Ok(())
    }

    pub(crate) fn put_counters(&self, batch: &mut Batch, id: &SubscriptionId, counters: &Counters) {
        if let Ok(record) = serde_json::to_vec(counters) {
            batch.put(&self.registers, Kind::Counters.key(id.as_str()), record);
        }
    }

    pub(crate) fn put_provider(&self, batch: &mut Batch, record: &ProviderRecord) -> Result<(), serde_json::Error> {
        batch.put(&self.registers, Kind::Provider.key(record.id.as_str()), serde_json::to_vec(record)?);
        Ok(())
    }

    pub(crate) fn put_registration(&self, batch: &mut Batch, registration: &Registration) {
        if let Ok(record) = serde_json::to_vec(registration) {
            batch.put(&self.registers, Kind::Registration.key(registration.id.as_str()), record);
        }
    }

    pub(crate) fn put_hold(&self, batch: &mut Batch, hold: &Hold) {
        if let Ok(record) = serde_json::to_vec(hold) {
            batch.put(&self.registers, Kind::Hold.key(&hold.key), record);
        }
    }

    pub(crate) fn put_link(&self, batch: &mut Batch, id: &SubscriptionId, link: &LinkRecord) {
        if let Ok(record) = serde_json::to_vec(link) {
            batch.put(&self.registers, Kind::Link.key(id.as_str()), record);
        }
    }

    pub(crate) fn delete(&self, batch: &mut Batch, kind: Kind, id: &str) {
        batch.delete(&self.registers, kind.key(id));
    }

    /// Every record of a kind, by identifier.
    pub(crate) fn records(&self, kind: Kind) -> impl Iterator<Item = Result<(String, Vec<u8>), StorageError>> {
        let rows = self.registers.scan();
        rows.filter_map(move |row| match row {
            Ok((key, value)) => kind.id(&key).map(|id| Ok((id, value))),
            Err(error) => Some(Err(error)),
        })
    }

    pub(crate) fn submit(&self, batch: Batch) -> Commit {
        self.store.submit(batch)
    }

    pub(crate) async fn commit(&self, batch: Batch) -> Result<(), StorageError> {
        if batch.is_empty() {
            return Ok(());
        }
        self.observe(self.store.commit(batch).await)
    }

    /// Waits until what was submitted is on disk.
    pub(crate) async fn finish(&self, commit: Commit) -> Result<(), StorageError> {
        self.observe(commit.await)
    }

    /// Says in the log and in the readiness when the disk stops or starts taking writes.
    fn observe(&self, written: Result<(), StorageError>) -> Result<(), StorageError> {
        let failing = written.is_err();
        if self.failing.load(Ordering::Relaxed) != failing {
            self.failing.store(failing, Ordering::Relaxed);
            if let Err(error) = &written {
                tracing::error!(error = error as &dyn std::error::Error, "cannot store");
            } else {
                tracing::info!("storing works again");
            }
            self.readiness.set(written.as_ref().copied().map_err(ToString::to_string));
        }
        written
    }
}

pub(crate) fn outbox_key(subscription: &SubscriptionId, seq: u64) -> Vec<u8> {
    let mut key = Vec::with_capacity(subscription.as_str().len() + 9);
    key.extend_from_slice(subscription.as_str().as_bytes());
    key.push(0);
    key.extend_from_slice(&seq.to_be_bytes());
    key
}

pub(crate) fn split_outbox_key(key: &[u8]) -> Option<(&str, u64)> {
    let at = key.len().checked_sub(9)?;
    let (subscription, rest) = key.split_at(at);
    let seq = u64::from_be_bytes(rest.get(1..)?.try_into().ok()?);
    Some((std::str::from_utf8(subscription).ok()?, seq))
}
