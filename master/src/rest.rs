//! The REST interface: workers, intents and task instances as they stand.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, Query, Request, State};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use flow::{MasterProfile, WorkerProfile};
use http::StatusCode;
use orchestration::{InstanceView, IntentId, Orchestrator};
use serde::Deserialize;

use crate::replica;
use crate::state::Master;

/// The most instances in one answer.
const MAX_LISTED: usize = 10_000;

/// Whoever scales by the demand must not take a start for the end of all work.
const UNKNOWN_DEMAND: &str =
    "it is not known yet how many task instances are needed: discovery has not said of every intent what is available";

/// What of the instances is listed.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default)]
struct Wanted {
    /// Only those without a worker.
    waiting: bool,
}

pub(crate) fn router(master: Arc<Master>) -> Router {
    let of_the_active = Router::new()
        .route("/workers", get(workers))
        .route("/intents", get(intents))
        .route("/instances", get(instances))
        .route("/instances/{intent}", get(instances_of))
        .route("/demand", get(demand))
        .route("/replica", get(summary))
        .route("/replica/{intent}", get(replica_of))
        .layer(middleware::from_fn_with_state(master.clone(), by_the_active));
    Router::new().route("/status", get(status)).merge(of_the_active).with_state(master)
}

/// A standby knows little: it sends whoever asks to the active master.
async fn by_the_active(State(master): State<Arc<Master>>, request: Request, next: Next) -> Response {
    if master.standing.is_active() {
        return next.run(request).await;
    }
    let Some(active) = master.standing.active_master().filter(|active| !active.rest.is_empty()) else {
        let problem = "this master stands by and knows of no active one; ask again in a moment";
        return service::http::error(StatusCode::SERVICE_UNAVAILABLE, problem);
    };
    let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
    Redirect::temporary(&format!("{}{path}", active.rest)).into_response()
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
    json(master.look(Orchestrator::intents).await)
}

async fn instances(State(master): State<Arc<Master>>, Query(wanted): Query<Wanted>) -> Response {
    json(master.look(move |orchestrator| listed(orchestrator, None, wanted)).await)
}

async fn instances_of(
    State(master): State<Arc<Master>>,
    Path(intent): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response {
    let id = IntentId::from(intent.as_str());
    let found = master.look(move |orchestrator| {
        orchestrator.intent(&id)?;
        Some(listed(orchestrator, Some(&id), wanted))
    });
    match found.await {
        Some(None) => no_intent(&intent),
        found => json(found.flatten()),
    }
}

fn listed(orchestrator: &Orchestrator, intent: Option<&IntentId>, wanted: Wanted) -> Vec<InstanceView> {
    match wanted.waiting {
        true => orchestrator.waiting(intent).take(MAX_LISTED).collect(),
        false => orchestrator.instances(intent).take(MAX_LISTED).collect(),
    }
}

async fn summary(State(master): State<Arc<Master>>) -> Response {
    match replica::summary(&master).await {
        Ok(summary) => json(summary),
        Err(error) => service::http::error(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error:#}")),
    }
}

async fn replica_of(State(master): State<Arc<Master>>, Path(intent): Path<String>) -> Response {
    let id = IntentId::from(intent.as_str());
    match master.look(move |orchestrator| orchestrator.stored_intent(&id)).await {
        Some(None) => no_intent(&intent),
        found => json(found.flatten()),
    }
}

fn no_intent(id: &str) -> Response {
    service::http::error(StatusCode::NOT_FOUND, &format!("no intent `{id}`"))
}

async fn demand(State(master): State<Arc<Master>>) -> Response {
    match master.look(Orchestrator::demand).await {
        Some(None) => service::http::error(StatusCode::SERVICE_UNAVAILABLE, UNKNOWN_DEMAND),
        demand => json(demand.flatten()),
    }
}

fn json<T: serde::Serialize>(found: Option<T>) -> Response {
    match found {
        Some(found) => Json(found).into_response(),
        None => service::http::error(StatusCode::SERVICE_UNAVAILABLE, "the master stops"),
    }
}
