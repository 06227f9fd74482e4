//! What is on disk, and how.

use std::time::Duration;

use anyhow::Context;
use availability::{Brokers, Registration, Registry};
use ngsi::v1::ContextMetadata;
use ngsi::v1::ngsi9::{AvailabilityRequest, RegistrationAttribute};
use ngsi::{EntityId, Name, SubscriptionId, Timestamp};
use serde::{Deserialize, Serialize};
use storage::{Batch, Store, Table};

const EPOCH: &str = "epoch";

/// Discovery's tables.
pub(crate) struct Tables {
    /// Entity id to [`Row`].
    registrations: Table,
    /// Subscription id to the request.
    subscriptions: Table,
    /// A broker's id and URL, as JSON, to nothing.
    brokers: Table,
    /// `epoch` to a random word, made when the tables are.
    about: Table,
}

/// A registration but for the entity's id.
#[derive(Serialize)]
struct Row<'a> {
    #[serde(rename = "type")]
    entity_type: &'a Name,
    attributes: &'a [RegistrationAttribute],
    metadata: &'a [ContextMetadata],
    provider: &'a str,
}

#[derive(Deserialize)]
struct StoredRow {
    #[serde(rename = "type")]
    entity_type: Name,
    attributes: Vec<RegistrationAttribute>,
    metadata: Vec<ContextMetadata>,
    provider: String,
}

impl Tables {
    pub(crate) fn open(store: &Store) -> anyhow::Result<Self> {
        Ok(Self {
            registrations: store.table("discovery.registrations")?,
            subscriptions: store.table("discovery.subscriptions")?,
            brokers: store.table("discovery.brokers")?,
            about: store.table("discovery.about")?,
        })
    }

    /// The word that tells brokers whether discovery still has what they registered.
    pub(crate) fn epoch(&self, store: &Store) -> anyhow::Result<String> {
        if let Some(epoch) = self.about.get(EPOCH)? {
            return String::from_utf8(epoch).context("the stored epoch is not text");
        }
        let epoch = uuid::Uuid::new_v4().to_string();
        let mut batch = Batch::new();
        batch.put(&self.about, EPOCH, &epoch);
        // Registrations are acknowledged only after later commits, so this one is on disk before it matters.
        drop(store.submit(batch));
        Ok(epoch)
    }

    pub(crate) fn registry(&self) -> anyhow::Result<Registry> {
        let mut failed = None;
        let rows = self.registrations.scan().map_while(|row| {
            let read = row.map_err(anyhow::Error::from).and_then(|(key, value)| registration(&key, &value));
            read.map_err(|error| failed = Some(error)).ok()
        });
        let registry = Registry::restore(rows);
        failed.map_or(Ok(registry), Err)
    }

    pub(crate) fn brokers(&self, interval: Duration, now: Timestamp) -> anyhow::Result<Brokers> {
        let mut brokers = Brokers::new(interval);
        for row in self.brokers.scan() {
            let (key, _) = row?;
            let (id, url): (String, String) = serde_json::from_slice(&key).context("a stored broker is damaged")?;
            brokers.heartbeat(&id, &url, now)?;
        }
        Ok(brokers)
    }

    pub(crate) fn subscriptions(&self) -> anyhow::Result<Vec<(SubscriptionId, AvailabilityRequest)>> {
        let stored = self.subscriptions.scan().map(|row| {
            let (key, value) = row?;
            let id = text(key)?;
            let request = serde_json::from_slice(&value).with_context(|| format!("subscription {id} is damaged"))?;
            Ok((SubscriptionId::from(id), request))
        });
        stored.collect()
    }

    pub(crate) fn put_registration(&self, batch: &mut Batch, registration: &Registration) {
        let row = Row {
            entity_type: &registration.entity_type,
            attributes: &registration.attributes,
            metadata: &registration.metadata,
            provider: &registration.provider,
        };
        put_json(batch, &self.registrations, registration.id.as_str().as_bytes(), &row);
    }

    pub(crate) fn delete_registration(&self, batch: &mut Batch, id: &EntityId) {
        batch.delete(&self.registrations, id.as_str());
    }

    pub(crate) fn put_subscription(&self, batch: &mut Batch, id: &SubscriptionId, request: &AvailabilityRequest) {
        put_json(batch, &self.subscriptions, id.as_str().as_bytes(), request);
    }

    pub(crate) fn delete_subscription(&self, batch: &mut Batch, id: &SubscriptionId) {
        batch.delete(&self.subscriptions, id.as_str());
    }

    pub(crate) fn put_broker(&self, batch: &mut Batch, id: &str, url: &str) {
        batch.put(&self.brokers, broker_key(id, url), []);
    }

    pub(crate) fn delete_broker(&self, batch: &mut Batch, id: &str, url: &str) {
        batch.delete(&self.brokers, broker_key(id, url));
    }
}

fn broker_key(id: &str, url: &str) -> String {
    serde_json::json!([id, url]).to_string()
}

fn put_json<T: Serialize>(batch: &mut Batch, table: &Table, key: &[u8], value: &T) {
    // These types have no map keys but strings, so writing them as JSON cannot fail.
    if let Ok(json) = serde_json::to_vec(value) {
        batch.put(table, key, json);
    }
}

fn registration(key: &[u8], value: &[u8]) -> anyhow::Result<Registration> {
    let id = text(key.to_vec())?;
    let row: StoredRow = serde_json::from_slice(value).with_context(|| format!("registration of {id} is damaged"))?;
    Ok(Registration {
        id: EntityId::from(id),
        entity_type: row.entity_type,
        attributes: row.attributes.into(),
        metadata: row.metadata.into(),
        provider: row.provider.into(),
    })
}

fn text(key: Vec<u8>) -> anyhow::Result<String> {
    String::from_utf8(key).context("a stored identifier is not text")
}
