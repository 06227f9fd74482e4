//! The metadata on disk: one table for each kind of document.

use serde_json::Value;
use storage::{Batch, StorageError, Store, Table};

/// The kinds of documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Operator,
    Service,
    FogFunction,
    Intent,
    Device,
    Subscription,
    /// Intents withdrawn lately.
    Withdrawn,
}

const TABLES: [(Kind, &str); 7] = [
    (Kind::Operator, "designer.operators"),
    (Kind::Service, "designer.services"),
    (Kind::FogFunction, "designer.fogfunctions"),
    (Kind::Intent, "designer.intents"),
    (Kind::Device, "designer.devices"),
    (Kind::Subscription, "designer.subscriptions"),
    (Kind::Withdrawn, "designer.withdrawn"),
];

/// One document set, or removed when there is none.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub(crate) kind: Kind,
    pub(crate) key: String,
    pub(crate) document: Option<Value>,
}

impl Record {
    pub(crate) fn set(kind: Kind, key: &str, document: Value) -> Self {
        Self { kind, key: key.to_owned(), document: Some(document) }
    }

    pub(crate) fn removed(kind: Kind, key: &str) -> Self {
        Self { kind, key: key.to_owned(), document: None }
    }
}

/// The open tables.
pub(crate) struct Records {
    store: Store,
    tables: Vec<(Kind, Table)>,
}

impl Records {
    pub(crate) fn open(store: &Store) -> Result<Self, StorageError> {
        let tables = TABLES.iter().map(|(kind, name)| Ok((*kind, store.table(name)?)));
        Ok(Self { tables: tables.collect::<Result<_, StorageError>>()?, store: store.clone() })
    }

    /// Every document on disk, as stored text.
    pub(crate) fn scan(&self) -> impl Iterator<Item = Result<(Kind, Vec<u8>, Vec<u8>), StorageError>> {
        self.tables
            .iter()
            .flat_map(|(kind, table)| table.scan().map(|row| row.map(|(key, document)| (*kind, key, document))))
    }

    /// Writes all or none, and returns when they are on disk.
    pub(crate) async fn save(&self, records: &[Record]) -> Result<(), StorageError> {
        let mut batch = Batch::new();
        for record in records {
            let Some((_, table)) = self.tables.iter().find(|(kind, _)| *kind == record.kind) else { continue };
            match &record.document {
                Some(document) => batch.put(table, &record.key, document.to_string()),
                None => batch.delete(table, &record.key),
            }
        }
        self.store.commit(batch).await
    }
}
