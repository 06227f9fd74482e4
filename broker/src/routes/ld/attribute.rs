//! `/ngsi-ld/v1/entities/{id}/attrs/{name}`: one attribute of an entity (ETSI GS CIM 009, 6.7).

use axum::extract::{Path, State};
use axum::response::Response;
use context::LinkedAction;
use context::linked::Instances;
use ngsi::Name;

use super::answer::{Failure, no_content};
use super::call::Call;
use super::change;
use super::read::{self, Wanted};
use crate::Shared;

pub(super) async fn update(
    State(broker): State<Shared>,
    Path((id, name)): Path<(String, String)>,
    call: Call,
) -> Result<Response, Failure> {
    let fragment = read::attribute(&broker, &call, &name, Wanted::Fragment).await?;
    change_one(&broker, &id, &call, LinkedAction::PartialUpdate(fragment)).await
}

pub(super) async fn replace(
    State(broker): State<Shared>,
    Path((id, name)): Path<(String, String)>,
    call: Call,
) -> Result<Response, Failure> {
    let fragment = read::attribute(&broker, &call, &name, Wanted::Entity).await?;
    change_one(&broker, &id, &call, LinkedAction::ReplaceAttribute(fragment)).await
}

pub(super) async fn delete(
    State(broker): State<Shared>,
    Path((id, name)): Path<(String, String)>,
    call: Call,
) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    let instances = match (call.params.flag("deleteAll")?, call.params.get("datasetId")) {
        (true, _) => Instances::All,
        (false, given) => Instances::One(Name::from(given.unwrap_or_default())),
    };
    let name = context.expand(&name);
    change_one(&broker, &id, &call, LinkedAction::DeleteAttribute { name, instances }).await
}

async fn change_one(broker: &Shared, id: &str, call: &Call, action: LinkedAction) -> Result<Response, Failure> {
    change::check_id(id)?;
    let stored = change::stored_id(broker, id);
    if let Some(answer) = call.answered_by_owner(broker, stored.as_str()).await? {
        return Ok(answer);
    }
    change::carry_out(broker, call, stored, action).await?;
    Ok(no_content())
}
