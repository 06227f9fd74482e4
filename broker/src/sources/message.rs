//! Requests as sources are sent them.

use std::sync::Arc;

use bytes::Bytes;
use context::sources::HasSource;
use http::header::{ACCEPT, CONTENT_TYPE, LINK, VIA};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request};
use ngsi::ld::{Context, Problem};
use serde_json::Value;
use service::http::path_segment;

use super::{Registered, Via};
use crate::contexts::{Contexts, link_header};
use crate::routes::correlator;

/// What a source may be told to be taken from the request (4.3.6.5).
const FROM_REQUEST: &str = "urn:ngsi-ld:request";
/// Keys of `contextSourceInfo` that are no headers, or none that a registration may set.
const RESERVED: [&str; 20] = [
    "accept",
    "contenttype",
    "jsonldcontext",
    "ngsildconformance",
    "content-type",
    "content-length",
    "content-encoding",
    "host",
    "connection",
    "keep-alive",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "via",
    "link",
    "prefer",
    "ngsild-tenant",
    "proxy-authorization",
];

/// What one source is sent.
pub(crate) struct Message<'a> {
    pub(crate) method: Method,
    /// Behind `/ngsi-ld/v1`.
    pub(crate) path: String,
    /// Names and values, not encoded.
    pub(crate) query: Vec<(&'a str, String)>,
    /// JSON, in which the context is where [`Registered::is_inline`].
    pub(crate) body: Option<Bytes>,
}

impl Registered {
    /// Whether a body has its context as a member.
    pub(crate) fn is_inline(&self) -> bool {
        self.info("contentType") == Some("application/ld+json")
    }

    /// The context of which the names are that the source is sent: the one it asks for, failing that `own` if it can be found at
    /// a URL, failing that the core's.
    pub(crate) async fn language(&self, contexts: &Arc<Contexts>, own: &Context) -> Result<Context, Problem> {
        match self.info("jsonldContext") {
            Some(url) => contexts.resolve(&Value::from(url)).await,
            None if own.link().is_some() => Ok(own.clone()),
            None => Ok(Context::core()),
        }
    }

    /// The request in a language, on behalf of one that came with these headers.
    pub(crate) fn request(
        &self,
        message: Message<'_>,
        language: &Context,
        via: &Via,
        headers: &HeaderMap,
    ) -> Result<Request<Bytes>, http::Error> {
        let registration = &self.source().registration;
        let mut request = Request::builder().method(message.method.clone()).uri(self.url(&message));
        let inline = self.is_inline() && message.body.is_some();
        if message.body.is_some() {
            request = request.header(CONTENT_TYPE, if inline { "application/ld+json" } else { "application/json" });
        }
        if let Some(value) = language.link().filter(|_| !inline).and_then(link_header) {
            request = request.header(LINK, value);
        }
        let accept = self.info("accept").filter(|accept| *accept != FROM_REQUEST);
        request = request.header(ACCEPT, accept.unwrap_or("application/json"));
        if let Some(via) = via.onward() {
            request = request.header(VIA, via);
        }
        let version = self.info("ngsildConformance").map(|version| format!("ngsi-ld={version}"));
        let given = [
            ("ngsild-tenant", registration.tenant.as_deref()),
            ("prefer", version.as_deref()),
            ("fiware-correlator", Some(correlator(headers)).filter(|correlator| !correlator.is_empty())),
        ];
        for (name, value) in given.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            request = request.header(name, value);
        }
        for (name, value) in self.own_headers(headers) {
            request = request.header(name, value);
        }
        request.body(message.body.unwrap_or_default())
    }

    /// The headers that the registration asks for.
    fn own_headers(&self, headers: &HeaderMap) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        self.source().registration.source_info.iter().filter_map(|(key, value)| {
            let name = HeaderName::from_bytes(key.as_bytes()).ok()?;
            if RESERVED.contains(&name.as_str()) {
                return None;
            }
            let value = match value.as_str() {
                FROM_REQUEST => headers.get(&name)?.clone(),
                value => HeaderValue::try_from(value).ok()?,
            };
            Some((name, value))
        })
    }

    fn info(&self, key: &str) -> Option<&str> {
        let found = self.source().registration.source_info.iter().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str())
    }

    fn url(&self, message: &Message<'_>) -> String {
        let local = self.source().registration.management.as_ref().is_some_and(|management| management.local_only);
        let mut url = format!("{}/ngsi-ld/v1{}", self.base(), message.path);
        let query = message.query.iter().map(|(name, value)| (*name, value.as_str()));
        for (index, (name, value)) in query.chain(local.then_some(("local", "true"))).enumerate() {
            url.push(if index == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            url.push_str(&path_segment(value));
        }
        url
    }
}
