use axum::Json;
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::Shared;
use super::parameters::Parameters;
use crate::refusal::Refusal;

pub(super) async fn status() -> Json<&'static str> {
    Json("ok")
}

/// A type and how many entities have it.
#[derive(Serialize)]
struct TypeCount<'a> {
    #[serde(rename = "type")]
    entity_type: &'a str,
    entities: usize,
}

/// The types of which some entity is registered; with `?counts=true` also how many.
pub(super) async fn entity_types(State(discovery): Shared, RawQuery(query): RawQuery) -> Result<Response, Refusal> {
    let counted = Parameters::of(query.as_deref()).flag("counts")?;
    let registry = discovery.registry.read();
    if !counted {
        return Ok(Json(registry.types()).into_response());
    }
    let counts = registry.type_counts().into_iter();
    let counts: Vec<_> = counts.map(|(entity_type, entities)| TypeCount { entity_type, entities }).collect();
    Ok(Json(counts).into_response())
}
