//! A real designer on a port of its own, with an in-process bus and a store in a temporary folder.
#![allow(clippy::unwrap_used, clippy::expect_used)]

pub(crate) mod events;
pub(crate) mod system;

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use flow::{Envelope, Message};
use http::Method;
use message_bus::{Bus, Subscription};
use serde_json::{Value, json};
use service::{Config, Node, Running};
use storage::Store;

pub(crate) struct Designer {
    pub(crate) url: String,
    pub(crate) node: Node,
    store: Store,
    running: Running,
}

impl Designer {
    pub(crate) async fn start(dir: &Path) -> Self {
        Self::start_with(dir, Bus::in_process(), json!({})).await
    }

    /// Starts with further members of the configuration.
    pub(crate) async fn start_with(dir: &Path, bus: Bus, extra: Value) -> Self {
        let mut config = json!({
            "site_id": "test", "bind_ip": "127.0.0.1", "data_dir": dir.to_str().unwrap(),
            "designer": { "webSrvPort": 0, "agentPort": 0 },
            "broker": { "http_port": 1 }, "discovery": { "http_port": 1 }, "master": { "rest_api_port": 1 },
        });
        config.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        let node = Node::new(Config::parse(&config.to_string(), |_| None).unwrap(), 1).unwrap();
        let store = Store::open(&dir.join("store")).unwrap();
        let running = designer::start(node.clone(), store.clone(), bus).await.unwrap();
        Self { url: running.url(), node, store, running }
    }

    pub(crate) async fn stop(self) {
        self.node.shutdown.cancel();
        self.running.drained().await;
        self.store.close();
    }

    pub(crate) async fn call(&self, method: Method, path: &str, body: &str) -> http::Response<Bytes> {
        let request = http::Request::builder().method(method).uri(format!("{}{path}", self.url));
        self.node.client.send(request.body(Bytes::copy_from_slice(body.as_bytes())).unwrap()).await.unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        answer(&self.call(Method::GET, path, "").await)
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> (u16, Value) {
        answer(&self.call(Method::POST, path, body).await)
    }

    pub(crate) async fn delete(&self, path: &str) -> (u16, Value) {
        self.delete_with(path, "").await
    }

    pub(crate) async fn delete_with(&self, path: &str, body: &str) -> (u16, Value) {
        answer(&self.call(Method::DELETE, path, body).await)
    }

    /// One operator and the service `shop` that uses it.
    pub(crate) async fn with_shop(self) -> Self {
        assert_eq!(self.post("/operator", OPERATOR).await, (200, json!("OK")));
        assert_eq!(self.post("/service", SHOP).await, (200, json!("OK")));
        self
    }
}

pub(crate) const OPERATOR: &str = r#"[{"name":"counter","description":"counts","parameters":[{"name":"p","value":"1"}],
    "dockerimages":[{"name":"fogflow/counter","tag":"latest","hwType":"X86","osType":"Linux","prefetched":false}],
    "functionCode":"exports.handler = function () {}","drawn":"by hand"}]"#;

pub(crate) const SHOP: &str = r#"[{"topology":{"name":"shop","description":"d","tasks":[{"name":"count","operator":"counter",
    "input_streams":[{"selected_type":"Panel","selected_attributes":["all"],"groupby":"EntityID","scoped":true}],
    "output_streams":[{"entity_type":"Sum"}]}]},"designboard":{"blocks":[1,2.50]}}]"#;

/// The body as JSON, or as text when it is none.
pub(crate) fn answer(response: &http::Response<Bytes>) -> (u16, Value) {
    let text = String::from_utf8_lossy(response.body());
    (response.status().as_u16(), serde_json::from_str(&text).unwrap_or_else(|_| json!(text)))
}

/// The next message, as it stands on the bus.
pub(crate) async fn next(messages: &mut Subscription) -> Envelope {
    let delivery = tokio::time::timeout(Duration::from_secs(10), messages.next()).await.expect("a message").unwrap();
    let envelope = delivery.envelope.clone();
    delivery.ack();
    envelope
}

pub(crate) async fn publish(bus: &Bus, key: &str, from: &str, message: &Message) {
    bus.publish(Envelope::new(key, from, message).unwrap()).await.unwrap();
}

/// Asks again until the answer is as wanted.
pub(crate) async fn eventually<T: std::fmt::Debug>(mut ask: impl AsyncFnMut() -> T, wanted: impl Fn(&T) -> bool) -> T {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    loop {
        let answer = ask().await;
        if wanted(&answer) {
            return answer;
        }
        assert!(tokio::time::Instant::now() < deadline, "still {answer:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
