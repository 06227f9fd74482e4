//! An API server that answers as a test says, and an engine that asks it.

use std::sync::Arc;

use flow::{TaskInstance, WorkerId};
use http::{Method, Request, Response};
use kube::client::{Body, ClientBuilder};
use parking_lot::Mutex;
use serde_json::{Value, json};
use service::{Config, Node};
use tasks::Event;
use tokio::sync::mpsc;
use tower::BoxError;

use crate::broker::{BrokerClient, Nearest};
use crate::kubernetes::api::Cluster;
use crate::kubernetes::engine::KubernetesEngine;
use crate::kubernetes::settings::Settings;

/// A request as the API server sees it.
#[derive(Debug, Clone)]
pub(super) struct Call {
    pub(super) method: Method,
    /// Path and query.
    pub(super) target: String,
    pub(super) body: Value,
}

impl Call {
    pub(super) fn is(&self, method: &Method, part: &str) -> bool {
        self.method == *method && self.target.contains(part)
    }
}

/// Status and body; a body that is text is sent as it is, without an end.
pub(super) type Answer = (u16, Value);

/// Every call so far.
pub(super) type Calls = Arc<Mutex<Vec<Call>>>;

pub(super) fn cluster(answer: impl Fn(&Call) -> Answer + Clone + Send + 'static) -> (Cluster, Calls) {
    let calls = Calls::default();
    let seen = calls.clone();
    let service = tower::service_fn(move |request: Request<Body>| {
        let (answer, seen) = (answer.clone(), seen.clone());
        async move {
            let (head, body) = request.into_parts();
            let body = body.collect_bytes().await?;
            let target = head.uri.path_and_query().map(ToString::to_string).unwrap_or_default();
            let call = Call { method: head.method, target, body: serde_json::from_slice(&body).unwrap_or_default() };
            seen.lock().push(call.clone());
            let (status, body) = answer(&call);
            let (text, ends) = match body {
                Value::String(text) => (text, false),
                value => (value.to_string(), true),
            };
            Ok::<_, BoxError>(Response::builder().status(status).body(content(text, ends))?)
        }
    });
    (Cluster::new(ClientBuilder::new(service, "site"), Some("apps")), calls)
}

/// The text; without an end, as a watch that has nothing more to tell, when it does not end.
fn content(text: String, ends: bool) -> impl http_body::Body<Data = bytes::Bytes, Error = BoxError> + Send {
    use futures_util::{StreamExt, future, stream};
    let frame = stream::once(future::ok::<_, BoxError>(http_body::Frame::data(bytes::Bytes::from(text))));
    let rest = stream::once(future::pending()).take(usize::from(!ends));
    http_body_util::StreamBody::new(frame.chain(rest))
}

pub(super) fn refusal(code: u16, reason: &str, message: &str) -> Answer {
    let status = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {},
        "status": "Failure", "message": message, "reason": reason, "code": code
    });
    (code, status)
}

pub(super) fn config(json: &Value) -> Config {
    Config::parse(&json.to_string(), |_| None).unwrap()
}

/// Worker.shop.2, the second pod of StatefulSet `fogflow-worker`.
pub(super) fn settings() -> Settings {
    let config = config(&json!({
        "site_id": "shop",
        "worker": { "kubernetes": {
            "stateful_set": "fogflow-worker", "node_selector": { "pool": "edge" }, "image_pull_secrets": ["registry"],
            "tolerations": [{ "key": "edge", "operator": "Exists" }]
        } }
    }));
    let mut settings = Settings::new(WorkerId::from("Worker.shop.2"), 2, &config).unwrap();
    settings.hardware = "amd64".to_owned();
    settings
}

pub(super) fn engine(cluster: Cluster) -> (Arc<KubernetesEngine>, mpsc::Receiver<Event>) {
    let config = config(&json!({ "site_id": "shop", "internal_hostip": "fogflow-broker.site.svc" }));
    let node = Node::new(config, 2).unwrap();
    let nearest = Nearest::new(node.client.clone(), node.config.clone());
    let client = BrokerClient::new(node.client.clone());
    let (events, told) = mpsc::channel(100);
    (Arc::new(KubernetesEngine::new(node, cluster, settings(), nearest, client, events)), told)
}

pub(super) fn instance() -> TaskInstance {
    serde_json::from_value(json!({
        "ID": "Task.Power Plant.Detector.1234567890", "TopologyName": "Power Plant", "TaskName": "Detector",
        "ServiceIntentID": "ServiceIntent.1", "OperatorName": "anomaly", "DockerImage": "fogflow/anomaly:1",
        "Outputs": [{ "Type": "Anomaly", "StreamID": "Anomaly.1234567890.1" }],
        "generation": 7, "Generation": 7
    }))
    .unwrap()
}
