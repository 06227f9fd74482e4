//! One request of NGSI-LD as it came: routes understand it, or pass it on to the broker that owns the entity.

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use context::Origin;
use http::header::{CONTENT_TYPE, LINK, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use ngsi::EntityId;
use ngsi::ld::{Context, Kind};
use ngsi::v1::BROKER_USER_AGENT;
use serde_json::value::RawValue;

use super::answer::Failure;
use super::params::Params;
use crate::Shared;
use crate::federation::Owners;
use crate::routes::request;

/// The headers that another broker needs to understand the request, besides `Link`.
const PASSED_ON: [&str; 5] = ["content-type", "accept", "fiware-correlator", "ngsild-tenant", "accept-language"];

pub(super) struct Call {
    pub(super) method: Method,
    path_and_query: String,
    pub(super) headers: HeaderMap,
    pub(super) params: Params,
    pub(super) body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Call {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let headers = request.headers().clone();
        let params = Params::read(&uri)?;
        let body = Bytes::from_request(request, state).await.map_err(|rejection| {
            let kind = match rejection.status().as_u16() {
                413 => Kind::PayloadTooLarge,
                _ => Kind::InvalidRequest,
            };
            Failure::new(kind, rejection.body_text())
        })?;
        let path_and_query = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        Ok(Self { method, path_and_query, headers, params, body })
    }
}

impl Call {
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

    pub(super) fn media_type(&self) -> &str {
        let given = self.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        given.split(';').next().unwrap_or_default().trim()
    }

    /// The context that the names in the request are to be read with; `in_body` is the member `@context`, if there is one.
    pub(super) async fn context(&self, broker: &Shared, in_body: Option<&RawValue>) -> Result<Context, Failure> {
        let contexts = &broker.contexts;
        let read = match self.method {
            Method::GET | Method::DELETE => contexts.of_link(&self.headers).await,
            _ => contexts.of_body(&self.headers, self.media_type() == "application/ld+json", in_body).await,
        };
        Ok(read?)
    }

    pub(super) fn path_and_query(&self) -> &str {
        &self.path_and_query
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
        let id = EntityId::from(id);
        let owners = Owners::look_up(broker, vec![id.clone()]).await;
        match owners.get(&id) {
            None => Ok(None),
            Some(owner) => self.pass_on(broker, owner, &self.path_and_query, self.body.clone()).await.map(Some),
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
