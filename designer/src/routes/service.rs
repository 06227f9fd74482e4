//! `/service`: topologies with their drawing.

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
    Router::new().route("/service", get(list).post(put)).route("/service/{name}", get(one).delete(delete))
}

async fn list(State(designer): Shared) -> Json<Map<String, Value>> {
    let all = |catalog: &crate::catalog::Catalog| {
        catalog.services.iter().map(|(name, service)| (name.clone(), service.json.clone())).collect()
    };
    Json(designer.read(all).await)
}

async fn one(State(designer): Shared, Path(name): Path<String>) -> Result<Json<Value>, Refusal> {
    let service = designer.read(|catalog| catalog.services.get(&name).map(|service| service.json.clone())).await;
    service.map(Json).ok_or_else(|| Refusal::not_found("service", &name))
}

async fn put(State(designer): Shared, body: Bytes) -> Result<&'static str, Refusal> {
    designer.change(|catalog| catalog.put_services(&body)).await.map(|()| OK)
}

async fn delete(State(designer): Shared, Path(name): Path<String>) -> Result<&'static str, Refusal> {
    designer.change(|catalog| catalog.delete_service(&name)).await.map(|()| OK)
}
