//! `/ngsi-ld/v1/entities`: the collection (ETSI GS CIM 009, 6.4).

use axum::extract::State;
use axum::response::Response;
use context::LinkedAction;
use context::sources::Attributes;
use ngsi::registration::Operation;
use service::http::path_segment;

use super::answer::{Failure, created};
use super::call::Call;
use super::change::Task;
use super::distribute::{Payload, restrict};
use super::{change, read, search};
use crate::Shared;

pub(super) async fn create(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let (entity, context) = read::entity(&broker, &call).await?;
    let done = created(&format!("/ngsi-ld/v1/entities/{}", path_segment(entity.id.as_str())));
    let task = Task {
        operation: Operation::CreateEntity,
        id: entity.id.as_str(),
        path: "/entities".to_owned(),
        attribute: None,
        params: &[],
        types: &entity.types,
        attributes: Attributes::Only(change::names(&entity)),
    };
    let payload = |attributes: &Attributes| restrict(&call.body, &context, attributes).map(Payload::Entity);
    let rest = |attributes: &Attributes| LinkedAction::Create(change::restricted(entity.clone(), attributes));
    if let Some((share, here)) = change::share_out(&broker, &call, &context, task, &payload, rest).await? {
        return Ok(share.conclude(&broker, entity.id.as_str(), &here, done));
    }
    if let Some(answer) = call.answered_by_owner(&broker, entity.id.as_str()).await? {
        return Ok(answer);
    }
    let stored = broker.shards.stored_id(entity.id.as_str());
    change::carry_out(&broker, &call, stored, LinkedAction::Create(entity)).await?;
    Ok(done)
}

pub(super) async fn list(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    search::of_params(&call, &context)?.answer(&broker, &call, &context).await
}

/// Deletes what a query finds here (5.6.21): whole entities, unless attributes are named.
pub(super) async fn purge(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    search::of_params(&call, &context)?.purge(&broker, &call, &context).await
}
