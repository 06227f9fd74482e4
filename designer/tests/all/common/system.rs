//! A stand-in for the broker, discovery and master of a system, with subscriptions that can be served.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use http::{Method, StatusCode};
use message_bus::Bus;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::Designer;

#[derive(Clone, Default)]
pub(crate) struct System(Arc<Mutex<State>>);

#[derive(Default)]
pub(crate) struct State {
    pub(crate) port: u16,
    /// As `GET /ngsi10/subscription?statistics=true` lists them.
    pub(crate) subscriptions: BTreeMap<String, Value>,
    pub(crate) made: usize,
    pub(crate) counts: Value,
    pub(crate) plan: Value,
    pub(crate) metrics: String,
    /// What `queryContext` was asked: path and body.
    pub(crate) queried: Option<(String, Value)>,
    pub(crate) away: bool,
}

impl System {
    /// The stand-in, and a designer of its system.
    pub(crate) async fn start() -> (tempfile::TempDir, Designer, Self) {
        let system = Self::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        system.change(|state| {
            state.port = listener.local_addr().unwrap().port();
            (state.counts, state.plan) = (json!([]), json!([]));
        });
        let serving = system.clone();
        let router = Router::new().fallback(move |request: Request| serving.clone().answer(request));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let dir = tempfile::tempdir().unwrap();
        let designer = system.designer(dir.path()).await;
        (dir, designer, system)
    }

    pub(crate) async fn designer(&self, dir: &std::path::Path) -> Designer {
        let port = self.look(|state| state.port);
        let extra = json!({
            "broker": { "http_port": port }, "discovery": { "http_port": port }, "master": { "rest_api_port": port },
        });
        Designer::start_with(dir, Bus::in_process(), extra).await
    }

    pub(crate) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.0.lock())
    }

    pub(crate) fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.0.lock());
    }

    /// Where the only subscription is to be notified, and its identifier.
    pub(crate) fn subscription(&self) -> Option<(String, String)> {
        self.look(|state| {
            let (id, entry) = state.subscriptions.first_key_value()?;
            Some((id.clone(), entry["request"]["reference"].as_str().unwrap().to_owned()))
        })
    }

    async fn answer(self, request: Request) -> (StatusCode, String) {
        let (head, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let correlator = head.headers.get("fiware-correlator").map(|text| text.to_str().unwrap().to_owned());
        let path = head.uri.path_and_query().unwrap().as_str();
        let mut state = self.0.lock();
        if state.away {
            return (StatusCode::BAD_GATEWAY, String::new());
        }
        if let Some(id) = head.uri.path().strip_prefix("/ngsi10/subscription/") {
            let found = state.subscriptions.get(id).map(|entry| entry["request"].clone());
            if head.method == Method::DELETE {
                state.subscriptions.remove(id);
            }
            let status = if found.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
            return (status, json!(found).to_string());
        }
        let url = format!("http://127.0.0.1:{}/ngsi10", state.port);
        let answer = match head.uri.path() {
            "/ngsi10/subscribeContext" => {
                state.made += 1;
                let id = format!("s{}", state.made);
                let entry = json!({ "request": body, "correlator": correlator, "statistics": { "timesSent": 3 } });
                state.subscriptions.insert(id.clone(), entry);
                json!({ "subscribeResponse": { "subscriptionId": id } })
            }
            "/ngsi10/subscription" => json!(state.subscriptions),
            "/ngsi10/queryContext" => {
                state.queried = Some((path.to_owned(), body));
                let element = json!({ "entityId": { "id": "a", "type": "Panel" }, "attributes": [] });
                json!({ "contextResponses": [{ "contextElement": element }], "errorCode": { "details": "Count: 12" } })
            }
            "/ngsi9/broker" => json!({
                "Broker.a": { "id": "Broker.a", "myURL": url },
                "Broker.test": { "id": "Broker.test", "myURL": "http://proxy.invalid:1/ngsi10" },
            }),
            "/ngsi9/discoverContextAvailability" => {
                let known = body["entities"][0]["id"] == "a";
                let registration = json!({ "entities": [{ "id": "a" }], "providingApplication": url });
                let found = known.then(|| json!({ "contextRegistration": registration }));
                json!({ "contextRegistrationResponses": found.into_iter().collect::<Vec<_>>() })
            }
            "/ngsi10/entity/a/usage/history" => json!({ "entity": "a", "attribute": "usage", "points": [[1, 2]] }),
            "/etype" => state.counts.clone(),
            "/instances" => state.plan.clone(),
            "/metrics" => return (StatusCode::OK, state.metrics.clone()),
            _ => return (StatusCode::NOT_FOUND, "{}".to_owned()),
        };
        (StatusCode::OK, answer.to_string())
    }
}

/// An element with one attribute.
pub(crate) fn element(id: &str, value: i64) -> Value {
    json!({
        "entityId": { "id": id, "type": "Panel", "isPattern": false },
        "attributes": [{ "name": "usage", "type": "integer", "value": value }],
    })
}

/// What a broker sends to a subscriber.
pub(crate) fn notification(subscription: &str, elements: &[Value]) -> Value {
    let responses = elements.iter().map(|element| json!({ "contextElement": element, "statusCode": { "code": 200 } }));
    json!({ "subscriptionId": subscription, "contextResponses": responses.collect::<Vec<_>>() })
}
