//! Registering and removing entities: memory, notifier and disk in one order.

use std::sync::Arc;

use availability::{Change, Notice, Registration, Registry};
use ngsi::EntityId;
use storage::{Batch, StorageError};

use crate::refusal::Refusal;
use crate::state::{Discovery, UNSAVED_BYTES};

/// How many changes are applied before others get a turn.
const CHUNK: usize = 1024;
/// How many bytes of changes are applied before they are on disk.
const CHUNK_BYTES: usize = 1024 * 1024;

impl Discovery {
    /// Registers everything; returns when it is on disk.
    pub(crate) async fn register(self: &Arc<Self>, changes: Vec<Change>) -> Result<(), Refusal> {
        self.registry.read().admit(&changes)?;
        let mut changes = changes.into_iter().peekable();
        while changes.peek().is_some() {
            let mut chunk = Vec::new();
            let mut bytes = 0;
            while let Some(change) = changes.next_if(|_| chunk.len() < CHUNK && bytes < CHUNK_BYTES) {
                bytes += change.weight();
                chunk.push(change);
            }
            self.change(bytes, |registry, notices, batch| {
                for change in chunk {
                    self.tables.put_registration(batch, &registry.register(change, notices));
                }
            })
            .await?;
        }
        Ok(())
    }

    /// Removes every entity named, as far as the naming provider has it; returns when that is on disk.
    pub(crate) async fn unregister(self: &Arc<Self>, changes: Vec<Change>) -> Result<(), Refusal> {
        for chunk in changes.chunks(CHUNK) {
            let bytes = chunk.iter().map(|change| 64 + change.id.as_str().len()).sum();
            self.change(bytes, |registry, notices, batch| {
                for change in chunk {
                    registry.unregister(change.id.as_str(), &change.provider, notices);
                    self.delete_if_gone(registry, batch, &change.id);
                }
            })
            .await?;
        }
        Ok(())
    }

    /// Removes one entity, whoever has it.
    pub(crate) async fn unregister_one(self: &Arc<Self>, id: EntityId) -> Result<Option<Registration>, Refusal> {
        let mut removed = None;
        self.change(64 + id.as_str().len(), |registry, notices, batch| {
            removed = registry.unregister(id.as_str(), "", notices);
            self.delete_if_gone(registry, batch, &id);
        })
        .await?;
        Ok(removed)
    }

    /// Removes some entities of the brokers at an origin, unless one there is alive; how many.
    pub(crate) async fn unregister_some_of_dead(self: &Arc<Self>, origin: &str) -> Result<usize, Refusal> {
        let mut removed = 0;
        self.change(CHUNK * 128, |registry, notices, batch| {
            // Under the registry's lock: a broker that returns registers again only after its heartbeat.
            if self.brokers.lock().is_alive(origin) {
                return;
            }
            let gone = registry.unregister_at(origin, CHUNK, notices);
            gone.iter().for_each(|id| self.tables.delete_registration(batch, id));
            removed = gone.len();
        })
        .await?;
        Ok(removed)
    }

    /// Deletes also what memory no longer has: an earlier delete may have failed to reach the disk.
    fn delete_if_gone(&self, registry: &Registry, batch: &mut Batch, id: &EntityId) {
        if registry.get(id.as_str()).is_none() {
            self.tables.delete_registration(batch, id);
        }
    }

    async fn change(
        self: &Arc<Self>,
        bytes: usize,
        apply: impl FnOnce(&mut Registry, &mut Vec<Notice>, &mut Batch),
    ) -> Result<(), Refusal> {
        let permits = u32::try_from(bytes.min(UNSAVED_BYTES)).unwrap_or(u32::MAX);
        let _unsaved = self.unsaved.acquire_many(permits).await.map_err(|_| StorageError::Closed)?;
        let commit = {
            let (mut notices, mut batch) = (Vec::new(), Batch::new());
            let mut registry = self.registry.write();
            apply(&mut registry, &mut notices, &mut batch);
            self.announce(notices);
            self.store.submit(batch)
        };
        Ok(self.observe(commit.await)?)
    }
}
