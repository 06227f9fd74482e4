//! `openapi.json`: what the broker can be asked, in the form of OpenAPI 3.1; a document for each dialect, and one with all.

mod describe;
mod linked;
mod ngsi10;
mod v2;

use axum::Router;
use axum::response::Response;
use axum::routing::get;

use crate::{Shared, answer};
use describe::{Operation, document};

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/openapi.json", get(all))
        .route("/ngsi10/openapi.json", get(ngsi10_alone))
        .route("/v2/openapi.json", get(v2_alone))
        .route("/ngsi-ld/v1/openapi.json", get(linked_alone))
}

async fn all() -> Response {
    written("FogFlow context broker", &[ngsi10::OPERATIONS, v2::OPERATIONS, linked::OPERATIONS])
}

async fn ngsi10_alone() -> Response {
    written("NGSI-10", &[ngsi10::OPERATIONS])
}

async fn v2_alone() -> Response {
    written("NGSIv2", &[v2::OPERATIONS])
}

async fn linked_alone() -> Response {
    written("NGSI-LD", &[linked::OPERATIONS])
}

fn written(title: &str, parts: &[&[Operation]]) -> Response {
    answer::json(document(title, parts).to_string().into_bytes())
}
