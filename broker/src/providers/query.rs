//! What providers have of a query.

use std::sync::Arc;

use context::provision::{Asked, complete};
use futures_util::{StreamExt, stream};
use ngsi::members::Members;
use ngsi::v2::parse::entity_of;
use ngsi::v2::{EntityInput, Form, default_type};
use ngsi::{Attribute, AttributeKind, Entity, EntityId, EntitySelector, Name, Timestamp, json};
use serde::Serialize;

use super::{Provider, Request, legacy};
use crate::broker::Broker;

/// Providers asked at the same time for one request.
const AT_ONCE: usize = 16;
/// The most providers asked for one request.
const MOST: usize = 256;
/// The most entities taken from one provider.
const MAX_ENTITIES: usize = 1_000;

#[derive(Serialize)]
struct Question<'a> {
    entities: &'a [Asked],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    attrs: &'a [Name],
}

/// The entities that providers know, each once, and who did not answer.
pub(crate) async fn ask(broker: &Broker, query: &[EntitySelector], request: &Request) -> (Vec<Entity>, Vec<String>) {
    let now = service::now();
    let mut asked = broker.providers.registry.read().asked(query);
    asked.retain(|(provider, _)| {
        let mode = provider.provision.record.registration.provider.supported_forwarding_mode;
        mode.takes_queries() && provider.provision.is_active(now) && request.paths.have(&provider.provision.path)
    });
    let mut problems = Vec::new();
    if asked.len() > MOST {
        problems.push(format!("{} context providers have some of it, {MOST} were asked", asked.len()));
        asked.truncate(MOST);
    }
    let questions = asked.into_iter().map(|(provider, entities)| question(broker, request, provider, entities));
    let answers: Vec<_> = stream::iter(questions).buffered(AT_ONCE).collect().await;
    let mut told: Vec<Entity> = Vec::new();
    for answer in answers {
        match answer {
            Err(problem) => problems.push(problem),
            Ok(entities) => entities.into_iter().for_each(|entity| add(&mut told, entity)),
        }
    }
    (told, problems)
}

/// Of an entity that several providers know, the first one's attributes count.
fn add(told: &mut Vec<Entity>, entity: Entity) {
    let is_same = |known: &&mut Entity| (&known.id, &known.entity_type) == (&entity.id, &entity.entity_type);
    match told.iter_mut().find(is_same) {
        Some(known) => *known = complete(known, entity),
        None => told.push(entity),
    }
}

async fn question(
    broker: &Broker,
    request: &Request,
    provider: Arc<Provider>,
    entities: Vec<Asked>,
) -> Result<Vec<Entity>, String> {
    let registration = &provider.provision.record.registration;
    let attrs = &registration.data_provided.attrs;
    if registration.provider.legacy_forwarding {
        return legacy::query(broker, request, &provider, entities, attrs).await;
    }
    let body = serde_json::to_vec(&Question { entities: &entities, attrs }).map_err(|error| error.to_string())?;
    let operation = format!("/op/query?limit={MAX_ENTITIES}");
    let answer = request.send(broker, &provider, &operation, body).await.map_err(|refused| refused.problem)?;
    read(&answer).map_err(|error| format!("context provider {}: {error}", provider.url()))
}

fn read(answer: &[u8]) -> Result<Vec<Entity>, ngsi::ParseError> {
    let entities: Vec<Members<'_>> = json::parse(answer)?;
    let read = entities.into_iter().take(MAX_ENTITIES).map(|members| {
        let mut told = entity_of(members, Form::Normalized)?;
        told.forget_builtins();
        Ok(entity(told))
    });
    read.collect()
}

/// When it was created and set, only the provider knows.
fn entity(input: EntityInput) -> Entity {
    let entity_type = input.type_or_default();
    let mut entity = Entity::new(EntityId::from(input.id.as_str()), entity_type, Timestamp::default());
    entity.attributes.extend(input.attributes.into_iter().map(|attribute| Attribute {
        name: attribute.name,
        kind: AttributeKind::Context,
        dataset_id: Name::default(),
        value_type: attribute.value_type.unwrap_or_else(|| Name::from(default_type(attribute.value.as_str()))),
        value: attribute.value,
        metadata: attribute.metadata,
        created_at: Timestamp::default(),
        modified_at: Timestamp::default(),
    }));
    entity
}
