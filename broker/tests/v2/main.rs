//! NGSIv2 over HTTP: tables of requests and answers, a file per resource.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

#[path = "../common/mod.rs"]
mod common;

mod attributes;
mod batch;
mod bounds;
mod builtins;
mod custom;
mod dialects;
mod documentation;
mod entities;
mod expiry;
mod federation;
mod headers;
mod lifecycle;
mod list;
mod mqtt;
mod notifications;
mod operators;
mod paths;
mod places;
mod registrations;
mod subscriptions;
mod tenants;
mod twins;
mod types;

use bytes::Bytes;
use common::Site;
use http::{HeaderMap, Method, Request};
use serde_json::Value;

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {:?}", self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// Status and, of an error, its name.
    pub(crate) fn outcome(&self) -> (u16, String) {
        let error = if self.status < 400 { String::new() } else { self.json()["error"].as_str().unwrap().to_owned() };
        (self.status, error)
    }
}

/// Sends a request; an object or list as JSON, a string as it is with `text/plain`, `null` without a body.
pub(crate) async fn call(site: &Site, method: &str, path: &str, body: &Value) -> Answer {
    match body {
        Value::Null => call_with(site, method, path, &[], "").await,
        Value::String(text) => call_with(site, method, path, &[("content-type", "text/plain")], text).await,
        json => call_with(site, method, path, &[("content-type", "application/json")], &json.to_string()).await,
    }
}

pub(crate) async fn call_with(site: &Site, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = Request::builder().method(method).uri(format!("{}{path}", site.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let answer = site.send(request.body(Bytes::from(body.to_owned())).unwrap()).await;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Answer { status, headers, text: String::from_utf8(answer.body().to_vec()).unwrap() }
}

pub(crate) async fn get(site: &Site, path: &str) -> Answer {
    call(site, "GET", path, &Value::Null).await
}

/// Creates an entity.
pub(crate) async fn create(site: &Site, entity: &Value) {
    let answer = call(site, "POST", "/v2/entities", entity).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

/// Checks a table of requests with the status each gets, and the error if it is one.
pub(crate) async fn check(site: &Site, table: &[(&str, &str, Value, u16, &str)]) {
    for (method, path, body, status, error) in table {
        let answer = call(site, method, path, body).await;
        let expected = (*status, (*error).to_owned());
        assert_eq!(answer.outcome(), expected, "{method} {path} {body}: {}", answer.text);
    }
}
