//! Bodies: what they must be before anybody reads them.

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use ngsi::v2::{Kind, Problem};

/// The type of a body, without parameters.
pub(super) fn media_type(headers: &HeaderMap) -> &str {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    given.split(';').next().unwrap_or_default().trim()
}

pub(super) fn not_empty(body: &Bytes) -> Result<(), Problem> {
    match body.is_empty() {
        true => Err(Problem::new(Kind::ContentLengthRequired, "the request has no body")),
        false => Ok(()),
    }
}

/// Checks that a body is there and is JSON.
pub(super) fn check_json(headers: &HeaderMap, body: &Bytes) -> Result<(), Problem> {
    not_empty(body)?;
    match media_type(headers) {
        "application/json" => Ok(()),
        other => Err(unsupported(other, "application/json")),
    }
}

pub(super) fn unsupported(given: &str, wanted: &str) -> Problem {
    Problem::new(Kind::UnsupportedMediaType, format!("Content-Type: must be {wanted}, is `{given}`"))
}
