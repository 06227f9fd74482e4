//! `/ngsi-ld/v1/entities`: the collection (ETSI GS CIM 009, 6.4).

use axum::extract::State;
use axum::response::Response;
use context::LinkedAction;
use service::http::path_segment;

use super::answer::{Failure, created};
use super::call::Call;
use super::{change, read, search};
use crate::Shared;

pub(super) async fn create(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let (entity, _) = read::entity(&broker, &call).await?;
    if let Some(answer) = call.answered_by_owner(&broker, entity.id.as_str()).await? {
        return Ok(answer);
    }
    let id = entity.id.clone();
    let stored = change::stored_id(&broker, id.as_str());
    change::carry_out(&broker, &call, stored, LinkedAction::Create(entity)).await?;
    Ok(created(&format!("/ngsi-ld/v1/entities/{}", path_segment(id.as_str()))))
}

pub(super) async fn list(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    search::of_params(&call, &context)?.answer(&broker, &call, &context).await
}

/// Deletes what a query finds here (5.6.21): attributes when `attrs` names some, else whole entities.
pub(super) async fn purge(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    search::of_params(&call, &context)?.purge(&broker, &call).await
}
