//! The fjall database behind a store: opening it, opening it again after a failure, writing a group.

use crate::error::cause;
use crate::queue::Pending;
use crate::{Cause, StorageError};
use fjall::compaction::Leveled;
use fjall::config::FilterPolicy;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode};
use parking_lot::RwLock;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Memory for blocks read back; a store is read once, at start.
const BLOCK_CACHE_BYTES: u64 = 4 * 1024 * 1024;
/// A table's writes are kept in memory up to this size, then moved from the journal to a sorted file.
const MEMTABLE_BYTES: u64 = 8 * 1024 * 1024;
/// The least fjall accepts; bounds the disk space and the replay time of the journal.
const JOURNAL_BYTES: u64 = 64 * 1024 * 1024;
/// File handles kept open for reading.
const OPEN_FILES: usize = 64;
/// fjall stops the writing thread without limit at 4 sealed memtables or 30 runs in level 0, also
/// when the thread that would relieve it has died of a full disk. We wait earlier and keep looking.
const SEALED_MEMTABLES: usize = 2;
const LEVEL0_TABLES: usize = 20;
/// Sorted files of new writes that are merged into the rest together.
const LEVEL0_MERGE_TABLES: u8 = 8;
const RELIEF_POLL: Duration = Duration::from_millis(1);

/// A store's engine, shared by the store, its tables and its writer thread.
pub(crate) struct Engine {
    pub(crate) path: PathBuf,
    state: RwLock<State>,
}

enum State {
    Open(Open),
    Broken(Cause, Vec<String>),
    Closed,
}

struct Open {
    database: Database,
    names: Vec<String>,
    keyspaces: Vec<Keyspace>,
}

impl Engine {
    pub(crate) fn open(path: &Path) -> Result<Self, StorageError> {
        let state = guarded(|| Open::at(path, Vec::new())).map_err(|error| match error {
            Failure::Locked => StorageError::Locked { path: path.into() },
            Failure::Cause(source) => StorageError::Open { path: path.into(), source },
        })?;
        Ok(Self { path: path.into(), state: RwLock::new(State::Open(state)) })
    }

    /// The number of the named table, which is created if it does not exist.
    pub(crate) fn table(&self, name: &str) -> Result<usize, StorageError> {
        if name.is_empty() || name.len() > 255 {
            return Err(StorageError::TableName { length: name.len() });
        }
        match &mut *self.state.write() {
            State::Open(open) => guarded(|| open.table(name)).map_err(|failure| self.table_error(name, failure)),
            State::Broken(source, _) => Err(self.table_error(name, Failure::Cause(source.clone()))),
            State::Closed => Err(StorageError::Closed),
        }
    }

    /// Reads from a table's keyspace; the engine is not replaced meanwhile.
    pub(crate) fn read<T>(
        &self,
        table: usize,
        name: &str,
        read: impl FnOnce(&Keyspace) -> fjall::Result<T>,
    ) -> Result<T, StorageError> {
        match &*self.state.read() {
            State::Open(open) => {
                let keyspace = open.keyspaces.get(table).ok_or(StorageError::Closed)?;
                guarded(|| Ok(read(keyspace)?)).map_err(|failure| self.table_error(name, failure))
            }
            State::Broken(source, _) => Err(self.table_error(name, Failure::Cause(source.clone()))),
            State::Closed => Err(StorageError::Closed),
        }
    }

    /// Writes a group as one batch and syncs it.
    pub(crate) fn write(&self, group: &[Pending]) -> Result<(), Cause> {
        match &*self.state.read() {
            State::Open(open) => guarded(|| open.write(group)).map_err(Failure::into_cause),
            State::Broken(source, _) => Err(source.clone()),
            State::Closed => Err(Arc::new(StorageError::Closed)),
        }
    }

    /// Replaces an engine that failed by one recovered from disk.
    pub(crate) fn reopen(&self) -> Result<(), Cause> {
        let mut state = self.state.write();
        let names = match std::mem::replace(&mut *state, State::Closed) {
            State::Open(open) => open.into_names(),
            State::Broken(_, names) => names,
            State::Closed => return Ok(()),
        };
        match guarded(|| Open::at(&self.path, names.clone())) {
            Ok(open) => *state = State::Open(open),
            Err(failure) => {
                let source = failure.into_cause();
                *state = State::Broken(source.clone(), names);
                return Err(source);
            }
        }
        Ok(())
    }

    /// Releases the directory; reads and writes fail from now on.
    pub(crate) fn close(&self) {
        let state = std::mem::replace(&mut *self.state.write(), State::Closed);
        if let State::Open(open) = state {
            open.into_names();
        }
    }

    fn table_error(&self, name: &str, failure: Failure) -> StorageError {
        StorageError::Table { path: self.path.clone(), table: name.to_owned(), source: failure.into_cause() }
    }
}

impl Open {
    fn at(path: &Path, names: Vec<String>) -> Result<Self, Failure> {
        let database = Database::builder(path)
            .cache_size(BLOCK_CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES)
            .max_cached_files(Some(OPEN_FILES))
            .manual_journal_persist(true)
            .worker_threads(1)
            .open()?;
        let keyspaces =
            names.iter().map(|name| database.keyspace(name, keyspace_options)).collect::<fjall::Result<_>>()?;
        Ok(Self { database, names, keyspaces })
    }

    fn table(&mut self, name: &str) -> Result<usize, Failure> {
        if let Some(table) = self.names.iter().position(|known| known == name) {
            return Ok(table);
        }
        self.keyspaces.push(self.database.keyspace(name, keyspace_options)?);
        self.names.push(name.to_owned());
        Ok(self.names.len() - 1)
    }

    fn write(&self, group: &[Pending]) -> Result<(), Failure> {
        self.wait_for_relief()?;
        let size = group.iter().map(|pending| pending.batch.len()).sum();
        let mut writes =
            fjall::OwnedWriteBatch::with_capacity(self.database.clone(), size).durability(Some(PersistMode::SyncData));
        for operation in group.iter().flat_map(|pending| &pending.batch.operations) {
            let keyspace =
                self.keyspaces.get(operation.table).ok_or_else(|| Failure::Cause(Arc::new(StorageError::Closed)))?;
            match &operation.value {
                Some(value) => writes.insert(keyspace, operation.key.clone(), value.clone()),
                None => writes.remove(keyspace, operation.key.clone()),
            }
        }
        Ok(writes.commit()?)
    }

    fn wait_for_relief(&self) -> Result<(), Failure> {
        while self.keyspaces.iter().any(is_crowded) {
            self.database.persist(PersistMode::Buffer)?;
            std::thread::sleep(RELIEF_POLL);
        }
        Ok(())
    }

    /// Drops the engine and with it the lock on the directory; a panic in there is only logged.
    fn into_names(self) -> Vec<String> {
        let Self { database, names, keyspaces } = self;
        let dropped = catch_unwind(AssertUnwindSafe(move || drop((keyspaces, database))));
        if dropped.is_err() {
            tracing::error!("the storage engine failed while closing");
        }
        names
    }
}

fn is_crowded(keyspace: &Keyspace) -> bool {
    keyspace.sealed_memtable_count() >= SEALED_MEMTABLES || keyspace.l0_table_count() >= LEVEL0_TABLES
}

/// Keys are looked up in memory, not here: no filters, and runs are merged late.
fn keyspace_options() -> KeyspaceCreateOptions {
    KeyspaceCreateOptions::default()
        .max_memtable_size(MEMTABLE_BYTES)
        .filter_policy(FilterPolicy::disabled())
        .compaction_strategy(Arc::new(Leveled::default().with_l0_threshold(LEVEL0_MERGE_TABLES)))
}

enum Failure {
    Locked,
    Cause(Cause),
}

impl Failure {
    fn into_cause(self) -> Cause {
        match self {
            Self::Locked => Arc::new(fjall::Error::Locked),
            Self::Cause(source) => source,
        }
    }
}

impl From<fjall::Error> for Failure {
    fn from(error: fjall::Error) -> Self {
        match error {
            fjall::Error::Locked => Self::Locked,
            error => Self::Cause(cause(error)),
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the storage engine failed: {0}")]
struct Panicked(String);

/// fjall asserts what it finds on disk; a damaged directory must be an error, not the end of a thread.
fn guarded<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let reason = panic
            .downcast_ref::<String>()
            .cloned()
            .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_default();
        Err(Failure::Cause(Arc::new(Panicked(reason))))
    })
}
