use std::path::PathBuf;
use std::sync::Arc;

/// What the operating system or the engine said. Shared, because one failed sync fails a whole group.
pub type Cause = Arc<dyn std::error::Error + Send + Sync>;

/// Why a store could not be opened, read or written.
#[derive(Clone, Debug, thiserror::Error)]
pub enum StorageError {
    /// Another process, or another [`Store`](crate::Store) of this one, has the directory open.
    #[error("the store in {} is in use by another process", path.display())]
    Locked {
        /// The store's directory.
        path: PathBuf,
    },
    /// The directory cannot be created or read, or what is in it is not an intact store.
    #[error("cannot open the store in {}", path.display())]
    Open {
        /// The store's directory.
        path: PathBuf,
        /// What went wrong.
        source: Cause,
    },
    /// A batch is not on disk, for instance because the disk is full. Later commits may succeed.
    #[error("cannot write to the store in {}", path.display())]
    Write {
        /// The store's directory.
        path: PathBuf,
        /// What went wrong.
        source: Cause,
    },
    /// A table cannot be read or created.
    #[error("cannot read table {table} of the store in {}", path.display())]
    Table {
        /// The store's directory.
        path: PathBuf,
        /// The table's name.
        table: String,
        /// What went wrong.
        source: Cause,
    },
    /// Table names are 1 to 255 bytes long.
    #[error("a table name must be 1 to 255 bytes long, not {length}")]
    TableName {
        /// Length of the refused name.
        length: usize,
    },
    /// Keys are 1 to 65,533 bytes long. The whole batch is refused.
    #[error("a key of table {table} must be 1 to 65533 bytes long, not {length}")]
    Key {
        /// The table's name.
        table: String,
        /// Length of the refused key.
        length: usize,
    },
    /// The store has been closed.
    #[error("the store is closed")]
    Closed,
}

/// The innermost useful cause: the engine's own errors only repeat what they wrap.
pub(crate) fn cause(error: fjall::Error) -> Cause {
    match error {
        fjall::Error::Io(error) | fjall::Error::Storage(fjall::LsmError::Io(error)) => Arc::new(error),
        error => Arc::new(error),
    }
}
