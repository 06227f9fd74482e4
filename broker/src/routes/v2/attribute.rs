//! `/v2/entities/{id}/attrs/{name}`: one attribute.

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use context::EditAction;
use http::HeaderMap;
use ngsi::v2::parse;
use ngsi::v2::parse::AttributeInput;
use ngsi::v2::write::{attribute, write_attribute};
use ngsi::{JsonText, Name};

use super::answer::{Failure, no_content};
use super::entity::edit_of;
use super::find::find;
use super::params::Params;
use super::{body, change};
use crate::{Shared, answer};

/// The options of an update.
pub(super) const OPTIONS: [&str; 3] = ["overrideMetadata", "forcedUpdate", "flowControl"];

pub(super) async fn get(
    State(broker): State<Shared>,
    headers: HeaderMap,
    Path((id, name)): Path<(String, String)>,
    params: Params,
) -> Result<Response, Failure> {
    let metadata = params.names("metadata")?;
    let entity = find(&broker, &headers, &id, &params).await?;
    let mut out = Vec::with_capacity(128);
    write_attribute(&mut out, attribute(&entity, &name).ok_or_else(Failure::no_attribute)?, &metadata);
    Ok(answer::json(out))
}

pub(super) async fn update(
    State(broker): State<Shared>,
    headers: HeaderMap,
    Path((id, name)): Path<(String, String)>,
    params: Params,
    body: Bytes,
) -> Result<Response, Failure> {
    body::check_json(&headers, &body)?;
    let overrides_metadata = params.options(&OPTIONS)?.has("overrideMetadata");
    let input = parse::attribute(&name, &body)?;
    let _room = broker.admit(body.len()).await;
    change_one(&broker, &headers, &id, &params, EditAction::Update, overrides_metadata, input).await
}

pub(super) async fn delete(
    State(broker): State<Shared>,
    headers: HeaderMap,
    Path((id, name)): Path<(String, String)>,
    params: Params,
) -> Result<Response, Failure> {
    let (name, value) = (Name::from(name), JsonText::null());
    let input = AttributeInput { name, value_type: None, value, metadata: Vec::new() };
    change_one(&broker, &headers, &id, &params, EditAction::Delete, false, input).await
}

/// Changes an attribute that must exist: it is the resource that the path names.
pub(super) async fn change_one(
    broker: &Shared,
    headers: &HeaderMap,
    id: &str,
    params: &Params,
    action: EditAction,
    overrides_metadata: bool,
    input: AttributeInput,
) -> Result<Response, Failure> {
    let mut edit = edit_of(id, params.entity_type(), action);
    edit.overrides_metadata = overrides_metadata;
    let missing = change::missing(std::slice::from_ref(&input.name));
    edit.attributes.push(input);
    match change::carry_out(broker, headers, params, edit).await {
        Err(failure) if failure.0 == missing => Err(Failure::no_attribute()),
        outcome => outcome.map(|()| no_content()),
    }
}
