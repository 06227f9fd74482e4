//! A discovery of its own on a free port, and subscribers that write down what they are told.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::StatusCode;
use parking_lot::Mutex;
use serde_json::{Value, json};
use service::{Config, Node, Running};
use storage::Store;

const CONFIG: &str = r#"{"site_id":"test","bind_ip":"127.0.0.1","discovery":{"http_port":0}}"#;

pub(crate) struct Discovery {
    pub(crate) url: String,
    pub(crate) node: Node,
    running: Running,
    store: Store,
    directory: Option<tempfile::TempDir>,
}

impl Discovery {
    pub(crate) async fn start() -> Self {
        Self::start_in(tempfile::tempdir().unwrap()).await
    }

    async fn start_in(directory: tempfile::TempDir) -> Self {
        let started = Self::start_at(directory.path()).await;
        Self { directory: Some(directory), ..started }
    }

    pub(crate) async fn start_at(directory: &std::path::Path) -> Self {
        let store = Store::open(directory).unwrap();
        let node = Node::new(Config::parse(CONFIG, |_| None).unwrap(), 1).unwrap();
        let running = discovery::start(node.clone(), store.clone()).await.unwrap();
        Self { url: running.url(), node, running, store, directory: None }
    }

    /// Stops this one and starts another on the same data.
    pub(crate) async fn restart(mut self) -> Self {
        let directory = self.directory.take().unwrap();
        self.node.shutdown.cancel();
        self.running.drained().await;
        self.node.tasks.close();
        self.node.tasks.wait().await;
        self.store.close();
        Self::start_in(directory).await
    }

    /// Every write fails from now on.
    pub(crate) fn lose_disk(&self) {
        self.store.clone().close();
    }

    pub(crate) async fn post_raw(&self, path: &str, body: &str) -> (StatusCode, Value) {
        let request = http::Request::post(format!("{}{path}", self.url)).body(body.to_owned().into()).unwrap();
        answer(self.node.client.send(request).await.unwrap())
    }

    /// Posts to a route of `/ngsi9` and expects 200.
    pub(crate) async fn post(&self, route: &str, body: Value) -> Value {
        let (status, answer) = self.post_raw(&format!("/ngsi9/{route}"), &body.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{route} answered {answer}");
        answer
    }

    pub(crate) async fn get_raw(&self, path: &str) -> (StatusCode, Value) {
        answer(self.node.client.get(&format!("{}{path}", self.url)).await.unwrap())
    }

    /// Gets and expects 200.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let (status, answer) = self.get_raw(path).await;
        assert_eq!(status, StatusCode::OK, "{path} answered {answer}");
        answer
    }

    pub(crate) async fn register(&self, id: &str, entity_type: &str, provider: &str) {
        self.post("registerContext", registration(id, entity_type, provider)).await;
    }

    pub(crate) async fn remove(&self, id: &str) {
        let mut body = registration(id, "", "");
        body["duration"] = json!("0");
        self.post("registerContext", body).await;
    }

    pub(crate) async fn subscribe(&self, entity_type: &str, reference: &str) -> String {
        let body = json!({"entities": [{"type": entity_type, "isPattern": true}], "reference": reference});
        let answer = self.post("subscribeContextAvailability", body).await;
        answer["subscribeId"].as_str().unwrap().to_owned()
    }
}

pub(crate) fn registration(id: &str, entity_type: &str, provider: &str) -> Value {
    json!({"contextRegistrations": [{
        "entities": [{"id": id, "type": entity_type, "isPattern": false}],
        "attributes": [{"name": "temperature", "type": "float", "isDomain": false}],
        "providingApplication": provider,
    }], "duration": "PT10M"})
}

fn answer(response: http::Response<bytes::Bytes>) -> (StatusCode, Value) {
    (response.status(), serde_json::from_slice(response.body()).unwrap_or(Value::Null))
}

/// A subscriber; while `refuse` is set it answers 500.
pub(crate) struct Subscriber {
    pub(crate) reference: String,
    pub(crate) refuse: Arc<AtomicBool>,
    notifications: Arc<Mutex<Vec<Value>>>,
    server: tokio::task::JoinHandle<()>,
}

impl Subscriber {
    pub(crate) async fn start() -> Self {
        let (refuse, notifications) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
        let (refuses, taken) = (refuse.clone(), notifications.clone());
        let take = post(move |body: Json<Value>| async move { take(&refuses, &taken, body) });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let reference = format!("http://{}/notify", listener.local_addr().unwrap());
        let router = axum::Router::new().route("/notify", take);
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { reference, refuse, notifications, server }
    }

    /// What was taken once `enough` says so.
    pub(crate) async fn wait_for(&self, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
        loop {
            let notifications = self.notifications.lock().clone();
            if enough(&notifications) {
                return notifications;
            }
            assert!(tokio::time::Instant::now() < deadline, "not enough: {notifications:#?}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    pub(crate) fn forget(&self) {
        self.notifications.lock().clear();
    }
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn take(refuses: &AtomicBool, taken: &Mutex<Vec<Value>>, Json(body): Json<Value>) -> Response {
    if refuses.load(Ordering::SeqCst) {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    taken.lock().push(body);
    Json(json!({"responseCode": {"code": 200, "reasonPhrase": "OK"}})).into_response()
}

/// Code and entity ids of every entry, in order.
pub(crate) fn told(notifications: &[Value]) -> Vec<(u64, String)> {
    let entries = notifications.iter().flat_map(|notification| {
        let code = notification["errorCode"]["code"].as_u64().unwrap();
        let responses = notification["contextRegistrationResponses"].as_array().unwrap();
        let id = |response: &Value| response["contextRegistration"]["entities"][0]["id"].as_str().unwrap().to_owned();
        responses.iter().map(move |response| (code, id(response))).collect::<Vec<_>>()
    });
    entries.collect()
}

/// Sends a request and hangs up before the answer.
pub(crate) fn post_and_hang_up(url: &str, path: &str, body: &str) {
    let mut stream = std::net::TcpStream::connect(url.trim_start_matches("http://")).unwrap();
    let head = format!("POST {path} HTTP/1.1\r\nHost: test\r\nContent-Length: {}\r\n\r\n", body.len());
    std::io::Write::write_all(&mut stream, format!("{head}{body}").as_bytes()).unwrap();
}
