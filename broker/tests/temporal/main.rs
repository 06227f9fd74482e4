//! The temporal evolution of entities over HTTP: every table is run with the embedded store and with PostgreSQL.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../common/mod.rs"]
mod common;

mod bounds;
mod changes;
mod durability;
mod query;
mod recording;
mod secure;

use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use common::Site;
use http::{HeaderMap, Method, Request};
use serde_json::{Value, json};
use testkit::Postgres;

/// A broker for each engine, with keys of section `broker.temporal`.
pub(crate) async fn sites(settings: Value) -> Vec<Site> {
    let embedded = Site::with_config(config(settings.clone(), "embedded", &json!({}))).await;
    let postgres = Postgres::shared().await.unwrap();
    vec![embedded, Site::with_config(with_database(settings, postgres)).await]
}

/// The configuration of a broker with a new database.
pub(crate) fn with_database(settings: Value, postgres: &Postgres) -> Value {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let database = format!("history_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    postgres.create_database(&database).unwrap();
    config(settings, "postgresql", &postgres.section(&database))
}

fn config(mut settings: Value, engine: &str, postgresql: &Value) -> Value {
    settings["engine"] = json!(engine);
    json!({
        "site_id": "alone",
        "discovery": { "http_port": common::NOWHERE },
        "broker": { "temporal": settings },
        "postgresql": postgresql,
    })
}

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
}

/// Sends a request with a JSON body, or none for `null`.
pub(crate) async fn call(site: &Site, method: &str, path: &str, body: &Value) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let path = path.replace('[', "%5B").replace(']', "%5D").replace('>', "%3E");
    let mut request = Request::builder().method(method).uri(format!("{}/ngsi-ld/v1{path}", site.url));
    let mut text = String::new();
    if !body.is_null() {
        request = request.header("content-type", "application/json");
        text = body.to_string();
    }
    let answer = site.send(request.body(Bytes::from(text)).unwrap()).await;
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Answer { status, headers, text: String::from_utf8(answer.body().to_vec()).unwrap() }
}

pub(crate) async fn get(site: &Site, path: &str) -> Answer {
    call(site, "GET", path, &Value::Null).await
}

/// The body of a successful answer.
pub(crate) async fn read(site: &Site, path: &str) -> Value {
    let answer = get(site, path).await;
    assert!(answer.status < 300, "{path}: {} {}", answer.status, answer.text);
    answer.json()
}

/// Checks a table of requests with the status each gets.
pub(crate) async fn check(site: &Site, table: &[(&str, &str, Value, u16)]) {
    for (method, path, body, status) in table {
        let answer = call(site, method, path, body).await;
        assert_eq!(answer.status, *status, "{method} {path} {body}: {}", answer.text);
    }
}

pub(crate) fn observed(value: impl Into<Value>, at: &str) -> Value {
    json!({ "type": "Property", "value": value.into(), "observedAt": at })
}

/// A car with a speed at each full minute of an hour, beginning with 0.
pub(crate) async fn drive(site: &Site, id: &str, minutes: std::ops::Range<i32>) {
    let speeds: Vec<_> = minutes.map(|minute| observed(minute, &format!("2030-01-01T12:{minute:02}:00Z"))).collect();
    let car = json!({ "id": id, "type": "Car", "speed": speeds });
    let answer = call(site, "POST", "/temporal/entities", &car).await;
    assert!(matches!(answer.status, 201 | 204), "{}", answer.text);
}

/// The values of an attribute in the normalized representation.
pub(crate) fn values(entity: &Value, attribute: &str) -> Vec<Value> {
    let instances = entity[attribute].as_array().cloned().unwrap_or_default();
    instances.iter().map(|instance| instance["value"].clone()).collect()
}
