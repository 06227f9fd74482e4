//! One request of NGSI-LD as it came: routes understand it, or pass it on to the broker that owns the entity.

use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use context::Origin;
use http::header::{CONTENT_TYPE, LINK, USER_AGENT};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Uri};
use http_body::Body as _;
use ngsi::EntityId;
use ngsi::ld::{Context, Kind, parse};
use ngsi::v1::BROKER_USER_AGENT;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::Failure;
use super::params::Params;
use crate::Shared;
use crate::contexts::Contexts;
use crate::federation::Owners;
use crate::routes::request;

/// The headers that another broker needs to understand the request, besides `Link`.
const PASSED_ON: [&str; 5] = ["content-type", "accept", "fiware-correlator", "ngsild-tenant", "accept-language"];

pub(super) struct Call {
    pub(super) method: Method,
    uri: Uri,
    pub(super) headers: HeaderMap,
    pub(super) params: Params,
    pub(super) body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Call {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let (mut parts, body) = request.into_parts();
        let params = Params::read(&parts.uri)?;
        let body = match body.is_end_stream() {
            true => Bytes::new(),
            false => {
                let mut rest = Request::new(body);
                *rest.extensions_mut() = std::mem::take(&mut parts.extensions);
                Bytes::from_request(rest, state).await.map_err(|rejection| unread(&rejection))?
            }
        };
        Ok(Self { method: parts.method, uri: parts.uri, headers: parts.headers, params, body })
    }
}

fn unread(rejection: &BytesRejection) -> Failure {
    let kind = match rejection.status().as_u16() {
        413 => Kind::PayloadTooLarge,
        _ => Kind::InvalidRequest,
    };
    Failure::new(kind, rejection.body_text())
}

impl Call {
    /// A question of this broker itself.
    pub(super) fn of_broker() -> Self {
        Self {
            method: Method::GET,
            uri: Uri::default(),
            headers: HeaderMap::new(),
            params: Params::default(),
            body: Bytes::new(),
        }
    }

    /// The body, which must be there and be JSON. A merge patch is allowed where `merges`.
    pub(super) fn json(&self, merges: bool) -> Result<&Bytes, Failure> {
        if self.body.is_empty() {
            return Err(Failure::new(Kind::InvalidRequest, "the request has no body"));
        }
        match self.media_type() {
            "application/json" | "application/ld+json" => Ok(&self.body),
            "application/merge-patch+json" if merges => Ok(&self.body),
            other => {
                let problem = format!("Content-Type: must be application/json or application/ld+json, is `{other}`");
                Err(Failure::new(Kind::UnsupportedMediaType, problem))
            }
        }
    }

    /// The body as such an object.
    pub(super) fn object<'a, T: Deserialize<'a>>(&'a self, merges: bool) -> Result<T, Failure> {
        Ok(parse::object(self.json(merges)?)?)
    }

    pub(super) fn media_type(&self) -> &str {
        let given = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        given.split(';').next().unwrap_or_default().trim()
    }

    /// The context that the names in the request are to be read with; `in_body` is the member `@context`, if there is one.
    pub(super) async fn context(&self, broker: &Shared, in_body: Option<&RawValue>) -> Result<Context, Failure> {
        let contexts = &broker.contexts;
        let read = match self.method {
            Method::GET | Method::DELETE => contexts.of_link(&self.headers).await,
            _ => contexts.of_body(&self.headers, self.is_ld(), in_body).await,
        };
        Ok(read?)
    }

    /// Refuses a context for the whole of a request whose parts have theirs.
    pub(super) fn check_link(&self) -> Result<(), Failure> {
        Ok(Contexts::check_link(&self.headers, self.is_ld())?)
    }

    /// Whether contexts are in the body.
    fn is_ld(&self) -> bool {
        self.media_type() == "application/ld+json"
    }

    pub(super) fn path_and_query(&self) -> &str {
        self.uri.path_and_query().map_or("", PathAndQuery::as_str)
    }

    pub(super) fn origin(&self) -> Origin {
        request::origin(&self.headers)
    }

    /// Whether other brokers are none of its business.
    pub(super) fn is_local(&self) -> bool {
        request::is_from_broker(&self.headers) || self.params.has("local", "true")
    }

    /// The answer of the broker that owns the entity, if it is another one.
    pub(super) async fn answered_by_owner(&self, broker: &Shared, id: &str) -> Result<Option<Response>, Failure> {
        if self.is_local() || broker.shards.holds(id) {
            return Ok(None);
        }
        // Boxed, so that requests which stay here do not carry it along.
        Box::pin(self.asked_of_owner(broker, EntityId::from(id))).await
    }

    async fn asked_of_owner(&self, broker: &Shared, id: EntityId) -> Result<Option<Response>, Failure> {
        let owners = Owners::look_up(broker, vec![id.clone()]).await;
        match owners.get(&id) {
            None => Ok(None),
            Some(owner) => self.pass_on(broker, owner, self.path_and_query(), self.body.clone()).await.map(Some),
        }
    }

    /// The answer of another broker to this request, with another path or body.
    pub(super) async fn pass_on(
        &self,
        broker: &Shared,
        owner: &str,
        path_and_query: &str,
        body: Bytes,
    ) -> Result<Response, Failure> {
        let unreachable = |error: String| Failure::new(Kind::ServiceUnavailable, error);
        let base = owner.trim_end_matches('/').trim_end_matches("/ngsi10");
        let mut passed = http::Request::builder().method(self.method.clone()).uri(format!("{base}{path_and_query}"));
        for name in PASSED_ON {
            if let Some(value) = self.headers.get(name) {
                passed = passed.header(name, value);
            }
        }
        if let Some(link) = broker.contexts.link_elsewhere(&self.headers) {
            passed = passed.header(LINK, link);
        }
        let passed = passed.header(USER_AGENT, HeaderValue::from_static(BROKER_USER_AGENT));
        let passed = passed.body(body).map_err(|error| unreachable(error.to_string()))?;
        let answer = broker.node.client.send(passed).await.map_err(|error| unreachable(error.to_string()))?;
        let (parts, body) = answer.into_parts();
        let mut response = (parts.status, body).into_response();
        response.headers_mut().clear();
        for name in ["content-type", "content-range", "location", "link", "ngsild-results-count", "ngsild-warning"] {
            if let Some(value) = parts.headers.get(name) {
                response.headers_mut().insert(name, value.clone());
            }
        }
        Ok(response)
    }
}
