//! What all requests and answers of NGSI-LD have in common (ETSI GS CIM 009, 6.3.2, 6.3.4 and 6.3.14).

use std::future::Future;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_LENGTH;
use http::{Method, StatusCode};
use http_body::Body as _;
use ngsi::ld::Kind;

use super::answer::Failure;
use super::plain;
use crate::contexts::PATH as CONTEXTS;

const TENANT: &str = "ngsild-tenant";
/// Where an entity without an identifier would be.
const NO_ENTITY: &str = "/ngsi-ld/v1/entities/";

/// Refuses what no route can understand, and names the tenant in every answer to a request that names one.
pub(crate) async fn in_common<F>(request: Request, routes: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let tenant = request.headers().get(TENANT).cloned();
    let mut response = match refusal(&request) {
        Some(response) => response,
        None => carry_out(request, routes).await,
    };
    if let Some(tenant) = tenant {
        response.headers_mut().insert(TENANT, tenant);
    }
    response
}

fn refusal(request: &Request) -> Option<Response> {
    let wants_body = matches!(*request.method(), Method::POST | Method::PATCH | Method::PUT);
    // One in chunks, or in frames of HTTP/2, says of itself where it ends.
    if wants_body && !request.headers().contains_key(CONTENT_LENGTH) && request.body().is_end_stream() {
        return Some(Failure::new(Kind::LengthRequired, "Content-Length: missing").into_response());
    }
    // Contexts are found by URLs, which have two slashes.
    let path = request.uri().path();
    (path.contains("//") && !path.starts_with(CONTEXTS)).then(|| no_identifier(path))
}

async fn carry_out<F>(request: Request, routes: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let names_nothing = request.uri().path() == NO_ENTITY;
    let response = plain::in_words(routes(request).await);
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED if names_nothing => no_identifier(NO_ENTITY),
        _ => response,
    }
}

fn no_identifier(path: &str) -> Response {
    Failure::new(Kind::BadRequestData, format!("the path `{path}` is empty where it has to name something"))
        .into_response()
}
