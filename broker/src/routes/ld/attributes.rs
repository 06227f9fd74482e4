//! `/ngsi-ld/v1/entities/{id}/attrs`: several attributes of an entity (ETSI GS CIM 009, 6.6).

use axum::extract::{Path, State};
use axum::response::Response;
use context::LinkedAction;
use ngsi::ld::EntityFragment;

use super::answer::{Failure, updated};
use super::call::Call;
use super::change;
use super::read::{self, Wanted};
use crate::Shared;

pub(super) async fn append(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    let no_overwrite = call.params.option("noOverwrite");
    change_some(&broker, &id, &call, |fragment| LinkedAction::Append { fragment, no_overwrite }).await
}

pub(super) async fn update(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    change_some(&broker, &id, &call, LinkedAction::Update).await
}

async fn change_some(
    broker: &Shared,
    id: &str,
    call: &Call,
    action: impl FnOnce(EntityFragment) -> LinkedAction,
) -> Result<Response, Failure> {
    change::check_id(id)?;
    let (fragment, context) = read::fragment(broker, call, id, Wanted::Fragment).await?;
    let stored = change::stored_id(broker, id);
    if let Some(answer) = call.answered_by_owner(broker, stored.as_str()).await? {
        return Ok(answer);
    }
    Ok(updated(&change::carry_out(broker, call, stored, action(fragment)).await?, &context))
}
