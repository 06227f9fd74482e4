//! Discovery and the broker behind the designer's own address.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, TE, TRAILER, TRANSFER_ENCODING, UPGRADE};
use http::request::Parts;

use super::Shared;
use crate::refusal::Refusal;
use crate::state::Designer;

/// Headers that speak of one connection only, and those a client writes anew.
const OF_ONE_HOP: [HeaderName; 7] = [CONNECTION, TE, TRAILER, TRANSFER_ENCODING, UPGRADE, HOST, CONTENT_LENGTH];
const OF_ONE_HOP_UNNAMED: [&str; 4] = ["keep-alive", "proxy-connection", "proxy-authenticate", "proxy-authorization"];

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new()
        .route("/ngsi9/{*path}", any(to_discovery))
        .route("/ngsi10/{*path}", any(to_broker))
        .route("/v2", any(to_broker))
        .route("/v2/{*path}", any(to_broker))
        .route("/ngsi-ld/{*path}", any(to_broker))
}

async fn to_discovery(State(designer): Shared, request: Request) -> Result<Response, Refusal> {
    pass(&designer, "discovery", &designer.node.config.discovery_url(), request).await
}

async fn to_broker(State(designer): Shared, request: Request) -> Result<Response, Refusal> {
    pass(&designer, "broker", &designer.node.config.broker_url(), request).await
}

/// The client's own limit bounds the answer.
async fn pass(designer: &Designer, service: &'static str, base: &str, request: Request) -> Result<Response, Refusal> {
    let (head, body) = request.into_parts();
    let body = match axum::body::to_bytes(body, designer.node.config.http.max_body_bytes).await {
        Ok(body) => body,
        Err(_) => return Ok(http::StatusCode::PAYLOAD_TOO_LARGE.into_response()),
    };
    let request = addressed(base, &head, body)?;
    let answer = designer.node.client.send(request).await;
    let answer = answer.map_err(|source| Refusal::Unreachable { service, source })?;
    let (mut head, body) = answer.into_parts();
    strip(&mut head.headers);
    Ok(Response::from_parts(head, body.into()))
}

fn addressed(base: &str, head: &Parts, body: Bytes) -> Result<http::Request<Bytes>, Refusal> {
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = http::Request::builder().method(head.method.clone()).uri(format!("{base}{path}"));
    if let Some(headers) = request.headers_mut() {
        headers.clone_from(&head.headers);
        strip(headers);
    }
    request.body(body).map_err(|_| Refusal::field("$", "the path cannot be passed on"))
}

fn strip(headers: &mut HeaderMap) {
    let named = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    let named: Vec<HeaderName> =
        named.flat_map(|list| list.split(',')).filter_map(|name| name.trim().parse().ok()).collect();
    for name in OF_ONE_HOP.iter().chain(&named) {
        headers.remove(name);
    }
    for name in OF_ONE_HOP_UNNAMED {
        headers.remove(name);
    }
}
