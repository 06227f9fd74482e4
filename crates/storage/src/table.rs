use crate::StorageError;
use crate::engine::{Engine, TableId};
use fjall::Slice;
use std::ops::Bound;
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
        self.prefix([])
    }

    /// As [`Table::scan`], the keys that begin with `prefix` only.
    pub fn prefix(&self, prefix: impl AsRef<[u8]>) -> Scan {
        let rows = self.engine.read(&self.name, |rows| Ok(rows.prefix(self.id.key(prefix.as_ref()))));
        Scan { table: self.clone(), rows: Some(rows) }
    }

    /// As [`Table::scan`], from `key` on.
    pub fn scan_from(&self, key: impl AsRef<[u8]>) -> Scan {
        let range = (Bound::Included(self.id.key(key.as_ref())), self.id.end());
        let rows = self.engine.read(&self.name, |rows| Ok(rows.range::<Slice, _>(range)));
        Scan { table: self.clone(), rows: Some(rows) }
    }
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Table").field(&self.name).finish()
    }
}

/// A key and its value.
type Row = Result<(Vec<u8>, Vec<u8>), StorageError>;

/// The rows of a table; ends after the first error.
pub struct Scan {
    table: Table,
    rows: Option<Result<fjall::Iter, StorageError>>,
}

impl Scan {
    /// The other end first.
    pub fn reversed(self) -> impl Iterator<Item = Row> {
        let mut scan = self;
        std::iter::from_fn(move || scan.step(DoubleEndedIterator::next_back))
    }

    fn step(&mut self, next: impl FnOnce(&mut fjall::Iter) -> Option<fjall::Guard>) -> Option<Row> {
        let mut rows = match self.rows.take()? {
            Ok(rows) => rows,
            Err(error) => return Some(Err(error)),
        };
        let row = next(&mut rows)?;
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

impl Iterator for Scan {
    type Item = Row;

    fn next(&mut self) -> Option<Self::Item> {
        self.step(Iterator::next)
    }
}
