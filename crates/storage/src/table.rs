use crate::StorageError;
use crate::engine::{Engine, TableId};
use std::sync::Arc;

/// A named set of keys in a [`Store`](crate::Store), ordered by their bytes.
#[derive(Clone)]
pub struct Table {
    pub(crate) engine: Arc<Engine>,
    pub(crate) id: TableId,
    pub(crate) name: Arc<str>,
}

impl Table {
    /// The value of `key`.
    ///
    /// # Errors
    /// [`StorageError::Table`] if the disk cannot be read, [`StorageError::Closed`] after closing.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>, StorageError> {
        let value = self.engine.read(&self.name, |rows| rows.get(self.id.key(key.as_ref())))?;
        Ok(value.map(|value| value.to_vec()))
    }

    /// Every key and value in key order, as they are now; later writes do not appear.
    pub fn scan(&self) -> Scan {
        let rows = self.engine.read(&self.name, |rows| Ok(rows.prefix(self.id.prefix())));
        Scan { table: self.clone(), rows: Some(rows) }
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Table").field(&self.name).finish()
    }
}

/// The rows of a table; ends after the first error.
pub struct Scan {
    table: Table,
    rows: Option<Result<fjall::Iter, StorageError>>,
}

impl Iterator for Scan {
    type Item = Result<(Vec<u8>, Vec<u8>), StorageError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut rows = match self.rows.take()? {
            Ok(rows) => rows,
            Err(error) => return Some(Err(error)),
        };
        let row = rows.next()?;
        let table = &self.table;
        let row = table
            .engine
            .read(&table.name, |_| row.into_inner())
            .map(|(key, value)| (key[TableId::BYTES..].to_vec(), value.to_vec()));
        if row.is_ok() {
            self.rows = Some(Ok(rows));
        }
        Some(row)
    }
}
