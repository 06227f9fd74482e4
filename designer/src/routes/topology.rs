//! `/topology`: the topologies of services and fog functions, to read.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use super::Shared;
use crate::refusal::Refusal;
use crate::state::Designer;

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new().route("/topology", get(list)).route("/topology/{name}", get(one))
}

async fn list(State(designer): Shared) -> Json<Vec<Value>> {
    let all = |catalog: &crate::catalog::Catalog| {
        catalog.topologies().filter_map(|name| catalog.topology_document(name)).collect()
    };
    Json(designer.read(all).await)
}

async fn one(State(designer): Shared, Path(name): Path<String>) -> Result<Json<Value>, Refusal> {
    let topology = designer.read(|catalog| catalog.topology_document(&name)).await;
    topology.map(Json).ok_or_else(|| Refusal::not_found("topology", &name))
}
