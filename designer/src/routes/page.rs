//! The status page: one file, nothing from elsewhere.

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};

use crate::state::Designer;

const PAGE: &str = include_str!("../page/index.html");
const STYLE: &str = include_str!("../page/status.css");
const SCRIPT: &str = include_str!("../page/status.js");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new()
        .route("/", get(|| async { Redirect::temporary("/index.html") }))
        .route("/index.html", get(|| async { file("text/html; charset=utf-8", PAGE) }))
        .route("/status.css", get(|| async { file("text/css; charset=utf-8", STYLE) }))
        .route("/status.js", get(|| async { file("text/javascript; charset=utf-8", SCRIPT) }))
}

fn file(content_type: &'static str, content: &'static str) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, content_type),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, content)
}
