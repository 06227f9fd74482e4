//! Context providers: who is registered for data that this broker does not hold, and is asked when somebody wants it.

mod exchange;
mod legacy;
mod query;
mod registry;
mod update;

use std::sync::Arc;

use context::provision::{ProviderRecord, Provision};
use parking_lot::RwLock;
use storage::{Batch, StorageError};
use tokio::sync::Semaphore;

pub(crate) use exchange::Request;
pub(crate) use query::ask;
pub(crate) use registry::{Forwardings, Provider};
pub(crate) use update::{Provided, provide};

use crate::broker::Broker;
use crate::ledger::Kind;
use registry::Registry;

/// The most registrations of a tenant.
pub(crate) const MOST: usize = 10_000;
/// Requests of a tenant to providers that may be under way; more wait.
const UNDER_WAY: usize = 64;

pub(crate) struct Providers {
    registry: RwLock<Registry>,
    under_way: Semaphore,
}

impl Default for Providers {
    fn default() -> Self {
        Self { registry: RwLock::default(), under_way: Semaphore::new(UNDER_WAY) }
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum RegisterError {
    #[error("this broker keeps at most {MOST} registrations")]
    TooMany,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Providers {
    /// Whether nobody is registered, as in most systems.
    pub(crate) fn is_empty(&self) -> bool {
        self.registry.read().len() == 0
    }

    pub(crate) fn get(&self, id: &str) -> Option<Arc<Provider>> {
        self.registry.read().get(id)
    }

    /// Those behind the first `offset`, in the order in which they were registered.
    pub(crate) fn page(&self, offset: usize, limit: usize) -> Vec<Arc<Provider>> {
        self.registry.read().page(offset, limit)
    }

    pub(crate) fn recover(&self, provision: Provision) {
        self.registry.write().insert(Arc::new(Provider::new(provision)));
    }
}

impl Broker {
    /// Keeps a registration, durably, in the place of one with the same identifier.
    pub(crate) async fn register(&self, provision: Provision) -> Result<(), RegisterError> {
        let record = provision.record.clone();
        let former = {
            let mut registry = self.providers.registry.write();
            let former = registry.get(record.id.as_str());
            if former.is_none() && registry.len() >= MOST {
                return Err(RegisterError::TooMany);
            }
            registry.insert(Arc::new(Provider::new(provision)));
            former
        };
        let written = self.ledger.commit(self.provider_batch(&record)).await;
        if written.is_err() {
            let mut registry = self.providers.registry.write();
            match former {
                Some(former) => registry.insert(former),
                None => drop(registry.remove(record.id.as_str())),
            }
        }
        Ok(written?)
    }

    fn provider_batch(&self, record: &ProviderRecord) -> Batch {
        let mut batch = Batch::new();
        if let Err(error) = self.ledger.put_provider(&mut batch, record) {
            tracing::error!(registration = %record.id, %error, "a registration cannot be written down");
        }
        batch
    }

    /// Ends a registration; `false` when there is none of that id.
    pub(crate) async fn unregister(&self, id: &str) -> Result<bool, StorageError> {
        if self.providers.registry.write().remove(id).is_none() {
            return Ok(false);
        }
        let mut batch = Batch::new();
        self.ledger.delete(&mut batch, Kind::Provider, id);
        self.ledger.commit(batch).await?;
        Ok(true)
    }

    /// Ends the registrations whose time is over.
    pub(crate) async fn unregister_ended(&self) {
        let ended: Vec<_> = self.providers.page(0, MOST).into_iter().filter(|provider| provider.has_ended()).collect();
        for provider in ended {
            if let Err(error) = self.unregister(provider.id()).await {
                tracing::warn!(registration = provider.id(), %error, "an ended registration stays on disk until the next restart");
            }
        }
    }
}
