//! The headers that requests and answers of NGSIv2 may carry: path and correlator.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, Method, StatusCode};
use ngsi::ParseError;
use ngsi::v2::Kind;
use ngsi::v2::path::{self, ServicePath, ServicePaths};

use super::answer::Failure;

const CORRELATOR: &str = "fiware-correlator";

/// Gives every request a correlator, which comes back and goes on to subscribers, and answers refusals of the server in the
/// words of NGSIv2.
pub(crate) async fn answer(mut request: Request, next: Next) -> Response {
    if !is_v2(request.uri().path()) {
        return next.run(request).await;
    }
    let given = request.headers().get(CORRELATOR).filter(|value| !value.is_empty()).cloned();
    let correlator = given.or_else(|| HeaderValue::try_from(uuid::Uuid::new_v4().to_string()).ok());
    if let Some(correlator) = &correlator {
        request.headers_mut().insert(CORRELATOR, correlator.clone());
    }
    let asks_for_methods = request.method() == Method::OPTIONS;
    let mut response = in_words(next.run(request).await);
    if asks_for_methods && response.status() == StatusCode::METHOD_NOT_ALLOWED {
        // The router adds `Allow`.
        response = Response::default();
    }
    if let Some(correlator) = correlator {
        response.headers_mut().insert(CORRELATOR, correlator);
    }
    response
}

fn is_v2(path: &str) -> bool {
    path.strip_prefix("/v2").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
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
pub(super) fn given(headers: &HeaderMap) -> String {
    let given = headers.get_all(path::HEADER).iter().map(|value| String::from_utf8_lossy(value.as_bytes()));
    given.collect::<Vec<_>>().join(",")
}

fn in_words(response: Response) -> Response {
    let is_json = response.headers().get(CONTENT_TYPE).is_some_and(|value| value == "application/json");
    match response.status() {
        StatusCode::PAYLOAD_TOO_LARGE if !is_json => {
            let problem = "the body is larger than this service accepts";
            Failure::new(Kind::RequestEntityTooLarge, problem).into_response()
        }
        _ => response,
    }
}
