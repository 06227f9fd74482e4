//! `/ngsi-ld/v1/temporal/entities/{id}/attrs/{name}`: all instances of an attribute (ETSI GS CIM 009, 5.6.13, 6.21).

use axum::extract::{Path, State};
use axum::response::Response;
use context::temporal::Step;
use ngsi::Name;
use ngsi::ld::temporal::{Instance, Window};

use super::{Found, attribute_name, find, no_instance};
use crate::Shared;
use crate::routes::ld::answer::{Failure, no_content};
use crate::routes::ld::call::Call;
use crate::temporal::Reading;

pub(super) async fn delete(
    State(broker): State<Shared>,
    Path((id, name)): Path<(String, String)>,
    call: Call,
) -> Result<Response, Failure> {
    let stored = attribute_name(&broker, &call, &name).await?;
    let entity = match find(&broker, &call, &id).await? {
        Found::Here(subject) => subject.entity.id,
        Found::Elsewhere(answer) => return Ok(answer),
    };
    let dataset_id = match (call.params.flag("deleteAll")?, call.params.get("datasetId")) {
        (true, _) => None,
        (false, given) => Some(Name::from(given.unwrap_or_default())),
    };
    let concerned = |instance: &Instance| dataset_id.as_ref().is_none_or(|id| *id == instance.attribute.dataset_id);
    let latest = Window { last: Some(1), ..Window::default() };
    let attributes = vec![stored.to_string()];
    let latest = Reading { window: latest, attributes, most: broker.temporal.settings.max_instances };
    if !broker.temporal.read(&entity, &latest).await?.instances.iter().any(concerned) {
        return Err(no_instance(&name));
    }
    broker.temporal.carry_out(&broker.ledger, Step::ForgetAttribute { entity, name: stored, dataset_id }).await?;
    Ok(no_content())
}
