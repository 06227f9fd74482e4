//! The worker's HTTP interface: notifications for functions, and a look at its tasks.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use flow::TaskId;
use futures_util::stream::{self, Stream};
use http::StatusCode;
use ngsi::v1::ngsi10::NotifyContextRequest;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::json;
use service::Node;
use service::http::{Event, error, event_stream};
use tasks::Tasks;

use crate::engine::Engines;
use crate::function::Notified;
use crate::logs::{FollowError, Followed, Follower, Logs};

#[derive(Clone)]
pub(crate) struct Shared {
    pub(crate) node: Node,
    pub(crate) tasks: Arc<Mutex<Tasks>>,
    pub(crate) engines: Engines,
    pub(crate) logs: Logs,
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

#[derive(Deserialize)]
struct LogQuery {
    #[serde(default)]
    follow: bool,
}

/// The last lines; with `follow=true` as server-sent events, `lines` and at last `end`, and new lines as they are written.
async fn logs(State(shared): State<Shared>, Path(task): Path<String>, Query(query): Query<LogQuery>) -> Response {
    let task = TaskId::from(task);
    if query.follow {
        return match shared.logs.follow(&task) {
            Ok(follower) => event_stream(&shared.node, events(follower)),
            Err(problem @ FollowError::NotFound) => error(StatusCode::NOT_FOUND, &problem.to_string()),
            Err(problem @ FollowError::TooMany) => error(StatusCode::SERVICE_UNAVAILABLE, &problem.to_string()),
        };
    }
    if shared.tasks.lock().get(&task).is_none() {
        return error(StatusCode::NOT_FOUND, "no such task instance");
    }
    let lines = shared.engines.log(&task).await.unwrap_or_default();
    Json(json!({ "task": task, "lines": lines })).into_response()
}

fn events(follower: Follower) -> impl Stream<Item = Event> + Send {
    stream::unfold(Some(follower), async |follower| {
        let mut follower = follower?;
        match follower.next().await {
            Followed::Lines { lines, reset: true } => {
                Some((event("lines", &json!({ "lines": lines, "reset": true })), Some(follower)))
            }
            Followed::Lines { lines, .. } => Some((event("lines", &json!({ "lines": lines })), Some(follower))),
            Followed::End(reason) => Some((event("end", &json!({ "reason": reason })), None)),
        }
    })
}

fn event(name: &str, data: &serde_json::Value) -> Event {
    Event::default().event(name).data(data.to_string())
}

/// Answers 200 when the function has handled the notification; 503 asks the broker to send it again.
async fn notify(State(shared): State<Shared>, Path(task): Path<String>, body: Bytes) -> Response {
    let request: NotifyContextRequest = match ngsi::json::parse(&body) {
        Ok(request) => request,
        Err(problem) => return error(StatusCode::BAD_REQUEST, &problem.to_string()),
    };
    let task = TaskId::from(task);
    match shared.engines.function.notify(&task, request).await {
        Notified::Handled => Json(json!({ "responseCode": {} })).into_response(),
        Notified::Later(reason) => error(StatusCode::SERVICE_UNAVAILABLE, &reason),
        Notified::Unknown if shared.tasks.lock().get(&task).is_some() => {
            error(StatusCode::SERVICE_UNAVAILABLE, "the task instance is being started")
        }
        Notified::Unknown => error(StatusCode::NOT_FOUND, "no such task instance"),
    }
}
