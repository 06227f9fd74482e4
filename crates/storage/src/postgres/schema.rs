//! The tables, and how they came to be: each step is done once, in order, by one of all that connect.

use super::pool::{Connections, DatabaseError};

/// Any number, as long as nobody else in the database locks it.
const LOCK: i64 = 0x666f_6766_6c6f_7701;

const VERSIONS: &str = "create table if not exists fogflow_migrations (
    version integer primary key, done_at timestamptz not null default now())";

const STEPS: [&str; 1] = ["create table fogflow_temporal_entities (
    tenant text not null,
    id text collate \"C\" not null,
    types text[] not null,
    created_at timestamptz not null,
    modified_at timestamptz not null,
    deleted_at timestamptz,
    record bytea not null,
    primary key (tenant, id));
create index fogflow_temporal_entities_types on fogflow_temporal_entities using gin (types);
create table fogflow_temporal_instances (
    tenant text not null,
    entity_id text collate \"C\" not null,
    attribute text not null,
    dataset_id text not null,
    number bigint not null,
    observed_at timestamptz,
    created_at timestamptz not null,
    modified_at timestamptz not null,
    deleted_at timestamptz,
    value_type text not null,
    value json not null,
    record bytea not null,
    primary key (tenant, entity_id, attribute, dataset_id, number));
create index fogflow_temporal_instances_observed on fogflow_temporal_instances (tenant, entity_id, observed_at);
create index fogflow_temporal_instances_modified on fogflow_temporal_instances (tenant, entity_id, modified_at);
create index fogflow_temporal_instances_age on fogflow_temporal_instances using brin (modified_at);"];

/// Makes the tables, or brings them up to date.
pub(super) async fn migrate(connections: &Connections) -> Result<(), DatabaseError> {
    let mut client = connections.get().await?;
    let transaction = client.transaction().await?;
    transaction.execute("select pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    transaction.batch_execute(VERSIONS).await?;
    let known = transaction.query_one("select coalesce(max(version), 0) from fogflow_migrations", &[]).await?;
    let known: i32 = known.get(0);
    for (version, step) in (1_i32..).zip(STEPS).filter(|(version, _)| *version > known) {
        transaction.batch_execute(step).await?;
        transaction.execute("insert into fogflow_migrations (version) values ($1)", &[&version]).await?;
        tracing::info!(version, "the tables in PostgreSQL are brought up to date");
    }
    Ok(transaction.commit().await?)
}
