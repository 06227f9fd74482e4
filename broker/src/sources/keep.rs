//! Making, changing and ending registrations.

use std::sync::Arc;

use context::sources::{HasSource, Source, conflicting};
use ngsi::registration::Mode;
use ngsi::{EntityId, ParseError, Registration, RegistrationId};
use storage::{Batch, StorageError};

use super::watch::Told;
use super::{MAX_REGISTRATIONS, Registered};
use crate::broker::Broker;
use crate::ledger::Kind;

/// Why a registration was not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SourceError {
    #[error("there is a registration `{0}` already")]
    Exists(RegistrationId),
    #[error("there is no registration `{0}`")]
    Unknown(String),
    #[error("the registration `{0}` says of some of it that its source alone has it")]
    Conflict(RegistrationId),
    #[error("this broker has the entity `{0}`, of which the registration says that only the source has it")]
    Held(EntityId),
    #[error("there are {MAX_REGISTRATIONS} registrations, which is the most there may be")]
    TooMany,
    #[error(transparent)]
    Unusable(#[from] ParseError),
    #[error("not stored: {0}")]
    Storage(#[from] StorageError),
}

impl Broker {
    /// Keeps a registration that has an identifier.
    pub(crate) async fn register_source(self: &Arc<Self>, registration: Registration) -> Result<(), SourceError> {
        let broker = self.clone();
        // The request ends when its client hangs up; the registration must not stay half made.
        let made = self.node.tasks.spawn(async move { broker.make_registration(registration).await }).await;
        made.unwrap_or(Err(SourceError::Storage(StorageError::Closed)))
    }

    async fn make_registration(self: &Arc<Self>, registration: Registration) -> Result<(), SourceError> {
        let _changing = self.sources.changing.lock().await;
        let (known, count) =
            self.sources.with(|sources| (sources.get(registration.id.as_str()).is_some(), sources.len()));
        if known {
            return Err(SourceError::Exists(registration.id));
        }
        if count >= MAX_REGISTRATIONS {
            return Err(SourceError::TooMany);
        }
        let source = Source::compile(registration)?;
        self.check_conflicts(&source).await?;
        let told = self.store_registration(None, &source).await?;
        let id = source.registration.id.clone();
        self.sources.index.write().insert(Arc::new(Registered::new(source)));
        self.tell(told);
        self.follow_source(id);
        Ok(())
    }

    /// Changes a registration to what `change` makes of it.
    pub(crate) async fn change_source(
        self: &Arc<Self>,
        id: String,
        change: impl FnOnce(&Registration) -> Result<Registration, ParseError> + Send + 'static,
    ) -> Result<(), SourceError> {
        let broker = self.clone();
        let changed = self.node.tasks.spawn(async move { broker.make_change(&id, change).await }).await;
        changed.unwrap_or(Err(SourceError::Storage(StorageError::Closed)))
    }

    async fn make_change(
        self: &Arc<Self>,
        id: &str,
        change: impl FnOnce(&Registration) -> Result<Registration, ParseError>,
    ) -> Result<(), SourceError> {
        let _changing = self.sources.changing.lock().await;
        let former = self.sources.with(|sources| sources.get(id).cloned());
        let former = former.ok_or_else(|| SourceError::Unknown(id.to_owned()))?;
        let source = Source::compile(change(&former.source().registration)?)?;
        self.check_conflicts(&source).await?;
        let told = self.store_registration(Some(former.source()), &source).await?;
        let id = source.registration.id.clone();
        self.sources.index.write().insert(Arc::new(former.renewed(source)));
        self.tell(told);
        self.follow_source(id);
        Ok(())
    }

    /// Ends a registration.
    pub(crate) async fn unregister_source(self: &Arc<Self>, id: String) -> Result<(), SourceError> {
        let broker = self.clone();
        let ended = self.node.tasks.spawn(async move { broker.end_registration(id).await }).await;
        ended.unwrap_or(Err(SourceError::Storage(StorageError::Closed)))
    }

    async fn end_registration(self: &Arc<Self>, id: String) -> Result<(), SourceError> {
        let _changing = self.sources.changing.lock().await;
        let former = self.sources.with(|sources| sources.get(&id).cloned());
        let former = former.ok_or_else(|| SourceError::Unknown(id.clone()))?;
        let mut batch = Batch::new();
        self.ledger.delete(&mut batch, Kind::Registration, &id);
        let told = self.put_told(&mut batch, Some(former.source()), None);
        self.ledger.commit(batch).await?;
        self.sources.index.write().remove(&id);
        self.tell(told);
        self.follow_source(RegistrationId::from(id));
        Ok(())
    }

    /// Gives back who is to be told.
    async fn store_registration(&self, former: Option<&Source>, source: &Source) -> Result<Told, StorageError> {
        let mut batch = Batch::new();
        self.ledger.put_registration(&mut batch, &source.registration);
        let told = self.put_told(&mut batch, former, Some(source));
        self.ledger.commit(batch).await?;
        Ok(told)
    }

    /// What a source alone has, no other source may have in that way, nor this broker (5.9.2).
    async fn check_conflicts(&self, source: &Source) -> Result<(), SourceError> {
        if let Some(other) = self.sources.with(|sources| conflicting(sources, source, service::now())) {
            return Err(SourceError::Conflict(other));
        }
        match self.held(source).await {
            Some(entity) => Err(SourceError::Held(entity)),
            None => Ok(()),
        }
    }

    /// An entity of this broker of which the source alone is to have something.
    async fn held(&self, source: &Source) -> Option<EntityId> {
        let infos = || source.registration.information.iter().flat_map(|information| &information.entities);
        match source.registration.mode {
            Mode::Inclusive | Mode::Auxiliary => None,
            Mode::Exclusive => {
                let entities = infos().filter_map(|info| self.shards.get(&info.id));
                entities.filter(|entity| source.covers(entity)).map(|entity| entity.id.clone()).next()
            }
            Mode::Redirect => {
                let mut shard = 0;
                while let Some(entities) = self.shards.page(shard) {
                    if let Some(entity) = entities.iter().find(|entity| source.covers(entity)) {
                        return Some(entity.id.clone());
                    }
                    shard += 1;
                    tokio::task::yield_now().await;
                }
                None
            }
        }
    }

    pub(crate) fn recover_registrations(&self) -> anyhow::Result<()> {
        let mut index = self.sources.index.write();
        for row in self.ledger.records(Kind::Registration) {
            let (id, value) = row?;
            let source = serde_json::from_slice::<Registration>(&value).map_err(anyhow::Error::from);
            match source.and_then(|registration| Ok(Source::compile(registration)?)) {
                Ok(source) => drop(index.insert(Arc::new(Registered::new(source)))),
                Err(error) => {
                    tracing::error!(%id, %error, "a registration in the store cannot be read and is left out");
                }
            }
        }
        Ok(())
    }
}
