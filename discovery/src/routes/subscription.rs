use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use ngsi::SubscriptionId;
use ngsi::v1::ngsi9::AvailabilityRequest;

use super::Shared;

/// The most subscriptions in one answer.
const MAX_LISTED: usize = 100_000;

/// All subscriptions by identifier.
pub(super) async fn list(State(discovery): Shared) -> Json<BTreeMap<SubscriptionId, Arc<AvailabilityRequest>>> {
    let subscribers = discovery.subscribers.lock();
    Json(subscribers.iter().take(MAX_LISTED).map(|(id, request)| (id.clone(), request.clone())).collect())
}

/// One subscription, or `null`.
pub(super) async fn get(State(discovery): Shared, Path(id): Path<String>) -> Json<Option<Arc<AvailabilityRequest>>> {
    Json(discovery.subscribers.lock().get(id.as_str()).cloned())
}
