//! From errors to NGSI-9 answers.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use ngsi::ParseError;
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
        (status, Json(serde_json::json!({ "errorCode": error_code }))).into_response()
    }
}
