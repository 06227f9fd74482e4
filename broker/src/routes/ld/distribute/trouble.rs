//! What goes wrong with sources, and how clients are told.

use axum::response::Response;
use http::HeaderValue;
use ngsi::ld::{Kind, Problem};

use crate::broker::Broker;
use crate::sources::{Registered, Unanswered};

/// The longest text of a source that is passed on.
const MAX_TEXT: usize = 200;
/// The most warnings of one answer.
const MAX_WARNINGS: usize = 16;

/// Why a source did not do its part.
#[derive(Debug, Clone)]
pub(in crate::routes::ld) enum Trouble {
    /// The request has been at this broker before.
    Loop,
    /// No answer.
    Unanswered(Unanswered),
    /// An answer that is an error.
    Refused { status: u16, text: String },
    /// An answer that nobody understands.
    Unreadable(String),
    /// The request cannot be said in the words of the source.
    Unsayable(String),
}

impl Trouble {
    /// An answer of that status, with the beginning of its body or what that says under `detail`.
    pub(super) fn refused(status: u16, body: &[u8]) -> Self {
        let said = serde_json::from_slice::<serde_json::Value>(body).ok();
        let detail = said.as_ref().and_then(|said| said.get("detail").or_else(|| said.get("title"))?.as_str());
        let text = detail.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned);
        Self::Refused { status, text: text.chars().filter(|c| !c.is_control()).take(MAX_TEXT).collect() }
    }

    /// Whether the source only says that it has no such entity.
    pub(super) fn is_absence(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Whether the source did some of what it was told.
    pub(super) fn is_partial(&self) -> bool {
        matches!(self, Self::Refused { status: 207, .. })
    }

    /// Whether it is no failure as long as somebody else does the same: the source has no such entity, or the request has been
    /// there.
    pub(super) fn is_minor(&self) -> bool {
        matches!(self, Self::Loop | Self::Refused { status: 404 | 508, .. })
    }

    fn in_words(&self, source: &Registered) -> String {
        let id = source.id();
        match self {
            Self::Loop => format!("the source of `{id}` is not asked: the request has been here before"),
            Self::Unanswered(why) => format!("the source of `{id}`: {why}"),
            Self::Refused { status, text } => format!("the source of `{id}` answered {status}: {text}"),
            Self::Unreadable(why) => format!("the source of `{id}` gave an answer that cannot be read: {why}"),
            Self::Unsayable(why) => format!("the source of `{id}` cannot be asked: {why}"),
        }
    }

    /// The problem that it is for somebody who wants something changed.
    pub(super) fn problem(&self, source: &Registered) -> Problem {
        let kind = match self {
            Self::Loop => Kind::LoopDetected,
            Self::Unanswered(Unanswered::TooLate(_) | Unanswered::Resting) => Kind::GatewayTimeout,
            Self::Unanswered(Unanswered::Unreachable(_)) | Self::Unreadable(_) | Self::Unsayable(_) => Kind::BadGateway,
            Self::Refused { status, .. } => match status {
                400 => Kind::BadRequestData,
                404 => Kind::ResourceNotFound,
                409 => Kind::Conflict,
                508 => Kind::LoopDetected,
                _ => Kind::BadGateway,
            },
        };
        Problem::new(kind, self.in_words(source))
    }

    /// A warning for somebody who reads (table 6.3.17-1).
    pub(super) fn warning(&self, source: &Registered) -> Warning {
        let code = match self {
            Self::Loop | Self::Unanswered(_) | Self::Unsayable(_) => 199,
            Self::Refused { .. } => 299,
            Self::Unreadable(_) => 111,
        };
        Warning { code, text: self.in_words(source) }
    }
}

/// Something that clients are told beside the answer.
#[derive(Debug, Clone)]
pub(in crate::routes::ld) struct Warning {
    pub(super) code: u16,
    pub(super) text: String,
}

impl Warning {
    pub(super) fn too_many() -> Self {
        Self { code: 199, text: format!("more than {} sources have to do with it", super::MAX_SOURCES) }
    }
}

/// Says in headers what the body has no place for.
pub(in crate::routes::ld) fn warn(broker: &Broker, response: &mut Response, warnings: &[Warning]) {
    for Warning { code, text } in warnings.iter().take(MAX_WARNINGS) {
        let text = text.replace(['"', '\\'], "'");
        if let Ok(value) = HeaderValue::try_from(format!("{code} {} \"{text}\"", broker.alias())) {
            response.headers_mut().append("ngsild-warning", value);
        }
    }
}
