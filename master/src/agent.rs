//! The NGSI agent: where discovery sends availability notifications.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use http::StatusCode;
use ngsi::v1::ngsi9::{ContextRegistration, NotifyContextAvailabilityRequest, UNAVAILABLE};
use orchestration::{Event, SubscriptionKey};

use crate::state::Master;
use crate::subscription;

pub(crate) fn router(master: Arc<Master>) -> Router {
    Router::new()
        .route("/notifyContextAvailability", post(by_subscription))
        .route("/ngsi9/notifyContextAvailability", post(by_subscription))
        .route("/ngsi9/notifyContextAvailability/{key}/{epoch}", post(by_reference))
        .with_state(master)
}

async fn by_subscription(State(master): State<Arc<Master>>, body: Bytes) -> Response {
    let notification = match read(&body) {
        Ok(notification) => notification,
        Err(refusal) => return refusal,
    };
    let known = |channel: &&crate::state::Channel| channel.id.as_ref() == Some(&notification.subscribe_id);
    let key = master.channels.lock().values().find(known).map(|channel| channel.key);
    take(&master, key, notification).await
}

async fn by_reference(
    State(master): State<Arc<Master>>,
    Path((key, epoch)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let notification = match read(&body) {
        Ok(notification) => notification,
        Err(refusal) => return refusal,
    };
    let wanted = key.parse::<SubscriptionKey>().ok().zip(u64::from_str_radix(&epoch, 16).ok());
    let key = wanted.and_then(|(key, epoch)| {
        master.channels.lock().get(&key).filter(|channel| channel.epoch == epoch).map(|channel| channel.key)
    });
    take(&master, key, notification).await
}

#[expect(clippy::result_large_err, reason = "the error is the answer")]
fn read(body: &[u8]) -> Result<NotifyContextAvailabilityRequest, Response> {
    ngsi::json::parse(body).map_err(|error| answer(StatusCode::BAD_REQUEST, &error.to_string()))
}

async fn take(master: &Arc<Master>, key: Option<SubscriptionKey>, said: NotifyContextAvailabilityRequest) -> Response {
    master.gauges.notifications.inc();
    let Some(key) = key else {
        tracing::debug!(subscription = %said.subscribe_id, "a notification for a subscription of an earlier time");
        if !said.subscribe_id.is_empty() {
            subscription::end_all(master, vec![said.subscribe_id]);
        }
        return answer(StatusCode::OK, "");
    };
    match pass_on(master, key, said).await {
        Ok(()) => answer(StatusCode::OK, ""),
        Err(error) => {
            tracing::warn!(%key, error = format!("{error:#}"), "a notification cannot be taken yet");
            answer(StatusCode::SERVICE_UNAVAILABLE, &format!("{error:#}"))
        }
    }
}

/// Hands a notification to the orchestrator, in the order of arrival.
async fn pass_on(master: &Master, key: SubscriptionKey, said: NotifyContextAvailabilityRequest) -> anyhow::Result<()> {
    let NotifyContextAvailabilityRequest { snapshot, part, parts, error_code, .. } = said;
    let found: Vec<ContextRegistration> =
        said.context_registration_responses.into_iter().map(|response| response.context_registration).collect();
    if error_code.code == UNAVAILABLE {
        let entities = found.into_iter().flat_map(|registration| registration.entities).map(|entity| entity.id);
        let entities = entities.collect();
        anyhow::ensure!(master.event(Event::Unavailable { key, entities }).await, "the master stops");
        return Ok(());
    }
    let registrations = subscription::described(master, found).await?;
    if !snapshot {
        anyhow::ensure!(master.event(Event::Available { key, registrations }).await, "the master stops");
        note(master, key, |channel| channel.plain = true);
        return Ok(());
    }
    if part <= 1 {
        master.event(Event::SnapshotBegun(key)).await;
    }
    let last = part >= parts;
    anyhow::ensure!(master.event(Event::Snapshot { key, registrations, last }).await, "the master stops");
    if last {
        note(master, key, |channel| channel.complete = true);
    }
    Ok(())
}

fn note(master: &Master, key: SubscriptionKey, change: impl FnOnce(&mut crate::state::Channel)) {
    if let Some(channel) = master.channels.lock().get_mut(&key) {
        change(channel);
    }
}

fn answer(status: StatusCode, details: &str) -> Response {
    let reason = status.canonical_reason().unwrap_or_default();
    let code = ngsi::v1::StatusCode::new(status.as_u16(), reason, details);
    (status, Json(serde_json::json!({ "responseCode": code }))).into_response()
}
