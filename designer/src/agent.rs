//! The agent: where brokers send notifications that were asked for in the designer's name.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Json;
use axum::routing::post;
use axum::{Router, middleware};
use ngsi::v1::ngsi10::NotifyContextRequest;
use ngsi::v1::{ContextElement, StatusCode};
use prometheus_client::metrics::counter::Counter;
use serde_json::{Value, json};

use crate::cross_site;
use crate::live::watch;
use crate::refusal::Refusal;
use crate::state::Designer;

#[derive(Clone)]
struct Agent {
    designer: Arc<Designer>,
    entities: Counter,
}

pub(crate) fn router(designer: &Arc<Designer>) -> Router {
    let entities = Counter::default();
    let help = "Entities received in notifications";
    let entities = designer.node.metrics.register("designer_notified_entities", help, entities);
    Router::new()
        .route("/notifyContext", post(notified))
        .route("/live/{token}/notifyContext", post(watched))
        .layer(middleware::from_fn(cross_site::refuse))
        .with_state(Agent { designer: designer.clone(), entities })
}

async fn notified(State(agent): State<Agent>, body: Bytes) -> Result<Json<Value>, Refusal> {
    agent.understood(&body)?;
    Ok(Json(json!({ "responseCode": StatusCode::ok() })))
}

/// Entities of a type that a page watches.
async fn watched(State(agent): State<Agent>, Path(token): Path<String>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let notification = agent.understood(&body)?;
    let responses = notification.context_responses;
    let elements: Vec<ContextElement> = responses.into_iter().map(|response| response.context_element).collect();
    if !agent.designer.live.change(|model| model.watches.notified(&token, &elements)) {
        watch::disown(&agent.designer, notification.subscription_id.as_str()).await;
    }
    Ok(Json(json!({ "responseCode": StatusCode::ok() })))
}

impl Agent {
    fn understood(&self, body: &[u8]) -> Result<NotifyContextRequest, Refusal> {
        let notification: NotifyContextRequest = ngsi::json::parse(body)?;
        let entities = notification.context_responses.len();
        self.entities.inc_by(entities as u64);
        tracing::debug!(subscription = %notification.subscription_id, entities, "notified");
        Ok(notification)
    }
}
