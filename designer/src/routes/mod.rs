//! The REST interface, a file for each resource.

mod config_js;
mod context;
mod device;
mod dockerimage;
mod fogfunction;
mod info;
mod instance;
mod intent;
mod live;
mod operator;
mod page;
mod photo;
mod proxy;
mod service;
mod subscription;
mod topology;
mod tryout;

use std::sync::Arc;

use ::service::http::Limits;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use axum::{Router, middleware};
use http::header::CONNECTION;
use http::{HeaderValue, StatusCode};

use crate::cross_site;
use crate::state::Designer;

type Shared = axum::extract::State<Arc<Designer>>;

/// Every route of the designer.
pub(crate) fn router(designer: Arc<Designer>) -> Router {
    Router::new()
        .merge(operator::routes())
        .merge(dockerimage::routes())
        .merge(topology::routes())
        .merge(service::routes())
        .merge(intent::routes())
        .merge(fogfunction::routes())
        .merge(device::routes())
        .merge(subscription::routes())
        .merge(info::routes())
        .merge(context::routes())
        .merge(instance::routes())
        .merge(live::routes())
        .merge(tryout::routes())
        .merge(config_js::routes())
        .merge(proxy::routes())
        .merge(page::routes(&designer.node.config))
        .layer(DefaultBodyLimit::max(designer.node.config.http.max_body_bytes))
        .merge(photo::routes())
        .layer(middleware::map_response(last_of_its_connection))
        .layer(middleware::from_fn(cross_site::refuse))
        .with_state(designer)
}

/// What is left of a body that is too large is not read: nobody must send another request after it.
async fn last_of_its_connection(mut answer: Response) -> Response {
    if answer.status() == StatusCode::PAYLOAD_TOO_LARGE {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

/// A form of pictures may be larger than a document; each route has its own limit.
pub(crate) fn limits(limits: Limits) -> Limits {
    Limits { max_body_bytes: limits.max_body_bytes.max(photo::MAX_FORM_BYTES), ..limits }
}

/// The answer to a change, as clients of the original expect it.
const OK: &str = "OK";

/// An identifier that nothing had before.
fn fresh_intent_id() -> String {
    format!("ServiceIntent.{}", uuid::Uuid::new_v4())
}
