//! Telling discovery which entities live here.
//!
//! Only the identifiers of entities whose picture at discovery is out of date are remembered; what is told is their state at
//! the time of telling. So repeated changes cost one registration, and the last one told is always the last one.

use std::collections::HashMap;
use std::time::Duration;

use http::StatusCode;
use ngsi::v1::ngsi9::{ContextRegistration, RegisterContextRequest, RegistrationAttribute};
use ngsi::v1::{ContextMetadata, EntityRef};
use ngsi::{Entity, EntityId, JsonText, Name};
use parking_lot::Mutex;
use prometheus_client::metrics::gauge::Gauge;
use storage::Batch;
use tokio::sync::Notify;

use super::discovery::DiscoveryError;
use crate::broker::Broker;
use crate::ledger::Kind;

/// Entities in one registration.
const BATCH: usize = 1_000;
/// Bytes, roughly, in one registration.
const BATCH_BYTES: usize = 1024 * 1024;
/// The type under which a broker registers itself.
pub(crate) const BROKER_TYPE: &str = "IoTBroker";
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);

pub(crate) struct Registrar {
    /// Identifiers that are out of date at discovery, which knows of one entity each; true when one has been deleted since.
    dirty: Mutex<HashMap<EntityId, bool>>,
    work: Notify,
    pending: Gauge,
}

impl Registrar {
    pub(crate) fn new(pending: Gauge) -> Self {
        Self { dirty: Mutex::default(), work: Notify::new(), pending }
    }

    pub(crate) fn mark(&self, id: &EntityId, deleted: bool) {
        let mut dirty = self.dirty.lock();
        *dirty.entry(EntityId::from(id.as_str())).or_default() |= deleted;
        self.pending.set(i64::try_from(dirty.len()).unwrap_or(i64::MAX));
        drop(dirty);
        self.work.notify_one();
    }

    /// Whether there is still something to tell.
    pub(crate) fn is_busy(&self) -> bool {
        self.pending.get() > 0
    }

    fn take(&self) -> Vec<(EntityId, bool)> {
        let mut dirty = self.dirty.lock();
        let ids: Vec<_> = dirty.keys().take(BATCH).cloned().collect();
        ids.into_iter().filter_map(|id| dirty.remove_entry(&id)).collect()
    }

    fn put_back(&self, taken: Vec<(EntityId, bool)>) {
        let mut dirty = self.dirty.lock();
        for (id, deleted) in taken {
            *dirty.entry(id).or_default() |= deleted;
        }
    }
}

/// Everything that lives here is to be told again.
pub(crate) async fn mark_all(broker: &Broker) {
    let mut shard = 0;
    while let Some(entities) = broker.shards.page(shard) {
        for entity in &entities {
            broker.federation.registrar.mark(&entity.id, false);
        }
        shard += 1;
        tokio::task::yield_now().await;
    }
}

pub(crate) async fn run(broker: &Broker) {
    let registrar = &broker.federation.registrar;
    let mut pause = FIRST_RETRY;
    while !broker.node.shutdown.is_cancelled() {
        let taken = registrar.take();
        if taken.is_empty() {
            tokio::select! {
                () = registrar.work.notified() => continue,
                () = broker.node.shutdown.cancelled() => return,
            }
        }
        match tell(broker, &taken).await {
            Ok(()) => {
                pause = FIRST_RETRY;
                registrar.pending.set(i64::try_from(registrar.dirty.lock().len()).unwrap_or(i64::MAX));
            }
            Err(error) => {
                if pause == FIRST_RETRY {
                    tracing::warn!(%error, entities = taken.len(), "cannot register, will try again");
                }
                registrar.put_back(taken);
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = broker.node.shutdown.cancelled() => return,
                }
                pause = (pause * 2).min(LAST_RETRY);
            }
        }
    }
}

/// Tells discovery how the entities stand now: those that are gone first.
async fn tell(broker: &Broker, taken: &[(EntityId, bool)]) -> Result<(), DiscoveryError> {
    let mut here = Vec::new();
    let mut gone = Vec::new();
    for (id, _) in taken {
        match broker.shards.get(id.as_str()) {
            Some(entity) => here.push(entity),
            None => gone.push(EntityRef::id(id.clone())),
        }
    }
    let provider = &broker.federation.own_url;
    if !gone.is_empty() {
        let registration =
            ContextRegistration { entities: gone, providing_application: provider.clone(), ..Default::default() };
        send(broker, vec![registration], "0").await?;
    }
    let mut registrations = Vec::new();
    let mut bytes = 0;
    for entity in here {
        let (registration, size) = describe(&entity, provider);
        if bytes + size > BATCH_BYTES {
            send(broker, std::mem::take(&mut registrations), "").await?;
            bytes = 0;
        }
        bytes += size;
        registrations.push(registration);
    }
    send(broker, registrations, "").await?;
    forget_departed(broker, taken).await;
    Ok(())
}

/// Sends registrations; if some are refused, finds out which and leaves those out.
async fn send(broker: &Broker, registrations: Vec<ContextRegistration>, duration: &str) -> Result<(), DiscoveryError> {
    let mut waiting = vec![registrations];
    while let Some(registrations) = waiting.pop() {
        if registrations.is_empty() {
            continue;
        }
        let (duration, registration_id) = (duration.to_owned(), String::new());
        let mut request = RegisterContextRequest { context_registrations: registrations, duration, registration_id };
        match broker.federation.discovery.register(&request).await {
            Err(DiscoveryError::Refused(status)) if blames_content(status) => {
                let registrations = &mut request.context_registrations;
                if registrations.len() > 1 {
                    waiting.push(registrations.split_off(registrations.len() / 2));
                    waiting.push(request.context_registrations);
                } else {
                    let entity = registrations.first().and_then(|registration| registration.entities.first());
                    tracing::error!(%status, ?entity, "discovery refuses a registration; it is left out");
                }
            }
            outcome => outcome?,
        }
    }
    Ok(())
}

/// Whether a refusal is for what was sent. Any other, such as 404 of a server that is no discovery, may pass.
fn blames_content(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY)
}

/// An entity as discovery sees it, and about how many bytes that takes.
fn describe(entity: &Entity, provider: &str) -> (ContextRegistration, usize) {
    let attributes: Vec<_> = entity
        .context_attributes()
        .map(|a| RegistrationAttribute { name: a.name.clone(), value_type: a.value_type.clone(), is_domain: false })
        .collect();
    let metadata: Vec<_> = entity
        .domain_metadata()
        .map(|m| ContextMetadata { name: m.name.clone(), value_type: m.value_type.clone(), value: m.value.clone() })
        .collect();
    let values: usize = metadata.iter().map(|metadatum| metadatum.value.as_str().len()).sum();
    let size = 200 + 64 * (attributes.len() + metadata.len()) + values;
    let id = EntityRef { id: entity.id.clone(), entity_type: entity.entity_type.clone(), is_pattern: false };
    let registration = ContextRegistration {
        entities: vec![id],
        attributes: Some(attributes),
        context_metadata: Some(metadata),
        providing_application: provider.to_owned(),
    };
    (registration, size)
}

async fn forget_departed(broker: &Broker, taken: &[(EntityId, bool)]) {
    let mut batch = Batch::new();
    for (id, _) in taken.iter().filter(|(_, deleted)| *deleted) {
        broker.ledger.delete(&mut batch, Kind::Departed, id.as_str());
    }
    if let Err(error) = broker.ledger.commit(batch).await {
        tracing::warn!(%error, "deleted entities will be unregistered again after a restart");
    }
}

/// This broker itself, by which devices find the nearest one.
pub(crate) async fn register_self(broker: &Broker) -> Result<(), DiscoveryError> {
    let federation = &broker.federation;
    let location = broker.node.config.location.map(|place| ContextMetadata {
        name: Name::from("location"),
        value_type: Name::from("point"),
        value: JsonText::from(serde_json::json!({ "latitude": place.latitude, "longitude": place.longitude })),
    });
    let id = EntityRef {
        id: EntityId::from(federation.id.as_str()),
        entity_type: Name::from(BROKER_TYPE),
        is_pattern: false,
    };
    let registration = ContextRegistration {
        entities: vec![id],
        attributes: Some(Vec::new()),
        context_metadata: Some(location.into_iter().collect()),
        providing_application: federation.own_url.clone(),
    };
    send(broker, vec![registration], "").await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_discovery_cannot_take_is_left_out() {
        for (status, left_out) in
            [(400, true), (413, true), (422, true), (401, false), (404, false), (429, false), (500, false)]
        {
            assert_eq!(StatusCode::from_u16(status).is_ok_and(blames_content), left_out, "{status}");
        }
    }
}
