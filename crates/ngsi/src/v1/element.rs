//! The context element: an entity, or a part of one, as NGSI-10 writes it.

use serde::{Deserialize, Serialize};

use crate::json::{null_as_default, write_string};
use crate::selector::{EntityRef, flag};
use crate::{Attribute, AttributeKind, Entity, EntityId, JsonText, Location, Metadata, Name, ParseError, Timestamp};

/// An entity or the part of it that an update sets.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ContextElement {
    /// Whom it describes.
    #[serde(rename = "entityId")]
    pub entity: EntityRef,
    /// Ordinary attributes.
    pub attributes: Vec<ContextAttribute>,
    /// What describes the entity itself.
    #[serde(rename = "domainMetadata", skip_serializing_if = "Vec::is_empty")]
    pub domain_metadata: Vec<ContextMetadata>,
}

/// An attribute: `{"name","type","value","metadata"}`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContextAttribute {
    /// Its name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: Name,
    /// The declared type of the value.
    #[serde(rename = "type", default, deserialize_with = "null_as_default")]
    pub value_type: Name,
    /// The value.
    #[serde(default)]
    pub value: JsonText,
    /// What is said about the value.
    #[serde(default, alias = "metadatas", deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub metadata: Vec<ContextMetadata>,
}

/// A metadatum: `{"name","type","value"}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ContextMetadata {
    /// Its name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: Name,
    /// The declared type of the value.
    #[serde(rename = "type", default, deserialize_with = "null_as_default")]
    pub value_type: Name,
    /// The value.
    #[serde(default)]
    pub value: JsonText,
}

/// Both forms of an element: with `entityId`, and the older one with the identity on the element itself.
#[derive(Deserialize)]
struct Wire {
    #[serde(rename = "entityId", default)]
    entity: Option<EntityRef>,
    #[serde(default, deserialize_with = "null_as_default")]
    id: EntityId,
    #[serde(rename = "type", default, deserialize_with = "null_as_default")]
    entity_type: Name,
    #[serde(rename = "isPattern", default, deserialize_with = "flag")]
    is_pattern: bool,
    #[serde(default, deserialize_with = "null_as_default")]
    attributes: Vec<ContextAttribute>,
    #[serde(rename = "domainMetadata", default, deserialize_with = "null_as_default")]
    domain_metadata: Vec<ContextMetadata>,
}

impl<'de> Deserialize<'de> for ContextElement {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        let on_element = EntityRef { id: wire.id, entity_type: wire.entity_type, is_pattern: wire.is_pattern };
        Ok(Self {
            entity: wire.entity.unwrap_or(on_element),
            attributes: wire.attributes,
            domain_metadata: wire.domain_metadata,
        })
    }
}

impl ContextElement {
    /// Checks what an update must fulfil: an identifier, names, and places that exist on Earth.
    ///
    /// # Errors
    /// Names the member, e.g. `domainMetadata[0].value.latitude`.
    pub fn validate(&self) -> Result<(), ParseError> {
        if self.entity.id.is_empty() {
            return Err(ParseError::new("entityId.id", "must not be empty"));
        }
        if self.entity.is_pattern {
            return Err(ParseError::new("entityId.isPattern", "an update names one entity, not a pattern"));
        }
        for (index, attribute) in self.attributes.iter().enumerate() {
            if attribute.name.is_empty() {
                return Err(ParseError::new(format!("attributes[{index}].name"), "must not be empty"));
            }
        }
        for (index, metadata) in self.domain_metadata.iter().enumerate() {
            metadata.validate().map_err(|error| error.within(&format!("domainMetadata[{index}]")))?;
        }
        Ok(())
    }
}

impl ContextMetadata {
    /// Checks that it has a name, and a place that exists on Earth if it is one.
    ///
    /// # Errors
    /// Names the member, e.g. `value.latitude`.
    pub fn validate(&self) -> Result<(), ParseError> {
        if self.name.is_empty() {
            return Err(ParseError::new("name", "must not be empty"));
        }
        Location::parse(self.value_type.as_str(), &self.value).map(drop)
    }
}

impl From<ContextMetadata> for Metadata {
    fn from(wire: ContextMetadata) -> Self {
        Self::new(wire.name, wire.value_type, wire.value)
    }
}

impl ContextAttribute {
    /// The attribute as an entity holds it.
    #[must_use]
    pub fn into_attribute(self, now: Timestamp) -> Attribute {
        Attribute {
            name: self.name,
            kind: AttributeKind::Context,
            dataset_id: Name::default(),
            value_type: self.value_type,
            value: self.value,
            metadata: self.metadata.into_iter().map(Metadata::from).collect(),
            created_at: now,
            modified_at: now,
        }
    }
}

impl ContextMetadata {
    /// The domain metadatum as an entity holds it.
    #[must_use]
    pub fn into_attribute(self, now: Timestamp) -> Attribute {
        Attribute {
            name: self.name,
            kind: AttributeKind::Domain,
            dataset_id: Name::default(),
            value_type: self.value_type,
            value: self.value,
            metadata: Vec::new(),
            created_at: now,
            modified_at: now,
        }
    }
}

/// Appends an entity as a context element, with the named attributes only, or all when `names` is empty.
///
/// Domain metadata are always written: they describe the entity, not a value.
pub fn write_element(out: &mut Vec<u8>, entity: &Entity, names: &[Name]) {
    out.extend_from_slice(b"{\"entityId\":{\"id\":");
    write_string(out, entity.id.as_str());
    out.extend_from_slice(b",\"type\":");
    write_string(out, entity.entity_type.as_str());
    out.extend_from_slice(b",\"isPattern\":false},\"attributes\":[");
    let selected = entity.context_attributes().filter(|a| names.is_empty() || names.contains(&a.name));
    write_list(out, selected);
    out.push(b']');
    let mut domain = entity.domain_metadata().peekable();
    if domain.peek().is_some() {
        out.extend_from_slice(b",\"domainMetadata\":[");
        write_list(out, domain);
        out.push(b']');
    }
    out.push(b'}');
}

fn write_list<'a>(out: &mut Vec<u8>, attributes: impl Iterator<Item = &'a Attribute>) {
    for (index, attribute) in attributes.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_attribute(out, attribute);
    }
}

/// Appends one attribute or domain metadatum.
pub fn write_attribute(out: &mut Vec<u8>, attribute: &Attribute) {
    write_members(out, &attribute.name, &attribute.value_type, &attribute.value);
    if !attribute.metadata.is_empty() {
        out.extend_from_slice(b",\"metadata\":[");
        for (index, metadata) in attribute.metadata.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            write_members(out, &metadata.name, &metadata.value_type, &metadata.value);
            out.push(b'}');
        }
        out.push(b']');
    }
    out.push(b'}');
}

/// Appends `{"name":…,"type":…,"value":…` and leaves the object open.
fn write_members(out: &mut Vec<u8>, name: &Name, value_type: &Name, value: &JsonText) {
    out.extend_from_slice(b"{\"name\":");
    write_string(out, name.as_str());
    out.extend_from_slice(b",\"type\":");
    write_string(out, value_type.as_str());
    out.extend_from_slice(b",\"value\":");
    out.extend_from_slice(value.as_str().as_bytes());
}
