use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::OnceCell;
use tokio_postgres::types::ToSql;

use super::pool::{Connections, DatabaseError, Login};
use super::schema;

/// An entity whose evolution is kept. Times are microseconds since 1970.
pub struct SubjectRow {
    /// Its identifier.
    pub id: String,
    /// Its types, a JSON array of strings.
    pub types: String,
    /// When it was created.
    pub created_at: i64,
    /// When it was last changed.
    pub modified_at: i64,
    /// When it was deleted.
    pub deleted_at: Option<i64>,
    /// The record of its owner.
    pub record: Vec<u8>,
}

/// One state of one attribute. Times are microseconds since 1970.
pub struct InstanceRow {
    /// Of which entity.
    pub entity: String,
    /// Of which attribute.
    pub attribute: String,
    /// Of which data set; empty for the default one.
    pub dataset_id: String,
    /// Which state.
    pub number: u64,
    /// When it was observed.
    pub observed_at: Option<i64>,
    /// When it was recorded.
    pub created_at: i64,
    /// When it was recorded or amended.
    pub modified_at: i64,
    /// When the attribute was deleted.
    pub deleted_at: Option<i64>,
    /// The declared type of the value.
    pub value_type: String,
    /// The value, JSON.
    pub value: String,
    /// The record of its owner.
    pub record: Vec<u8>,
}

/// A time of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// When it was observed.
    Observed,
    /// When it was recorded.
    Created,
    /// When it was recorded or amended.
    Modified,
    /// When the attribute was deleted.
    Deleted,
}

/// Which instances of an entity are read.
pub struct Span<'a> {
    /// Of which attributes; of all when empty.
    pub attributes: Vec<&'a str>,
    /// The time that counts.
    pub time: Time,
    /// Whether those that have no such time count with that of their modification.
    pub or_modified: bool,
    /// From that time on, in microseconds.
    pub from: Option<i64>,
    /// Before that time, in microseconds.
    pub to: Option<i64>,
    /// How many of the latest of each attribute and data set.
    pub last: Option<usize>,
    /// How many in all: the first, or with `last` the latest.
    pub most: usize,
}

const APPEND_SUBJECTS: &str = "insert into fogflow_temporal_entities
    (tenant, id, types, created_at, modified_at, deleted_at, record)
    select $1, id, array(select jsonb_array_elements_text(types::jsonb)), created_at, modified_at, deleted_at, record
    from unnest($2::text[], $3::text[], $4::timestamptz[], $5::timestamptz[], $6::timestamptz[], $7::bytea[])
        as given (id, types, created_at, modified_at, deleted_at, record)
    on conflict (tenant, id) do update set types = excluded.types, created_at = excluded.created_at,
        modified_at = excluded.modified_at, deleted_at = excluded.deleted_at, record = excluded.record";

const APPEND_INSTANCES: &str = "insert into fogflow_temporal_instances (tenant, entity_id, attribute, dataset_id, number,
        observed_at, created_at, modified_at, deleted_at, value_type, value, record)
    select $1, entity_id, attribute, dataset_id, number, observed_at, created_at, modified_at, deleted_at, value_type,
        value::json, record
    from unnest($2::text[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[], $7::timestamptz[],
        $8::timestamptz[], $9::timestamptz[], $10::text[], $11::text[], $12::bytea[])
        as given (entity_id, attribute, dataset_id, number, observed_at, created_at, modified_at, deleted_at, value_type,
            value, record)
    on conflict (tenant, entity_id, attribute, dataset_id, number) do update set observed_at = excluded.observed_at,
        created_at = excluded.created_at, modified_at = excluded.modified_at, deleted_at = excluded.deleted_at,
        value_type = excluded.value_type, value = excluded.value, record = excluded.record";

const SUBJECTS: &str = "select record from fogflow_temporal_entities
    where tenant = $1 and id > $2 and (cardinality($3::text[]) = 0 or id = any($3))
        and (cardinality($4::text[]) = 0 or types && $4)
    order by id limit $5";

/// Evolutions of entities, of any number of tenants. Clones share the connections.
#[derive(Clone)]
pub struct Evolutions {
    connections: Connections,
    migrated: Arc<OnceCell<()>>,
}

impl Evolutions {
    /// Connects when it is first asked for something.
    ///
    /// # Errors
    /// When the login is of no use.
    pub fn new(login: Login) -> Result<Self, DatabaseError> {
        Ok(Self { connections: Connections::new(login)?, migrated: Arc::default() })
    }

    /// A connection to tables that are up to date.
    async fn client(&self) -> Result<deadpool_postgres::Object, DatabaseError> {
        self.migrated.get_or_try_init(|| schema::migrate(&self.connections)).await?;
        self.connections.get().await
    }

    /// Adds rows, or sets those that are there anew, in one transaction. No row may be given twice.
    ///
    /// # Errors
    /// [`DatabaseError`]; none has been added then.
    pub async fn append(
        &self,
        tenant: &str,
        subjects: &[SubjectRow],
        instances: &[InstanceRow],
    ) -> Result<(), DatabaseError> {
        let mut client = self.client().await?;
        let subject_statement = client.prepare_cached(APPEND_SUBJECTS).await?;
        let instance_statement = client.prepare_cached(APPEND_INSTANCES).await?;
        let transaction = client.transaction().await?;
        let parameters: [&(dyn ToSql + Sync); 7] = [
            &tenant,
            &column(subjects, |row| row.id.as_str()),
            &column(subjects, |row| row.types.as_str()),
            &column(subjects, |row| time(row.created_at)),
            &column(subjects, |row| time(row.modified_at)),
            &column(subjects, |row| row.deleted_at.map(time)),
            &column(subjects, |row| row.record.as_slice()),
        ];
        transaction.execute(&subject_statement, &parameters).await?;
        let parameters: [&(dyn ToSql + Sync); 12] = [
            &tenant,
            &column(instances, |row| row.entity.as_str()),
            &column(instances, |row| row.attribute.as_str()),
            &column(instances, |row| row.dataset_id.as_str()),
            &column(instances, |row| row.number.cast_signed()),
            &column(instances, |row| row.observed_at.map(time)),
            &column(instances, |row| time(row.created_at)),
            &column(instances, |row| time(row.modified_at)),
            &column(instances, |row| row.deleted_at.map(time)),
            &column(instances, |row| row.value_type.as_str()),
            &column(instances, |row| row.value.as_str()),
            &column(instances, |row| row.record.as_slice()),
        ];
        transaction.execute(&instance_statement, &parameters).await?;
        Ok(transaction.commit().await?)
    }

    /// Removes an entity and its instances.
    ///
    /// # Errors
    /// [`DatabaseError`]; nothing has been removed then.
    pub async fn forget_entity(&self, tenant: &str, id: &str) -> Result<(), DatabaseError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let of_entity: [&(dyn ToSql + Sync); 2] = [&tenant, &id];
        let instances = "delete from fogflow_temporal_instances where tenant = $1 and entity_id = $2";
        transaction.execute(instances, &of_entity).await?;
        let entity = "delete from fogflow_temporal_entities where tenant = $1 and id = $2";
        transaction.execute(entity, &of_entity).await?;
        Ok(transaction.commit().await?)
    }

    /// Removes the instances of an attribute, of one data set if one is given.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn forget_attribute(
        &self,
        tenant: &str,
        entity: &str,
        attribute: &str,
        dataset_id: Option<&str>,
    ) -> Result<(), DatabaseError> {
        let statement = "delete from fogflow_temporal_instances
            where tenant = $1 and entity_id = $2 and attribute = $3 and dataset_id = coalesce($4, dataset_id)";
        let client = self.client().await?;
        client.execute(statement, &[&tenant, &entity, &attribute, &dataset_id]).await?;
        Ok(())
    }

    /// Removes one instance.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn forget_instance(
        &self,
        tenant: &str,
        entity: &str,
        attribute: &str,
        dataset_id: &str,
        number: u64,
    ) -> Result<(), DatabaseError> {
        let statement = "delete from fogflow_temporal_instances
            where tenant = $1 and entity_id = $2 and attribute = $3 and dataset_id = $4 and number = $5";
        let client = self.client().await?;
        client.execute(statement, &[&tenant, &entity, &attribute, &dataset_id, &number.cast_signed()]).await?;
        Ok(())
    }

    /// Removes what was recorded before a time.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn forget_before(&self, tenant: &str, micros: i64) -> Result<(), DatabaseError> {
        let statement = "delete from fogflow_temporal_instances where tenant = $1 and modified_at < $2";
        self.client().await?.execute(statement, &[&tenant, &time(micros)]).await?;
        Ok(())
    }

    /// The records of entities whose identifiers come after `after`, by identifier: of those that are named and have one of the
    /// types, where names and types are given.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn subjects(
        &self,
        tenant: &str,
        after: &str,
        ids: &[&str],
        types: &[&str],
        most: usize,
    ) -> Result<Vec<Vec<u8>>, DatabaseError> {
        let client = self.client().await?;
        let statement = client.prepare_cached(SUBJECTS).await?;
        let rows = client.query(&statement, &[&tenant, &after, &ids, &types, &limit(most)]).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }

    /// The record of the instance of that number.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn instance(
        &self,
        tenant: &str,
        entity: &str,
        attribute: &str,
        number: u64,
    ) -> Result<Option<Vec<u8>>, DatabaseError> {
        let statement = "select record from fogflow_temporal_instances
            where tenant = $1 and entity_id = $2 and attribute = $3 and number = $4 limit 1";
        let client = self.client().await?;
        let row = client.query_opt(statement, &[&tenant, &entity, &attribute, &number.cast_signed()]).await?;
        Ok(row.map(|row| row.get(0)))
    }

    /// The records of instances of an entity, by attribute and data set.
    ///
    /// # Errors
    /// [`DatabaseError`].
    pub async fn instances(&self, tenant: &str, entity: &str, span: &Span<'_>) -> Result<Vec<Vec<u8>>, DatabaseError> {
        let client = self.client().await?;
        let statement = client.prepare_cached(&span.statement()).await?;
        let (from, to) = (span.from.map(time), span.to.map(time));
        let last = span.last.map_or(i64::MAX, limit);
        let most = limit(span.most);
        let parameters: [&(dyn ToSql + Sync); 7] = [&tenant, &entity, &span.attributes, &from, &to, &last, &most];
        let rows = client.query(&statement, &parameters).await?;
        Ok(rows.iter().map(|row| row.get(0)).collect())
    }
}

impl Span<'_> {
    fn statement(&self) -> String {
        let column = match self.time {
            Time::Observed => "observed_at",
            Time::Created => "created_at",
            Time::Modified => "modified_at",
            Time::Deleted => "deleted_at",
        };
        let time = if self.or_modified { format!("coalesce({column}, modified_at)") } else { column.to_owned() };
        let order = if self.last.is_some() { "desc" } else { "asc" };
        let rank = match self.last {
            Some(_) => {
                format!("row_number() over (partition by attribute, dataset_id order by {time} desc, number desc)")
            }
            None => "0::bigint".to_owned(),
        };
        format!(
            "select record from (
                select attribute, dataset_id, record, time, number from (
                    select attribute, dataset_id, number, record, {time} as time, {rank} as rank
                    from fogflow_temporal_instances
                    where tenant = $1 and entity_id = $2 and (cardinality($3::text[]) = 0 or attribute = any($3))
                        and {time} >= coalesce($4, '-infinity'::timestamptz)
                        and {time} < coalesce($5, 'infinity'::timestamptz)) as covered
                where rank <= $6 order by time {order}, number {order} limit $7) as kept
            order by attribute, dataset_id, time {order}, number {order}"
        )
    }
}

fn column<'a, R, T>(rows: &'a [R], of: impl FnMut(&'a R) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

fn time(micros: i64) -> SystemTime {
    let distance = Duration::from_micros(micros.unsigned_abs());
    if micros < 0 { UNIX_EPOCH - distance } else { UNIX_EPOCH + distance }
}
