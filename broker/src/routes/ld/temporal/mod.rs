//! `/ngsi-ld/v1/temporal`: the temporal evolution of entities (ETSI GS CIM 009, 5.6.11 to 5.6.16, 5.7.3, 5.7.4, 6.18 to 6.24).
//!
//! What this broker has recorded is asked and changed here. Requests about one entity are passed on to the broker that has
//! recorded it; queries ask all brokers.

mod add;
mod answer;
mod attribute;
mod elsewhere;
mod entities;
mod entity;
mod instance;
mod question;
mod search;

use axum::Router;
use axum::response::Response;
use axum::routing::{get, patch, post};
use http::StatusCode;
use ngsi::Name;
use ngsi::ld::temporal::Subject;
use ngsi::ld::{Form, Kind, Nulls, Problem, Reading};

use super::answer::Failure;
use super::call::Call;
use super::change;
use crate::Shared;
use crate::temporal::TemporalError;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/ngsi-ld/v1/temporal/entities", get(entities::list).post(entities::create).delete(entities::purge))
        .route("/ngsi-ld/v1/temporal/entities/{id}", get(entity::get).delete(entity::delete))
        .route("/ngsi-ld/v1/temporal/entities/{id}/attrs", post(entity::append))
        .route("/ngsi-ld/v1/temporal/entities/{id}/attrs/{name}", axum::routing::delete(attribute::delete))
        .route(
            "/ngsi-ld/v1/temporal/entities/{id}/attrs/{name}/{instance}",
            patch(instance::amend).delete(instance::delete),
        )
        .route("/ngsi-ld/v1/temporal/entityOperations/query", post(entities::query))
}

impl From<TemporalError> for Problem {
    fn from(error: TemporalError) -> Self {
        tracing::warn!(%error, "the history is out of reach");
        Self::new(Kind::ServiceUnavailable, format!("the history is out of reach: {error}"))
    }
}

/// Whose evolution the path names, or the answer of the broker that has it.
enum Found {
    Here(Subject),
    Elsewhere(Response),
}

async fn find(broker: &Shared, call: &Call, id: &str) -> Result<Found, Failure> {
    change::check_id(id)?;
    if let Some(subject) = subject(broker, id).await? {
        return Ok(Found::Here(subject));
    }
    let answer = call.answered_by_owner(broker, broker.shards.stored_id(id).as_str()).await?;
    if let Some(answer) = answer.filter(|answer| answer.status() != StatusCode::NOT_FOUND) {
        return Ok(Found::Elsewhere(answer));
    }
    // Another broker may have recorded what the owner has not, and what is deleted has no owner.
    match elsewhere::recorder(broker, call, id).await {
        Some(url) => Ok(Found::Elsewhere(call.pass_on(broker, &url, call.path_and_query(), call.body.clone()).await?)),
        None => Err(Failure::new(Kind::ResourceNotFound, format!("nothing is recorded of an entity `{id}`"))),
    }
}

/// An entity that came without a scheme has `urn:` before its identifier in NGSI-LD.
async fn subject(broker: &Shared, id: &str) -> Result<Option<Subject>, TemporalError> {
    let bare = id.strip_prefix("urn:");
    match (broker.temporal.subject(id).await?, bare) {
        (None, Some(bare)) => broker.temporal.subject(bare).await,
        (found, _) => Ok(found),
    }
}

/// The stored name of an attribute in the path.
async fn attribute_name(broker: &Shared, call: &Call, name: &str) -> Result<Name, Failure> {
    let context = call.context(broker, None).await?;
    Ok(Reading { context: &context, form: Form::Lossless, nulls: Nulls::Refused }.attribute_name(name)?)
}

fn no_instance(name: &str) -> Failure {
    Failure::new(Kind::ResourceNotFound, format!("no such instance of `{name}` is recorded"))
}
