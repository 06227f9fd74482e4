//! From errors to NGSI-9 answers.

use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use http::StatusCode;
use ngsi::ParseError;
use service::http::Reason;
use storage::StorageError;

/// Why a request is not fulfilled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// The request is wrong.
    #[error(transparent)]
    Input(#[from] ParseError),
    /// What was asked could not be written down.
    #[error("the change could not be stored")]
    Storage(#[from] StorageError),
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match &self {
            Self::Input(_) => StatusCode::BAD_REQUEST,
            Self::Storage(error) => {
                tracing::error!(error = error as &dyn std::error::Error, "a change is not on disk");
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        let reason = status.canonical_reason().unwrap_or_default();
        let error_code = ngsi::v1::StatusCode::new(status.as_u16(), reason, self.to_string());
        let body = Json(serde_json::json!({ "errorCode": error_code }));
        (status, Extension(Reason(self.to_string())), body).into_response()
    }
}
