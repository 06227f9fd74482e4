//! Requests as they go on to sources.

use bytes::Bytes;
use context::sources::HasSource;
use http::header::{ACCEPT, CONTENT_TYPE, LINK, VIA};
use http::{HeaderName, Method, Request, Response};
use ngsi::Registration;
use ngsi::ld::Context;
use serde_json::Value;
use service::http::path_segment;

use super::super::call::Call;
use super::payload::Payload;
use super::trouble::Trouble;
use crate::Shared;
use crate::contexts::link_header;
use crate::routes::request;
use crate::sources::{Registered, Via};

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

/// A request that came, on its way to the sources that have to do with it.
pub(super) struct Journey<'a> {
    pub(super) broker: &'a Shared,
    pub(super) call: &'a Call,
    /// Of which the names in the request are.
    pub(super) context: &'a Context,
    pub(super) via: Via,
}

/// What one source is sent.
pub(super) struct Message<'a> {
    pub(super) method: Method,
    /// Behind `/ngsi-ld/v1`.
    pub(super) path: String,
    /// Names and values, not encoded.
    pub(super) query: Vec<(&'a str, String)>,
    pub(super) payload: Option<&'a Payload>,
}

impl<'a> Journey<'a> {
    pub(super) fn new(broker: &'a Shared, call: &'a Call, context: &'a Context) -> Self {
        Self { broker, call, context, via: Via::of(broker, &call.headers) }
    }

    /// The context of which the names are that a source is sent: the one it asks for, failing that the client's if it can be
    /// found at a URL, failing that the core's.
    pub(super) async fn language(&self, source: &Registered) -> Result<Context, Trouble> {
        match info(&source.source().registration, "jsonldContext") {
            Some(url) => {
                let resolved = self.broker.contexts.resolve(&Value::from(url)).await;
                resolved.map_err(|problem| Trouble::Unsayable(problem.detail))
            }
            None if self.context.link().is_some() => Ok(self.context.clone()),
            None => Ok(Context::core()),
        }
    }

    /// Sends a message and gives back an answer of status 2xx.
    pub(super) async fn send(
        &self,
        source: &Registered,
        language: &Context,
        message: Message<'_>,
    ) -> Result<Response<Bytes>, Trouble> {
        if self.via.is_loop() {
            return Err(Trouble::Loop);
        }
        let request = self.request(source, language, &message)?;
        let answer = source.send(self.broker, request).await.map_err(Trouble::Unanswered)?;
        match answer.status().is_success() {
            true => Ok(answer),
            false => Err(Trouble::refused(answer.status().as_u16(), answer.body())),
        }
    }

    fn request(
        &self,
        source: &Registered,
        language: &Context,
        message: &Message<'_>,
    ) -> Result<Request<Bytes>, Trouble> {
        let registration = &source.source().registration;
        let mut request = Request::builder().method(message.method.clone()).uri(url(source, message));
        let inline = info(registration, "contentType") == Some("application/ld+json");
        let body = match &message.payload {
            None => Bytes::new(),
            Some(payload) => {
                let media = if inline { "application/ld+json" } else { "application/json" };
                request = request.header(CONTENT_TYPE, media);
                payload.written(self.context, language, inline)
            }
        };
        let link = language.link().filter(|_| !(inline && message.payload.is_some()));
        if let Some(value) = link.and_then(link_header) {
            request = request.header(LINK, value);
        }
        let accept = info(registration, "accept").filter(|accept| *accept != FROM_REQUEST);
        request = request.header(ACCEPT, accept.unwrap_or("application/json"));
        if let Some(via) = self.via.onward() {
            request = request.header(VIA, via);
        }
        let version = info(registration, "ngsildConformance").map(|version| format!("ngsi-ld={version}"));
        let given = [
            ("ngsild-tenant", registration.tenant.as_deref()),
            ("prefer", version.as_deref()),
            (
                "fiware-correlator",
                Some(request::correlator(&self.call.headers)).filter(|correlator| !correlator.is_empty()),
            ),
        ];
        for (name, value) in given.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            request = request.header(name, value);
        }
        for (name, value) in self.own_headers(registration) {
            request = request.header(name, value);
        }
        request.body(body).map_err(|error| Trouble::Unsayable(error.to_string()))
    }

    /// The headers that the registration asks for.
    fn own_headers<'r>(
        &'r self,
        registration: &'r Registration,
    ) -> impl Iterator<Item = (HeaderName, http::HeaderValue)> + 'r {
        registration.source_info.iter().filter_map(|(key, value)| {
            let name = HeaderName::from_bytes(key.as_bytes()).ok()?;
            if RESERVED.contains(&name.as_str()) {
                return None;
            }
            let value = match value.as_str() {
                FROM_REQUEST => self.call.headers.get(&name)?.clone(),
                value => http::HeaderValue::try_from(value).ok()?,
            };
            Some((name, value))
        })
    }
}

fn info<'r>(registration: &'r Registration, key: &str) -> Option<&'r str> {
    let found = registration.source_info.iter().find(|(name, _)| name == key);
    found.map(|(_, value)| value.as_str())
}

fn url(source: &Registered, message: &Message<'_>) -> String {
    let local = source.source().registration.management.as_ref().is_some_and(|management| management.local_only);
    let mut url = format!("{}/ngsi-ld/v1{}", source.base(), message.path);
    let query = message.query.iter().map(|(name, value)| (*name, value.as_str()));
    for (index, (name, value)) in query.chain(local.then_some(("local", "true"))).enumerate() {
        url.push(if index == 0 { '?' } else { '&' });
        url.push_str(name);
        url.push('=');
        url.push_str(&path_segment(value));
    }
    url
}
