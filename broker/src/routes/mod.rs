//! The routes of NGSI-10, a file per resource. `/v1` is where Orion has the same calls; NGSIv2 has a folder of its own.

mod cors;
mod entity;
mod front;
mod history;
mod ld;
mod notify_context;
mod notify_context_availability;
mod openapi;
mod page;
mod paging;
mod query_context;
mod request;
mod subscribe_context;
mod subscription;
mod tenant;
mod unsubscribe_context;
mod update_context;
mod v2;
mod version;

use std::sync::Arc;

use axum::routing::{get, post};
pub(crate) use ld::joined;
pub(crate) use request::{correlator, is_from_broker};

use axum::{Router, middleware};
use http::StatusCode;
use tower::util::option_layer;

use crate::Shared;
use crate::tenants::Tenants;

/// The routes of all tenants, and what their answers have in common.
pub(crate) fn served(tenants: &Arc<Tenants>) -> Router {
    let cors = cors::layer(&tenants.default().node.config);
    tenants
        .default_router()
        // The default one would have no layers.
        .fallback(async || StatusCode::NOT_FOUND)
        .layer(middleware::from_fn_with_state(tenants.clone(), front::answer))
        .layer(option_layer(cors))
}

/// The routes of one tenant.
pub(crate) fn router(broker: Shared) -> Router {
    Router::new()
        .route("/ngsi10/updateContext", post(update_context::update))
        .route("/ngsi10/queryContext", post(query_context::query))
        .route("/ngsi10/subscribeContext", post(subscribe_context::subscribe))
        .route("/ngsi10/unsubscribeContext", post(unsubscribe_context::unsubscribe))
        .route("/ngsi10/notifyContext", post(notify_context::notify))
        .route("/ngsi10/notifyContextAvailability", post(notify_context_availability::notify))
        .route("/v1/updateContext", post(update_context::update))
        .route("/v1/queryContext", post(query_context::query))
        .route("/v1/subscribeContext", post(subscribe_context::subscribe))
        .route("/v1/unsubscribeContext", post(unsubscribe_context::unsubscribe))
        .route("/ngsi10/entity", get(entity::list))
        .route("/ngsi10/entity/{id}", get(entity::get).delete(entity::delete))
        .route("/ngsi10/entity/{id}/{attribute}", get(entity::attribute))
        .route("/ngsi10/entity/{id}/{attribute}/history", get(history::points))
        .route("/ngsi10/subscription", get(subscription::list))
        .route("/ngsi10/subscription/{id}", get(subscription::get).delete(subscription::delete))
        .merge(v2::router())
        .merge(ld::router())
        .merge(openapi::router())
        .route("/version", get(version::version))
        .with_state(broker)
}
