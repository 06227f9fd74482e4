//! From `registerContext` to changes of single entities.

use std::sync::Arc;

use ngsi::v1::ContextMetadata;
use ngsi::v1::ngsi9::{ContextRegistration, RegisterContextRequest, RegistrationAttribute};
use ngsi::{EntityId, Name, ParseError};

use crate::MAX_METADATA;

/// The most attributes one registration may name.
const MAX_ATTRIBUTES: usize = 4096;
/// The longest identifier, type or URL, in bytes.
const MAX_TEXT: usize = 8192;
/// The most memory the entities of one registration may take, which all get its attributes and metadata.
const MAX_WEIGHT: usize = 64 * 1024 * 1024;

/// What a provider says of one entity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The entity.
    pub id: EntityId,
    /// Its type; empty keeps the one known.
    pub entity_type: Name,
    /// Its attributes, replacing those known; `None` keeps them.
    pub attributes: Option<Arc<[RegistrationAttribute]>>,
    /// Domain metadata to set; others stay.
    pub metadata: Vec<ContextMetadata>,
    /// The broker that holds it; empty keeps the one known.
    pub provider: String,
}

impl Change {
    /// About how many bytes it takes stored.
    #[must_use]
    pub fn weight(&self) -> usize {
        let names = self.id.as_str().len() + self.entity_type.as_str().len() + self.provider.len();
        64 + names + attributes_weight(self.attributes.as_deref()) + metadata_weight(&self.metadata)
    }
}

pub(crate) fn attributes_weight(attributes: Option<&[RegistrationAttribute]>) -> usize {
    let weight = |a: &RegistrationAttribute| 32 + a.name.as_str().len() + a.value_type.as_str().len();
    attributes.unwrap_or_default().iter().map(weight).sum()
}

pub(crate) fn metadata_weight(metadata: &[ContextMetadata]) -> usize {
    let weight =
        |m: &ContextMetadata| 32 + m.name.as_str().len() + m.value_type.as_str().len() + m.value.as_str().len();
    metadata.iter().map(weight).sum()
}

/// Checks a request and takes it apart.
///
/// An entity with `isPattern` is registered under its literal identifier, as the original does.
///
/// # Errors
/// Names the member, e.g. `contextRegistrations[0].entities[2].id`.
pub fn parse_registrations(request: RegisterContextRequest) -> Result<Vec<Change>, ParseError> {
    if request.context_registrations.is_empty() {
        return Err(ParseError::new("contextRegistrations", "must hold at least one registration"));
    }
    let mut changes = Vec::new();
    for (index, registration) in request.context_registrations.into_iter().enumerate() {
        let path = |error: ParseError| error.within(&format!("contextRegistrations[{index}]"));
        validate(&registration).map_err(path)?;
        take_apart(registration, &mut changes);
    }
    Ok(changes)
}

fn take_apart(registration: ContextRegistration, changes: &mut Vec<Change>) {
    let metadata = registration.context_metadata.unwrap_or_default();
    let attributes: Option<Arc<[_]>> = registration.attributes.map(Into::into);
    for entity in registration.entities {
        changes.push(Change {
            id: entity.id,
            entity_type: entity.entity_type,
            attributes: attributes.clone(),
            metadata: metadata.clone(),
            provider: registration.providing_application.clone(),
        });
    }
}

fn validate(registration: &ContextRegistration) -> Result<(), ParseError> {
    if registration.entities.is_empty() {
        return Err(ParseError::new("entities", "must name at least one entity"));
    }
    for (index, entity) in registration.entities.iter().enumerate() {
        if entity.id.is_empty() {
            return Err(ParseError::new(format!("entities[{index}].id"), "must not be empty"));
        }
        bounded(entity.id.as_str(), &format!("entities[{index}].id"))?;
        bounded(entity.entity_type.as_str(), &format!("entities[{index}].type"))?;
    }
    bounded(&registration.providing_application, "providingApplication")?;
    attributes(registration.attributes.as_deref().unwrap_or_default())?;
    metadata(registration.context_metadata.as_deref().unwrap_or_default())?;
    let each = attributes_weight(registration.attributes.as_deref())
        + metadata_weight(registration.context_metadata.as_deref().unwrap_or_default());
    if registration.entities.len().saturating_mul(each) > MAX_WEIGHT {
        let problem = "too many for so large attributes and metadata: send them in several registrations";
        return Err(ParseError::new("entities", problem));
    }
    Ok(())
}

fn attributes(attributes: &[RegistrationAttribute]) -> Result<(), ParseError> {
    if attributes.len() > MAX_ATTRIBUTES {
        return Err(ParseError::new("attributes", format!("more than {MAX_ATTRIBUTES}")));
    }
    match attributes.iter().position(|attribute| attribute.name.is_empty()) {
        Some(index) => Err(ParseError::new(format!("attributes[{index}].name"), "must not be empty")),
        None => Ok(()),
    }
}

fn metadata(metadata: &[ContextMetadata]) -> Result<(), ParseError> {
    if metadata.len() > MAX_METADATA {
        return Err(ParseError::new("contextMetadata", format!("more than {MAX_METADATA}")));
    }
    for (index, metadatum) in metadata.iter().enumerate() {
        metadatum.validate().map_err(|error| error.within(&format!("contextMetadata[{index}]")))?;
    }
    Ok(())
}

fn bounded(text: &str, path: &str) -> Result<(), ParseError> {
    if text.len() <= MAX_TEXT {
        return Ok(());
    }
    Err(ParseError::new(path, format!("longer than {MAX_TEXT} bytes")))
}
