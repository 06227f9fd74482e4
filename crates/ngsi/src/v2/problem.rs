//! Errors in the words of NGSIv2: `{"error":…,"description":…}`.

use crate::ParseError;
use crate::json::write_string;

/// What kind of error an answer reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The body is no JSON.
    ParseError,
    /// The request is wrong, whatever the broker holds.
    BadRequest,
    /// What the request names does not exist.
    NotFound,
    /// What the request names is more than one.
    TooManyResults,
    /// Neither type that the answer could have is accepted.
    NotAcceptable,
    /// A body is missing.
    ContentLengthRequired,
    /// A body, or an entity, is too large.
    RequestEntityTooLarge,
    /// The entity would have more than one place.
    NoResourcesAvailable,
    /// The body has another content type than it may have.
    UnsupportedMediaType,
    /// The request does not go with what the broker holds.
    Unprocessable,
    /// The same, and the rest of the request has been carried out.
    PartialUpdate,
    /// This broker cannot do it yet.
    NotImplemented,
    /// It may succeed later.
    ServiceUnavailable,
}

impl Kind {
    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::ParseError | Self::BadRequest => 400,
            Self::NotFound => 404,
            Self::NotAcceptable => 406,
            Self::TooManyResults => 409,
            Self::ContentLengthRequired => 411,
            Self::RequestEntityTooLarge | Self::NoResourcesAvailable => 413,
            Self::UnsupportedMediaType => 415,
            Self::Unprocessable | Self::PartialUpdate => 422,
            Self::NotImplemented => 501,
            Self::ServiceUnavailable => 503,
        }
    }

    /// The kind for the status that another broker gave.
    #[must_use]
    pub fn of_status(status: u16) -> Self {
        match status {
            400 => Self::BadRequest,
            404 => Self::NotFound,
            409 => Self::TooManyResults,
            413 => Self::RequestEntityTooLarge,
            422 => Self::Unprocessable,
            _ => Self::ServiceUnavailable,
        }
    }
}

/// A request that was not carried out, or not wholly.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{description}")]
pub struct Problem {
    /// What kind of error.
    pub kind: Kind,
    /// What exactly, with the member or parameter concerned.
    pub description: String,
}

impl Problem {
    /// A problem of any kind.
    pub fn new(kind: Kind, description: impl Into<String>) -> Self {
        Self { kind, description: description.into() }
    }

    /// A [`Kind::BadRequest`].
    pub fn bad_request(description: impl Into<String>) -> Self {
        Self::new(Kind::BadRequest, description)
    }

    /// The body of the answer.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let mut out = b"{\"error\":".to_vec();
        write_string(&mut out, &format!("{:?}", self.kind));
        out.extend_from_slice(b",\"description\":");
        write_string(&mut out, &self.description);
        out.push(b'}');
        out
    }
}

impl From<ParseError> for Problem {
    fn from(error: ParseError) -> Self {
        Self::bad_request(error.to_string())
    }
}
