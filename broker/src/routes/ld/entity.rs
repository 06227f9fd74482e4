//! `/ngsi-ld/v1/entities/{id}`: one entity (ETSI GS CIM 009, 6.5).

use axum::extract::{Path, State};
use axum::response::Response;
use context::{LinkedAction, MergeDefaults};
use ngsi::ld::{EntityFragment, Problem, parse};
use ngsi::{JsonText, Name};

use super::answer::{Failure, no_content, updated};
use super::call::Call;
use super::read::{self, Wanted};
use super::{change, rendering};
use crate::Shared;

pub(super) async fn get(State(broker): State<Shared>, Path(id): Path<String>, call: Call) -> Result<Response, Failure> {
    change::check_id(&id)?;
    let stored = change::stored_id(&broker, &id);
    if let Some(answer) = call.answered_by_owner(&broker, stored.as_str()).await? {
        return Ok(answer);
    }
    let context = call.context(&broker, None).await?;
    let rendering = rendering::of_call(&broker, &call, &context).await?;
    let entity = broker.shards.get(stored.as_str()).ok_or_else(|| Failure::no_entity(&id))?;
    rendering.one(&entity).ok_or_else(|| Failure::no_entity(&id))
}

pub(super) async fn replace(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    change_one(&broker, &id, &call, Wanted::Entity, LinkedAction::Replace).await
}

pub(super) async fn merge(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    let defaults = defaults(&call)?;
    change_one(&broker, &id, &call, Wanted::Merge, |fragment| LinkedAction::Merge { fragment, defaults }).await
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
    action: impl FnOnce(EntityFragment) -> LinkedAction,
) -> Result<Response, Failure> {
    change::check_id(id)?;
    let (fragment, context) = read::fragment(broker, call, id, wanted).await?;
    let stored = change::stored_id(broker, id);
    if let Some(answer) = call.answered_by_owner(broker, stored.as_str()).await? {
        return Ok(answer);
    }
    Ok(updated(&change::carry_out(broker, call, stored, action(fragment)).await?, &context))
}

pub(super) async fn delete(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    change::check_id(&id)?;
    let stored = change::stored_id(&broker, &id);
    if let Some(answer) = call.answered_by_owner(&broker, stored.as_str()).await? {
        return Ok(answer);
    }
    change::carry_out(&broker, &call, stored, LinkedAction::Delete).await?;
    Ok(no_content())
}
