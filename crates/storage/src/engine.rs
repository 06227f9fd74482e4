//! The fjall database behind a store: opening it, opening it again after a failure, writing a group.

use crate::error::cause;
use crate::queue::Pending;
use crate::{Cause, StorageError};
use fjall::compaction::Leveled;
use fjall::config::FilterPolicy;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, PersistMode, Slice};
use parking_lot::RwLock;
use std::ops::Bound;
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
    Broken(Cause),
    Closed,
}

struct Open {
    database: Database,
    rows: Keyspace,
    names: Vec<String>,
}

/// Every table's rows are in this one keyspace, behind the table's number: creating a keyspace costs dozens of syncs.
const ROWS: &str = "rows";
/// The table of tables: name to number.
const TABLES: TableId = TableId([0, 0]);

/// A table's number, which its keys begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TableId([u8; 2]);

impl TableId {
    /// How many bytes of a key it takes.
    pub(crate) const BYTES: usize = 2;

    fn new(number: usize) -> Option<Self> {
        u16::try_from(number).ok().map(|number| Self(number.to_be_bytes()))
    }

    pub(crate) fn prefix(self) -> [u8; Self::BYTES] {
        self.0
    }

    /// Where the keys of the table end.
    pub(crate) fn end(self) -> Bound<Slice> {
        let next = u16::from_be_bytes(self.0).checked_add(1);
        next.map_or(Bound::Unbounded, |next| Bound::Excluded(Slice::from(next.to_be_bytes())))
    }

    pub(crate) fn key(self, key: &[u8]) -> Slice {
        Slice::from([&self.0, key].concat())
    }
}

impl Engine {
    pub(crate) fn open(path: &Path) -> Result<Self, StorageError> {
        let state = guarded(|| Open::at(path)).map_err(|error| match error {
            Failure::Locked => StorageError::Locked { path: path.into() },
            Failure::Cause(source) => StorageError::Open { path: path.into(), source },
        })?;
        Ok(Self { path: path.into(), state: RwLock::new(State::Open(state)) })
    }

    /// The number of the named table, which is created if it does not exist.
    pub(crate) fn table(&self, name: &str) -> Result<TableId, StorageError> {
        if name.is_empty() || name.len() > 255 {
            return Err(StorageError::TableName { length: name.len() });
        }
        match &mut *self.state.write() {
            State::Open(open) => guarded(|| open.table(name)).map_err(|failure| self.table_error(name, failure)),
            State::Broken(source) => Err(self.table_error(name, Failure::Cause(source.clone()))),
            State::Closed => Err(StorageError::Closed),
        }
    }

    /// Reads rows, for the named table; the engine is not replaced meanwhile.
    pub(crate) fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&Keyspace) -> fjall::Result<T>,
    ) -> Result<T, StorageError> {
        match &*self.state.read() {
            State::Open(open) => guarded(|| Ok(read(&open.rows)?)).map_err(|failure| self.table_error(name, failure)),
            State::Broken(source) => Err(self.table_error(name, Failure::Cause(source.clone()))),
            State::Closed => Err(StorageError::Closed),
        }
    }

    /// Writes a group as one batch and syncs it.
    pub(crate) fn write(&self, group: &[Pending]) -> Result<(), Cause> {
        match &*self.state.read() {
            State::Open(open) => guarded(|| open.write(group)).map_err(Failure::into_cause),
            State::Broken(source) => Err(source.clone()),
            State::Closed => Err(Arc::new(StorageError::Closed)),
        }
    }

    /// Replaces an engine that failed by one recovered from disk.
    pub(crate) fn reopen(&self) -> Result<(), Cause> {
        let mut state = self.state.write();
        match std::mem::replace(&mut *state, State::Closed) {
            State::Open(open) => open.shut(),
            State::Broken(_) => {}
            State::Closed => return Ok(()),
        }
        match guarded(|| Open::at(&self.path)) {
            Ok(open) => *state = State::Open(open),
            Err(failure) => {
                let source = failure.into_cause();
                *state = State::Broken(source.clone());
                return Err(source);
            }
        }
        Ok(())
    }

    /// Releases the directory; reads and writes fail from now on.
    pub(crate) fn close(&self) {
        let state = std::mem::replace(&mut *self.state.write(), State::Closed);
        if let State::Open(open) = state {
            open.shut();
        }
    }

    fn table_error(&self, name: &str, failure: Failure) -> StorageError {
        StorageError::Table { path: self.path.clone(), table: name.to_owned(), source: failure.into_cause() }
    }
}

impl Open {
    fn at(path: &Path) -> Result<Self, Failure> {
        let database = Database::builder(path)
            .cache_size(BLOCK_CACHE_BYTES)
            .max_journaling_size(JOURNAL_BYTES)
            .max_cached_files(Some(OPEN_FILES))
            .manual_journal_persist(true)
            .worker_threads(1)
            .open()?;
        let rows = database.keyspace(ROWS, keyspace_options)?;
        let names = names(&rows)?;
        Ok(Self { database, rows, names })
    }

    /// Numbers stand for tables on disk, so a new one is synced before it is used.
    fn table(&mut self, name: &str) -> Result<TableId, Failure> {
        let known = self.names.iter().position(|known| known == name);
        let number = known.unwrap_or(self.names.len()) + 1;
        let id = TableId::new(number).ok_or_else(|| Failure::Cause(Arc::new(TooManyTables)))?;
        if known.is_none() {
            self.rows.insert(TABLES.key(name.as_bytes()), id.prefix())?;
            self.database.persist(PersistMode::SyncData)?;
            self.names.push(name.to_owned());
        }
        Ok(id)
    }

    fn write(&self, group: &[Pending]) -> Result<(), Failure> {
        self.wait_for_relief()?;
        let size = group.iter().map(|pending| pending.batch.len()).sum();
        let mut writes =
            fjall::OwnedWriteBatch::with_capacity(self.database.clone(), size).durability(Some(PersistMode::SyncData));
        for operation in group.iter().flat_map(|pending| &pending.batch.operations) {
            match &operation.value {
                Some(value) => writes.insert(&self.rows, operation.key.clone(), value.clone()),
                None => writes.remove(&self.rows, operation.key.clone()),
            }
        }
        Ok(writes.commit()?)
    }

    fn wait_for_relief(&self) -> Result<(), Failure> {
        while is_crowded(&self.rows) {
            self.database.persist(PersistMode::Buffer)?;
            std::thread::sleep(RELIEF_POLL);
        }
        Ok(())
    }

    /// Drops the engine and with it the lock on the directory; a panic in there is only logged.
    fn shut(self) {
        if catch_unwind(AssertUnwindSafe(move || drop(self))).is_err() {
            tracing::error!("the storage engine failed while closing");
        }
    }
}

/// The names of all tables, in the order of their numbers.
fn names(rows: &Keyspace) -> Result<Vec<String>, Failure> {
    let mut numbered = Vec::new();
    for row in rows.prefix(TABLES.prefix()) {
        let (key, number) = row.into_inner()?;
        numbered.push((number.to_vec(), String::from_utf8_lossy(&key[TableId::BYTES..]).into_owned()));
    }
    numbered.sort();
    Ok(numbered.into_iter().map(|(_, name)| name).collect())
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
#[error("a store holds at most 65,535 tables")]
struct TooManyTables;

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
