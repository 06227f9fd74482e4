//! `GET /version`.

use axum::response::Response;

use crate::answer;

/// The day of this version, for builds that are not told one: a build must not depend on when it is made.
const VERSION_DATE: &str = "2026-11-23";

pub(super) async fn version() -> Response {
    let body = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "date": option_env!("FOGFLOW_BUILD_DATE").unwrap_or(VERSION_DATE),
    });
    answer::json(body.to_string().into_bytes())
}
