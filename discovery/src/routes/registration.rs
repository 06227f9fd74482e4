use std::collections::BTreeMap;

use availability::Registration;
use axum::Json;
use axum::extract::{Path, State};
use ngsi::EntityId;
use ngsi::v1::ContextMetadata;
use ngsi::v1::ngsi9::RegistrationAttribute;
use serde::Serialize;

use super::Shared;
use crate::refusal::Refusal;

/// What is known of one entity, with the names the original gives it.
#[derive(Serialize)]
pub(super) struct Answer {
    #[serde(rename = "ID")]
    id: String,
    #[serde(rename = "Type")]
    entity_type: String,
    #[serde(rename = "AttributesList")]
    attributes: BTreeMap<String, RegistrationAttribute>,
    #[serde(rename = "MetadataList")]
    metadata: BTreeMap<String, ContextMetadata>,
    #[serde(rename = "ProvidingApplication")]
    provider: String,
}

impl From<&Registration> for Answer {
    fn from(registration: &Registration) -> Self {
        Self {
            id: registration.id.to_string(),
            entity_type: registration.entity_type.to_string(),
            attributes: registration.attributes.iter().map(|a| (a.name.to_string(), a.clone())).collect(),
            metadata: registration.metadata.iter().map(|m| (m.name.to_string(), m.clone())).collect(),
            provider: registration.provider.to_string(),
        }
    }
}

/// The registration of an entity, or `null`.
pub(super) async fn get(State(discovery): Shared, Path(id): Path<String>) -> Json<Option<Answer>> {
    Json(discovery.registry.read().get(&id).map(Answer::from))
}

/// Removes the registration of an entity and answers what it was, or `null`.
pub(super) async fn delete(State(discovery): Shared, Path(id): Path<String>) -> Result<Json<Option<Answer>>, Refusal> {
    let removed = discovery.unregister_one(EntityId::from(id)).await?;
    Ok(Json(removed.as_ref().map(Answer::from)))
}
