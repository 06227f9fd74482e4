//! `/ngsi10/entity`: the entities of this broker.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{HeaderMap, StatusCode};
use ngsi::v1::ngsi10::{UpdateAction, UpdateContextRequest};
use ngsi::v1::{ContextElement, EntityRef, write_attribute, write_element};
use ngsi::{Attribute, AttributeKind, Entity, EntityId};

use super::update_context;
use crate::Shared;
use crate::answer::{self, Failure};

/// Every entity, written shard by shard while it is sent.
pub(super) async fn list(State(broker): State<Shared>) -> Response {
    let pages = stream::unfold((broker, 0, true), |(broker, shard, first)| async move {
        let page = match broker.shards.page(shard) {
            Some(entities) => write_page(&entities, shard == 0, first),
            None if shard == usize::MAX => return None,
            None => {
                return Some((
                    Ok::<_, std::convert::Infallible>(Bytes::from_static(b"]")),
                    (broker, usize::MAX, false),
                ));
            }
        };
        let still_first = first && page.len() <= usize::from(shard == 0);
        Some((Ok(Bytes::from(page)), (broker, shard + 1, still_first)))
    });
    let mut response = Response::new(Body::from_stream(pages));
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn write_page(entities: &[Arc<Entity>], opens: bool, mut first: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(entities.len() * 384 + 1);
    if opens {
        out.push(b'[');
    }
    for entity in entities {
        if !std::mem::replace(&mut first, false) {
            out.push(b',');
        }
        write_element(&mut out, entity, &[]);
    }
    out
}

pub(super) async fn get(State(broker): State<Shared>, Path(id): Path<String>) -> Result<Response, Failure> {
    let entity = find(&broker, &id)?;
    let mut out = Vec::with_capacity(512);
    write_element(&mut out, &entity, &[]);
    Ok(answer::json(out))
}

pub(super) async fn attribute(
    State(broker): State<Shared>,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let entity = find(&broker, &id)?;
    let mut out = Vec::with_capacity(128);
    write_attribute(&mut out, attribute_of(&entity, &name)?);
    Ok(answer::json(out))
}

/// The attribute of that name, else the domain metadatum.
pub(super) fn attribute_of<'a>(entity: &'a Entity, name: &str) -> Result<&'a Attribute, Failure> {
    entity
        .attribute(AttributeKind::Context, name)
        .or_else(|| entity.attribute(AttributeKind::Domain, name))
        .ok_or_else(|| Failure::not_found(format!("entity `{}` has no attribute `{name}`", entity.id)))
}

/// Deletes an entity, wherever it lives.
pub(super) async fn delete(
    State(broker): State<Shared>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let element = ContextElement { entity: EntityRef::id(EntityId::from(id.as_str())), ..ContextElement::default() };
    let request = UpdateContextRequest { context_elements: vec![element], update_action: UpdateAction::Delete };
    match update_context::carry_out(&broker, &headers, request).await?.pop() {
        Some(outcome) if outcome.status == StatusCode::NOT_FOUND => Err(unknown(&id)),
        Some(outcome) if !outcome.status.is_success() => Err(Failure::unavailable(outcome.details)),
        _ => Ok(answer::fixed("{\"code\":200,\"reasonPhrase\":\"OK\"}")),
    }
}

pub(super) fn find(broker: &Shared, id: &str) -> Result<Arc<Entity>, Failure> {
    broker.shards.get(id).ok_or_else(|| unknown(id))
}

fn unknown(id: &str) -> Failure {
    Failure::not_found(format!("this broker holds no entity `{id}`"))
}
