//! Entities whose last change did not reach the disk: their author was told so, yet others see the change already, so it is
//! written as soon as the disk takes writes again.

use std::collections::HashSet;
use std::time::Duration;

use ngsi::EntityId;
use parking_lot::Mutex;
use storage::{Batch, Commit, StorageError};
use tokio::sync::Notify;

use crate::broker::Broker;

/// Entities written in one go.
const BATCH: usize = 100;
const RETRY: Duration = Duration::from_secs(1);

/// Changes on their way to the disk, in one write.
pub(crate) struct Applied {
    entities: Vec<EntityId>,
    commit: Commit,
}

impl Applied {
    pub(crate) fn new(entities: Vec<EntityId>, commit: Commit) -> Self {
        Self { entities, commit }
    }
}

#[derive(Default)]
pub(crate) struct Unsaved {
    entities: Mutex<HashSet<EntityId>>,
    work: Notify,
}

impl Unsaved {
    fn add(&self, entities: impl IntoIterator<Item = EntityId>) {
        self.entities.lock().extend(entities);
        self.work.notify_one();
    }

    fn take(&self) -> Vec<EntityId> {
        self.entities.lock().extract_if(|_| true).take(BATCH).collect()
    }
}

impl Broker {
    /// Waits until all changes are on disk.
    pub(crate) async fn saved(&self, changes: impl IntoIterator<Item = Applied>) -> Result<(), StorageError> {
        let mut outcome = Ok(());
        for Applied { entities, commit } in changes {
            if let Err(error) = self.ledger.finish(commit).await {
                self.unsaved.add(entities);
                outcome = Err(error);
            }
        }
        self.temporal.stored();
        outcome
    }

    /// Writes what could not be written, until shutdown.
    pub(crate) async fn save_unsaved(&self) {
        loop {
            self.unsaved.work.notified().await;
            tokio::time::sleep(RETRY).await;
            while self.save_some().await {}
        }
    }

    /// Whether that went well and there may be more.
    async fn save_some(&self) -> bool {
        let entities = self.unsaved.take();
        let save = |entity: EntityId| {
            let commit = self.save(&entity);
            Applied::new(vec![entity], commit)
        };
        let changes: Vec<_> = entities.into_iter().map(save).collect();
        !changes.is_empty() && self.saved(changes).await.is_ok()
    }

    /// Submits an entity as it is now, under its lock: a later change is written later.
    fn save(&self, entity: &EntityId) -> Commit {
        let shard = self.shards.of(entity.as_str()).read();
        let mut batch = Batch::new();
        self.ledger.put_state(&mut batch, entity, shard.exact(entity));
        self.ledger.submit(batch)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use ngsi::{Entity, Name};
    use service::{Config, Node};
    use storage::Store;

    use super::*;
    use crate::tenants::Common;

    #[tokio::test]
    async fn what_could_not_be_written_is_written_later() {
        let directory = tempfile::tempdir().unwrap();
        let config = Config::parse(r#"{"site_id":"test"}"#, |_| None).unwrap();
        let common = Common::new(Node::new(config, 1).unwrap(), Store::open(directory.path()).unwrap()).unwrap();
        let broker = Broker::open(&common, "").unwrap();
        let entity = Entity::new(EntityId::from("here"), Name::from("Room"), service::now());
        broker.shards.of("here").write().insert(Arc::new(entity));
        broker.unsaved.add([EntityId::from("here"), EntityId::from("gone")]);
        let written = testkit::wait_until(testkit::DEADLINE, "it is written", async || {
            broker.ledger.entities.get("here").unwrap()
        });
        tokio::select! {
            () = broker.save_unsaved() => {}
            record = written => assert_eq!(context::codec::read_entity(&record).unwrap().entity_type, "Room"),
        }
        assert!(broker.ledger.entities.get("gone").unwrap().is_none());
    }
}
