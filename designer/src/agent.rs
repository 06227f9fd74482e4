//! The agent: where brokers send notifications that were asked for in the designer's name.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::Json;
use axum::routing::post;
use ngsi::v1::StatusCode;
use ngsi::v1::ngsi10::NotifyContextRequest;
use prometheus_client::metrics::counter::Counter;
use serde_json::{Value, json};

use crate::refusal::Refusal;
use crate::state::Designer;

#[derive(Clone)]
struct Agent {
    entities: Counter,
}

pub(crate) fn router(designer: &Arc<Designer>) -> Router {
    let entities = Counter::default();
    let help = "Entities received in notifications";
    let entities = designer.node.metrics.register("designer_notified_entities", help, entities);
    Router::new().route("/notifyContext", post(notified)).with_state(Agent { entities })
}

async fn notified(State(agent): State<Agent>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let notification: NotifyContextRequest = ngsi::json::parse(&body)?;
    agent.entities.inc_by(notification.context_responses.len() as u64);
    tracing::debug!(
        subscription = %notification.subscription_id,
        entities = notification.context_responses.len(),
        "notified"
    );
    Ok(Json(json!({ "responseCode": StatusCode::ok() })))
}
