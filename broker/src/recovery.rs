//! From what is on disk to a broker that goes on where it stopped.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use context::backlog::Displaced;
use context::provision::{ProviderRecord, Provision};
use context::{Record, Subscribed, Subscription, SubscriptionIndex, codec};
use ngsi::ld::Context;
use ngsi::{EntityId, ParseError, SubscriptionId};
use parking_lot::{Mutex, RwLock};
use storage::Batch;

use crate::broker::Broker;
use crate::expiry::Expiry;
use crate::federation::{Federation, LinkRecord};
use crate::histories::Histories;
use crate::ledger::{Kind, Ledger, split_outbox_key};
use crate::notifier::{Outbox, Subscriber};
use crate::providers::Providers;
use crate::shards::Shards;
use crate::sources::Sources;
use crate::temporal::Temporal;
use crate::tenants::Common;
use crate::unsaved::Unsaved;

impl Broker {
    /// Reads what the store has of a tenant; the default one has no name. A record that cannot be read is reported and left
    /// where it is.
    pub(crate) fn open(common: &Common, tenant: &str) -> anyhow::Result<Arc<Self>> {
        let (node, counters) = (common.node.clone(), common.counters.clone());
        let alone = !tenant.is_empty();
        let broker = Self {
            tenant: tenant.to_owned(),
            started_at: service::now(),
            ledger: Ledger::open(common, tenant)?,
            temporal: Temporal::open(common, tenant)?,
            shards: Shards::new(),
            histories: Histories::new(if alone { 0 } else { node.config.broker.history_series }),
            subscribers: RwLock::new(SubscriptionIndex::default()),
            amending: Mutex::default(),
            endpoints: common.endpoints.clone(),
            mqtt: common.mqtt.clone(),
            contexts: common.contexts.clone(),
            outbox: Outbox::new(counters.outbox.clone()),
            unsaved: Unsaved::default(),
            expiry: Expiry::default(),
            providers: Providers::default(),
            mappings: Mutex::default(),
            federation: Federation::new(&node, &counters, alone),
            sources: Sources::default(),
            counters,
            drivers: AtomicUsize::new(0),
            node,
        };
        broker.recover_entities()?;
        broker.recover_subscriptions()?;
        broker.recover_counters()?;
        broker.recover_outbox()?;
        broker.recover_links()?;
        broker.recover_providers()?;
        broker.recover_registrations()?;
        broker.recover_holds()?;
        Ok(Arc::new(broker))
    }

    fn recover_entities(&self) -> anyhow::Result<()> {
        for row in self.ledger.entities.scan() {
            let (key, value) = row?;
            match codec::read_entity(&value) {
                Ok(entity) => {
                    self.expiry.recover(&entity);
                    self.shards.of(entity.id.as_str()).write().insert(Arc::new(entity));
                }
                Err(error) => unreadable("entity", &key, &error),
            }
        }
        for record in self.ledger.records(Kind::Departed) {
            self.federation.registrar.mark(&EntityId::from(record?.0), true);
        }
        self.counters.entities.inc_by(i64::try_from(self.shards.len()).unwrap_or(i64::MAX));
        Ok(())
    }

    fn recover_subscriptions(&self) -> anyhow::Result<()> {
        let mut subscribers = self.subscribers.write();
        for row in self.ledger.records(Kind::Subscription) {
            let (id, value) = row?;
            let record = match serde_json::from_slice::<Record>(&value) {
                Ok(record) => record,
                Err(error) => {
                    unreadable("subscription", id.as_bytes(), &error);
                    continue;
                }
            };
            match self.understood(record) {
                Ok(subscription) => subscribers.insert(Arc::new(Subscriber::new(subscription, &self.endpoints))),
                Err(error) => unreadable("subscription", id.as_bytes(), &error),
            }
        }
        self.counters.subscriptions.inc_by(i64::try_from(subscribers.len()).unwrap_or(i64::MAX));
        Ok(())
    }

    fn recover_counters(&self) -> anyhow::Result<()> {
        let subscribers = self.subscribers.read();
        for row in self.ledger.records(Kind::Counters) {
            let (id, value) = row?;
            let Some(subscriber) = subscribers.get(&id) else { continue };
            match serde_json::from_slice(&value) {
                Ok(counters) => subscriber.restore(counters),
                Err(error) => unreadable("counters", id.as_bytes(), &error),
            }
        }
        Ok(())
    }

    /// A subscription of NGSI-LD is served whether or not its context can be read; without it names are sent as IRIs.
    fn understood(&self, record: Record) -> Result<Subscription, ParseError> {
        let Some(request) = record.linked() else { return Subscription::compile(record) };
        let context = self.contexts.at_hand(&request.notifying_context()).unwrap_or_else(|| {
            tracing::warn!(subscription = %record.id, "the context is not here; notifications name attributes by their IRIs");
            Context::core()
        });
        Subscription::compile_with(record, &self.contexts.named(context))
    }

    /// Notices that were due wait again; those of subscriptions that have ended are forgotten.
    fn recover_outbox(&self) -> anyhow::Result<()> {
        let subscribers = self.subscribers.read();
        let mut orphans = Batch::new();
        for row in self.ledger.outbox.scan() {
            let (key, value) = row?;
            let Some((id, seq)) = split_outbox_key(&key) else { continue };
            self.ledger.continue_after(seq);
            match (subscribers.get(id), codec::read_notice(seq, &value)) {
                (Some(subscriber), Ok(notice)) => {
                    self.outbox.added(1);
                    for Displaced::Merged(superfluous) | Displaced::Lost(superfluous) in subscriber.push(notice) {
                        self.outbox.done(subscriber.id(), &[superfluous]);
                    }
                }
                (None, _) => orphans.delete(&self.ledger.outbox, &key),
                (_, Err(error)) => unreadable("notification", &key, &error),
            }
        }
        for subscriber in subscribers.iter().filter(|subscriber| subscriber.subscription().record.initialised) {
            subscriber.open();
        }
        drop(self.ledger.submit(orphans));
        Ok(())
    }

    fn recover_providers(&self) -> anyhow::Result<()> {
        for row in self.ledger.records(Kind::Provider) {
            let (id, value) = row?;
            match serde_json::from_slice::<ProviderRecord>(&value) {
                Err(error) => unreadable("registration", id.as_bytes(), &error),
                Ok(record) => match Provision::compile(record) {
                    Ok(provision) => self.providers.recover(provision),
                    Err(error) => unreadable("registration", id.as_bytes(), &error),
                },
            }
        }
        Ok(())
    }

    fn recover_links(&self) -> anyhow::Result<()> {
        let mut links = HashMap::new();
        for row in self.ledger.records(Kind::Link) {
            let (id, value) = row?;
            match serde_json::from_slice::<LinkRecord>(&value) {
                Ok(link) => {
                    links.insert(SubscriptionId::from(id), link);
                }
                Err(error) => unreadable("link", id.as_bytes(), &error),
            }
        }
        self.federation.links.recover(links);
        Ok(())
    }
}

fn unreadable(what: &str, key: &[u8], error: &(dyn std::error::Error + 'static)) {
    tracing::error!(what, key = %String::from_utf8_lossy(key), error, "a record in the store cannot be read and is left out");
}
