//! Evolutions in PostgreSQL. Steps wait on disk until they are there, so nothing that was acknowledged is lost while it is away;
//! a step that was sent and not removed is sent again, which changes nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use context::temporal::{Selected, Selection, Step, read_instance, read_subject, write_instance, write_subject};
use ngsi::ld::temporal::{Instance, Subject, TimeProperty};
use ngsi::{EntityId, Name};
use storage::postgres::{DatabaseError, Evolutions, InstanceRow, Span, SubjectRow, Time};
use storage::{Batch, StorageError};

use super::waiting::Waiting;
use super::{Candidates, Reading, TemporalError, keys};
use crate::ledger::Ledger;
use crate::tenants::Common;

/// Steps sent in one transaction.
const BATCH: usize = 500;
/// Until it is tried again, at first and at most.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// How long a reader waits for what is on its way.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) struct Postgres {
    evolutions: Evolutions,
    tenant: String,
    waiting: Waiting,
}

impl Postgres {
    pub(super) fn open(
        common: &Common,
        tenant: &str,
        evolutions: Evolutions,
        most: usize,
    ) -> Result<Self, StorageError> {
        let waiting = Waiting::open(common.table(tenant, "temporal.waiting")?, most)?;
        Ok(Self { evolutions, tenant: tenant.to_owned(), waiting })
    }

    pub(super) fn put(&self, batch: &mut Batch, step: &Step) {
        self.waiting.put(batch, step);
    }

    pub(super) fn wake(&self) {
        self.waiting.wake();
    }

    pub(super) async fn admit(&self) {
        self.waiting.room().await;
    }

    /// Sends what waits, again and again.
    pub(super) async fn send(&self, ledger: &Ledger) {
        let mut pause = FIRST_PAUSE;
        loop {
            match self.send_some(ledger).await {
                Ok(()) if pause > FIRST_PAUSE => {
                    tracing::info!("the history reaches PostgreSQL again");
                    pause = FIRST_PAUSE;
                }
                Ok(()) => {}
                Err(error) => {
                    if pause == FIRST_PAUSE {
                        tracing::warn!(%error, "the history waits on disk");
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn send_some(&self, ledger: &Ledger) -> Result<(), TemporalError> {
        let steps = self.waiting.take(BATCH).await?;
        match self.perform(&steps).await {
            Err(error) if !error.passes() => self.perform_each(&steps).await?,
            outcome => outcome?,
        }
        let mut batch = Batch::new();
        self.waiting.done(&mut batch, &steps);
        ledger.commit(batch).await?;
        self.waiting.removed(&steps);
        Ok(())
    }

    /// A row that PostgreSQL refuses for what it holds keeps nobody else's out.
    async fn perform_each(&self, steps: &[(u64, Step)]) -> Result<(), DatabaseError> {
        for step in steps {
            match self.perform(std::slice::from_ref(step)).await {
                Err(error) if !error.passes() => tracing::error!(%error, "a change is left out of the history"),
                outcome => outcome?,
            }
        }
        Ok(())
    }

    async fn perform(&self, steps: &[(u64, Step)]) -> Result<(), DatabaseError> {
        let mut added = Added::default();
        for (_, step) in steps {
            if let Step::Append { subject, instances } = step {
                added.add(subject, instances);
                continue;
            }
            self.append(&mut added).await?;
            let (evolutions, tenant) = (&self.evolutions, self.tenant.as_str());
            match step {
                Step::Append { .. } => {}
                Step::ForgetEntity(entity) => evolutions.forget_entity(tenant, entity.as_str()).await?,
                Step::ForgetAttribute { entity, name, dataset_id } => {
                    let dataset_id = dataset_id.as_ref().map(Name::as_str);
                    evolutions.forget_attribute(tenant, entity.as_str(), name.as_str(), dataset_id).await?;
                }
                Step::ForgetInstance { entity, name, dataset_id, number } => {
                    let (entity, name, dataset_id) = (entity.as_str(), name.as_str(), dataset_id.as_str());
                    evolutions.forget_instance(tenant, entity, name, dataset_id, *number).await?;
                }
            }
        }
        self.append(&mut added).await
    }

    async fn append(&self, added: &mut Added<'_>) -> Result<(), DatabaseError> {
        let Added { subjects, instances } = std::mem::take(added);
        if subjects.is_empty() {
            return Ok(());
        }
        let subjects: Vec<_> = subjects.into_values().map(subject_row).collect();
        let instances: Vec<_> = instances.into_iter().map(|(key, instance)| instance_row(key.0, instance)).collect();
        self.evolutions.append(&self.tenant, &subjects, &instances).await
    }

    pub(super) async fn subjects(
        &self,
        after: &str,
        candidates: &Candidates,
        most: usize,
    ) -> Result<Vec<Subject>, TemporalError> {
        self.waiting.sent(PATIENCE).await?;
        let [ids, types] = [&candidates.ids, &candidates.types].map(|names| names.iter().map(String::as_str));
        let (ids, types): (Vec<_>, Vec<_>) = (ids.collect(), types.collect());
        if [after].iter().chain(&ids).chain(&types).any(|name| name.contains('\0')) {
            return Ok(Vec::new());
        }
        let records = self.evolutions.subjects(&self.tenant, after, &ids, &types, most).await?;
        let read = records.iter().map(|record| read_subject(record));
        Ok(read.filter_map(|read| readable(read, "an entity")).collect())
    }

    pub(super) async fn read(&self, id: &EntityId, reading: &Reading) -> Result<Selected, TemporalError> {
        let window = reading.window;
        let (from, to) = window.bounds();
        let span = Span {
            attributes: reading.attributes.iter().map(String::as_str).filter(|name| !name.contains('\0')).collect(),
            time: match window.property {
                TimeProperty::ObservedAt => Time::Observed,
                TimeProperty::CreatedAt => Time::Created,
                TimeProperty::ModifiedAt => Time::Modified,
                TimeProperty::DeletedAt => Time::Deleted,
            },
            or_modified: window.relation.is_none(),
            from,
            to,
            last: window.last,
            most: reading.most.saturating_add(1),
        };
        let records = self.evolutions.instances(&self.tenant, id.as_str(), &span).await?;
        let mut selection = Selection::new(window, reading.most);
        let read = records.iter().map(|record| read_instance(record));
        read.filter_map(|read| readable(read, "an instance")).for_each(|instance| selection.add(instance));
        Ok(selection.finish())
    }

    pub(super) async fn instance(
        &self,
        id: &EntityId,
        attribute: &str,
        number: u64,
    ) -> Result<Option<Instance>, TemporalError> {
        if attribute.contains('\0') {
            return Ok(None);
        }
        let record = self.evolutions.instance(&self.tenant, id.as_str(), attribute, number).await?;
        Ok(record.and_then(|record| readable(read_instance(&record), "an instance")))
    }

    pub(super) async fn forget_before(&self, micros: i64) -> Result<(), TemporalError> {
        Ok(self.evolutions.forget_before(&self.tenant, micros).await?)
    }
}

/// What is added with one statement; of what comes twice the last counts.
#[derive(Default)]
struct Added<'a> {
    subjects: BTreeMap<&'a str, &'a Subject>,
    instances: BTreeMap<(&'a str, &'a str, &'a str, u64), &'a Instance>,
}

impl<'a> Added<'a> {
    fn add(&mut self, subject: &'a Subject, instances: &'a [Instance]) {
        let id = subject.entity.id.as_str();
        let names = subject.entity.types().chain(&subject.entity.scopes);
        if !keys::is_recordable(&[id]) || names.into_iter().any(|name| name.as_str().contains('\0')) {
            return;
        }
        self.subjects.insert(id, subject);
        for instance in instances {
            let attribute = &instance.attribute;
            let (name, dataset_id) = (attribute.name.as_str(), attribute.dataset_id.as_str());
            if keys::is_recordable(&[id, name, dataset_id]) && !attribute.value_type.as_str().contains('\0') {
                self.instances.insert((id, name, dataset_id, instance.number), instance);
            }
        }
    }
}

fn subject_row(subject: &Subject) -> SubjectRow {
    let entity = &subject.entity;
    let mut record = Vec::new();
    write_subject(&mut record, subject);
    SubjectRow {
        id: entity.id.as_str().to_owned(),
        types: serde_json::Value::from_iter(entity.types().map(Name::as_str)).to_string(),
        created_at: entity.created_at.as_micros(),
        modified_at: entity.modified_at.as_micros(),
        deleted_at: subject.deleted_at.map(ngsi::Timestamp::as_micros),
        record,
    }
}

fn instance_row(entity: &str, instance: &Instance) -> InstanceRow {
    let attribute = &instance.attribute;
    let mut record = Vec::new();
    write_instance(&mut record, instance);
    InstanceRow {
        entity: entity.to_owned(),
        attribute: attribute.name.as_str().to_owned(),
        dataset_id: attribute.dataset_id.as_str().to_owned(),
        number: instance.number,
        observed_at: instance.observed_at().map(ngsi::Timestamp::as_micros),
        created_at: attribute.created_at.as_micros(),
        modified_at: attribute.modified_at.as_micros(),
        deleted_at: instance.deleted_at.map(ngsi::Timestamp::as_micros),
        value_type: attribute.value_type.as_str().to_owned(),
        value: attribute.value.as_str().to_owned(),
        record,
    }
}

fn readable<T>(read: Result<T, context::codec::Damaged>, what: &str) -> Option<T> {
    read.inspect_err(|error| tracing::error!(%error, "{what} in the history cannot be read")).ok()
}
