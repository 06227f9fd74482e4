//! `/fogfunction`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use flow::FogFunctionStatus;
use serde_json::{Map, Value};

use super::{OK, Shared, fresh_intent_id};
use crate::catalog::Catalog;
use crate::refusal::Refusal;
use crate::state::Designer;

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new()
        .route("/fogfunction", get(list).post(put))
        .route("/fogfunction/{name}", get(one).delete(delete))
        // Of a GET, browsers do not say where it comes from unless the connection is safe; of a POST they always do.
        .route("/fogfunction/{name}/enable", get(enable).post(enable))
        .route("/fogfunction/{name}/disable", get(disable).post(disable))
}

async fn list(State(designer): Shared) -> Json<Map<String, Value>> {
    let all =
        |catalog: &Catalog| catalog.fog_functions.iter().map(|(name, f)| (name.clone(), f.json.clone())).collect();
    Json(designer.read(all).await)
}

async fn one(State(designer): Shared, Path(name): Path<String>) -> Result<Json<Value>, Refusal> {
    let function = designer.read(|catalog| catalog.fog_functions.get(&name).map(|f| f.json.clone())).await;
    function.map(Json).ok_or_else(|| Refusal::not_found("fog function", &name))
}

async fn put(State(designer): Shared, body: Bytes) -> Result<&'static str, Refusal> {
    designer.change(|catalog| catalog.put_fog_functions(&body, fresh_intent_id)).await.map(|()| OK)
}

async fn enable(State(designer): Shared, Path(name): Path<String>) -> Result<Json<Value>, Refusal> {
    switch(&designer, &name, FogFunctionStatus::Enabled).await
}

async fn disable(State(designer): Shared, Path(name): Path<String>) -> Result<Json<Value>, Refusal> {
    switch(&designer, &name, FogFunctionStatus::Disabled).await
}

async fn switch(designer: &Designer, name: &str, status: FogFunctionStatus) -> Result<Json<Value>, Refusal> {
    let mut answer = Value::Null;
    let decide = |catalog: &Catalog| {
        let (changes, document) = catalog.switch_fog_function(name, status)?;
        answer = document;
        Ok(changes)
    };
    designer.change(decide).await?;
    Ok(Json(answer))
}

async fn delete(State(designer): Shared, Path(name): Path<String>) -> Result<&'static str, Refusal> {
    designer.change(|catalog| catalog.delete_fog_function(&name)).await.map(|()| OK)
}
