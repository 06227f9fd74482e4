//! `/info`: what runs where, gathered from the bus, the master and discovery.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use flow::TaskId;
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Shared;
use crate::live::services::{self, Service};
use crate::live::{Instance, Model, Planned};
use crate::refusal::Refusal;
use crate::state::Designer;
use crate::{discovery, master};

/// Entities are counted one type after the other for so many types at most, when discovery does not count them.
const MAX_COUNTED_TYPES: usize = 32;
/// How long a service may take to say whether it is ready.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new()
        .route("/info/master", get(masters))
        .route("/info/broker", get(brokers))
        .route("/info/worker", get(workers))
        .route("/info/task", get(tasks))
        .route("/info/task/{intent}", get(tasks_of_intent))
        .route("/info/type", get(types))
        .route("/info/service", get(service_states))
        .route("/info/settings", get(settings))
}

/// The masters heard on the bus, active ones first, and the one of this system, should it not be heard.
async fn masters(State(designer): Shared) -> Json<Vec<Value>> {
    let mut masters = current(&designer, |model| written(model.masters().iter()));
    let own = master::fetch(&designer, "/status").await;
    masters.extend(own.filter(|own| !masters.iter().any(|master| master["id"] == own["id"])));
    Json(masters)
}

async fn brokers(State(designer): Shared) -> Json<Vec<Value>> {
    Json(values(discovery::fetch(&designer, "/ngsi9/broker").await.unwrap_or_default()))
}

/// The workers as the master sees them, or as they were heard on the bus when it does not answer.
async fn workers(State(designer): Shared) -> Json<Vec<Value>> {
    match master::fetch(&designer, "/workers").await {
        Some(workers) => Json(values(workers)),
        None => Json(current(&designer, |model| written(model.present_workers()))),
    }
}

async fn tasks(State(designer): Shared) -> Json<Vec<Value>> {
    Json(listed(&designer, "/instances?waiting=true", |_| true).await)
}

async fn tasks_of_intent(State(designer): Shared, Path(intent): Path<String>) -> Json<Vec<Value>> {
    let path = format!("/instances/{}?waiting=true", ::service::http::path_segment(&intent));
    Json(listed(&designer, &path, |instance| instance.intent == intent).await)
}

/// What workers tell of, and what the master has no worker for; a master of the original does not list the latter.
async fn listed(designer: &Designer, path: &str, concerned: impl Fn(&Instance) -> bool) -> Vec<Value> {
    let planned = master::planned(designer, path).await.unwrap_or_default();
    let told: Vec<Instance> = current(designer, |model| {
        model.instances().filter(|instance| !instance.worker.is_empty() && concerned(instance)).cloned().collect()
    });
    let known: BTreeSet<&TaskId> = told.iter().map(|instance| &instance.id).collect();
    let waiting = planned.into_iter().filter(|planned| planned.waits() && !known.contains(&planned.id));
    let waiting: Vec<Instance> = waiting.map(|planned: Planned| planned.instance(::service::now())).collect();
    written(told.iter().chain(&waiting).map(Instance::task))
}

#[derive(Deserialize)]
struct Wanted {
    /// With `counts=true` each type is `{"type","entities"}`.
    #[serde(default)]
    counts: bool,
}

async fn types(State(designer): Shared, wanted: Result<Query<Wanted>, QueryRejection>) -> Result<Json<Value>, Refusal> {
    let Query(wanted) = wanted.map_err(|error| Refusal::field("counts", error.body_text()))?;
    Ok(Json(types_with(&designer, wanted.counts).await))
}

async fn types_with(designer: &Designer, counted: bool) -> Value {
    if counted && let Some(counts) = discovery::counts(designer).await {
        let counts = counts.into_iter().map(|count| json!({ "type": count.name, "entities": count.entities }));
        return counts.collect();
    }
    let types = values(discovery::fetch(designer, "/etype").await.unwrap_or_default());
    if !counted {
        return Value::Array(types);
    }
    let counted = types.iter().take(MAX_COUNTED_TYPES).map(|name| count(designer, name.as_str().unwrap_or_default()));
    let mut answer = join_all(counted).await;
    answer.extend(types.iter().skip(MAX_COUNTED_TYPES).map(|name| json!({ "type": name })));
    Value::Array(answer)
}

/// How many entities of a type discovery lists; left out when they are too many to be listed.
async fn count(designer: &Designer, name: &str) -> Value {
    match discovery::listed(designer, name).await {
        Some(entities) => json!({ "type": name, "entities": entities }),
        None => json!({ "type": name }),
    }
}

/// Each service of this node with its address and whether it is ready.
async fn service_states(State(designer): Shared) -> Json<Vec<Service>> {
    Json(services::check(&designer, PATIENCE).await)
}

/// What the dashboard is to know of its node.
async fn settings(State(designer): Shared) -> Json<Value> {
    let config = &designer.node.config;
    let mut settings = json!({ "version": env!("CARGO_PKG_VERSION"), "site": config.site_id });
    if let Some(tiles) = &config.designer.map_tiles {
        settings["tiles"] = json!(tiles);
    }
    Json(settings)
}

/// Looks at the model as it is now.
fn current<T>(designer: &Designer, look: impl FnOnce(&Model) -> T) -> T {
    designer.live.change(|model| {
        model.tick(::service::now());
        look(model)
    })
}

fn written<T: serde::Serialize>(all: impl Iterator<Item = T>) -> Vec<Value> {
    all.filter_map(|one| serde_json::to_value(one).ok()).collect()
}

/// The values of an object, or the items of a list.
fn values(document: Value) -> Vec<Value> {
    match document {
        Value::Array(items) => items,
        Value::Object(members) => Map::into_iter(members).map(|(_, value)| value).collect(),
        _ => Vec::new(),
    }
}
