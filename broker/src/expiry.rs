//! Removing entities that have ended. Requests are preceded by it, so that none meets such an entity; between requests a driver
//! sees to it that subscribers hear in time.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use context::expiry::{Expiries, expires_at};
use context::{Change, Origin, Refusal};
use ngsi::{Entity, Timestamp};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::broker::Broker;

/// Entities removed before others may run.
const BATCH: usize = 256;
/// The time of the next end when nothing ends.
const NEVER: i64 = i64::MAX;

pub(crate) struct Expiry {
    entities: Mutex<Expiries>,
    /// When the next entity ends.
    next: AtomicI64,
    earlier: Notify,
}

impl Default for Expiry {
    fn default() -> Self {
        Self { entities: Mutex::default(), next: AtomicI64::new(NEVER), earlier: Notify::new() }
    }
}

impl Expiry {
    /// Takes note of a change, under the lock of the entity's shard.
    pub(crate) fn note(&self, change: &Change) {
        let is_gone = change.deleted && self.next.load(Ordering::Relaxed) != NEVER;
        if is_gone || change.touched.iter().any(|name| name == ngsi::v2::DATE_EXPIRES) {
            self.change(|entities| match change.deleted {
                true => entities.forget(&change.entity.id),
                false => entities.note(&change.entity),
            });
        }
    }

    /// Takes note of an entity found on disk.
    pub(crate) fn recover(&self, entity: &Entity) {
        if expires_at(entity).is_some() {
            self.change(|entities| entities.note(entity));
        }
    }

    fn change(&self, change: impl FnOnce(&mut Expiries)) {
        let mut entities = self.entities.lock();
        change(&mut entities);
        let next = entities.next().map_or(NEVER, Timestamp::as_micros);
        if next < self.next.swap(next, Ordering::Relaxed) {
            self.earlier.notify_one();
        }
    }
}

impl Broker {
    /// Removes the entities that have ended.
    pub(crate) async fn expire(self: &Arc<Self>) {
        while self.expiry.next.load(Ordering::Relaxed) <= service::now().as_micros() {
            self.expire_some();
            tokio::task::yield_now().await;
        }
    }

    fn expire_some(self: &Arc<Self>) {
        let ended = self.expiry.entities.lock().ended(service::now(), BATCH);
        let removed: Vec<_> = ended
            .iter()
            .filter_map(|id| {
                let removed = self.change(id.as_str(), &Origin::default(), |shard, now| {
                    let ended = shard.get(id.as_str()).and_then(|entity| expires_at(entity));
                    if ended.is_none_or(|time| time > now) {
                        return Err(Refusal::UnknownEntity);
                    }
                    let change = shard.delete(id.as_str())?;
                    self.histories.forget(&change);
                    Ok((change, ()))
                });
                removed.ok().map(|(applied, ())| applied)
            })
            .collect();
        let broker = self.clone();
        // What cannot be written now is written later; until then a restart removes them again.
        self.node.tasks.spawn(async move { drop(broker.saved(removed).await) });
    }

    /// Removes entities when they end, until shutdown.
    pub(crate) async fn keep_expiring(self: &Arc<Self>) {
        loop {
            let earlier = self.expiry.earlier.notified();
            let next = self.expiry.next.load(Ordering::Relaxed);
            let wait = Duration::from_micros(next.saturating_sub(service::now().as_micros()).unsigned_abs());
            if next == NEVER {
                earlier.await;
            } else if next > service::now().as_micros() {
                // Longer than this no timer waits.
                let _ = tokio::time::timeout(wait.min(Duration::from_secs(86_400)), earlier).await;
            }
            self.expire().await;
        }
    }
}
