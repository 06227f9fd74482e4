use crate::engine::TableId;
use crate::{StorageError, Table};
use fjall::Slice;

/// Writes that reach the disk together or not at all, in the order they were added.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub(crate) operations: Vec<Operation>,
    bytes: usize,
    refused: Option<StorageError>,
}

#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) key: Slice,
    pub(crate) value: Option<Slice>,
}

/// What an operation costs in memory beyond its key and value.
const OPERATION_OVERHEAD: usize = 64;
/// fjall takes 65,535 bytes, our tables' numbers included.
const MAX_KEY_BYTES: usize = u16::MAX as usize - TableId::BYTES;

impl Batch {
    /// An empty batch.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `key` to `value`. The table must belong to the store the batch is submitted to.
    /// A key is 1 to 65,533 bytes long; with any other the commit fails.
    pub fn put(&mut self, table: &Table, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>) {
        self.push(table, key.as_ref(), Some(value.as_ref()));
    }

    /// Removes `key`, which need not exist.
    pub fn delete(&mut self, table: &Table, key: impl AsRef<[u8]>) {
        self.push(table, key.as_ref(), None);
    }

    /// Whether there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }

    /// Number of writes.
    pub fn len(&self) -> usize {
        self.operations.len()
    }

    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Why the batch as a whole cannot be written.
    pub(crate) fn refused(&self) -> Option<StorageError> {
        self.refused.clone()
    }

    fn push(&mut self, table: &Table, key: &[u8], value: Option<&[u8]>) {
        if key.is_empty() || key.len() > MAX_KEY_BYTES {
            self.refused = Some(StorageError::Key { table: table.name.to_string(), length: key.len() });
            return;
        }
        self.bytes += OPERATION_OVERHEAD + key.len() + value.map_or(0, <[u8]>::len);
        self.operations.push(Operation { key: table.id.key(key), value: value.map(Slice::from) });
    }
}
