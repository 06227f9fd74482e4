//! Errors in the words of NGSI-LD (ETSI GS CIM 009, clauses 5.5.2, 5.5.3 and 6.3.2; RFC 7807).

use crate::ParseError;
use crate::json::write_string;

/// What kind of error an answer reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request as a whole cannot be understood.
    InvalidRequest,
    /// Something in the request is wrong, whatever the broker holds.
    BadRequestData,
    /// What is to be created exists.
    AlreadyExists,
    /// The broker does not do this.
    OperationNotSupported,
    /// What the request names does not exist.
    ResourceNotFound,
    /// The broker is broken.
    InternalError,
    /// A query that costs too much.
    TooComplexQuery,
    /// A query that finds too much.
    TooManyResults,
    /// A context that cannot be fetched.
    LdContextNotAvailable,
    /// There are no tenants here.
    NoMultiTenantSupport,
    /// There is no such tenant.
    NonexistentTenant,
    /// The request contradicts what another one made.
    Conflict,
    /// Plain HTTP: no such method here.
    MethodNotAllowed,
    /// Plain HTTP: none of the types that the answer could have is accepted.
    NotAcceptable,
    /// Plain HTTP: a body is missing.
    LengthRequired,
    /// Plain HTTP: a body is too large.
    PayloadTooLarge,
    /// Plain HTTP: a body has a type that it may not have.
    UnsupportedMediaType,
    /// Plain HTTP: it may succeed later.
    ServiceUnavailable,
    /// Plain HTTP: who does a part of it failed.
    BadGateway,
    /// Plain HTTP: who does a part of it did not answer.
    GatewayTimeout,
    /// Plain HTTP: the request comes back to where it has been (ETSI GS CIM 009, 6.3.17).
    LoopDetected,
}

impl Kind {
    /// The HTTP status (table 6.3.2-1).
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::InvalidRequest | Self::BadRequestData => 400,
            Self::TooComplexQuery | Self::TooManyResults => 403,
            Self::ResourceNotFound | Self::NonexistentTenant => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable => 406,
            Self::AlreadyExists | Self::Conflict => 409,
            Self::LengthRequired => 411,
            Self::PayloadTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::OperationNotSupported => 422,
            Self::InternalError => 500,
            Self::NoMultiTenantSupport => 501,
            Self::BadGateway => 502,
            Self::LdContextNotAvailable | Self::ServiceUnavailable => 503,
            Self::GatewayTimeout => 504,
            Self::LoopDetected => 508,
        }
    }

    /// The member `type`: a URI of the standard, or `about:blank` where the HTTP status says everything.
    #[must_use]
    pub fn uri(self) -> String {
        match self {
            Self::MethodNotAllowed
            | Self::NotAcceptable
            | Self::LengthRequired
            | Self::PayloadTooLarge
            | Self::UnsupportedMediaType
            | Self::ServiceUnavailable
            | Self::BadGateway
            | Self::GatewayTimeout
            | Self::LoopDetected => "about:blank".to_owned(),
            named => format!("https://uri.etsi.org/ngsi-ld/errors/{named:?}"),
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::InvalidRequest => "The request cannot be understood",
            Self::BadRequestData => "The request has wrong data",
            Self::AlreadyExists => "It exists already",
            Self::OperationNotSupported => "The operation is not supported",
            Self::ResourceNotFound => "There is no such resource",
            Self::InternalError => "The broker failed",
            Self::TooComplexQuery => "The query is too complex",
            Self::TooManyResults => "The query has too many results",
            Self::LdContextNotAvailable => "A context is not available",
            Self::NoMultiTenantSupport => "There are no tenants",
            Self::NonexistentTenant => "There is no such tenant",
            Self::Conflict => "The request contradicts another one",
            Self::MethodNotAllowed => "Method Not Allowed",
            Self::NotAcceptable => "Not Acceptable",
            Self::LengthRequired => "Length Required",
            Self::PayloadTooLarge => "Payload Too Large",
            Self::UnsupportedMediaType => "Unsupported Media Type",
            Self::ServiceUnavailable => "Service Unavailable",
            Self::BadGateway => "Bad Gateway",
            Self::GatewayTimeout => "Gateway Timeout",
            Self::LoopDetected => "Loop Detected",
        }
    }
}

/// A request that was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Problem {
    /// What kind of error.
    pub kind: Kind,
    /// What exactly, with the member or parameter concerned.
    pub detail: String,
}

impl Problem {
    /// A problem of any kind.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// A [`Kind::BadRequestData`].
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(Kind::BadRequestData, detail)
    }

    /// `{"type":…,"title":…,"detail":…,"status":…}`, which answers send as `application/json`.
    #[must_use]
    pub fn body(&self) -> Vec<u8> {
        let mut out = b"{\"type\":".to_vec();
        write_string(&mut out, &self.kind.uri());
        out.extend_from_slice(b",\"title\":");
        write_string(&mut out, self.kind.title());
        out.extend_from_slice(b",\"detail\":");
        write_string(&mut out, &self.detail);
        out.extend_from_slice(format!(",\"status\":{}}}", self.kind.status()).as_bytes());
        out
    }
}

impl From<ParseError> for Problem {
    fn from(error: ParseError) -> Self {
        Self::bad_request(error.to_string())
    }
}
