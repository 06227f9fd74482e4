//! `GET /version`.

use axum::extract::State;
use axum::response::Response;

use crate::{Shared, answer};

/// The day of this version, for builds that are not told one: a build must not depend on when it is made.
const VERSION_DATE: &str = "2026-11-23";

/// Ours, and what clients of the reference implementation of NGSIv2 look for.
pub(super) async fn version(State(broker): State<Shared>) -> Response {
    let date = option_env!("FOGFLOW_BUILD_DATE").unwrap_or(VERSION_DATE);
    let body = serde_json::json!({
        "version": env!("CARGO_PKG_VERSION"),
        "date": date,
        "orion": {
            "version": env!("CARGO_PKG_VERSION"),
            "uptime": in_words(service::now().since(broker.started_at).as_secs()),
            "release_date": date,
        },
    });
    answer::json(body.to_string().into_bytes())
}

fn in_words(seconds: u64) -> String {
    let (minutes, hours) = (seconds / 60, seconds / 3_600);
    format!("{} d, {} h, {} m, {} s", hours / 24, hours % 24, minutes % 60, seconds % 60)
}
