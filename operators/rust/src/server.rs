//! The HTTP interface of a task.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::admin::Settings;
use crate::broker::Broker;
use crate::element::Notification;
use crate::operator::Operator;

pub(crate) struct Task {
    broker: Broker,
    /// One notification after the other.
    state: Mutex<(Operator, Settings)>,
}

impl Task {
    pub(crate) fn new(operator: Operator, settings: Settings) -> Self {
        Self { broker: Broker::new(), state: Mutex::new((operator, settings)) }
    }
}

pub(crate) fn router(task: Arc<Task>) -> Router {
    Router::new().route("/admin", post(admin)).route("/notifyContext", post(notify)).with_state(task)
}

async fn admin(State(task): State<Arc<Task>>, body: String) -> (StatusCode, Json<Value>) {
    match task.state.lock().await.1.apply(&body) {
        Ok(()) => (StatusCode::OK, Json(json!({}))),
        Err(error) => (StatusCode::BAD_REQUEST, Json(json!({ "error": error.to_string() }))),
    }
}

/// Answers when the results are with the broker; with an error, so that the notification comes again, when they are not.
async fn notify(State(task): State<Arc<Task>>, body: Bytes) -> (StatusCode, Json<Value>) {
    let notification: Notification = match serde_json::from_slice(&body) {
        Ok(notification) => notification,
        Err(error) => return (StatusCode::BAD_REQUEST, Json(json!({ "error": error.to_string() }))),
    };
    let mut state = task.state.lock().await;
    let (operator, settings) = &mut *state;
    if let Some(wanted) = operator.wants(settings.output().as_ref()) {
        match task.broker.query(settings, &wanted).await {
            Ok(found) => operator.learn(&found),
            Err(error) => return later("query", &error),
        }
    }
    let before = operator.clone();
    let outputs: Vec<_> =
        notification.responses.iter().filter_map(|response| operator.handle(&response.element)).collect();
    if outputs.is_empty() {
        return (StatusCode::OK, Json(json!({})));
    }
    match task.broker.publish(settings, outputs).await {
        Ok(()) => (StatusCode::OK, Json(json!({}))),
        Err(error) => {
            *operator = before;
            later("publish", &error)
        }
    }
}

fn later(what: &str, error: &anyhow::Error) -> (StatusCode, Json<Value>) {
    eprintln!("cannot {what}: {error:#}");
    (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "error": error.to_string() })))
}
