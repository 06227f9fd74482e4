//! `/intent`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use super::{OK, Shared, fresh_intent_id};
use crate::catalog::Catalog;
use crate::refusal::Refusal;
use crate::state::Designer;

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new()
        .route("/intent", get(list).post(put).delete(delete_named))
        .route("/intent/{id}", get(one).delete(delete))
        .route("/intent/topology/{name}", get(of_topology))
}

async fn list(State(designer): Shared) -> Json<Map<String, Value>> {
    let all = |catalog: &Catalog| catalog.intents.iter().map(|(id, i)| (id.clone(), i.json.clone())).collect();
    Json(designer.read(all).await)
}

async fn one(State(designer): Shared, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let intent = designer.read(|catalog| catalog.intents.get(&id).map(|intent| intent.json.clone())).await;
    intent.map(Json).ok_or_else(|| Refusal::not_found("intent", &id))
}

async fn of_topology(State(designer): Shared, Path(name): Path<String>) -> Json<Vec<Value>> {
    let wanted = |catalog: &Catalog| {
        let intents = catalog.intents.values().filter(|intent| intent.value.topology == name);
        intents.map(|intent| intent.json.clone()).collect()
    };
    Json(designer.read(wanted).await)
}

/// Answers the identifier and the type of the results, so that a client can subscribe to them.
async fn put(State(designer): Shared, body: Bytes) -> Result<Response, Refusal> {
    let mut answer = Value::Null;
    let decide = |catalog: &Catalog| {
        let (changes, intent) = catalog.put_intent(&body, &fresh_intent_id())?;
        answer = json!({ "id": intent["id"], "outputType": result_type(catalog, &intent["topology"]) });
        Ok(changes)
    };
    designer.change(decide).await?;
    Ok(Json(answer).into_response())
}

/// The first type that a task writes and no other task reads.
fn result_type(catalog: &Catalog, topology: &Value) -> Option<String> {
    let tasks = &catalog.topology(topology.as_str()?)?.tasks;
    let read = |written: &str| tasks.iter().flat_map(|task| &task.input_streams).any(|s| s.selected_type == written);
    let mut written = tasks.iter().flat_map(|task| &task.output_streams).map(|stream| stream.entity_type.as_str());
    written.find(|entity_type| !read(entity_type)).map(str::to_owned)
}

async fn delete(State(designer): Shared, Path(id): Path<String>) -> Result<&'static str, Refusal> {
    designer.change(|catalog| catalog.delete_intent(&id)).await.map(|()| OK)
}

/// Existing clients name the intent in the body.
async fn delete_named(State(designer): Shared, body: Bytes) -> Result<&'static str, Refusal> {
    #[derive(serde::Deserialize)]
    struct Named {
        id: String,
    }
    let Named { id } = ngsi::json::parse(&body)?;
    designer.change(|catalog| catalog.delete_intent(&id)).await.map(|()| OK)
}
