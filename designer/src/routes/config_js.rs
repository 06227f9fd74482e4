//! `/config.js`: where pages find the services, as a script.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::response::IntoResponse;
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use serde_json::json;

use super::Shared;
use crate::state::Designer;

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new().route("/config.js", get(script))
}

/// The services are reached through the designer itself, so that a page needs no other address.
async fn script(State(designer): Shared) -> impl IntoResponse {
    let config = &designer.node.config;
    let agent_url = config.designer_agent_url();
    let agent_host =
        agent_url.split_once("://").map_or("", |(_, rest)| rest).rsplit_once(':').map_or("", |(host, _)| host);
    let settings = json!({
        "webSrvPort": config.designer.web_srv_port,
        "agentIP": agent_host,
        "agentPort": config.designer.agent_port,
        "discoveryURL": "./ngsi9",
        "brokerURL": "./ngsi10",
        "LdbrokerURL": "./ngsi-ld",
    });
    let headers = [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, "no-cache")];
    (headers, format!("var config = {settings}; "))
}
