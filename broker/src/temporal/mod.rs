//! The temporal evolution of entities: what is recorded of them, and where it is kept.
//!
//! A change of a recorded entity goes to disk in one batch with its [`Step`], so an acknowledged update is in the history. The
//! embedded engine keeps evolutions in tables of the same store; the other one keeps the steps there until PostgreSQL has them.

mod embedded;
mod keys;
mod postgres;
mod waiting;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use context::Change;
use context::temporal::{Selected, Step, recorded};
use ngsi::ld::temporal::{Instance, Subject, Window};
use ngsi::{EntityId, Timestamp};
use service::config::{Temporal as Settings, TemporalEngine};
use storage::postgres::DatabaseError;
use storage::{Batch, StorageError};

use self::embedded::Embedded;
use self::postgres::Postgres;
use crate::broker::Broker;
use crate::federation::BROKER_TYPE;
use crate::ledger::Ledger;
use crate::tenants::Common;

/// How often what is too old is removed.
const SWEEP_INTERVAL: Duration = Duration::from_secs(3_600);
const DAY_US: i64 = 86_400_000_000;

pub(crate) struct Temporal {
    /// None when nothing is recorded.
    recording: Option<Recording>,
    engine: Engine,
    /// The number of the latest instance.
    last: AtomicU64,
    pub(crate) settings: Settings,
}

enum Engine {
    Embedded(Embedded),
    Postgres(Postgres),
}

/// Whose changes are recorded.
enum Recording {
    All,
    OfTypes(HashSet<String>),
}

/// Why an evolution was not read or changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TemporalError {
    #[error(transparent)]
    Storage(#[from] StorageError),
    #[error(transparent)]
    Database(#[from] DatabaseError),
    #[error("cannot read the store")]
    Interrupted,
    #[error("{0} changes are still on their way to PostgreSQL")]
    Behind(usize),
}

/// Which entities may be meant: a first, rough choice.
#[derive(Debug, Default)]
pub(crate) struct Candidates {
    /// Those alone, if any are named.
    pub(crate) ids: Vec<String>,
    /// Those alone that have one of the types, if any are named.
    pub(crate) types: Vec<String>,
}

/// Which instances of an entity are read.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) window: Window,
    /// Of which attributes, as they are stored; of all when empty.
    pub(crate) attributes: Vec<String>,
    pub(crate) most: usize,
}

impl Temporal {
    pub(crate) fn open(common: &Common, tenant: &str) -> anyhow::Result<Self> {
        let settings = common.node.config.broker.temporal.clone();
        let engine = match (settings.engine, &common.evolutions) {
            (TemporalEngine::PostgreSql, Some(evolutions)) => {
                Engine::Postgres(Postgres::open(common, tenant, evolutions.clone(), settings.max_waiting)?)
            }
            _ => Engine::Embedded(Embedded::open(common, tenant, settings.keep)?),
        };
        Ok(Self { recording: Recording::of(&settings.record), engine, last: AtomicU64::new(0), settings })
    }

    /// Adds a change to the batch that makes it durable, if it is recorded.
    pub(crate) fn record(&self, batch: &mut Batch, change: &Change, now: Timestamp) {
        let Some(recording) = &self.recording else { return };
        if recording.concerns(change) {
            self.put(batch, &recorded(change, now, || self.number(now)));
        }
    }

    /// A number that no instance has got: the time, or more.
    pub(crate) fn number(&self, now: Timestamp) -> u64 {
        let now = u64::try_from(now.as_micros()).unwrap_or_default();
        let next = |last: u64| now.max(last + 1);
        let last = self.last.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        next(last.unwrap_or_default())
    }

    fn put(&self, batch: &mut Batch, step: &Step) {
        match &self.engine {
            Engine::Embedded(embedded) => embedded.put(batch, step),
            Engine::Postgres(postgres) => postgres.put(batch, step),
        }
    }

    /// Waits while as many changes wait for PostgreSQL as may.
    pub(crate) async fn admit(&self) {
        if let Engine::Postgres(postgres) = &self.engine {
            postgres.admit().await;
        }
    }

    /// Says that steps have reached the disk.
    pub(crate) fn stored(&self) {
        if let Engine::Postgres(postgres) = &self.engine {
            postgres.wake();
        }
    }

    /// Carries out a step, durably.
    pub(crate) async fn carry_out(&self, ledger: &Ledger, step: Step) -> Result<(), TemporalError> {
        let mut batch = Batch::new();
        match &self.engine {
            Engine::Embedded(embedded) => embedded.prepare(&mut batch, step).await?,
            Engine::Postgres(postgres) => postgres.put(&mut batch, &step),
        }
        ledger.commit(batch).await?;
        self.stored();
        Ok(())
    }

    /// The entity with that identifier.
    pub(crate) async fn subject(&self, id: &str) -> Result<Option<Subject>, TemporalError> {
        let only = Candidates { ids: vec![id.to_owned()], types: Vec::new() };
        Ok(self.subjects("", &only, 1).await?.pop())
    }

    /// The first so many that may be meant and whose identifiers come after `after`, by identifier.
    pub(crate) async fn subjects(
        &self,
        after: &str,
        candidates: &Candidates,
        most: usize,
    ) -> Result<Vec<Subject>, TemporalError> {
        match &self.engine {
            Engine::Embedded(embedded) => embedded.subjects(after, candidates, most).await,
            Engine::Postgres(postgres) => postgres.subjects(after, candidates, most).await,
        }
    }

    /// Instances of an entity.
    pub(crate) async fn read(&self, id: &EntityId, reading: &Reading) -> Result<Selected, TemporalError> {
        match &self.engine {
            Engine::Embedded(embedded) => embedded.read(id, reading).await,
            Engine::Postgres(postgres) => postgres.read(id, reading).await,
        }
    }

    /// The instance of that attribute and number.
    pub(crate) async fn instance(
        &self,
        id: &EntityId,
        attribute: &str,
        number: u64,
    ) -> Result<Option<Instance>, TemporalError> {
        match &self.engine {
            Engine::Embedded(embedded) => embedded.instance(id, attribute, number).await,
            Engine::Postgres(postgres) => postgres.instance(id, attribute, number).await,
        }
    }

    /// Sends to PostgreSQL and removes what is too old, until shutdown.
    pub(crate) async fn run(&self, broker: &Arc<Broker>) {
        let work = async {
            match &self.engine {
                Engine::Embedded(embedded) => embedded.trim(&broker.ledger).await,
                Engine::Postgres(postgres) => postgres.send(&broker.ledger).await,
            }
        };
        tokio::select! {
            () = work => {}
            () = self.sweep(&broker.ledger) => {}
            () = broker.node.shutdown.cancelled() => {}
        }
    }

    async fn sweep(&self, ledger: &Ledger) {
        if self.settings.keep_days == 0 {
            return std::future::pending().await;
        }
        loop {
            let oldest = service::now().as_micros() - i64::from(self.settings.keep_days) * DAY_US;
            let swept = match &self.engine {
                Engine::Embedded(embedded) => embedded.forget_before(ledger, oldest).await,
                Engine::Postgres(postgres) => postgres.forget_before(oldest).await,
            };
            if let Err(error) = swept {
                tracing::warn!(%error, "what is too old in the history stays for another hour");
            }
            tokio::time::sleep(SWEEP_INTERVAL).await;
        }
    }
}

impl Recording {
    fn of(types: &[String]) -> Option<Self> {
        match types {
            [] => None,
            types if types.iter().any(|name| name == "*") => Some(Self::All),
            types => Some(Self::OfTypes(types.iter().cloned().collect())),
        }
    }

    fn concerns(&self, change: &Change) -> bool {
        match self {
            Self::All => change.entity.entity_type != BROKER_TYPE,
            Self::OfTypes(types) => change.entity.types().any(|name| types.contains(name.as_str())),
        }
    }
}
