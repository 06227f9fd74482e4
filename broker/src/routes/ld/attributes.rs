//! `/ngsi-ld/v1/entities/{id}/attrs`: several attributes of an entity (ETSI GS CIM 009, 6.6).

use axum::extract::{Path, State};
use axum::response::Response;
use context::LinkedAction;
use context::sources::Attributes;
use ngsi::ld::EntityFragment;
use ngsi::registration::Operation;
use service::http::path_segment;

use super::answer::{Failure, no_content, updated};
use super::call::Call;
use super::change::{self, Task};
use super::distribute::{Payload, restrict};
use super::read::{self, Wanted};
use crate::Shared;

pub(super) async fn append(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    let no_overwrite = call.params.option("noOverwrite");
    let action = |fragment| LinkedAction::Append { fragment, no_overwrite };
    change_some(&broker, &id, &call, Operation::AppendAttrs, action).await
}

pub(super) async fn update(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    change_some(&broker, &id, &call, Operation::UpdateEntity, LinkedAction::Update).await
}

async fn change_some(
    broker: &Shared,
    id: &str,
    call: &Call,
    operation: Operation,
    action: impl FnOnce(EntityFragment) -> LinkedAction + Clone,
) -> Result<Response, Failure> {
    change::check_id(id)?;
    let (fragment, context) = read::fragment(broker, call, id, Wanted::Fragment).await?;
    let names = change::names(&fragment);
    let task = Task {
        operation,
        id,
        path: format!("/entities/{}/attrs", path_segment(id)),
        attribute: None,
        params: &["options", "type"],
        types: &fragment.types,
        attributes: Attributes::Only(names.clone()),
    };
    let payload = |attributes: &Attributes| restrict(&call.body, &context, attributes).map(Payload::Entity);
    let rest = |attributes: &Attributes| action.clone()(change::restricted(fragment.clone(), attributes));
    if let Some((share, here)) = change::share_out(broker, call, &context, task, &payload, rest).await? {
        return Ok(share.conclude_attributes(broker, &names, &here, no_content()));
    }
    let stored = broker.shards.stored_id(id);
    if let Some(answer) = call.answered_by_owner(broker, stored.as_str()).await? {
        return Ok(answer);
    }
    change::check_type(broker, call, &context, &stored)?;
    Ok(updated(&change::carry_out(broker, call, stored, action(fragment)).await?, &context))
}
