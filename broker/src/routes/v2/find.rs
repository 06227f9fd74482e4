//! One entity, wherever it lives.

use std::sync::Arc;

use context::provision::complete;
use http::HeaderMap;
use ngsi::v2::write::type_of;
use ngsi::v2::{DEFAULT_ENTITY_TYPE, Kind};
use ngsi::{Entity, EntityId, EntitySelector};

use super::answer::Failure;
use super::headers;
use super::params::Params;
use crate::federation::{self, Owners};
use crate::routes::request;
use crate::shards::Several;
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
    let meant = |entity: &Entity| (entity_type.is_empty() || entity_type == *type_of(entity)) && paths.select(entity);
    let here = broker.shards.pick(id, meant).map_err(|Several| Failure::several())?;
    let found = match here {
        None if !request::is_from_broker(headers) && !broker.shards.holds(id) => {
            Box::pin(elsewhere(broker, &EntityId::from(id), meant)).await?
        }
        here => here,
    };
    let request = providers::Request::of(broker, headers, paths);
    let whole = match request.filter(|_| params.forwards()) {
        None => found,
        Some(request) => Box::pin(provided(broker, request, id, params, found)).await?,
    };
    whole.ok_or_else(Failure::no_entity)
}

/// The entity with what context providers know of it.
async fn provided(
    broker: &Shared,
    request: providers::Request,
    id: &str,
    params: &Params,
    found: Option<Arc<Entity>>,
) -> Result<Option<Arc<Entity>>, Failure> {
    let entity_type = params.entity_type();
    let selector = EntitySelector::of((id, None), (entity_type.as_str(), None))?;
    let (told, problems) = providers::ask(broker, &[selector], &request).await;
    if let Some(problem) = problems.first() {
        tracing::debug!(problem, "an entity is answered without all that context providers have of it");
    }
    let mut told = told.into_iter().filter(|entity| entity.id == *id);
    Ok(match found {
        None => told.find(|told| entity_type.is_empty() || told.entity_type == entity_type).map(Arc::new),
        Some(here) => match told.find(|told| is_same(&here, told)) {
            Some(told) => Some(Arc::new(complete(&here, told))),
            None => Some(here),
        },
    })
}

/// Whether a context provider speaks of the entity; one that names no type means whatever there is.
pub(super) fn is_same(here: &Entity, told: &Entity) -> bool {
    here.id == *told.id.as_str() && (told.entity_type == DEFAULT_ENTITY_TYPE || told.entity_type == *type_of(here))
}

async fn elsewhere(
    broker: &Shared,
    id: &EntityId,
    meant: impl Fn(&Entity) -> bool,
) -> Result<Option<Arc<Entity>>, Failure> {
    let owners = Owners::look_up(broker, vec![id.clone()]).await;
    let Some(owner) = owners.get(id) else { return Ok(None) };
    let mut found = fetch(broker, owner, id).await?.into_iter().filter(meant);
    match (found.next(), found.next()) {
        (_, Some(_)) => Err(Failure::several()),
        (one, None) => Ok(one.map(Arc::new)),
    }
}

pub(super) async fn fetch(broker: &Shared, owner: &str, id: &EntityId) -> Result<Vec<Entity>, Failure> {
    let fetched = federation::fetch(broker, owner, id).await;
    fetched.map_err(|problem| Failure::new(Kind::ServiceUnavailable, problem))
}
