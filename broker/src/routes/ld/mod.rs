//! The routes of NGSI-LD (ETSI GS CIM 009), a file per resource.

mod answer;
mod attribute;
mod attributes;
mod batch;
mod call;
mod change;
mod contexts;
mod distribute;
mod entities;
mod entity;
mod entity_map;
mod exchange;
mod info;
mod join;
mod media;
mod params;
mod plain;
mod purged;
mod query_body;
mod read;
mod registration;
mod registrations;
mod rendering;
mod search;
mod shown_subscription;
mod source_notifications;
mod subscriptions;
mod temporal;
mod types;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use ngsi::ld::Kind;

use self::answer::Failure;
pub(super) use self::exchange::in_common;
pub(crate) use self::join::joined;
use self::subscriptions::About;
use crate::Shared;

/// A refusal that is no matter of one resource.
pub(super) fn failure(kind: Kind, detail: &str) -> Response {
    Failure::new(kind, detail).into_response()
}

pub(super) fn router() -> Router<Shared> {
    Router::new()
        .route("/ngsi-ld/v1/entities", get(entities::list).post(entities::create).delete(entities::purge))
        .route(
            "/ngsi-ld/v1/entities/{id}",
            get(entity::get).put(entity::replace).patch(entity::merge).delete(entity::delete),
        )
        .route("/ngsi-ld/v1/entities/{id}/attrs", patch(attributes::update).post(attributes::append))
        .route(
            "/ngsi-ld/v1/entities/{id}/attrs/{name}",
            patch(attribute::update).put(attribute::replace).delete(attribute::delete),
        )
        .route("/ngsi-ld/v1/entityOperations/create", post(batch::create))
        .route("/ngsi-ld/v1/entityOperations/upsert", post(batch::upsert))
        .route("/ngsi-ld/v1/entityOperations/update", post(batch::update))
        .route("/ngsi-ld/v1/entityOperations/merge", post(batch::merge))
        .route("/ngsi-ld/v1/entityOperations/delete", post(batch::delete))
        .route("/ngsi-ld/v1/entityOperations/query", post(batch::query))
        .route("/ngsi-ld/v1/entityMaps/{id}", get(entity_map::get).patch(entity_map::update).delete(entity_map::delete))
        .merge(contexts::router())
        .merge(temporal::router())
        .route("/ngsi-ld/v1/info/sourceIdentity", get(info::source_identity))
        .route("/ngsi-ld/v1/sourceNotifications/{address}", post(source_notifications::notify))
        .merge(subscriptions::router(About::Entities))
        .merge(subscriptions::router(About::Sources))
        .route("/ngsi-ld/v1/csourceRegistrations", get(registrations::list).post(registrations::create))
        .route(
            "/ngsi-ld/v1/csourceRegistrations/{id}",
            get(registration::get).patch(registration::update).delete(registration::delete),
        )
        .route("/ngsi-ld/v1/types", get(types::list))
        .route("/ngsi-ld/v1/types/{name}", get(types::get))
        .route("/ngsi-ld/v1/attributes", get(types::attributes))
        .route("/ngsi-ld/v1/attributes/{name}", get(types::attribute))
}
