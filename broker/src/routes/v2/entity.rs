//! `/v2/entities/{id}`: one entity.

use axum::extract::{Path, State};
use axum::response::Response;
use context::{Edit, EditAction};
use http::HeaderMap;
use ngsi::v2::path::ServicePath;
use ngsi::{EntityId, Name};

use super::answer::{Failure, no_content};
use super::find::find;
use super::params::Params;
use super::{change, list};
use crate::{Shared, answer};

pub(super) async fn get(
    State(broker): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, Failure> {
    let rendering = params.rendering(&params.options(&list::REPRESENTATIONS)?)?;
    let entity = find(&broker, &headers, &id, &params).await?;
    let mut out = Vec::with_capacity(512);
    rendering.write(&mut out, &entity);
    Ok(answer::json(out))
}

pub(super) async fn delete(
    State(broker): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, Failure> {
    let edit = edit_of(&id, params.entity_type(), EditAction::Delete);
    change::carry_out(&broker, &headers, &params, edit).await?;
    Ok(no_content())
}

/// An edit of an entity that exists, without attributes so far.
pub(super) fn edit_of(id: &str, entity_type: Name, action: EditAction) -> Edit {
    let id = EntityId::from(id);
    let path = ServicePath::default();
    Edit { id, entity_type, path, action, creates: false, overrides_metadata: false, attributes: Vec::new() }
}
