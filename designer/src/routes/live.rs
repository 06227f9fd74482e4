//! `/live`: the system as it stands and every change, as server-sent events.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use service::http::event_stream;

use super::Shared;
use crate::live::{self, MAX_WATCHED_TYPES};
use crate::refusal::Refusal;
use crate::state::Designer;

/// The longest name of a type.
const MAX_TYPE_BYTES: usize = 256;

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new().route("/live", get(stream))
}

async fn stream(State(designer): Shared, Query(parameters): Query<Vec<(String, String)>>) -> Result<Response, Refusal> {
    let watched = parameters.into_iter().filter(|(name, _)| name == "watch").map(|(_, entity_type)| entity_type);
    let types: BTreeSet<String> = watched.collect();
    if types.len() > MAX_WATCHED_TYPES {
        return Err(Refusal::field("watch", format!("at most {MAX_WATCHED_TYPES} types can be watched")));
    }
    if types.iter().any(|entity_type| entity_type.is_empty() || entity_type.len() > MAX_TYPE_BYTES) {
        return Err(Refusal::field("watch", format!("must be a type of entities: 1 to {MAX_TYPE_BYTES} bytes")));
    }
    let events = live::open(&designer, types.into_iter().collect());
    let events = events.ok_or(Refusal::Busy("too many pages follow the system: close some"))?;
    Ok(event_stream(&designer.node, events))
}
