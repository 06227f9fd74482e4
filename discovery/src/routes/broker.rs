use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::Shared;
use crate::refusal::Refusal;

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    id: String,
    #[serde(rename = "myURL", default)]
    url: String,
}

/// What a broker learns from its heartbeat: the original answers nothing.
#[derive(Serialize)]
pub(super) struct Heard {
    /// Whether discovery knew the broker; if not, the broker must register all it has.
    known: bool,
    /// How many entities the broker has registered.
    registrations: usize,
    /// Another word than last time means that discovery lost its state: again everything must be registered.
    epoch: String,
}

pub(super) async fn heartbeat(State(discovery): Shared, body: Bytes) -> Result<Json<Heard>, Refusal> {
    let Request { id, url } = ngsi::json::parse_object(&body)?;
    let heartbeat = discovery.heartbeat(&id, &url).await?;
    let registrations = discovery.registry.read().provided_at(&availability::origin(&url));
    Ok(Json(Heard { known: heartbeat.known, registrations, epoch: discovery.epoch.clone() }))
}

#[derive(Serialize)]
pub(super) struct Broker {
    id: String,
    #[serde(rename = "myURL")]
    url: String,
    #[serde(rename = "Last_Heartbeat_Update")]
    heard_at: String,
}

/// The live brokers by identifier; of one that moved, where it was heard last.
pub(super) async fn list(State(discovery): Shared) -> Json<BTreeMap<String, Broker>> {
    let brokers = discovery.brokers.lock();
    let mut latest: BTreeMap<&str, (&str, ngsi::Timestamp)> = BTreeMap::new();
    for (id, url, heard_at) in brokers.iter() {
        let known = latest.entry(id).or_insert((url, heard_at));
        if heard_at > known.1 {
            *known = (url, heard_at);
        }
    }
    let named = latest.into_iter().map(|(id, (url, heard_at))| {
        let broker = Broker { id: id.to_owned(), url: url.to_owned(), heard_at: heard_at.to_string() };
        (id.to_owned(), broker)
    });
    Json(named.collect())
}
