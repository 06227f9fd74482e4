//! `/operator`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value};

use super::{OK, Shared};
use crate::refusal::Refusal;
use crate::state::Designer;

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new().route("/operator", get(list).post(put)).route("/operator/{name}", get(one).delete(delete))
}

async fn list(State(designer): Shared) -> Json<Map<String, Value>> {
    let all = |catalog: &crate::catalog::Catalog| {
        catalog.operators.iter().map(|(name, operator)| (name.clone(), operator.json.clone())).collect()
    };
    Json(designer.read(all).await)
}

async fn one(State(designer): Shared, Path(name): Path<String>) -> Result<Json<Value>, Refusal> {
    let operator = designer.read(|catalog| catalog.operators.get(&name).map(|operator| operator.json.clone())).await;
    operator.map(Json).ok_or_else(|| Refusal::not_found("operator", &name))
}

async fn put(State(designer): Shared, body: Bytes) -> Result<&'static str, Refusal> {
    designer.change(|catalog| catalog.put_operators(&body)).await.map(|()| OK)
}

async fn delete(State(designer): Shared, Path(name): Path<String>) -> Result<&'static str, Refusal> {
    designer.change(|catalog| catalog.delete_operator(&name)).await.map(|()| OK)
}
