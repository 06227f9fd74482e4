//! Whether the services of this node are ready.

use std::time::Duration;

use futures_util::future::join_all;
use http::{Request, StatusCode};
use message_bus::BusState;
use serde::Serialize;
use serde_json::Value;
use service::http::{ClientErrorKind, Timeout};

use crate::refusal::chain;
use crate::state::Designer;

pub(super) const MESSAGE_BUS: &str = "message bus";

/// A service, and whether it can do its job.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Service {
    pub(super) name: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    pub(super) state: ServiceState,
    pub(super) reason: Value,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ServiceState {
    Ready,
    #[serde(rename = "not ready")]
    NotReady,
    /// There, but it does not say whether it is ready, as services of the original.
    Running,
    Away,
}

impl Service {
    /// The reason in one line.
    pub(super) fn reason_text(&self) -> String {
        match &self.reason {
            Value::String(text) => text.clone(),
            Value::Object(reasons) => {
                let texts = reasons.iter().map(|(what, why)| format!("{what}: {}", why.as_str().unwrap_or_default()));
                texts.collect::<Vec<_>>().join(", ")
            }
            _ => String::new(),
        }
    }
}

/// Asks each, at the same time.
pub(crate) async fn check(designer: &Designer, patience: Duration) -> Vec<Service> {
    let config = &designer.node.config;
    let checked = [
        ("discovery", config.discovery_url()),
        ("broker", config.broker_url()),
        ("master", config.master_url()),
        ("designer", config.designer_url()),
    ];
    let asked = checked.into_iter().map(|(name, url)| readiness(designer, name, url, patience));
    let mut services = join_all(asked).await;
    services.push(bus(designer));
    services
}

fn bus(designer: &Designer) -> Service {
    let (state, reason) = match designer.bus.state().borrow().clone() {
        BusState::Connected => (ServiceState::Ready, Value::Null),
        BusState::Disconnected { reason } => (ServiceState::Away, reason.into()),
        BusState::Closed => (ServiceState::Away, "closed".into()),
    };
    Service { name: MESSAGE_BUS, url: None, state, reason }
}

async fn readiness(designer: &Designer, name: &'static str, url: String, patience: Duration) -> Service {
    let (state, reason) = asked(designer, &url, patience).await;
    Service { name, url: Some(url), state, reason }
}

async fn asked(designer: &Designer, url: &str, patience: Duration) -> (ServiceState, Value) {
    let request = Request::get(format!("{url}/readyz")).extension(Timeout(patience)).body(axum::body::Bytes::new());
    let Ok(request) = request else { return (ServiceState::Away, "its URL is not one".into()) };
    match designer.node.client.send(request).await {
        Ok(answer) if answer.status() == StatusCode::OK => (ServiceState::Ready, Value::Null),
        Ok(answer) if answer.status() == StatusCode::SERVICE_UNAVAILABLE => {
            let body = serde_json::from_slice::<Value>(answer.body());
            (ServiceState::NotReady, body.map_or(Value::Null, |mut body| body["reasons"].take()))
        }
        // A service of the original has no such path, but it is there.
        Ok(_) => (ServiceState::Running, Value::Null),
        Err(error) if matches!(error.kind, ClientErrorKind::Connect(_)) => (ServiceState::Away, "no connection".into()),
        Err(error) => (ServiceState::Away, chain(&error).into()),
    }
}
