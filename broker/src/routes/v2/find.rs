//! One entity, wherever it lives.

use std::sync::Arc;

use context::provision::complete;
use http::HeaderMap;
use ngsi::v2::Kind;
use ngsi::v2::write::type_of;
use ngsi::{Entity, EntityId, EntitySelector};

use super::answer::Failure;
use super::headers;
use super::params::Params;
use crate::federation::{self, Owners};
use crate::routes::request;
use crate::{Shared, providers};

/// The entity with that identifier and, if they are given, that type and path.
pub(super) async fn find(
    broker: &Shared,
    headers: &HeaderMap,
    id: &str,
    params: &Params,
) -> Result<Arc<Entity>, Failure> {
    let entity_type = params.entity_type();
    let paths = headers::paths(headers)?;
    let here = broker.shards.get(id);
    let found = match here {
        None if !request::is_from_broker(headers) => elsewhere(broker, &EntityId::from(id)).await?.map(Arc::new),
        here => here,
    };
    let found = provided(broker, headers, id, params, found).await;
    let meant =
        |entity: &Arc<Entity>| (entity_type.is_empty() || entity_type == *type_of(entity)) && paths.select(entity);
    found.filter(meant).ok_or_else(Failure::no_entity)
}

/// The entity with what context providers know of it.
async fn provided(
    broker: &Shared,
    headers: &HeaderMap,
    id: &str,
    params: &Params,
    found: Option<Arc<Entity>>,
) -> Option<Arc<Entity>> {
    let Some(request) = providers::Request::of(broker, headers).filter(|_| params.forwards()) else { return found };
    let selector = EntitySelector::of((id, None), (params.entity_type().as_str(), None)).ok()?;
    let (told, problems) = providers::ask(broker, &[selector], &request).await;
    if let Some(problem) = problems.first() {
        tracing::debug!(problem, "an entity is answered without all that context providers have of it");
    }
    let told = told.into_iter().find(|entity| entity.id.as_str() == id);
    match (found, told) {
        (Some(here), Some(told)) => Some(Arc::new(complete(&here, told))),
        (None, Some(told)) => Some(Arc::new(told)),
        (found, None) => found,
    }
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
