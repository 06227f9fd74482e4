//! Error answers of the server itself.

use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};

use super::Reason;

/// A JSON error answer in the form of NGSIv2: `{"error": …, "description": …}`.
#[must_use]
pub fn error(status: StatusCode, description: &str) -> Response {
    let mut response = Response::new(body(status, description));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response.extensions_mut().insert(Reason(description.to_owned()));
    response
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn body(status: StatusCode, description: &str) -> Body {
    let error: String = status.canonical_reason().unwrap_or("Error").split(' ').collect();
    Body::from(serde_json::json!({ "error": error, "description": description }).to_string())
}

/// Gives answers of the router and of extractors, which are plain text or empty, the same form.
pub(super) fn as_json(mut response: Response) -> Response {
    let Some(description) = description(response.status()) else { return response };
    if !is_plain(response.headers()) {
        return response;
    }
    *response.body_mut() = body(response.status(), description);
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response.headers_mut().remove(http::header::CONTENT_LENGTH);
    response
}

fn description(status: StatusCode) -> Option<&'static str> {
    Some(match status {
        StatusCode::BAD_REQUEST => "the path or the query cannot be understood",
        StatusCode::NOT_FOUND => "nothing is found at this path",
        StatusCode::METHOD_NOT_ALLOWED => "this path does not allow the method",
        StatusCode::REQUEST_TIMEOUT => "the request did not arrive in time",
        StatusCode::PAYLOAD_TOO_LARGE => "the request body is larger than this service accepts",
        _ => return None,
    })
}

fn is_plain(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_none_or(|value| value.as_bytes().starts_with(b"text/plain"))
}
