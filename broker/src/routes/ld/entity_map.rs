//! `/ngsi-ld/v1/entityMaps/{id}`: what a query found, for its further pages (ETSI GS CIM 009, 4.5.25, 5.14, 6.32).

use axum::extract::{Path, State};
use axum::response::Response;
use context::Mapping;
use ngsi::ld::{Kind, Problem};
use ngsi::{ParseError, Timestamp, date};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::answer::{Failure, no_content};
use super::call::Call;
use super::{change, media};
use crate::Shared;

/// How long an entity map lives unless the request says, and at most.
pub(super) const USUAL_LIFE_US: i64 = 600 * 1_000_000;
pub(super) const LONGEST_LIFE_US: i64 = 86_400 * 1_000_000;

/// What clients may change.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Amendment<'a> {
    expires_at: Option<String>,
    #[serde(rename = "@context", borrow)]
    context: Option<&'a RawValue>,
}

pub(super) async fn get(State(broker): State<Shared>, Path(id): Path<String>, call: Call) -> Result<Response, Failure> {
    change::check_id(&id)?;
    let context = call.context(&broker, None).await?;
    let mapping = broker.mappings.lock().get(&id, service::now()).cloned().ok_or_else(|| unknown(&id))?;
    media::answer(&broker, &call, &context, written(&id, &mapping)).await
}

fn written(id: &str, mapping: &Mapping) -> Value {
    let entities = mapping.entities.iter().map(|mapped| {
        let sources: Vec<_> = mapped.sources.iter().map(|source| source.as_str()).collect();
        (mapped.id.to_string(), json!(sources))
    });
    json!({
        "id": id,
        "type": "EntityMap",
        "expiresAt": mapping.expires_at.brief(),
        "entityMap": entities.collect::<Map<_, _>>(),
        "linkedMaps": {},
    })
}

/// Changes when it expires; all the rest is for the broker to say.
pub(super) async fn update(
    State(broker): State<Shared>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    change::check_id(&id)?;
    let said: Amendment<'_> = call.object(true)?;
    call.context(&broker, said.context).await?;
    let now = service::now();
    let mut mappings = broker.mappings.lock();
    let known = mappings.get(&id, now).ok_or_else(|| unknown(&id))?.expires_at;
    let wrong = || ParseError::new("expiresAt", "must be a date and time");
    let at = said.expires_at.map(|text| date::parse(&text).ok_or_else(wrong)).transpose()?;
    mappings.expire(&id, bounded(at.unwrap_or(known), now), now);
    Ok(no_content())
}

pub(super) async fn delete(State(broker): State<Shared>, Path(id): Path<String>) -> Result<Response, Failure> {
    change::check_id(&id)?;
    match broker.mappings.lock().remove(&id, service::now()) {
        true => Ok(no_content()),
        false => Err(unknown(&id).into()),
    }
}

/// A time of expiry that is not too late.
pub(super) fn bounded(at: Timestamp, now: Timestamp) -> Timestamp {
    at.min(Timestamp::from_micros(now.as_micros().saturating_add(LONGEST_LIFE_US)))
}

fn unknown(id: &str) -> Problem {
    Problem::new(Kind::ResourceNotFound, format!("there is no entity map `{id}`"))
}
