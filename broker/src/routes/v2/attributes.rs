//! `/v2/entities/{id}/attrs`: the attributes of an entity.

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use context::EditAction;
use http::HeaderMap;
use ngsi::v2::{Problem, parse};

use super::answer::{Failure, no_content};
use super::entity::edit_of;
use super::find::find;
use super::params::Params;
use super::{body, change, list};
use crate::{Shared, answer};

/// The options of an update.
const OPTIONS: [&str; 5] = ["keyValues", "append", "overrideMetadata", "forcedUpdate", "flowControl"];

pub(super) async fn get(
    State(broker): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, Failure> {
    let rendering = params.rendering(&params.options(&list::REPRESENTATIONS)?)?;
    let entity = find(&broker, &headers, &id, &params).await?;
    let mut out = Vec::with_capacity(512);
    rendering.write_attributes(&mut out, &entity);
    Ok(answer::json(out))
}

pub(super) async fn append(
    State(broker): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    params: Params,
    body: Bytes,
) -> Result<Response, Failure> {
    let strict = params.options(&OPTIONS)?.has("append");
    let action = if strict { EditAction::AppendStrict } else { EditAction::Append };
    set(&broker, &headers, &id, &params, &body, action).await
}

pub(super) async fn update(
    State(broker): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    params: Params,
    body: Bytes,
) -> Result<Response, Failure> {
    set(&broker, &headers, &id, &params, &body, EditAction::Update).await
}

pub(super) async fn replace(
    State(broker): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
    params: Params,
    body: Bytes,
) -> Result<Response, Failure> {
    set(&broker, &headers, &id, &params, &body, EditAction::Replace).await
}

async fn set(
    broker: &Shared,
    headers: &HeaderMap,
    id: &str,
    params: &Params,
    body: &Bytes,
    action: EditAction,
) -> Result<Response, Failure> {
    body::check_json(headers, body)?;
    let options = params.options(&OPTIONS)?;
    if options.has("append") && action != EditAction::AppendStrict {
        return Err(Problem::bad_request("options: `append` is for POST").into());
    }
    let mut edit = edit_of(id, params.entity_type(), action);
    edit.attributes = parse::attributes(body, options.form())?;
    edit.overrides_metadata = options.has("overrideMetadata");
    if edit.attributes.is_empty() && action != EditAction::Replace {
        return Err(Problem::bad_request("the body: names no attribute").into());
    }
    let _room = broker.admit(body.len()).await;
    change::carry_out(broker, headers, params, edit).await?;
    Ok(no_content())
}
