//! The context of a request (ETSI GS CIM 009, 6.3.5).

use std::sync::Arc;

use http::header::{HeaderMap, HeaderValue};
use ngsi::ld::{Context, Problem};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Contexts, link};

impl Contexts {
    /// Of a request whose body has no context, or that has no body: that of its `Link` header, or the core.
    pub(crate) async fn of_link(self: &Arc<Self>, headers: &HeaderMap) -> Result<Context, Problem> {
        match link::of_headers(headers)? {
            None => Ok(Context::core()),
            Some(url) if url.starts_with("http://") || url.starts_with("https://") => {
                self.resolve(&Value::String(url)).await
            }
            Some(url) => Err(Problem::bad_request(format!("Link: `{url}` is not a URL of http or https"))),
        }
    }

    /// Refuses a `Link` header with a context where bodies have one.
    pub(crate) fn check_link(headers: &HeaderMap, is_ld: bool) -> Result<(), Problem> {
        match is_ld && link::of_headers(headers)?.is_some() {
            true => Err(Problem::bad_request("Link: must not name a context when Content-Type is application/ld+json")),
            false => Ok(()),
        }
    }

    /// Of a request with a body, or of a part of it: `in_body` is its member `@context`. In `application/ld+json` it is needed and
    /// the only one allowed, in other types there must be none.
    pub(crate) async fn of_body(
        self: &Arc<Self>,
        headers: &HeaderMap,
        is_ld: bool,
        in_body: Option<&RawValue>,
    ) -> Result<Context, Problem> {
        Self::check_link(headers, is_ld)?;
        match (is_ld, in_body) {
            (false, None) => self.of_link(headers).await,
            (false, Some(_)) => Err(Problem::bad_request(
                "@context: must not be in a body whose Content-Type is not application/ld+json",
            )),
            (true, None) => {
                Err(Problem::bad_request("@context: must be in a body whose Content-Type is application/ld+json"))
            }
            (true, Some(value)) => {
                let value = serde_json::from_str(value.get());
                let value = value.map_err(|error| Problem::bad_request(format!("@context: {error}")))?;
                self.resolve(&value).await
            }
        }
    }

    /// The `Link` header for passing a request on: another broker finds a context of this one only where others reach it.
    pub(crate) fn link_elsewhere(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let url = link::of_headers(headers).ok()??;
        let own =
            self.find(&url, |entry| entry.record.url.is_none().then(|| self.url_of(&entry.record))).ok().flatten();
        link::header(&own.unwrap_or(url))
    }
}
