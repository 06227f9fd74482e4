//! Why a request is not served, and the answer that says so: `{"error": …, "field": …}`.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use message_bus::PublishError;
use ngsi::ParseError;
use serde_json::json;
use service::http::{ClientError, ClientErrorKind};
use storage::StorageError;

/// A request that is refused or could not be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The document is not usable.
    #[error(transparent)]
    Invalid(#[from] ParseError),
    /// More than is taken.
    #[error("must not be larger than {most} bytes ({} MiB)", most / 1024 / 1024)]
    TooLarge { field: String, most: usize },
    /// There is no such thing.
    #[error("there is no {kind} `{name}`")]
    NotFound { kind: &'static str, name: String },
    /// It cannot go while others need it.
    #[error("{0}")]
    InUse(String),
    /// Another service could not be reached.
    #[error("the {service} did not answer")]
    Unreachable {
        service: &'static str,
        #[source]
        source: ClientError,
    },
    /// Another service answered, but not with what was asked for.
    #[error("the {service} refused: {reason}")]
    Declined { service: &'static str, reason: String },
    /// A worker did not answer in time.
    #[error("{worker} did not answer within {seconds} s: it may be away, or not know such requests")]
    WorkerSilent { worker: String, seconds: u64 },
    /// The message bus did not take a message.
    #[error("the message bus did not take the request")]
    Bus(#[from] PublishError),
    /// As much is done as can be.
    #[error("{0}")]
    Busy(&'static str),
    /// A page of another site sent it.
    #[error("refused: the browser says that a page of another site has sent this request")]
    CrossSite,
    /// The disk did not take it.
    #[error("the change could not be stored")]
    Storage(#[from] StorageError),
    /// A file could not be written.
    #[error("the file could not be stored")]
    File(#[from] std::io::Error),
}

impl Refusal {
    pub(crate) fn field(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Invalid(ParseError::new(path, problem))
    }

    pub(crate) fn not_found(kind: &'static str, name: &str) -> Self {
        Self::NotFound { kind, name: name.to_owned() }
    }

    fn status(&self) -> StatusCode {
        match self {
            Self::Invalid(_) => StatusCode::BAD_REQUEST,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotFound { .. } => StatusCode::NOT_FOUND,
            Self::InUse(_) => StatusCode::CONFLICT,
            Self::Unreachable { source, .. } if matches!(source.kind, ClientErrorKind::Timeout(_)) => {
                StatusCode::GATEWAY_TIMEOUT
            }
            Self::WorkerSilent { .. } => StatusCode::GATEWAY_TIMEOUT,
            Self::Unreachable { .. } | Self::Declined { .. } | Self::Bus(_) => StatusCode::BAD_GATEWAY,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::Storage(_) | Self::File(_) | Self::Busy(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = self.status();
        if status.is_server_error() {
            tracing::warn!(error = %chain(&self), "a request could not be carried out");
        }
        let body = match &self {
            Self::Invalid(error) => json!({ "error": error.problem, "field": error.path }),
            Self::TooLarge { field, .. } => json!({ "error": self.to_string(), "field": field }),
            other => json!({ "error": other.to_string() }),
        };
        (status, Json(body)).into_response()
    }
}

/// The error with all its causes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}
