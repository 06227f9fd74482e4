//! `/info/subscription` and `/info/entity`: subscriptions and entities of all brokers, in pages and figures for people.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::{StreamExt, stream};
use http::StatusCode;
use ngsi::v1::EntityRef;
use ngsi::v1::ngsi9::{AvailabilityRequest, DiscoverContextAvailabilityResponse};
use ngsi::v1::ngsi10::QueryContextRequest;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use service::http::path_segment;

use super::Shared;
use crate::discovery;
use crate::live::Observed;
use crate::refusal::Refusal;
use crate::state::Designer;

/// The most entities of one page.
const MAX_PAGE: usize = 1_000;
/// Brokers asked at the same time.
const AT_ONCE: usize = 16;
/// The longest pattern.
const MAX_PATTERN_BYTES: usize = 1_000;

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new()
        .route("/info/subscription", get(subscriptions))
        .route("/info/entity", get(entities))
        .route("/info/entity/{id}/history", get(history))
}

/// Of every broker that answers.
async fn subscriptions(State(designer): Shared) -> Json<Vec<Value>> {
    let asked =
        discovery::brokers(&designer).await.into_iter().map(|broker| of_broker(&designer, broker.id, broker.url));
    let lists: Vec<Vec<Value>> = stream::iter(asked).buffered(AT_ONCE).collect().await;
    Json(lists.into_iter().flatten().collect())
}

async fn of_broker(designer: &Designer, broker: String, url: String) -> Vec<Value> {
    let url = format!("{url}/subscription?statistics=true");
    let answer = discovery::answered(designer.node.client.get(&url).await, &url);
    let map = answer.and_then(|answer| serde_json::from_slice::<BTreeMap<String, Value>>(answer.body()).ok());
    let entries = map.unwrap_or_default().into_iter();
    entries.filter_map(|(id, entry)| Some(Observed::parse(entry)?.view(&id, &broker))).collect()
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default, rename = "type")]
    entity_type: String,
    #[serde(default, rename = "idPattern")]
    id_pattern: String,
    #[serde(default = "default_limit")]
    limit: usize,
    #[serde(default)]
    offset: usize,
}

fn default_limit() -> usize {
    100
}

#[derive(Serialize)]
struct Page {
    total: usize,
    entities: Vec<Box<RawValue>>,
}

/// The entities of a type, of all types when none is given, in order of their identifiers.
async fn entities(
    State(designer): Shared,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Result<Json<Page>, Refusal> {
    let Query(wanted) = wanted.map_err(|error| Refusal::field("$", error.body_text()))?;
    let Wanted { limit, offset, .. } = wanted;
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Refusal::field("limit", format!("must be between 1 and {MAX_PAGE}")));
    }
    let request = QueryContextRequest { entities: vec![selector(&wanted)?], ..QueryContextRequest::default() };
    let base = designer.node.config.broker_url();
    let url = format!("{base}/ngsi10/queryContext?limit={limit}&offset={offset}&details=on");
    let answer = designer.node.client.post_json(&url, &[], &request).await;
    let answer = answer.map_err(|source| Refusal::Unreachable { service: "broker", source })?;
    match answer.status() {
        StatusCode::OK => page(answer.body(), limit, offset).map(Json),
        StatusCode::BAD_REQUEST if !wanted.id_pattern.is_empty() => {
            Err(Refusal::field("idPattern", reason(answer.body())))
        }
        status => Err(declined(format!("{status}: {}", reason(answer.body())))),
    }
}

fn selector(wanted: &Wanted) -> Result<EntityRef, Refusal> {
    let Wanted { entity_type, id_pattern, .. } = wanted;
    if id_pattern.is_empty() {
        let all = EntityRef { id: ".*".into(), is_pattern: true, ..EntityRef::default() };
        return Ok(if entity_type.is_empty() { all } else { EntityRef::of_type(entity_type.as_str().into()) });
    }
    if id_pattern.len() > MAX_PATTERN_BYTES {
        return Err(Refusal::field("idPattern", format!("must not be longer than {MAX_PATTERN_BYTES} bytes")));
    }
    let exact_type = if entity_type.is_empty() { String::new() } else { format!("^{}$", literal(entity_type)) };
    Ok(EntityRef { id: id_pattern.as_str().into(), entity_type: exact_type.as_str().into(), is_pattern: true })
}

/// A regular expression that matches the text itself.
fn literal(text: &str) -> String {
    let escaped = text.chars().flat_map(|char| {
        // `\<` and `\>` are the beginning and the end of a word.
        let backslash = (char.is_ascii_punctuation() && !matches!(char, '<' | '>')).then_some('\\');
        backslash.into_iter().chain([char])
    });
    escaped.collect()
}

#[derive(Deserialize)]
struct Found {
    #[serde(rename = "contextResponses", default, deserialize_with = "flow::null_as_default")]
    responses: Vec<FoundElement>,
    #[serde(rename = "errorCode", default)]
    error_code: ngsi::v1::StatusCode,
}

#[derive(Deserialize)]
struct FoundElement {
    #[serde(rename = "contextElement")]
    element: Box<RawValue>,
}

/// A broker that knows no pages answers everything, in any order; then the page is cut here.
fn page(body: &[u8], limit: usize, offset: usize) -> Result<Page, Refusal> {
    let found: Found = serde_json::from_slice(body).map_err(|error| declined(error.to_string()))?;
    let mut entities: Vec<Box<RawValue>> = found.responses.into_iter().map(|response| response.element).collect();
    let details = found.error_code.details.strip_prefix("Count: ");
    let count = details.and_then(|rest| rest.split(';').next()?.trim().parse().ok());
    if let Some(total) = count {
        return Ok(Page { total, entities });
    }
    let total = entities.len();
    entities.sort_by_cached_key(|element| id_of(element));
    let entities = entities.into_iter().skip(offset).take(limit).collect();
    Ok(Page { total, entities })
}

fn id_of(element: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Identified {
        #[serde(rename = "entityId")]
        entity: EntityRef,
    }
    serde_json::from_str::<Identified>(element.get()).map_or_else(|_| String::new(), |of| of.entity.id.to_string())
}

#[derive(Deserialize)]
struct Series {
    #[serde(default)]
    attribute: String,
}

/// The latest numbers of an attribute, from the broker that holds the entity.
async fn history(
    State(designer): Shared,
    Path(id): Path<String>,
    series: Result<Query<Series>, QueryRejection>,
) -> Result<Json<Box<RawValue>>, Refusal> {
    let attribute = series.map(|Query(series)| series.attribute).unwrap_or_default();
    if attribute.is_empty() {
        return Err(Refusal::field("attribute", "must be given as a query parameter: ?attribute=name"));
    }
    let owner = owner(&designer, &id).await?.ok_or_else(|| Refusal::not_found("entity", &id))?;
    let url = format!("{owner}/entity/{}/{}/history", path_segment(&id), path_segment(&attribute));
    let answer = designer.node.client.get(&url).await;
    let answer = answer.map_err(|source| Refusal::Unreachable { service: "broker", source })?;
    match answer.status() {
        StatusCode::OK => serde_json::from_slice(answer.body()).map(Json).map_err(|error| declined(error.to_string())),
        StatusCode::NOT_FOUND => Err(Refusal::not_found("attribute", &format!("{id}/{attribute}"))),
        status => Err(declined(format!("{status}: {}", reason(answer.body())))),
    }
}

/// The URL of the broker that holds an entity, with its path.
async fn owner(designer: &Designer, id: &str) -> Result<Option<String>, Refusal> {
    let url = format!("{}/ngsi9/discoverContextAvailability", designer.node.config.discovery_url());
    let request = AvailabilityRequest { entities: vec![EntityRef::id(id.into())], ..AvailabilityRequest::default() };
    let answer = designer.node.client.post_json(&url, &[], &request).await;
    let answer = answer.map_err(|source| Refusal::Unreachable { service: "discovery", source })?;
    let found: DiscoverContextAvailabilityResponse = serde_json::from_slice(answer.body())
        .map_err(|error| Refusal::Declined { service: "discovery", reason: error.to_string() })?;
    let mut providers = found.context_registration_responses.into_iter();
    Ok(providers.next().map(|response| response.context_registration.providing_application))
}

fn reason(body: &[u8]) -> String {
    let json: Option<Value> = serde_json::from_slice(body).ok();
    let named = json.as_ref().and_then(|json| {
        let details = [&json["description"], &json["errorCode"]["details"], &json["error"]];
        details.into_iter().find_map(Value::as_str)
    });
    named.map_or_else(|| String::from_utf8_lossy(body).into_owned(), str::to_owned)
}

fn declined(reason: String) -> Refusal {
    Refusal::Declined { service: "broker", reason }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn a_type_is_never_taken_for_a_pattern() {
        let wanted = |entity_type: &str, id_pattern: &str| Wanted {
            entity_type: entity_type.to_owned(),
            id_pattern: id_pattern.to_owned(),
            limit: 1,
            offset: 0,
        };
        let selected = |entity_type, pattern| {
            let selector = selector(&wanted(entity_type, pattern)).unwrap();
            (selector.id.to_string(), selector.entity_type.to_string(), selector.is_pattern)
        };
        assert_eq!(selected("A.b", ""), (String::new(), "A.b".to_owned(), false));
        assert_eq!(selected("A.b", "^x"), ("^x".to_owned(), r"^A\.b$".to_owned(), true));
        assert_eq!(selected("<A>", "^x"), ("^x".to_owned(), "^<A>$".to_owned(), true));
        assert_eq!(selected("", ""), (".*".to_owned(), String::new(), true));
    }

    #[test]
    fn a_broker_without_pages_has_them_cut_here() {
        let element = |id: &str| format!(r#"{{"contextElement":{{"entityId":{{"id":"{id}"}},"attributes":[]}}}}"#);
        let all = format!(r#"{{"contextResponses":[{},{},{}]}}"#, element("c"), element("a"), element("b"));
        let cut = page(all.as_bytes(), 2, 1).unwrap();
        let ids: Vec<String> = cut.entities.iter().map(|element| id_of(element)).collect();
        assert_eq!((cut.total, ids), (3, vec!["b".to_owned(), "c".to_owned()]));
        let counted = format!(
            r#"{{"contextResponses":[{}],"errorCode":{{"details":"Count: 7; Broker.b: away"}}}}"#,
            element("c")
        );
        assert_eq!(page(counted.as_bytes(), 1, 6).unwrap().total, 7);
    }
}
