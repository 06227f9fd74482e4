//! The tenants of this broker, each a [`Broker`] with entities, subscriptions and tables of its own. All are opened when the
//! broker starts, since what is due to their subscribers must be sent.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use parking_lot::RwLock;
use service::Node;
use service::config::TemporalEngine;
use storage::postgres::{Evolutions, Login};
use storage::{Batch, StorageError, Store, Table};
use tokio::sync::{Mutex, Semaphore};

use crate::broker::Broker;
use crate::contexts::Contexts;
use crate::ledger::{Kind, UNCOMMITTED_KIB};
use crate::metrics::Counters;
use crate::notifier::{Endpoints, Mqtt};
use crate::{Shared, routes};

/// No name of a tenant: whom those meet who read in a tenant that does not exist.
const NOBODY: &str = "-";

/// What all tenants share.
#[derive(Clone)]
pub(crate) struct Common {
    pub(crate) node: Node,
    pub(crate) store: Store,
    pub(crate) counters: Counters,
    pub(crate) endpoints: Arc<Endpoints>,
    pub(crate) contexts: Arc<Contexts>,
    pub(crate) mqtt: Arc<Mqtt>,
    /// Memory for updates that are not on disk, in KiB.
    pub(crate) uncommitted: Arc<Semaphore>,
    /// Where evolutions are kept, if that is PostgreSQL.
    pub(crate) evolutions: Option<Evolutions>,
}

impl Common {
    pub(crate) fn new(node: Node, store: Store) -> anyhow::Result<Self> {
        let counters = Counters::register(&node.metrics);
        let (endpoints, uncommitted) = (Arc::default(), Arc::new(Semaphore::new(UNCOMMITTED_KIB)));
        let contexts = Contexts::open(&node, &store)?;
        let evolutions = evolutions(&node)?;
        let mqtt = Mqtt::new(node.clone());
        Ok(Self { node, store, counters, endpoints, contexts, mqtt, uncommitted, evolutions })
    }

    /// The table of that name that a tenant has; the default one has no name.
    pub(crate) fn table(&self, tenant: &str, name: &str) -> Result<Table, StorageError> {
        match tenant {
            "" => self.store.table(&format!("broker.{name}")),
            tenant => self.store.table(&format!("broker.{tenant}.{name}")),
        }
    }
}

fn evolutions(node: &Node) -> anyhow::Result<Option<Evolutions>> {
    let config = &node.config;
    if config.broker.temporal.engine == TemporalEngine::Embedded {
        return Ok(None);
    }
    let (host, port) = config.postgresql_address();
    let settings = &config.postgresql;
    let login = Login {
        host: host.to_owned(),
        port,
        database: settings.database.clone(),
        username: settings.username.expose().to_owned(),
        password: settings.password.expose().to_owned(),
        tls: settings.tls.then(|| node.to_servers().config()),
    };
    Ok(Some(Evolutions::new(login).context("configuration section `postgresql`")?))
}

/// Why a tenant was not created.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum TenantError {
    #[error("this broker has as many tenants as it may have: {0} (broker.max_tenants)")]
    TooMany(usize),
    #[error("the tenant is not stored: {0}")]
    Storage(String),
}

pub(crate) struct Tenants {
    common: Common,
    default: Tenant,
    nobody: Router,
    others: RwLock<HashMap<String, Tenant>>,
    making: Mutex<()>,
}

/// A tenant, the default one or one with a name.
#[derive(Clone)]
pub(crate) struct Tenant {
    pub(crate) broker: Shared,
    pub(crate) router: Router,
}

impl Tenant {
    fn new(broker: Shared) -> Self {
        Self { router: routes::router(broker.clone()), broker }
    }
}

impl Tenants {
    /// Recovers all of them.
    pub(crate) fn open(common: Common) -> anyhow::Result<(Arc<Self>, Vec<Shared>)> {
        let default = Tenant::new(Broker::open(&common, "")?);
        let nobody = routes::router(Broker::open(&common, NOBODY)?);
        let mut brokers = vec![default.broker.clone()];
        let mut others = HashMap::new();
        for record in default.broker.ledger.records(Kind::Tenant) {
            let (name, _) = record?;
            let broker = Broker::open(&common, &name)?;
            others.insert(name, Tenant::new(broker.clone()));
            brokers.push(broker);
        }
        common.counters.tenants.set(i64::try_from(others.len()).unwrap_or(i64::MAX));
        let tenants = Self { common, default, nobody, others: RwLock::new(others), making: Mutex::default() };
        Ok((Arc::new(tenants), brokers))
    }

    pub(crate) fn default(&self) -> &Shared {
        &self.default.broker
    }

    pub(crate) fn default_router(&self) -> Router {
        self.default.router.clone()
    }

    /// Serves reads in tenants that do not exist: it holds nothing and is never written to.
    pub(crate) fn nobody(&self) -> Router {
        self.nobody.clone()
    }

    pub(crate) fn find(&self, name: &str) -> Option<Tenant> {
        self.others.read().get(name).cloned()
    }

    /// Finds the tenant or creates it, durably.
    pub(crate) async fn find_or_create(self: &Arc<Self>, name: &str) -> Result<Tenant, TenantError> {
        if let Some(tenant) = self.find(name) {
            return Ok(tenant);
        }
        let (tenants, name) = (self.clone(), name.to_owned());
        // The request ends when its client hangs up; a tenant must not stay half made.
        let made = self.common.node.tasks.spawn(async move { tenants.create(name).await }).await;
        made.unwrap_or_else(|error| Err(TenantError::Storage(error.to_string())))
    }

    async fn create(self: Arc<Self>, name: String) -> Result<Tenant, TenantError> {
        let _making = self.making.lock().await;
        if let Some(tenant) = self.find(&name) {
            return Ok(tenant);
        }
        let most = self.common.node.config.broker.max_tenants;
        if self.others.read().len() >= most {
            return Err(TenantError::TooMany(most));
        }
        let in_words = |error: &dyn std::fmt::Display| TenantError::Storage(error.to_string());
        let (common, named) = (self.common.clone(), name.clone());
        let opened = tokio::task::spawn_blocking(move || Broker::open(&common, &named)).await;
        let broker = opened.map_err(|error| in_words(&error))?.map_err(|error| in_words(&error))?;
        let mut batch = Batch::new();
        self.default.broker.ledger.put_tenant(&mut batch, &name);
        self.default.broker.ledger.commit(batch).await.map_err(|error| in_words(&error))?;
        broker.run();
        let tenant = Tenant::new(broker);
        self.common.counters.tenants.inc();
        self.others.write().insert(name, tenant.clone());
        Ok(tenant)
    }
}
