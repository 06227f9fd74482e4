//! Entities of other brokers with all that NGSI-LD has words for.

use std::collections::HashMap;
use std::sync::Arc;

use context::{EntityMap, LinkedAction, LinkedEdit};
use futures_util::future::join_all;
use http::header::{CONTENT_TYPE, HeaderValue, USER_AGENT};
use http::{Request, StatusCode};
use ngsi::ld::parse::{self, Document, Form, Nulls, Reading};
use ngsi::ld::{self, Context, Problem};
use ngsi::v1::ngsi10::QueryContextRequest;
use ngsi::v1::{BROKER_USER_AGENT, EntityRef};
use ngsi::{Entity, EntityId, ParseError};
use serde_json::json;
use serde_json::value::RawValue;

use super::owners::Owners;
use super::remote::{self, CHUNK, Located, TIMEOUT, without_times};
use crate::broker::Broker;

impl Located {
    /// As [`Located::fetch`], from brokers that speak NGSI-LD by that; when entities were created and set, only they know.
    pub(crate) async fn fetch_linked(&mut self, broker: &Broker) -> Vec<Arc<Entity>> {
        let asked = self.chunks().map(|(provider, entities)| ask(broker, provider, entities));
        let mut fetched = Vec::new();
        for answer in join_all(asked).await {
            match answer {
                Ok(entities) => fetched.extend(entities.into_iter().map(without_times).map(Arc::new)),
                Err(problem) => self.problems.push(problem),
            }
        }
        fetched
    }
}

/// One entity that another broker owns, if there is one that answers.
pub(crate) async fn fetch_linked_one(broker: &Arc<Broker>, id: &EntityId) -> Option<Entity> {
    let owners = Owners::look_up(broker, vec![id.clone()]).await;
    let found = ask(broker, owners.get(id)?, &[EntityRef::id(id.clone())]).await.ok()?;
    found.into_iter().find(|entity| entity.id == *id).map(without_times)
}

async fn ask(broker: &Broker, provider: &str, entities: &[EntityRef]) -> Result<Vec<Entity>, String> {
    let told = |error: &dyn std::fmt::Display| format!("{provider}: {error}");
    let base = provider.trim_end_matches('/').trim_end_matches("/ngsi10");
    let selectors: Vec<_> =
        entities.iter().map(|entity| json!({ "id": ld::urn(entity.id.as_str()), "type": "*" })).collect();
    let query = json!({ "type": "Query", "entities": selectors });
    let request = Request::post(format!("{base}/ngsi-ld/v1/entityOperations/query?local=true&limit={CHUNK}"))
        .header(CONTENT_TYPE, "application/json")
        .header(USER_AGENT, HeaderValue::from_static(BROKER_USER_AGENT))
        .body(query.to_string().into())
        .map_err(|error| told(&error))?;
    let answer = broker.node.client.send_with_timeout(request, TIMEOUT).await.map_err(|error| error.to_string())?;
    match answer.status() {
        status if status.is_success() => read(answer.body(), entities).map_err(|error| told(&error)),
        StatusCode::NOT_FOUND => {
            let found = remote::ask(broker, provider, entities.to_vec(), &QueryContextRequest::default()).await?;
            Ok(found.into_iter().map(Arc::unwrap_or_clone).collect())
        }
        status => Err(format!("{provider}: answered {status}")),
    }
}

fn read(body: &[u8], asked: &[EntityRef]) -> Result<Vec<Entity>, Problem> {
    let ids: HashMap<_, _> =
        asked.iter().map(|entity| (ld::urn(entity.id.as_str()).into_owned(), &entity.id)).collect();
    if body.trim_ascii() == b"[]" {
        return Ok(Vec::new());
    }
    let read = parse::list(body)?.into_iter().map(|raw| entity(raw, &ids));
    Ok(read.collect::<Result<_, _>>()?)
}

/// An entity as the other broker describes it, under the identifier by which discovery knows it.
fn entity(raw: &RawValue, ids: &HashMap<String, &EntityId>) -> Result<Entity, ParseError> {
    let mut entity = linked_entity(raw, &Context::core())?;
    if let Some(id) = ids.get(entity.id.as_str()) {
        entity.id = (*id).clone();
    }
    Ok(entity)
}

/// An entity in the normalized or concise representation, with names of a context.
pub(crate) fn linked_entity(raw: &RawValue, context: &Context) -> Result<Entity, ParseError> {
    let reading = Reading { context, form: Form::Lossless, nulls: Nulls::Refused };
    let fragment = reading.entity(&Document::of(raw)?)?;
    let edit = LinkedEdit { id: fragment.id.clone(), action: LinkedAction::Create(fragment) };
    let edited = EntityMap::default().edit_linked(edit, service::now());
    let edited = edited.map_err(|refusal| ParseError::new("$", refusal.to_string()))?;
    let change = edited.change.ok_or_else(|| ParseError::new("$", "an empty entity"))?;
    Ok(Arc::unwrap_or_clone(change.entity))
}
