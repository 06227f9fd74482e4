//! `GET /version`.

use axum::response::Response;

use crate::answer;

pub(super) async fn version() -> Response {
    let body = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "date": option_env!("FOGFLOW_BUILD_DATE").unwrap_or("unknown"),
    });
    answer::json(body.to_string().into_bytes())
}
