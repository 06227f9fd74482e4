//! `/healthz`, `/readyz` and `/metrics` of every server.

use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::ReadySet;
use crate::Metrics;

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

pub(super) fn routes(metrics: Metrics, ready: ReadySet) -> Router {
    Router::new()
        .route("/healthz", get(|| async { Json(serde_json::json!({ "status": "alive" })) }))
        .route("/readyz", get(move || async move { readyz(&ready) }))
        .route("/metrics", get(move || async move { ([(CONTENT_TYPE, OPEN_METRICS)], metrics.text()) }))
}

fn readyz(ready: &ReadySet) -> Response {
    let missing = ready.missing();
    if missing.is_empty() {
        return Json(serde_json::json!({ "status": "ready" })).into_response();
    }
    let body = serde_json::json!({ "status": "not ready", "reasons": missing });
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}
