//! `/ngsi-ld/v1/entities/{id}`: one entity (ETSI GS CIM 009, 6.5).

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use context::sources::Attributes;
use context::{LinkedAction, MergeDefaults};
use ngsi::ld::{EntityFragment, Kind, Problem, parse};
use ngsi::registration::Operation;
use ngsi::{EntityId, JsonText, Name};
use service::http::path_segment;

use super::answer::{Failure, no_content, updated};
use super::call::Call;
use super::change::Task;
use super::distribute::{Payload, Retrieved, restrict};
use super::join;
use super::read::{self, Wanted};
use super::{change, distribute, rendering};
use crate::Shared;
use crate::federation;

pub(super) async fn get(State(broker): State<Shared>, Path(id): Path<String>, call: Call) -> Result<Response, Failure> {
    change::check_id(&id)?;
    let stored = broker.shards.stored_id(&id);
    let context = call.context(&broker, None).await?;
    let mut answering = rendering::of_call(&broker, &call, &context).await?;
    let join = join::read(&call.params, &answering.rendering.selection)?;
    let mut retrieved = match distribute::retrieve(&broker, &call, &context, &id, &stored).await {
        Some(retrieved) => retrieved,
        None if join.is_some() => Box::pin(known(&broker, &call, &stored)).await,
        None => match call.answered_by_owner(&broker, stored.as_str()).await? {
            Some(answer) => return Ok(answer),
            None => Retrieved { entity: broker.shards.get(stored.as_str()), ..Retrieved::default() },
        },
    };
    let found = match (&join, retrieved.entity.take()) {
        (Some(join), Some(entity)) => {
            Box::pin(join::one(join, &broker, &call, &context, &mut answering, &entity)).await
        }
        (None, Some(entity)) => answering.one(&entity),
        (_, None) => None,
    };
    let mut response = found.unwrap_or_else(|| absent(&id, &retrieved).into_response());
    distribute::warn(&broker, &mut response, &retrieved.warnings);
    Ok(response)
}

/// The entity from here or from the broker that owns it.
async fn known(broker: &Shared, call: &Call, stored: &EntityId) -> Retrieved {
    let entity = match broker.shards.get(stored.as_str()) {
        None if !call.is_local() => federation::fetch_linked_one(broker, stored).await.map(Arc::new),
        here => here,
    };
    Retrieved { entity, ..Retrieved::default() }
}

fn absent(id: &str, retrieved: &Retrieved) -> Failure {
    match retrieved.is_loop {
        true => Failure::new(Kind::LoopDetected, format!("only sources have `{id}`, and this broker is one of theirs")),
        false => Failure::no_entity(id),
    }
}

pub(super) async fn replace(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    change_one(&broker, &id, &call, Wanted::Entity, Operation::ReplaceEntity, LinkedAction::Replace).await
}

pub(super) async fn merge(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    let defaults = defaults(&call)?;
    let action = |fragment| LinkedAction::Merge { fragment, defaults };
    change_one(&broker, &id, &call, Wanted::Merge, Operation::MergeEntity, action).await
}

/// What a merge says of all attributes at once.
pub(super) fn defaults(call: &Call) -> Result<MergeDefaults, Problem> {
    let language = call.params.get("lang");
    if let Some(wrong) = language.filter(|tag| !parse::is_language(tag)) {
        return Err(Problem::bad_request(format!("lang: must be one language tag, such as fr-CH, is `{wrong}`")));
    }
    Ok(MergeDefaults { observed_at: observed_at(call)?, language: language.map(Name::from) })
}

fn observed_at(call: &Call) -> Result<Option<JsonText>, Problem> {
    let Some(text) = call.params.get("observedAt") else { return Ok(None) };
    match ngsi::date::parse(text) {
        Some(at) => Ok(Some(JsonText::string(&at.to_string()))),
        None => Err(Problem::bad_request(format!("observedAt: not a date and time: `{text}`"))),
    }
}

/// Carries out what the body says of the entity.
async fn change_one(
    broker: &Shared,
    id: &str,
    call: &Call,
    wanted: Wanted,
    operation: Operation,
    action: impl FnOnce(EntityFragment) -> LinkedAction + Clone,
) -> Result<Response, Failure> {
    change::check_id(id)?;
    let (fragment, context) = read::fragment(broker, call, id, wanted).await?;
    let task = Task {
        operation,
        id,
        path: format!("/entities/{}", path_segment(id)),
        attribute: None,
        params: &["observedAt", "lang", "format", "options", "type"],
        types: &fragment.types,
        attributes: Attributes::Only(change::names(&fragment)),
    };
    let payload = |attributes: &Attributes| restrict(&call.body, &context, attributes).map(Payload::Entity);
    let rest = |attributes: &Attributes| action.clone()(change::restricted(fragment.clone(), attributes));
    if let Some((share, here)) = change::share_out(broker, call, &context, task, &payload, rest).await? {
        return Ok(share.conclude(broker, id, &here, no_content()));
    }
    let stored = broker.shards.stored_id(id);
    if let Some(answer) = call.answered_by_owner(broker, stored.as_str()).await? {
        return Ok(answer);
    }
    change::check_type(broker, call, &context, &stored)?;
    Ok(updated(&change::carry_out(broker, call, stored, action(fragment)).await?, &context))
}

pub(super) async fn delete(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    change::check_id(&id)?;
    let stored = broker.shards.stored_id(&id);
    let task = Task {
        operation: Operation::DeleteEntity,
        id: &id,
        path: format!("/entities/{}", path_segment(&id)),
        attribute: None,
        params: &["type"],
        types: &[],
        attributes: Attributes::All,
    };
    let context = call.context(&broker, None).await?;
    let rest = |_: &Attributes| LinkedAction::Delete;
    if let Some((share, here)) = change::share_out(&broker, &call, &context, task, &|_| None, rest).await? {
        return Ok(share.conclude(&broker, &id, &here, no_content()));
    }
    if let Some(answer) = call.answered_by_owner(&broker, stored.as_str()).await? {
        return Ok(answer);
    }
    change::check_type(&broker, &call, &call.context(&broker, None).await?, &stored)?;
    change::carry_out(&broker, &call, stored, LinkedAction::Delete).await?;
    Ok(no_content())
}
