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

use super::request;
use crate::Shared;
use crate::answer::{self, Failure};
use crate::federation;

pub(super) async fn query(State(broker): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, Failure> {
    let request: QueryContextRequest = json::parse_object(&body)?;
    let query = Query::compile(&request.entities, &request.attributes, &request.restriction)?;
    let local_only = request::is_from_broker(&headers) || is_all_here(&broker, &query);
    let (entities, problems) = if local_only {
        (broker.shards.select(&query).await, Vec::new())
    } else {
        everywhere(&broker, &query, &request).await
    };
    Ok(answer::json(responses(&entities, &request.attributes, &problems.join("; "))))
}

/// An entity lives in one place: those asked for by identifier and held here are nowhere else.
fn is_all_here(broker: &Shared, query: &Query) -> bool {
    query.exact_ids().is_some_and(|mut ids| ids.all(|id| broker.shards.holds(id)))
}

async fn everywhere(broker: &Shared, query: &Query, request: &QueryContextRequest) -> (Vec<Arc<Entity>>, Vec<String>) {
    let remote = federation::query(broker, request).await;
    let mut entities = match (&remote.chosen, query.nearby()) {
        (Some(chosen), Some(_)) => chosen.iter().filter_map(|id| broker.shards.get(id.as_str())).collect(),
        _ => broker.shards.select(query).await,
    };
    let here: HashSet<_> = entities.iter().map(|entity| entity.id.clone()).collect();
    entities.extend(remote.entities.into_iter().filter(|entity| !here.contains(&entity.id)));
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
