//! `/device`: devices, each an entity at the broker.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use ngsi::v1::ngsi10::{ContextResponses, UpdateAction, UpdateContextRequest};
use ngsi::v1::{ContextElement, EntityRef};
use serde_json::{Map, Value, json};

use super::{OK, Shared};
use crate::catalog::{Changes, DeviceDocument};
use crate::records::{Kind, Record};
use crate::refusal::Refusal;
use crate::state::Designer;

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new().route("/device", get(list).post(put)).route("/device/{id}", delete(remove))
}

async fn list(State(designer): Shared) -> Json<Map<String, Value>> {
    Json(designer.read(|catalog| catalog.devices.clone().into_iter().collect()).await)
}

async fn put(State(designer): Shared, body: Bytes) -> Result<Response, Refusal> {
    let device = DeviceDocument::parse(&body, &uuid::Uuid::new_v4().to_string())?;
    update(&designer, device.element, UpdateAction::Update).await?;
    store(&designer, Record::set(Kind::Device, &device.id, device.json)).await?;
    Ok(Json(json!({ "id": device.id })).into_response())
}

async fn remove(State(designer): Shared, Path(id): Path<String>) -> Result<&'static str, Refusal> {
    if !designer.read(|catalog| catalog.devices.contains_key(&id)).await {
        return Err(Refusal::not_found("device", &id));
    }
    let entity = EntityRef::id(id.as_str().into());
    update(&designer, ContextElement { entity, ..ContextElement::default() }, UpdateAction::Delete).await?;
    store(&designer, Record::removed(Kind::Device, &id)).await.map(|()| OK)
}

async fn store(designer: &Designer, record: Record) -> Result<(), Refusal> {
    designer.change(|_| Ok(Changes { records: vec![record], ..Changes::default() })).await
}

async fn update(designer: &Designer, element: ContextElement, action: UpdateAction) -> Result<(), Refusal> {
    let url = format!("{}/ngsi10/updateContext", designer.node.config.broker_url());
    let request = UpdateContextRequest { context_elements: vec![element], update_action: action };
    let answer = designer.node.client.post_json(&url, &[], &request).await;
    let answer = answer.map_err(|source| Refusal::Unreachable { service: "broker", source })?;
    let declined = |reason: String| Refusal::Declined { service: "broker", reason };
    if !answer.status().is_success() {
        return Err(declined(format!("{}: {}", answer.status(), String::from_utf8_lossy(answer.body()))));
    }
    let answer: ContextResponses = ngsi::json::parse(answer.body()).map_err(|error| declined(error.to_string()))?;
    // An entity that is gone already is as good as deleted.
    let fine = |code: u16| code < 300 || (code == 404 && action == UpdateAction::Delete);
    match answer.context_responses.into_iter().map(|response| response.status_code).find(|status| !fine(status.code)) {
        Some(status) => Err(declined(format!("{} {} {}", status.code, status.reason_phrase, status.details))),
        None => Ok(()),
    }
}
