//! `POST /ngsi10/queryContext`.

use std::collections::HashSet;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use context::Query;
use http::{HeaderMap, StatusCode};
use ngsi::v1::ngsi10::QueryContextRequest;
use ngsi::v1::write_element;
use ngsi::{Entity, Name, json};

use super::paging::Paging;
use super::request;
use crate::Shared;
use crate::answer::{self, Failure};
use crate::federation::{self, BROKER_TYPE, Located};
use crate::shards::keep_first;

/// What is answered.
struct Found {
    entities: Vec<Arc<Entity>>,
    /// How many there are on all pages.
    count: usize,
    problems: Vec<String>,
}

pub(super) async fn query(
    State(broker): State<Shared>,
    headers: HeaderMap,
    paging: Paging,
    body: Bytes,
) -> Result<Response, Failure> {
    let request: QueryContextRequest = json::parse_object(&body)?;
    let query = Query::compile(&request.entities, &request.attributes, &request.restriction)?;
    let local_only = request::is_from_broker(&headers) || is_all_here(&broker, &query);
    // The nearest are few, and in an order of their own.
    let mut found = if paging.is_whole() || query.nearby().is_some() {
        let (mut entities, problems) = if local_only {
            (broker.shards.select(&query).await, Vec::new())
        } else {
            everywhere(&broker, &query, &request).await
        };
        let count = entities.len();
        paging.cut(&mut entities);
        Found { entities, count, problems }
    } else {
        let located = if local_only { Located::default() } else { federation::locate(&broker, &request).await };
        page(&broker, &query, &request, &paging, located).await
    };
    if paging.counts() {
        found.problems.insert(0, format!("Count: {}", found.count));
    }
    Ok(answer::json(responses(&found.entities, &request.attributes, &found.problems.join("; "))))
}

/// The entities of one page, by identifier. Of those of other brokers only these are fetched; counted is what discovery knows.
async fn page(
    broker: &Shared,
    query: &Query,
    request: &QueryContextRequest,
    paging: &Paging,
    mut located: Located,
) -> Found {
    let (mut entities, here) = broker.shards.select_first(query, paging.end()).await;
    // Brokers register themselves, and none of them has itself as an entity.
    located.retain(|entity| entity.entity_type != BROKER_TYPE && !broker.shards.holds(entity.id.as_str()));
    let mut ids: Vec<_> = entities.iter().map(|entity| &entity.id).chain(located.ids()).cloned().collect();
    let count = here + located.ids().count();
    keep_first(&mut ids, paging.end(), |id| id);
    ids.sort_unstable();
    paging.cut(&mut ids);
    entities.retain(|entity| ids.binary_search(&entity.id).is_ok());
    located.retain(|entity| ids.binary_search(&entity.id).is_ok());
    entities.extend(located.fetch(broker, request).await);
    entities.sort_unstable_by(|one, other| one.id.cmp(&other.id));
    Found { entities, count, problems: located.problems }
}

/// An entity lives in one place: those asked for by identifier and held here are nowhere else.
fn is_all_here(broker: &Shared, query: &Query) -> bool {
    query.exact_ids().is_some_and(|mut ids| ids.all(|id| broker.shards.holds(id)))
}

async fn everywhere(broker: &Shared, query: &Query, request: &QueryContextRequest) -> (Vec<Arc<Entity>>, Vec<String>) {
    let mut remote = federation::locate(broker, request).await;
    let fetched = remote.fetch(broker, request).await;
    let mut entities = match (&remote.chosen, query.nearby()) {
        (Some(chosen), Some(_)) => chosen.iter().filter_map(|id| broker.shards.get(id.as_str())).collect(),
        _ => broker.shards.select(query).await,
    };
    let here: HashSet<_> = entities.iter().map(|entity| entity.id.clone()).collect();
    entities.extend(fetched.into_iter().filter(|entity| !here.contains(&entity.id)));
    query.limit(&mut entities);
    (entities, remote.problems)
}

fn responses(entities: &[Arc<Entity>], names: &[Name], details: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(96 + entities.len() * 384);
    out.extend_from_slice(b"{\"contextResponses\":[");
    for (index, entity) in entities.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"contextElement\":");
        write_element(&mut out, entity, names);
        out.extend_from_slice(b",\"statusCode\":{\"code\":200,\"reasonPhrase\":\"OK\"}}");
    }
    out.extend_from_slice(b"],\"errorCode\":");
    answer::write_status(&mut out, StatusCode::OK, details);
    out.push(b'}');
    out
}
