//! Removing entities, and attributes, that have ended. Requests are preceded by it, so that none meets such a one; between requests a driver
//! sees to it that subscribers hear in time.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use context::expiry::{Expiries, concerns, next_end};
use context::{Change, Origin};
use ngsi::{Entity, EntityId, Timestamp};
use parking_lot::Mutex;
use tokio::sync::Notify;

use crate::broker::Broker;

/// Entities removed before others may run.
const BATCH: usize = 256;
/// The time of the next end when nothing ends.
const NEVER: i64 = i64::MAX;

pub(crate) struct Expiry {
    entities: Mutex<Expiries>,
    /// When the next entity or attribute ends.
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
        if is_gone || concerns(change) {
            self.stand(&change.entity.id, Some(&change.entity).filter(|_| !change.deleted));
        }
    }

    /// Takes note of how an entity stands, or that it is gone.
    fn stand(&self, id: &EntityId, entity: Option<&Arc<Entity>>) {
        self.change(|entities| match entity {
            Some(entity) => entities.note(entity),
            None => entities.forget(id),
        });
    }

    /// Takes note of an entity found on disk.
    pub(crate) fn recover(&self, entity: &Entity) {
        if next_end(entity).is_some() {
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
    /// Removes what has ended.
    pub(crate) async fn expire(self: &Arc<Self>) {
        while self.expiry.next.load(Ordering::Relaxed) <= service::now().as_micros() {
            self.expire_some();
            tokio::task::yield_now().await;
        }
    }

    fn expire_some(self: &Arc<Self>) {
        let ended = self.expiry.entities.lock().ended(service::now(), BATCH);
        let (removed, _) = self.change_all(
            ended,
            |id| id,
            &Origin::default(),
            |shard, id, now| {
                let change = shard.expire(&id, now);
                match &change {
                    Some(change) => self.histories.forget(change),
                    None => self.expiry.stand(&id, shard.exact(&id)),
                }
                Ok::<_, Infallible>((change, ()))
            },
        );
        let broker = self.clone();
        // What cannot be written now is written later; until then a restart removes them again.
        self.node.tasks.spawn(async move { drop(broker.saved(removed).await) });
    }

    /// Removes what ends when it does, until shutdown.
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
