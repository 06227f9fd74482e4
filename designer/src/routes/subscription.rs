//! `/subscription`: subscriptions at the broker for receivers outside, such as another context broker.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use ngsi::v1::ngsi10::{SubscribeContextResponse, UnsubscribeContextRequest};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{OK, Shared};
use crate::catalog::{Changes, SubscriptionDocument};
use crate::records::{Kind, Record};
use crate::refusal::Refusal;
use crate::state::Designer;

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new().route("/subscription", get(list).post(put)).route("/subscription/{id}", delete(remove))
}

async fn list(State(designer): Shared) -> Json<Map<String, Value>> {
    Json(designer.read(|catalog| catalog.subscriptions.clone().into_iter().collect()).await)
}

async fn put(State(designer): Shared, body: Bytes) -> Result<Response, Refusal> {
    let subscription = SubscriptionDocument::parse(&body)?;
    let headers: Vec<(&str, &str)> = subscription.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let answer = ask_broker(&designer, "subscribeContext", &headers, &subscription.request).await?;
    let answer: SubscribeContextResponse = ngsi::json::parse(&answer).map_err(|error| declined(error.to_string()))?;
    let id = answer.subscribe_response.subscription_id;
    if id.is_empty() {
        return Err(declined(format!("no subscription: {}", answer.subscribe_error.error_code.details)));
    }
    store(&designer, Record::set(Kind::Subscription, id.as_str(), subscription.json)).await?;
    Ok(Json(json!({ "subscriptionId": id })).into_response())
}

async fn remove(State(designer): Shared, Path(id): Path<String>) -> Result<&'static str, Refusal> {
    if !designer.read(|catalog| catalog.subscriptions.contains_key(&id)).await {
        return Err(Refusal::not_found("subscription", &id));
    }
    let request = UnsubscribeContextRequest { subscription_id: id.as_str().into() };
    ask_broker(&designer, "unsubscribeContext", &[], &request).await?;
    store(&designer, Record::removed(Kind::Subscription, &id)).await.map(|()| OK)
}

async fn store(designer: &Designer, record: Record) -> Result<(), Refusal> {
    designer.change(|_| Ok(Changes { records: vec![record], ..Changes::default() })).await
}

async fn ask_broker<T: Serialize>(
    designer: &Designer,
    operation: &str,
    headers: &[(&str, &str)],
    request: &T,
) -> Result<Bytes, Refusal> {
    let url = format!("{}/ngsi10/{operation}", designer.node.config.broker_url());
    let answer = designer.node.client.post_json(&url, headers, request).await;
    let answer = answer.map_err(|source| Refusal::Unreachable { service: "broker", source })?;
    if answer.status().is_success() || answer.status() == http::StatusCode::NOT_FOUND {
        return Ok(answer.into_body());
    }
    Err(declined(format!("{}: {}", answer.status(), String::from_utf8_lossy(answer.body()))))
}

fn declined(reason: String) -> Refusal {
    Refusal::Declined { service: "broker", reason }
}
