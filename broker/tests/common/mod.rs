//! A broker in this process, on a port of its own, with a store of its own.
#![allow(dead_code)]

pub(crate) mod commands;
pub(crate) mod killed;

use std::path::PathBuf;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use service::{Config, Node, Running};
use storage::Store;

pub(crate) const SOON: Duration = Duration::from_secs(20);
/// Nobody listens there.
pub(crate) const NOWHERE: u16 = 9;

pub(crate) struct Site {
    pub(crate) node: Node,
    pub(crate) running: Option<Running>,
    pub(crate) url: String,
    store: Option<Store>,
    directory: PathBuf,
    config: Value,
    // Removed with the site.
    _temporary: Option<tempfile::TempDir>,
}

impl Site {
    /// A broker that knows no discovery.
    pub(crate) async fn alone() -> Self {
        Self::start("alone", NOWHERE).await
    }

    pub(crate) async fn start(site: &str, discovery_port: u16) -> Self {
        Self::start_with(site, discovery_port, json!({})).await
    }

    /// A broker that knows no discovery, with keys of section `broker`.
    pub(crate) async fn with_broker(settings: Value) -> Self {
        Self::start_with("alone", NOWHERE, settings).await
    }

    async fn start_with(site: &str, discovery_port: u16, settings: Value) -> Self {
        let config = json!({ "site_id": site, "discovery": { "http_port": discovery_port }, "broker": settings });
        Self::with_config(config).await
    }

    /// A broker with that configuration, but for its port and directory.
    pub(crate) async fn with_config(mut config: Value) -> Self {
        let temporary = tempfile::tempdir().unwrap();
        let directory = temporary.path().to_owned();
        config["bind_ip"] = json!("127.0.0.1");
        config["broker"]["http_port"] = json!(0);
        config["broker"]["heartbeat_interval"] = json!(1);
        Self::start_in(config, directory, Some(temporary)).await
    }

    async fn start_in(mut config: Value, directory: PathBuf, temporary: Option<tempfile::TempDir>) -> Self {
        let node = Node::new(Config::parse(&config.to_string(), |_| None).unwrap(), 1).unwrap();
        let store = Store::open(&directory).unwrap();
        let running = broker::start(node.clone(), store.clone()).await.unwrap();
        let url = running.url();
        config["broker"]["http_port"] = json!(running.address.port());
        let store = Some(store);
        Self { node, running: Some(running), url, store, directory, config, _temporary: temporary }
    }

    /// Stops the broker and starts it again on the same port and store.
    pub(crate) async fn restart(mut self) -> Self {
        self.stop().await;
        let temporary = self._temporary.take();
        Self::start_in(self.config.clone(), self.directory.clone(), temporary).await
    }

    /// Every write fails from now on.
    pub(crate) fn lose_disk(&self) {
        self.store.clone().unwrap().close();
    }

    pub(crate) async fn stop(&mut self) {
        self.node.shutdown.cancel();
        self.node.tasks.close();
        if let Some(running) = self.running.take() {
            running.drained().await;
        }
        self.node.tasks.wait().await;
        if let Some(store) = self.store.take() {
            store.close();
        }
    }

    pub(crate) async fn send(&self, request: Request<Bytes>) -> Response<Bytes> {
        self.node.client.send(request).await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.post_with(path, &[], body).await
    }

    pub(crate) async fn post_with(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> (StatusCode, Value) {
        self.post_raw(path, headers, body.to_string()).await
    }

    pub(crate) async fn post_raw(&self, path: &str, headers: &[(&str, &str)], body: String) -> (StatusCode, Value) {
        let mut request = Request::post(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        read(&self.send(request.body(Bytes::from(body)).unwrap()).await)
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        read(&self.node.client.get(&format!("{}{path}", self.url)).await.unwrap())
    }

    pub(crate) async fn delete(&self, path: &str) -> (StatusCode, Value) {
        read(&self.node.client.delete(&format!("{}{path}", self.url)).await.unwrap())
    }

    /// Sets attribute `value` of an entity.
    pub(crate) async fn set(&self, id: &str, entity_type: &str, value: impl Into<Value>) -> Value {
        let (status, answer) = self.post("/ngsi10/updateContext", &update(id, entity_type, value)).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["contextResponses"][0]["statusCode"].clone()
    }

    pub(crate) async fn subscribe(&self, body: &Value, headers: &[(&str, &str)]) -> String {
        let (status, answer) = self.post_with("/ngsi10/subscribeContext", headers, body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["subscribeResponse"]["subscriptionId"].as_str().unwrap().to_owned()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.node.shutdown.cancel();
    }
}

fn read(response: &Response<Bytes>) -> (StatusCode, Value) {
    let value = serde_json::from_slice(response.body())
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(response.body())));
    (response.status(), value)
}

pub(crate) fn update(id: &str, entity_type: &str, value: impl Into<Value>) -> Value {
    json!({
        "contextElements": [{
            "entityId": { "id": id, "type": entity_type, "isPattern": false },
            "attributes": [{ "name": "value", "type": "integer", "value": value.into() }],
        }],
        "updateAction": "UPDATE",
    })
}

/// The values of attribute `value` in all notifications, in order.
pub(crate) fn values(received: &[testkit::Received]) -> Vec<Value> {
    elements(received).iter().map(|element| element["attributes"][0]["value"].clone()).collect()
}

/// The context elements of all notifications, in order.
pub(crate) fn elements(received: &[testkit::Received]) -> Vec<Value> {
    received
        .iter()
        .flat_map(|request| request.json()["contextResponses"].as_array().cloned().unwrap_or_default())
        .map(|response| response["contextElement"].clone())
        .collect()
}

/// Waits until notifications with so many elements have come.
pub(crate) async fn wait_elements(receiver: &testkit::Receiver, count: usize) -> Vec<Value> {
    testkit::wait_until(SOON, &format!("{count} elements"), async || {
        let all = elements(&receiver.received());
        (all.len() >= count).then_some(all)
    })
    .await
}

/// Sends a request and hangs up before the answer.
pub(crate) fn post_and_hang_up(url: &str, path: &str, body: &str) {
    let mut stream = std::net::TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", body.len());
    std::io::Write::write_all(&mut stream, format!("{head}{body}").as_bytes()).unwrap();
}
