//! `ngsi` of a custom notification: parts of an entity that take the place of those it has.

use serde_json::value::RawValue;

use super::{Facts, JsonTemplate, Template};
use crate::members::Members;
use crate::v2::names::{check_attribute_name, check_field};
use crate::v2::{default_type, write};
use crate::{Attribute, AttributeKind, Entity, EntityId, JsonText, Name, ParseError};

/// What is replaced or added.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    id: Option<Template>,
    entity_type: Option<Template>,
    attributes: Vec<(Name, Option<Name>, JsonTemplate)>,
}

impl Patch {
    /// Understands an entity of which everything may be missing. Its attributes have a value and perhaps a type.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn new(document: &JsonText) -> Result<Self, ParseError> {
        let members = Members::of_text(document.as_str());
        let mut members = members.ok_or_else(|| ParseError::new("$", "must be an object"))?;
        let id = members.take_text("id", "id")?.map(|text| Template::new(&text));
        let entity_type = members.take_text("type", "type")?.map(|text| Template::new(&text));
        let attributes: Result<_, _> = members.0.into_iter().map(|(name, value)| attribute(&name, value)).collect();
        Ok(Self { id, entity_type, attributes: attributes? })
    }

    /// Whether it says something of the attribute of that name.
    #[must_use]
    pub fn sets(&self, name: &str) -> bool {
        self.attributes.iter().any(|(set, ..)| set == name)
    }

    /// The entity with the parts replaced.
    #[must_use]
    pub fn apply(&self, facts: &Facts<'_>) -> Entity {
        let mut entity = facts.entity.clone();
        for (name, value_type, value) in &self.attributes {
            let value = serde_json::from_slice(&value.render(facts)).unwrap_or_default();
            entity.set(replaced(facts.entity, name, value_type.as_ref(), value));
        }
        if let Some(id) = &self.id {
            entity.id = EntityId::from(id.render(facts));
        }
        if let Some(entity_type) = &self.entity_type {
            entity.entity_type = Name::from(entity_type.render(facts));
        }
        entity
    }
}

fn attribute(name: &str, value: &RawValue) -> Result<(Name, Option<Name>, JsonTemplate), ParseError> {
    check_attribute_name(name)?;
    let mut members = Members::of(name, value)?;
    let value = members.take("value").map_or_else(JsonText::null, JsonText::from);
    let path = format!("{name}.type");
    let value_type = members.take_text("type", &path)?;
    if let Some(value_type) = &value_type {
        check_field(&path, value_type)?;
    }
    members.finish(name)?;
    Ok((Name::from(name), value_type.map(Name::from), JsonTemplate::new(&value)))
}

fn replaced(entity: &Entity, name: &Name, value_type: Option<&Name>, value: JsonText) -> Attribute {
    let present = write::attribute(entity, name.as_str());
    Attribute {
        name: name.clone(),
        kind: present.map_or(AttributeKind::Context, |present| present.kind),
        dataset_id: Name::default(),
        value_type: value_type.cloned().unwrap_or_else(|| Name::from(default_type(value.as_str()))),
        value,
        metadata: present.map(|present| present.metadata.clone()).unwrap_or_default(),
        created_at: present.map_or(entity.modified_at, |present| present.created_at),
        modified_at: entity.modified_at,
    }
}
