//! The headers that requests and answers of NGSIv2 may carry: path, correlator and media types.

use std::borrow::Cow;
use std::future::Future;

use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use ngsi::ParseError;
use ngsi::v2::Kind;
use ngsi::v2::path::{ServicePath, ServicePaths};

use super::answer::Failure;

const JSON: &str = "application/json";
static CORRELATOR: HeaderName = HeaderName::from_static("fiware-correlator");
static PATH: HeaderName = HeaderName::from_static("fiware-servicepath");

/// Gives every request a correlator, which comes back and goes on to subscribers, and answers refusals of the server, and answers
/// that the client does not accept, in the words of NGSIv2.
pub(crate) async fn answer<F>(mut request: Request, routes: impl FnOnce(Request) -> F) -> Response
where
    F: Future<Output = Response>,
{
    let given = request.headers().get(&CORRELATOR).filter(|value| !value.is_empty()).cloned();
    let correlator = given.or_else(|| HeaderValue::try_from(uuid::Uuid::new_v4().to_string()).ok());
    if let Some(correlator) = &correlator {
        request.headers_mut().insert(CORRELATOR.clone(), correlator.clone());
    }
    let asks_for_methods = request.method() == Method::OPTIONS;
    let accepts_json = accepted(request.headers(), &[JSON]).is_some();
    let mut response = in_words(routes(request).await, accepts_json);
    if asks_for_methods && response.status() == StatusCode::METHOD_NOT_ALLOWED {
        // The router adds `Allow`.
        response = Response::default();
    }
    if let Some(correlator) = correlator {
        response.headers_mut().insert(CORRELATOR.clone(), correlator);
    }
    response
}

/// Where an update takes place.
pub(super) fn path(headers: &HeaderMap) -> Result<ServicePath, ParseError> {
    ServicePath::parse(&given(headers))
}

/// Where a query looks.
pub(super) fn paths(headers: &HeaderMap) -> Result<ServicePaths, ParseError> {
    ServicePaths::parse(&given(headers))
}

/// The paths as they were written.
pub(super) fn given(headers: &HeaderMap) -> Cow<'_, str> {
    let given = headers.get_all(&PATH).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    given.reduce(|all, next| Cow::Owned(format!("{all},{next}"))).unwrap_or_default()
}

/// The type in which the answer is given: of those offered, the one that the client names first.
pub(super) fn accepted(headers: &HeaderMap, offered: &[&'static str]) -> Option<&'static str> {
    let given: Vec<_> = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    if given.is_empty() {
        return offered.first().copied();
    }
    let ranges =
        given.iter().flat_map(|list| list.split(',')).map(|range| range.split(';').next().unwrap_or("").trim());
    let suits = |range: &str, offer: &str| match range.strip_suffix("/*") {
        Some("*") => true,
        Some(kind) => offer.split('/').next() == Some(kind),
        None => range == offer,
    };
    ranges.filter_map(|range| offered.iter().find(|offer| suits(range, offer)).copied()).next()
}

fn in_words(response: Response, accepts_json: bool) -> Response {
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|value| value == JSON);
    match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE if !is_json => {
            let problem = "the body is larger than this service accepts";
            Failure::new(Kind::RequestEntityTooLarge, problem).into_response()
        }
        status if status.is_success() && is_json && !accepts_json => {
            Failure::new(Kind::NotAcceptable, format!("acceptable MIME types: {JSON}")).into_response()
        }
        _ => response,
    }
}
