//! `/ngsi-ld/v1/entities/{id}/attrs/{name}`: one attribute of an entity (ETSI GS CIM 009, 6.7).

use axum::extract::{Path, State};
use axum::response::Response;
use context::LinkedAction;
use context::linked::Instances;
use context::sources::Attributes;
use ngsi::Name;
use ngsi::ld::Context;
use ngsi::registration::Operation;
use service::http::path_segment;

use super::answer::{Failure, no_content};
use super::call::Call;
use super::change::{self, Task};
use super::distribute::{Payload, restrict};
use super::read::{self, Wanted};
use crate::Shared;

pub(super) async fn update(
    State(broker): State<Shared>,
    Path((id, name)): Path<(String, String)>,
    call: Call,
) -> Result<Response, Failure> {
    let (fragment, context) = read::attribute(&broker, &call, &name, Wanted::Fragment).await?;
    let name = fragment.name.clone();
    let action = LinkedAction::PartialUpdate(fragment);
    change_one(&broker, &call, &context, Operation::UpdateAttrs, &id, &name, action).await
}

pub(super) async fn replace(
    State(broker): State<Shared>,
    Path((id, name)): Path<(String, String)>,
    call: Call,
) -> Result<Response, Failure> {
    let (fragment, context) = read::attribute(&broker, &call, &name, Wanted::Entity).await?;
    let name = fragment.name.clone();
    let action = LinkedAction::ReplaceAttribute(fragment);
    change_one(&broker, &call, &context, Operation::ReplaceAttrs, &id, &name, action).await
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
    let action = LinkedAction::DeleteAttribute { name: name.clone(), instances };
    change_one(&broker, &call, &context, Operation::DeleteAttrs, &id, &name, action).await
}

async fn change_one(
    broker: &Shared,
    call: &Call,
    context: &Context,
    operation: Operation,
    id: &str,
    name: &Name,
    action: LinkedAction,
) -> Result<Response, Failure> {
    change::check_id(id)?;
    let names = vec![name.clone()];
    let task = Task {
        operation,
        id,
        path: format!("/entities/{}/attrs", path_segment(id)),
        attribute: Some(name),
        params: &["deleteAll", "datasetId", "type"],
        types: &[],
        attributes: Attributes::Only(names.clone()),
    };
    let payload = |_: &Attributes| restrict(&call.body, context, &Attributes::All).map(Payload::Attribute);
    let rest = |_: &Attributes| action.clone();
    if let Some((share, here)) = change::share_out(broker, call, context, task, &payload, rest).await? {
        return Ok(share.conclude_attributes(broker, &names, &here, no_content()));
    }
    let stored = broker.shards.stored_id(id);
    if let Some(answer) = call.answered_by_owner(broker, stored.as_str()).await? {
        return Ok(answer);
    }
    change::check_type(broker, call, context, &stored)?;
    change::carry_out(broker, call, stored, action).await?;
    Ok(no_content())
}
