//! Answers in the form of NGSI-10.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use http_body::{Frame, SizeHint};
use ngsi::{ParseError, json};
use service::http::Reason;
use storage::StorageError;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A JSON body.
pub(crate) fn json(body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// A JSON body; `written` is dropped when the server has taken all of it.
pub(crate) fn json_holding(body: Vec<u8>, written: impl Send + Unpin + 'static) -> Response {
    let mut response = Response::new(Body::new(Holding { bytes: Some(body.into()), _written: written }));
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

struct Holding<T> {
    bytes: Option<Bytes>,
    _written: T,
}

impl<T: Unpin> http_body::Body for Holding<T> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.get_mut().bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// A JSON body that never changes.
pub(crate) fn fixed(body: &'static str) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// Appends `{"code":…,"reasonPhrase":…}`, with details if there are any.
pub(crate) fn write_status(out: &mut Vec<u8>, code: StatusCode, details: &str) {
    out.extend_from_slice(b"{\"code\":");
    out.extend_from_slice(code.as_str().as_bytes());
    out.extend_from_slice(b",\"reasonPhrase\":\"");
    out.extend_from_slice(code.canonical_reason().unwrap_or("").as_bytes());
    out.push(b'"');
    if !details.is_empty() {
        out.extend_from_slice(b",\"details\":");
        json::write_string(out, details);
    }
    out.push(b'}');
}

/// A request that was not carried out.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    details: String,
}

impl Failure {
    /// What exactly happened.
    pub(crate) fn details(self) -> String {
        self.details
    }

    pub(crate) fn not_found(details: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, details: details.into() }
    }

    pub(crate) fn bad_request(details: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, details: details.into() }
    }

    pub(crate) fn unavailable(details: impl Into<String>) -> Self {
        Self { status: StatusCode::SERVICE_UNAVAILABLE, details: details.into() }
    }
}

impl From<ParseError> for Failure {
    fn from(error: ParseError) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl From<QueryRejection> for Failure {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request(rejection.body_text())
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        let mut details = format!("not stored: {error}");
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            details.push_str(": ");
            details.push_str(&cause.to_string());
            source = cause.source();
        }
        Self::unavailable(details)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut body = b"{\"errorCode\":".to_vec();
        write_status(&mut body, self.status, &self.details);
        body.push(b'}');
        let mut response = json(body);
        *response.status_mut() = self.status;
        response.extensions_mut().insert(Reason(self.details));
        response
    }
}
