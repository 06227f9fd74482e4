//! NGSI-9 over HTTP, a file a resource.

mod broker;
mod discover;
mod parameters;
mod register;
mod registration;
mod status;
mod subscribe;
mod subscription;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::state::Discovery;

type Shared = axum::extract::State<Arc<Discovery>>;

pub(crate) fn router(discovery: Arc<Discovery>) -> Router {
    Router::new()
        .route("/ngsi9/registerContext", post(register::register))
        .route("/ngsi9/discoverContextAvailability", post(discover::discover))
        .route("/ngsi9/subscribeContextAvailability", post(subscribe::subscribe))
        .route("/ngsi9/unsubscribeContextAvailability", post(subscribe::unsubscribe))
        .route("/ngsi9/UpdateLDContextAvailability/{id}", post(subscribe::replace))
        .route("/ngsi9/registration/{*id}", get(registration::get).delete(registration::delete))
        .route("/ngsi9/subscription", get(subscription::list))
        .route("/ngsi9/subscription/{id}", get(subscription::get))
        .route("/ngsi9/status", get(status::status))
        .route("/ngsi9/broker", get(broker::list).post(broker::heartbeat))
        .route("/ngsi9/broker/heartbeat", post(broker::heartbeat))
        .route("/ngsi9/etype", get(status::entity_types))
        .route("/etype", get(status::entity_types))
        .with_state(discovery)
}
