//! `/info`: what runs where, gathered from the bus, the master and discovery.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::future::join_all;
use http::header::LOCATION;
use http::{Response, StatusCode};
use message_bus::BusState;
use ngsi::v1::EntityRef;
use ngsi::v1::ngsi9::{AvailabilityRequest, DiscoverContextAvailabilityResponse};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use service::http::{ClientError, ClientErrorKind};

use super::Shared;
use crate::board::{Planned, Task};
use crate::refusal::chain;
use crate::state::Designer;

/// Entities are counted for so many types at most.
const MAX_COUNTED_TYPES: usize = 32;

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new()
        .route("/info/master", get(masters))
        .route("/info/broker", get(brokers))
        .route("/info/worker", get(workers))
        .route("/info/task", get(tasks))
        .route("/info/task/{intent}", get(tasks_of_intent))
        .route("/info/type", get(types))
        .route("/info/service", get(services))
}

/// The masters heard on the bus, active ones first, and the one of this system, should it not be heard.
async fn masters(State(designer): Shared) -> Json<Vec<Value>> {
    let heard = designer.board.masters(service::now());
    let mut masters: Vec<Value> = heard.into_iter().filter_map(|master| serde_json::to_value(master).ok()).collect();
    let url = format!("{}/status", designer.node.config.master_url());
    let own = fetch(&designer, &url).await;
    masters.extend(own.filter(|own| !masters.iter().any(|master| master["id"] == own["id"])));
    Json(masters)
}

async fn brokers(State(designer): Shared) -> Json<Vec<Value>> {
    let url = format!("{}/ngsi9/broker", designer.node.config.discovery_url());
    Json(values(fetch(&designer, &url).await.unwrap_or_default()))
}

/// The workers as the master sees them, or as they were heard on the bus when it does not answer.
async fn workers(State(designer): Shared) -> Json<Vec<Value>> {
    let url = format!("{}/workers", designer.node.config.master_url());
    if let Some(workers) = fetch(&designer, &url).await {
        return Json(values(workers));
    }
    let heard = designer.board.workers(service::now());
    Json(heard.into_iter().filter_map(|worker| serde_json::to_value(worker).ok()).collect())
}

async fn tasks(State(designer): Shared) -> Json<Vec<Task>> {
    let told = designer.board.tasks(service::now());
    Json(with_waiting(&designer, "/instances?waiting=true", told).await)
}

async fn tasks_of_intent(State(designer): Shared, Path(intent): Path<String>) -> Json<Vec<Task>> {
    let mut told = designer.board.tasks(service::now());
    told.retain(|task| task.service_intent_id == intent);
    let path = format!("/instances/{}?waiting=true", service::http::path_segment(&intent));
    Json(with_waiting(&designer, &path, told).await)
}

/// What workers tell of, and what the master has no worker for; a master of the original does not list the latter.
async fn with_waiting(designer: &Designer, path: &str, mut tasks: Vec<Task>) -> Vec<Task> {
    let url = format!("{}{path}", designer.node.config.master_url());
    let planned = fetch(designer, &url).await.and_then(|list| serde_json::from_value::<Vec<Planned>>(list).ok());
    let told: BTreeSet<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
    let waiting = planned.unwrap_or_default().into_iter().filter_map(Planned::waiting);
    let waiting: Vec<Task> = waiting.filter(|task| !told.contains(task.id.as_str())).collect();
    tasks.extend(waiting);
    tasks
}

#[derive(Deserialize)]
struct Wanted {
    /// With `counts=true` each type is `{"type","entities"}`.
    #[serde(default)]
    counts: bool,
}

async fn types(State(designer): Shared, Query(wanted): Query<Wanted>) -> Json<Value> {
    let url = format!("{}/etype", designer.node.config.discovery_url());
    let types = values(fetch(&designer, &url).await.unwrap_or_default());
    if !wanted.counts {
        return Json(Value::Array(types));
    }
    let counted = types.iter().take(MAX_COUNTED_TYPES).map(|name| count(&designer, name.as_str().unwrap_or_default()));
    let mut answer = join_all(counted).await;
    answer.extend(types.iter().skip(MAX_COUNTED_TYPES).map(|name| json!({ "type": name })));
    Json(Value::Array(answer))
}

/// How many entities of a type discovery knows; left out when they are too many to be listed.
async fn count(designer: &Designer, name: &str) -> Value {
    let url = format!("{}/ngsi9/discoverContextAvailability", designer.node.config.discovery_url());
    let request =
        AvailabilityRequest { entities: vec![EntityRef::of_type(name.into())], ..AvailabilityRequest::default() };
    let answer = designer.node.client.post_json(&url, &[], &request).await;
    let answer = answer.ok().filter(|answer| answer.status() == StatusCode::OK);
    let found: Option<DiscoverContextAvailabilityResponse> =
        answer.and_then(|answer| serde_json::from_slice(answer.body()).ok());
    let entities = |found: DiscoverContextAvailabilityResponse| -> usize {
        found.context_registration_responses.iter().map(|response| response.context_registration.entities.len()).sum()
    };
    match found.map(entities) {
        Some(entities) => json!({ "type": name, "entities": entities }),
        None => json!({ "type": name }),
    }
}

/// Each service of this node with its address and whether it is ready.
async fn services(State(designer): Shared) -> Json<Vec<Value>> {
    let config = &designer.node.config;
    let checked = [
        ("discovery", config.discovery_url()),
        ("broker", config.broker_url()),
        ("master", config.master_url()),
        ("designer", config.designer_url()),
    ];
    let mut services = join_all(checked.iter().map(|(name, url)| readiness(&designer, name, url))).await;
    services.push(match designer.bus.state().borrow().clone() {
        BusState::Connected => json!({ "name": "message bus", "state": "ready" }),
        BusState::Disconnected { reason } => json!({ "name": "message bus", "state": "away", "reason": reason }),
        BusState::Closed => json!({ "name": "message bus", "state": "away", "reason": "closed" }),
    });
    Json(services)
}

async fn readiness(designer: &Designer, name: &str, url: &str) -> Value {
    let (state, reason) = match designer.node.client.get(&format!("{url}/readyz")).await {
        Ok(answer) if answer.status() == StatusCode::OK => ("ready", Value::Null),
        Ok(answer) if answer.status() == StatusCode::SERVICE_UNAVAILABLE => (
            "not ready",
            serde_json::from_slice::<Value>(answer.body()).map_or(Value::Null, |body| body["reasons"].clone()),
        ),
        // A service of the original has no such path, but it is there.
        Ok(_) => ("running", Value::Null),
        Err(error) if matches!(error.kind, ClientErrorKind::Connect(_)) => ("away", json!("no connection")),
        Err(error) => ("away", json!(chain(&error))),
    };
    json!({ "name": name, "url": url, "state": state, "reason": reason })
}

async fn fetch(designer: &Designer, url: &str) -> Option<Value> {
    match asked(designer, url).await {
        Ok(answer) if answer.status() == StatusCode::OK => serde_json::from_slice(answer.body()).ok(),
        Ok(answer) => {
            tracing::debug!(url, status = answer.status().as_u16(), "no information");
            None
        }
        Err(error) => {
            tracing::debug!(url, error = %chain(&error), "no information");
            None
        }
    }
}

/// A master that stands by sends to the active one.
async fn asked(designer: &Designer, url: &str) -> Result<Response<Bytes>, ClientError> {
    let answer = designer.node.client.get(url).await?;
    let location = answer.headers().get(LOCATION).and_then(|location| location.to_str().ok());
    match location {
        Some(location) if answer.status() == StatusCode::TEMPORARY_REDIRECT => designer.node.client.get(location).await,
        _ => Ok(answer),
    }
}

/// The values of an object, or the items of a list.
fn values(document: Value) -> Vec<Value> {
    match document {
        Value::Array(items) => items,
        Value::Object(members) => Map::into_iter(members).map(|(_, value)| value).collect(),
        _ => Vec::new(),
    }
}
