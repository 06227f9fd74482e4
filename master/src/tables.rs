//! What survives a restart.

use std::collections::BTreeSet;

use anyhow::Context;
use flow::WorkerId;
use ngsi::SubscriptionId;
use orchestration::{IntentId, StoredIntent, SubscriptionKey};
use storage::{Batch, Commit, StorageError, Store, Table};

/// The master's tables.
pub(crate) struct Tables {
    store: Store,
    intents: Table,
    /// Ids of the intents that a designer announced.
    announced: Table,
    workers: Table,
    subscriptions: Table,
}

/// What was kept.
#[derive(Default)]
pub(crate) struct Kept {
    pub(crate) intents: Vec<StoredIntent>,
    pub(crate) workers: Vec<WorkerId>,
    pub(crate) subscriptions: Vec<SubscriptionId>,
}

impl Tables {
    pub(crate) fn open(store: Store) -> Result<Self, StorageError> {
        let intents = store.table("master.intents")?;
        let announced = store.table("master.announced")?;
        let workers = store.table("master.workers")?;
        let subscriptions = store.table("master.subscriptions")?;
        Ok(Self { store, intents, announced, workers, subscriptions })
    }

    pub(crate) fn load(&self) -> anyhow::Result<Kept> {
        let mut kept = Kept::default();
        for row in self.intents.scan() {
            let (key, value) = row?;
            let read = serde_json::from_slice(&value);
            kept.intents.push(read.with_context(|| format!("stored intent {}", String::from_utf8_lossy(&key)))?);
        }
        for row in self.workers.scan() {
            kept.workers.push(WorkerId::from(String::from_utf8_lossy(&row?.0).into_owned()));
        }
        for row in self.subscriptions.scan() {
            kept.subscriptions.push(SubscriptionId::from(String::from_utf8_lossy(&row?.0).into_owned()));
        }
        Ok(kept)
    }

    pub(crate) fn put_intent(&self, stored: &StoredIntent) -> serde_json::Result<Commit> {
        let mut batch = Batch::new();
        batch.put(&self.intents, &stored.intent.id, serde_json::to_vec(stored)?);
        Ok(self.store.submit(batch))
    }

    pub(crate) fn delete_intent(&self, id: &IntentId) -> Commit {
        let mut batch = Batch::new();
        batch.delete(&self.intents, id.as_str());
        batch.delete(&self.announced, id.as_str());
        self.store.submit(batch)
    }

    pub(crate) fn note_announced(&self, id: &IntentId) -> Commit {
        self.note(&self.announced, id.as_str(), true, "")
    }

    pub(crate) fn announced_by_designer(&self) -> Result<BTreeSet<String>, StorageError> {
        self.announced.scan().map(|row| Ok(String::from_utf8_lossy(&row?.0).into_owned())).collect()
    }

    pub(crate) fn note_worker(&self, id: &WorkerId, exists: bool) -> Commit {
        self.note(&self.workers, id.as_str(), exists, "")
    }

    pub(crate) fn note_subscription(&self, id: &SubscriptionId, key: Option<SubscriptionKey>) -> Commit {
        let value = key.map(|key| key.to_string()).unwrap_or_default();
        self.note(&self.subscriptions, id.as_str(), key.is_some(), &value)
    }

    fn note(&self, table: &Table, key: &str, exists: bool, value: &str) -> Commit {
        let mut batch = Batch::new();
        if exists {
            batch.put(table, key, value);
        } else {
            batch.delete(table, key);
        }
        self.store.submit(batch)
    }
}
