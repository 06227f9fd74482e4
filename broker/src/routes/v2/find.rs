//! One entity, wherever it lives.

use std::sync::Arc;

use http::HeaderMap;
use ngsi::v2::Kind;
use ngsi::v2::write::type_of;
use ngsi::{Entity, EntityId};

use super::answer::Failure;
use super::headers;
use crate::Shared;
use crate::federation::{self, Owners};
use crate::routes::request;

/// The entity with that identifier and, if they are given, that type and path.
pub(super) async fn find(
    broker: &Shared,
    headers: &HeaderMap,
    id: &str,
    entity_type: &str,
) -> Result<Arc<Entity>, Failure> {
    let paths = headers::paths(headers)?;
    let here = broker.shards.get(id);
    let found = match here {
        None if !request::is_from_broker(headers) => elsewhere(broker, &EntityId::from(id)).await?.map(Arc::new),
        here => here,
    };
    let meant =
        |entity: &Arc<Entity>| (entity_type.is_empty() || type_of(entity) == entity_type) && paths.select(entity);
    found.filter(meant).ok_or_else(Failure::no_entity)
}

async fn elsewhere(broker: &Shared, id: &EntityId) -> Result<Option<Entity>, Failure> {
    let owners = Owners::look_up(broker, vec![id.clone()]).await;
    match owners.get(id) {
        None => Ok(None),
        Some(owner) => fetch(broker, owner, id).await,
    }
}

pub(super) async fn fetch(broker: &Shared, owner: &str, id: &EntityId) -> Result<Option<Entity>, Failure> {
    let fetched = federation::fetch(broker, owner, id).await;
    fetched.map_err(|problem| Failure::new(Kind::ServiceUnavailable, problem))
}
