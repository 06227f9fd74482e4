//! Answers in the form of NGSIv2.

use axum::response::{IntoResponse, Response};
use context::EditRefusal;
use http::StatusCode;
use ngsi::v2::{Kind, Problem};
use service::http::Reason;
use storage::StorageError;

use crate::answer;

/// A request that was not carried out, or not wholly.
#[derive(Debug)]
pub(super) struct Failure(pub(super) Problem);

impl Failure {
    pub(super) fn new(kind: Kind, description: impl Into<String>) -> Self {
        Self(Problem::new(kind, description))
    }

    pub(super) fn no_entity() -> Self {
        Self::new(Kind::NotFound, "The requested entity has not been found. Check type and id")
    }

    pub(super) fn several() -> Self {
        Self::new(Kind::TooManyResults, EditRefusal::Several.to_string())
    }

    pub(super) fn no_attribute() -> Self {
        Self::new(Kind::NotFound, "The entity does not have such an attribute")
    }
}

impl<E: Into<Problem>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

/// What the disk refused.
pub(super) fn unsaved(error: StorageError) -> Failure {
    Failure::new(Kind::ServiceUnavailable, answer::Failure::from(error).details())
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = answer::json(self.0.body());
        *response.status_mut() = StatusCode::from_u16(self.0.kind.status()).unwrap_or(StatusCode::BAD_REQUEST);
        response.extensions_mut().insert(Reason(self.0.description));
        response
    }
}

pub(super) fn no_content() -> Response {
    let mut response = Response::default();
    *response.status_mut() = StatusCode::NO_CONTENT;
    response
}
