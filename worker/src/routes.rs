//! The worker's HTTP interface: notifications for functions, and a look at its tasks.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use flow::TaskId;
use http::StatusCode;
use ngsi::v1::ngsi10::NotifyContextRequest;
use parking_lot::Mutex;
use service::http::error;
use tasks::Tasks;

use crate::engine::Engines;
use crate::function::Notified;

#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) tasks: Arc<Mutex<Tasks>>,
    pub(crate) engines: Engines,
}

pub(crate) fn router(shared: Shared) -> Router {
    Router::new()
        .route("/tasks", get(list))
        .route("/tasks/{id}/logs", get(logs))
        .route("/tasks/{id}/notifyContext", post(notify))
        .with_state(shared)
}

async fn list(State(shared): State<Shared>) -> Response {
    let report = shared.tasks.lock().report();
    Json(report).into_response()
}

async fn logs(State(shared): State<Shared>, Path(task): Path<String>) -> Response {
    let task = TaskId::from(task);
    if shared.tasks.lock().get(&task).is_none() {
        return error(StatusCode::NOT_FOUND, "no such task instance");
    }
    let lines = shared.engines.log(&task).await.unwrap_or_default();
    Json(serde_json::json!({ "task": task, "lines": lines })).into_response()
}

/// Answers 200 when the function has handled the notification; 503 asks the broker to send it again.
async fn notify(State(shared): State<Shared>, Path(task): Path<String>, body: Bytes) -> Response {
    let request: NotifyContextRequest = match ngsi::json::parse(&body) {
        Ok(request) => request,
        Err(problem) => return error(StatusCode::BAD_REQUEST, &problem.to_string()),
    };
    let task = TaskId::from(task);
    match shared.engines.function.notify(&task, request).await {
        Notified::Handled => Json(serde_json::json!({ "responseCode": {} })).into_response(),
        Notified::Later(reason) => error(StatusCode::SERVICE_UNAVAILABLE, &reason),
        Notified::Unknown if shared.tasks.lock().get(&task).is_some() => {
            error(StatusCode::SERVICE_UNAVAILABLE, "the task instance is being started")
        }
        Notified::Unknown => error(StatusCode::NOT_FOUND, "no such task instance"),
    }
}
