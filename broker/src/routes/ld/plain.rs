//! What the server and the router refuse, which is plain text, in the words of NGSI-LD.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{ALLOW, CONTENT_TYPE};
use ngsi::ld::Kind;

use super::answer::Failure;

pub(super) fn in_words(mut response: Response) -> Response {
    let plain = response.headers().get(CONTENT_TYPE).is_none_or(|value| value.as_bytes().starts_with(b"text/plain"));
    let (kind, problem) = match response.status() {
        StatusCode::BAD_REQUEST => (Kind::InvalidRequest, "the path or the query cannot be understood"),
        StatusCode::NOT_FOUND => (Kind::ResourceNotFound, "nothing is found at this path"),
        StatusCode::METHOD_NOT_ALLOWED => (Kind::MethodNotAllowed, "this path does not allow the method"),
        StatusCode::PAYLOAD_TOO_LARGE => (Kind::PayloadTooLarge, "the body is larger than this service accepts"),
        _ => return response,
    };
    if !plain {
        return response;
    }
    let mut in_words = Failure::new(kind, problem).into_response();
    if let Some(methods) = response.headers_mut().remove(ALLOW) {
        in_words.headers_mut().insert(ALLOW, methods);
    }
    in_words
}
