//! Evolutions in the broker's own store: bounded by count and age, the first recorded go first.

use std::collections::HashMap;
use std::time::Duration;

use context::temporal::{Selected, Selection, Step, read_instance, read_subject, write_instance, write_subject};
use ngsi::EntityId;
use ngsi::ld::temporal::{Instance, Subject};
use parking_lot::Mutex;
use storage::{Batch, StorageError, Table};
use tokio::sync::Notify;
use tokio::task::spawn_blocking;

use super::{Candidates, Reading, TemporalError, keys};
use crate::ledger::Ledger;
use crate::tenants::Common;

/// The most series whose growth is followed; when there are more, all are looked at.
const MAX_FOLLOWED: usize = 65_536;
/// Rows removed with one batch.
const BATCH: usize = 1_000;
/// How long series may grow before they are looked at.
const LINGER: Duration = Duration::from_millis(50);
/// While the disk takes no writes.
const RETRY: Duration = Duration::from_secs(1);

#[derive(Clone)]
struct Tables {
    subjects: Table,
    instances: Table,
}

pub(super) struct Embedded {
    tables: Tables,
    /// How many instances of a series are kept.
    keep: usize,
    growth: Mutex<Growth>,
    work: Notify,
}

/// How much series have grown since they were last looked at, and those that are to be looked at.
#[derive(Default)]
struct Growth {
    grown: HashMap<Vec<u8>, usize>,
    large: Vec<Vec<u8>>,
}

impl Embedded {
    pub(super) fn open(common: &Common, tenant: &str, keep: usize) -> Result<Self, StorageError> {
        let tables = Tables {
            subjects: common.table(tenant, "temporal.subjects")?,
            instances: common.table(tenant, "temporal.instances")?,
        };
        Ok(Self { tables, keep, growth: Mutex::default(), work: Notify::new() })
    }

    /// Adds a step that only adds.
    pub(super) fn put(&self, batch: &mut Batch, step: &Step) {
        let Step::Append { subject, instances } = step else { return };
        let id = subject.entity.id.as_str();
        if !keys::is_recordable(&[id]) {
            return;
        }
        let mut record = Vec::with_capacity(128);
        write_subject(&mut record, subject);
        batch.put(&self.tables.subjects, id, &record);
        for instance in instances {
            let attribute = &instance.attribute;
            if !keys::is_recordable(&[id, attribute.name.as_str(), attribute.dataset_id.as_str()]) {
                continue;
            }
            record.clear();
            write_instance(&mut record, instance);
            let key = keys::instance(id, &attribute.name, &attribute.dataset_id, instance.number);
            batch.put(&self.tables.instances, &key, &record);
            self.note_growth(&key);
        }
    }

    /// Adds any step; what is to be removed is looked up.
    pub(super) async fn prepare(&self, batch: &mut Batch, step: Step) -> Result<(), TemporalError> {
        let (prefix, entity) = match &step {
            Step::Append { .. } => {
                self.put(batch, &step);
                return Ok(());
            }
            Step::ForgetEntity(entity) => (keys::prefix(&[entity.as_str()]), Some(entity)),
            Step::ForgetAttribute { entity, name, dataset_id } => {
                let names = [entity.as_str(), name.as_str()].into_iter();
                let names: Vec<_> = names.chain(dataset_id.as_ref().map(ngsi::Name::as_str)).collect();
                (keys::prefix(&names), None)
            }
            Step::ForgetInstance { entity, name, dataset_id, number } => {
                (keys::instance(entity.as_str(), name, dataset_id, *number), None)
            }
        };
        let table = self.tables.instances.clone();
        for key in blocking(move || table.prefix(prefix).map(|row| Ok(row?.0)).collect::<Result<Vec<_>, _>>()).await? {
            batch.delete(&self.tables.instances, key);
        }
        if let Some(entity) = entity {
            batch.delete(&self.tables.subjects, entity.as_str());
        }
        Ok(())
    }

    pub(super) async fn subjects(
        &self,
        after: &str,
        candidates: &Candidates,
        most: usize,
    ) -> Result<Vec<Subject>, TemporalError> {
        let table = self.tables.subjects.clone();
        let (after, mut ids) = (after.to_owned(), candidates.ids.clone());
        if !ids.is_empty() {
            ids.sort_unstable();
            ids.dedup();
            let named = ids.into_iter().filter(move |id| **id > *after && keys::is_recordable(&[id]));
            let records = move || named.take(most).filter_map(|id| table.get(id).transpose()).collect();
            return Ok(read_all(blocking(records).await?));
        }
        // What comes after an identifier is not shorter by a byte.
        let from = if after.is_empty() { Vec::new() } else { [after.as_bytes(), &[0]].concat() };
        let records = move || table.scan_from(from).take(most).map(|row| Ok(row?.1)).collect();
        Ok(read_all(blocking(records).await?))
    }

    pub(super) async fn read(&self, id: &EntityId, reading: &Reading) -> Result<Selected, TemporalError> {
        let (table, id, reading) = (self.tables.instances.clone(), id.clone(), reading.clone());
        blocking(move || {
            let mut selection = Selection::new(reading.window, reading.most);
            let all = [keys::prefix(&[id.as_str()])];
            let named = reading.attributes.iter().map(|name| keys::prefix(&[id.as_str(), name]));
            let prefixes = if reading.attributes.is_empty() { all.to_vec() } else { named.collect() };
            for row in prefixes.iter().flat_map(|prefix| table.prefix(prefix)) {
                match read_instance(&row?.1) {
                    Ok(instance) => selection.add(instance),
                    Err(error) => tracing::error!(entity = %id, %error, "an instance in the history cannot be read"),
                }
            }
            Ok(selection.finish())
        })
        .await
    }

    pub(super) async fn instance(
        &self,
        id: &EntityId,
        attribute: &str,
        number: u64,
    ) -> Result<Option<Instance>, TemporalError> {
        let (table, prefix) = (self.tables.instances.clone(), keys::prefix(&[id.as_str(), attribute]));
        blocking(move || {
            for row in table.prefix(prefix) {
                let (key, record) = row?;
                if keys::split(&key).is_some_and(|(_, other)| other == number) {
                    return Ok(read_instance(&record).ok());
                }
            }
            Ok(None)
        })
        .await
    }

    fn note_growth(&self, key: &[u8]) {
        let Some((series, _)) = keys::split(key) else { return };
        let mut growth = self.growth.lock();
        let grown = growth.grown.entry(series.to_vec()).or_default();
        *grown += 1;
        if *grown > self.keep / 8 {
            growth.grown.remove(series);
            growth.large.push(series.to_vec());
        } else if growth.grown.len() > MAX_FOLLOWED {
            let all: Vec<_> = growth.grown.drain().map(|(series, _)| series).collect();
            growth.large.extend(all);
        } else {
            return;
        }
        self.work.notify_one();
    }

    /// Removes what series have too much, again and again.
    pub(super) async fn trim(&self, ledger: &Ledger) {
        loop {
            self.work.notified().await;
            // What has just been added is to be on disk.
            tokio::time::sleep(LINGER).await;
            let large = std::mem::take(&mut self.growth.lock().large);
            for series in large {
                while let Err(error) = self.trim_one(ledger, &series).await {
                    tracing::warn!(%error, "the history is not trimmed");
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    async fn trim_one(&self, ledger: &Ledger, series: &[u8]) -> Result<(), TemporalError> {
        let (table, series, keep) = (self.tables.instances.clone(), series.to_vec(), self.keep);
        let keys =
            move || table.prefix(series).reversed().skip(keep).map(|row| Ok(row?.0)).collect::<Result<Vec<_>, _>>();
        self.remove(ledger, &blocking(keys).await?).await
    }

    async fn remove(&self, ledger: &Ledger, keys: &[Vec<u8>]) -> Result<(), TemporalError> {
        for keys in keys.chunks(BATCH) {
            let mut batch = Batch::new();
            keys.iter().for_each(|key| batch.delete(&self.tables.instances, key));
            ledger.commit(batch).await?;
        }
        Ok(())
    }

    /// Removes what was recorded before a time, and entities that were deleted before it.
    pub(super) async fn forget_before(&self, ledger: &Ledger, micros: i64) -> Result<(), TemporalError> {
        let oldest = u64::try_from(micros).unwrap_or_default();
        let mut from = Some(Vec::new());
        while let Some(start) = from {
            let table = self.tables.instances.clone();
            let (keys, next) = blocking(move || old_rows(&table, start, oldest)).await?;
            self.remove(ledger, &keys).await?;
            from = next;
        }
        let table = self.tables.subjects.clone();
        let gone = move || {
            let subjects = table
                .scan()
                .filter_map(|row| row.map(|(key, record)| Some((key, read_subject(&record).ok()?))).transpose());
            let gone = subjects.filter(|row| {
                row.as_ref().map_or(true, |(_, subject)| subject.deleted_at.is_some_and(|at| at.as_micros() < micros))
            });
            gone.map(|row| Ok(row?.0)).collect::<Result<Vec<_>, StorageError>>()
        };
        for keys in blocking(gone).await?.chunks(BATCH) {
            let mut batch = Batch::new();
            keys.iter().for_each(|key| batch.delete(&self.tables.subjects, key));
            ledger.commit(batch).await?;
        }
        Ok(())
    }
}

type Key = Vec<u8>;

/// Some of the rows that were recorded before a time, and where to go on. Of a series only the first rows are looked at.
fn old_rows(table: &Table, from: Key, oldest: u64) -> Result<(Vec<Key>, Option<Key>), StorageError> {
    let mut old = Vec::new();
    let mut from = from;
    loop {
        let mut series_after = None;
        for row in table.scan_from(&from) {
            let (key, _) = row?;
            match keys::split(&key) {
                Some((series, number)) if number >= oldest => {
                    series_after = Some(keys::after_series(series));
                    break;
                }
                _ => old.push(key),
            }
            if old.len() >= BATCH {
                let next = old.last().cloned();
                return Ok((old, next));
            }
        }
        match series_after {
            Some(next) => from = next,
            None => return Ok((old, None)),
        }
    }
}

fn read_all(records: Vec<Vec<u8>>) -> Vec<Subject> {
    let read = records.into_iter().map(|record| read_subject(&record));
    let readable = read.filter_map(|read| {
        read.inspect_err(|error| tracing::error!(%error, "an entity in the history cannot be read")).ok()
    });
    readable.collect()
}

/// Reads the store where that may wait for the disk.
pub(super) async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, StorageError> + Send + 'static,
) -> Result<T, TemporalError> {
    Ok(spawn_blocking(read).await.map_err(|_| TemporalError::Interrupted)??)
}
