//! What all requests and answers of NGSI-LD have in common (ETSI GS CIM 009, 6.3.2, 6.3.4 and 6.3.14).

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_LENGTH;
use http::uri::{PathAndQuery, Uri};
use http::{Method, StatusCode};
use ngsi::ld::Kind;

use super::answer::Failure;
use crate::contexts::PATH as CONTEXTS;

const TENANT: &str = "ngsild-tenant";
/// Where an entity without an identifier would be.
const NO_ENTITY: &str = "/ngsi-ld/v1/entities/";

/// Refuses what no route can understand, and names the tenant in every answer to a request that names one.
pub(crate) async fn in_common(request: Request, next: Next) -> Response {
    if !is_ld(request.uri().path()) {
        return next.run(request).await;
    }
    let tenant = request.headers().get(TENANT).cloned();
    let mut response = match refusal(&request) {
        Some(response) => response,
        None => carry_out(request, next).await,
    };
    if let Some(tenant) = tenant {
        response.headers_mut().insert(TENANT, tenant);
    }
    response
}

fn is_ld(path: &str) -> bool {
    path.starts_with("/ngsi-ld/")
}

fn refusal(request: &Request) -> Option<Response> {
    let has_body = matches!(*request.method(), Method::POST | Method::PATCH | Method::PUT);
    if has_body && !request.headers().contains_key(CONTENT_LENGTH) {
        return Some(StatusCode::LENGTH_REQUIRED.into_response());
    }
    // Contexts are found by URLs, which have two slashes.
    let path = request.uri().path();
    (path.contains("//") && !path.starts_with(CONTEXTS)).then(|| no_identifier(path))
}

async fn carry_out(request: Request, next: Next) -> Response {
    let names_nothing = request.uri().path() == NO_ENTITY;
    let response = next.run(request).await;
    match response.status() {
        StatusCode::METHOD_NOT_ALLOWED if names_nothing => no_identifier(NO_ENTITY),
        _ => response,
    }
}

fn no_identifier(path: &str) -> Response {
    Failure::new(Kind::BadRequestData, format!("the path `{path}` is empty where it has to name something"))
        .into_response()
}

/// Takes away a slash at the end of the path, which says nothing. Tells whether there was one.
pub(crate) fn without_slash(request: &mut Request) -> bool {
    let uri = request.uri();
    let path = uri.path();
    let Some(shorter) = path.strip_suffix('/').filter(|shorter| is_ld(shorter) && !shorter.starts_with(CONTEXTS))
    else {
        return false;
    };
    let target = uri.query().map_or_else(|| shorter.to_owned(), |query| format!("{shorter}?{query}"));
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = PathAndQuery::try_from(target).ok();
    let Ok(uri) = Uri::from_parts(parts) else { return false };
    *request.uri_mut() = uri;
    true
}
