//! Providers that speak NGSIv1.

use context::Edit;
use context::provision::Asked;
use ngsi::v1::ngsi10::{ContextResponses, QueryContextRequest, UpdateAction, UpdateContextRequest};
use ngsi::v1::{ContextAttribute, ContextElement, ContextMetadata, EntityRef};
use ngsi::{Entity, EntityId, Name, json};

use super::exchange::Refused;
use super::{Provider, Request};
use crate::broker::Broker;
use crate::federation;

pub(super) async fn query(
    broker: &Broker,
    request: &Request,
    provider: &Provider,
    entities: Vec<Asked>,
    attributes: &[Name],
) -> Result<Vec<Entity>, String> {
    let entities = entities.into_iter().map(reference).collect();
    let question = QueryContextRequest { entities, attributes: attributes.to_vec(), ..Default::default() };
    let body = serde_json::to_vec(&question).map_err(|error| error.to_string())?;
    let answer = request.send(broker, provider, "/queryContext", body).await.map_err(|refused| refused.problem)?;
    let told: ContextResponses =
        json::parse(&answer).map_err(|error| format!("context provider {}: {error}", provider.url()))?;
    let now = service::now();
    let good = told.context_responses.into_iter().filter(|response| matches!(response.status_code.code, 0 | 200..=299));
    Ok(good.map(|response| federation::without_times(federation::entity(response.context_element, now))).collect())
}

fn reference(asked: Asked) -> EntityRef {
    let is_pattern = asked.id_pattern.is_some() || asked.type_pattern.is_some();
    let exact = |text: String| if is_pattern { format!("^{}$", regex_escaped(&text)) } else { text };
    let id = asked.id.map(exact).or(asked.id_pattern).unwrap_or_default();
    let entity_type = asked.entity_type.map(exact).or(asked.type_pattern).unwrap_or_default();
    EntityRef { id: EntityId::from(id), entity_type: Name::from(entity_type), is_pattern }
}

/// Identifiers and types hold none of the other characters that mean something in a pattern.
fn regex_escaped(text: &str) -> String {
    text.chars()
        .flat_map(|c| (!c.is_ascii_alphanumeric() && c.is_ascii()).then_some('\\').into_iter().chain([c]))
        .collect()
}

pub(super) async fn update(
    broker: &Broker,
    request: &Request,
    provider: &Provider,
    edit: &Edit,
) -> Result<(), Refused> {
    let attributes = edit.attributes.iter().map(|attribute| ContextAttribute {
        name: attribute.name.clone(),
        value_type: attribute.value_type.clone().unwrap_or_default(),
        value: attribute.value.clone(),
        metadata: attribute
            .metadata
            .iter()
            .map(|m| ContextMetadata { name: m.name.clone(), value_type: m.value_type.clone(), value: m.value.clone() })
            .collect(),
    });
    let element = ContextElement {
        entity: EntityRef { id: edit.id.clone(), entity_type: edit.entity_type.clone(), is_pattern: false },
        attributes: attributes.collect(),
        ..ContextElement::default()
    };
    let told = UpdateContextRequest { context_elements: vec![element], update_action: UpdateAction::Update };
    let unwritable = |error: serde_json::Error| Refused { status: None, problem: error.to_string() };
    let body = serde_json::to_vec(&told).map_err(unwritable)?;
    request.send(broker, provider, "/updateContext", body).await.map(drop)
}
