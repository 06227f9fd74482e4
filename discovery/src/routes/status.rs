use axum::Json;
use axum::extract::State;

use super::Shared;

pub(super) async fn status() -> Json<&'static str> {
    Json("ok")
}

/// The types of which some entity is registered.
pub(super) async fn entity_types(State(discovery): Shared) -> Json<Vec<String>> {
    Json(discovery.registry.read().types().into_iter().map(str::to_owned).collect())
}
