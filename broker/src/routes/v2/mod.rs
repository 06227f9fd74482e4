//! The routes of NGSIv2, a file per resource. Entities are those of NGSI-10; what is converted is converted here.

mod answer;
mod attribute;
mod attributes;
mod batch;
mod body;
mod change;
mod entities;
mod entity;
mod find;
pub(super) mod headers;
mod list;
mod params;
mod registration;
mod registrations;
mod root;
mod subscription;
mod subscriptions;
mod types;
mod value;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use ngsi::v2::Kind;

use crate::Shared;

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/v2", get(root::resources))
        .route("/v2/entities", get(entities::list).post(entities::create))
        .route("/v2/entities/{id}", get(entity::get).delete(entity::delete))
        .route(
            "/v2/entities/{id}/attrs",
            get(attributes::get).post(attributes::append).patch(attributes::update).put(attributes::replace),
        )
        .route("/v2/entities/{id}/attrs/{name}", get(attribute::get).put(attribute::update).delete(attribute::delete))
        .route("/v2/entities/{id}/attrs/{name}/value", get(value::get).put(value::update))
        .route("/v2/types", get(types::list))
        .route("/v2/types/{type}", get(types::get))
        .route("/v2/registrations", get(registrations::list).post(registrations::create))
        .route(
            "/v2/registrations/{id}",
            get(registration::get).patch(registration::update).delete(registration::delete),
        )
        .route("/v2/subscriptions", get(subscriptions::list).post(subscriptions::create))
        .route(
            "/v2/subscriptions/{id}",
            get(subscription::get).patch(subscription::update).delete(subscription::delete),
        )
        .route("/v2/op/update", post(batch::update))
        .route("/v2/op/query", post(batch::query))
        .route("/v2/op/notify", post(batch::notify))
}

/// An error that arises before a request has reached its route.
pub(super) fn failure(kind: Kind, description: &str) -> Response {
    answer::Failure::new(kind, description).into_response()
}
