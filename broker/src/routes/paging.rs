//! Pages of an answer, with the parameters that Orion has for them.

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use ngsi::ParseError;
use serde::Deserialize;

use crate::answer::Failure;

/// The most entities of one page.
const MOST: usize = 1_000;

/// `?limit=&offset=&details=on`; without `limit` and `offset` everything is one page.
pub(super) struct Paging {
    limit: Option<usize>,
    offset: usize,
    counts: bool,
}

#[derive(Deserialize)]
struct Given {
    limit: Option<usize>,
    #[serde(default)]
    offset: usize,
    #[serde(default)]
    details: String,
}

impl Paging {
    fn new(given: &Given) -> Result<Self, ParseError> {
        if given.limit.is_some_and(|limit| !(1..=MOST).contains(&limit)) {
            return Err(ParseError::new("limit", format!("must be between 1 and {MOST}")));
        }
        let counts = match given.details.to_ascii_lowercase().as_str() {
            "" | "off" => false,
            "on" => true,
            other => return Err(ParseError::new("details", format!("must be on or off, is `{other}`"))),
        };
        Ok(Self { limit: given.limit, offset: given.offset, counts })
    }

    pub(super) fn is_whole(&self) -> bool {
        self.limit.is_none() && self.offset == 0
    }

    /// Whether the answer is to say how many there are on all pages.
    pub(super) fn counts(&self) -> bool {
        self.counts
    }

    /// How many there are up to the end of the page.
    pub(super) fn end(&self) -> usize {
        self.limit.map_or(usize::MAX, |limit| self.offset.saturating_add(limit))
    }

    /// Leaves the page of all that stand in order.
    pub(super) fn cut<T>(&self, all: &mut Vec<T>) {
        all.truncate(self.end());
        all.drain(..self.offset.min(all.len()));
    }
}

impl<S: Sync> FromRequestParts<S> for Paging {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let Query(given) = Query::try_from_uri(&parts.uri)?;
        Ok(Self::new(&given)?)
    }
}
