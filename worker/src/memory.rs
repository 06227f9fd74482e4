//! What the worker remembers over a restart.

use flow::TaskId;
use storage::{Batch, Commit, StorageError, Store, Table};
use tasks::Stored;

const PORT: &str = "http_port";

#[derive(Clone)]
pub(crate) struct Memory {
    store: Store,
    instances: Table,
    settings: Table,
}

impl Memory {
    pub(crate) fn open(store: Store) -> Result<Self, StorageError> {
        let (instances, settings) = (store.table("worker.instances")?, store.table("worker.settings")?);
        Ok(Self { store, instances, settings })
    }

    /// Every instance; one that cannot be read is left out, and removed as an orphan if it still runs.
    pub(crate) fn instances(&self) -> Result<Vec<Stored>, StorageError> {
        let rows = self.instances.scan().map(|row| {
            let (key, value) = row?;
            let stored = ngsi::json::parse(&value).inspect_err(|error| {
                tracing::error!(task = %String::from_utf8_lossy(&key), %error, "a stored instance cannot be read");
            });
            Ok(stored.ok())
        });
        rows.filter_map(Result::transpose).collect()
    }

    /// Remembers an instance, or forgets it.
    pub(crate) fn store(&self, batch: &mut Batch, task: &TaskId, stored: Option<&Stored>) {
        match stored.map(serde_json::to_vec) {
            None => batch.delete(&self.instances, task.as_str()),
            Some(Ok(text)) => batch.put(&self.instances, task.as_str(), text),
            Some(Err(error)) => tracing::error!(%task, %error, "an instance cannot be stored"),
        }
    }

    pub(crate) fn submit(&self, batch: Batch) -> Commit {
        self.store.submit(batch)
    }

    /// The port the worker listened on last time: subscriptions of functions lead there.
    pub(crate) fn last_port(&self) -> Option<u16> {
        String::from_utf8(self.settings.get(PORT).ok()??).ok()?.parse().ok()
    }

    pub(crate) async fn remember_port(&self, port: u16) -> Result<(), StorageError> {
        let mut batch = Batch::new();
        batch.put(&self.settings, PORT, port.to_string());
        self.store.commit(batch).await
    }
}
