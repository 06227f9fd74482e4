//! The REST interface: workers, intents and task instances as they stand.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use flow::{MasterProfile, WorkerProfile};
use http::StatusCode;
use orchestration::{InstanceView, IntentId};

use crate::state::Master;

/// The most instances in one answer.
const MAX_LISTED: usize = 10_000;

pub(crate) fn router(master: Arc<Master>) -> Router {
    Router::new()
        .route("/workers", get(workers))
        .route("/status", get(status))
        .route("/intents", get(intents))
        .route("/instances", get(instances))
        .route("/instances/{intent}", get(instances_of))
        .with_state(master)
}

async fn workers(State(master): State<Arc<Master>>) -> Response {
    let workers = master.look(|orchestrator| {
        let all = orchestrator.workers().map(|worker| (worker.id.to_string(), worker.clone()));
        all.collect::<BTreeMap<String, WorkerProfile>>()
    });
    json(workers.await)
}

async fn status(State(master): State<Arc<Master>>) -> Json<MasterProfile> {
    Json(master.profile())
}

async fn intents(State(master): State<Arc<Master>>) -> Response {
    json(master.look(orchestration::Orchestrator::intents).await)
}

async fn instances(State(master): State<Arc<Master>>) -> Response {
    json(master.look(|orchestrator| orchestrator.instances(None).take(MAX_LISTED).collect::<Vec<_>>()).await)
}

async fn instances_of(State(master): State<Arc<Master>>, Path(intent): Path<String>) -> Response {
    let id = IntentId::from(intent.as_str());
    let found = master.look(move |orchestrator| {
        orchestrator.intent(&id)?;
        Some(orchestrator.instances(Some(&id)).take(MAX_LISTED).collect::<Vec<InstanceView>>())
    });
    match found.await {
        Some(None) => service::http::error(StatusCode::NOT_FOUND, &format!("no intent `{intent}`")),
        found => json(found.flatten()),
    }
}

fn json<T: serde::Serialize>(found: Option<T>) -> Response {
    match found {
        Some(found) => Json(found).into_response(),
        None => service::http::error(StatusCode::SERVICE_UNAVAILABLE, "the master stops"),
    }
}
