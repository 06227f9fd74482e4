//! What an update does to an entity, and what others must learn of it.

use std::sync::Arc;

use ngsi::v1::ContextElement;
use ngsi::v1::ngsi10::UpdateAction;
use ngsi::v2::place;
use ngsi::{Attribute, AttributeKind, Entity, Name, Timestamp};
use smallvec::SmallVec;

use crate::{EntityMap, places};

/// The most attributes and domain metadata one entity may have: setting one looks through the others.
pub const MAX_ATTRIBUTES: usize = 4096;

pub(crate) const TICK: std::time::Duration = std::time::Duration::from_micros(1);

/// An update that was applied.
#[derive(Debug, Clone)]
pub struct Change {
    /// The entity as it is now; as it last was when [`Change::deleted`].
    pub entity: Arc<Entity>,
    /// Whether the whole entity is gone.
    pub deleted: bool,
    /// The attributes and domain metadata set or removed.
    pub touched: SmallVec<[Name; 4]>,
    /// Whether discovery's picture of the entity is out of date: created, deleted, another type, another set of attribute
    /// names, other domain metadata. Plain values are none of its business.
    pub availability: bool,
}

/// Why an update was not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// What is to be deleted does not exist.
    #[error("no such entity")]
    UnknownEntity,
    /// None of the attributes to be deleted exists.
    #[error("the entity has none of these attributes")]
    UnknownAttribute,
    /// More than [`MAX_ATTRIBUTES`].
    #[error("an entity has at most {MAX_ATTRIBUTES} attributes and domain metadata")]
    TooManyAttributes,
}

impl EntityMap {
    /// Applies one element. Deleting an entity's last attribute deletes it. The modification time of an entity always rises, whatever the clock does, so that it orders its
    /// snapshots.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing has changed then.
    pub fn apply(&mut self, element: ContextElement, action: UpdateAction, now: Timestamp) -> Result<Change, Refusal> {
        if element.attributes.len() + element.domain_metadata.len() > MAX_ATTRIBUTES {
            return Err(Refusal::TooManyAttributes);
        }
        match action {
            UpdateAction::Delete if element.attributes.is_empty() && element.domain_metadata.is_empty() => {
                self.delete(element.entity.id.as_str())
            }
            UpdateAction::Delete => self.delete_attributes(&element, now),
            UpdateAction::Update | UpdateAction::Append => self.upsert(element, now),
        }
    }

    /// Deletes a whole entity.
    ///
    /// # Errors
    /// [`Refusal::UnknownEntity`].
    pub fn delete(&mut self, id: &str) -> Result<Change, Refusal> {
        let entity = self.remove(id).ok_or(Refusal::UnknownEntity)?;
        Ok(Change { entity, deleted: true, touched: SmallVec::new(), availability: true })
    }

    fn delete_attributes(&mut self, element: &ContextElement, now: Timestamp) -> Result<Change, Refusal> {
        let present = self.get(element.entity.id.as_str()).ok_or(Refusal::UnknownEntity)?;
        let named = |attribute: &Attribute| match attribute.kind {
            AttributeKind::Context => element.attributes.iter().any(|a| a.name == attribute.name),
            AttributeKind::Domain => element.domain_metadata.iter().any(|m| m.name == attribute.name),
        };
        let touched: SmallVec<[Name; 4]> =
            present.attributes.iter().filter(|a| named(a)).map(|a| a.name.clone()).collect();
        if touched.is_empty() {
            return Err(Refusal::UnknownAttribute);
        }
        if !present.context_attributes().any(|attribute| !named(attribute)) {
            return self.delete(element.entity.id.as_str());
        }
        let mut slot = self.get_mut(element.entity.id.as_str()).ok_or(Refusal::UnknownEntity)?;
        let entity = Arc::make_mut(&mut slot);
        let had_place = place::source(entity).is_some();
        entity.attributes.retain(|attribute| !named(attribute));
        entity.modified_at = now.max(entity.modified_at.after(TICK));
        places::follow_attribute(entity, &touched, had_place, entity.modified_at);
        Ok(Change { entity: slot.clone(), deleted: false, touched, availability: true })
    }

    fn upsert(&mut self, element: ContextElement, now: Timestamp) -> Result<Change, Refusal> {
        let Some(mut slot) = self.get_mut(element.entity.id.as_str()) else {
            return Ok(self.create(element, now));
        };
        if slot.attributes.len() + element.attributes.len() + element.domain_metadata.len() > MAX_ATTRIBUTES
            && slot.attributes.len() + new_names(&slot, &element) > MAX_ATTRIBUTES
        {
            return Err(Refusal::TooManyAttributes);
        }
        let entity = Arc::make_mut(&mut slot);
        let now = now.max(entity.modified_at.after(TICK));
        entity.modified_at = now;
        let mut retyped = false;
        if !element.entity.entity_type.is_empty() && element.entity.entity_type != entity.entity_type {
            retyped = true;
            entity.entity_type = element.entity.entity_type.clone();
            entity.more_types.retain(|other| *other != element.entity.entity_type);
        }
        let (touched, redefined) = set_all(entity, element, now);
        Ok(Change { entity: slot.clone(), deleted: false, touched, availability: redefined || retyped })
    }

    fn create(&mut self, element: ContextElement, now: Timestamp) -> Change {
        let mut entity = Entity::new(element.entity.id.clone(), element.entity.entity_type.clone(), now);
        let (touched, _) = set_all(&mut entity, element, now);
        let entity = Arc::new(entity);
        self.insert(entity.clone());
        Change { entity, deleted: false, touched, availability: true }
    }
}

fn new_names(entity: &Entity, element: &ContextElement) -> usize {
    let attributes =
        element.attributes.iter().filter(|a| entity.attribute(AttributeKind::Context, a.name.as_str()).is_none());
    let metadata =
        element.domain_metadata.iter().filter(|m| entity.attribute(AttributeKind::Domain, m.name.as_str()).is_none());
    attributes.count() + metadata.count()
}

/// Sets everything the element names; the second result is whether discovery would see a difference.
fn set_all(entity: &mut Entity, element: ContextElement, now: Timestamp) -> (SmallVec<[Name; 4]>, bool) {
    let mut touched: SmallVec<[Name; 4]> = SmallVec::new();
    let mut redefined = false;
    let had_place = place::source(entity).is_some();
    for attribute in element.attributes {
        touched.push(attribute.name.clone());
        redefined |= set(entity, attribute.into_attribute(now));
    }
    let named = touched.len();
    for metadata in element.domain_metadata {
        touched.push(metadata.name.clone());
        redefined |= set(entity, metadata.into_attribute(now));
    }
    let (attributes, metadata) = touched.split_at(named);
    let sets_location = |names: &[Name]| names.iter().any(|name| name == place::LOCATION);
    if sets_location(metadata) && !sets_location(attributes) {
        redefined |= places::follow_metadatum(entity, now);
    } else {
        redefined |= places::follow_attribute(entity, attributes, had_place, now);
    }
    (touched, redefined)
}

/// Sets one attribute; whether discovery would see a difference.
pub(crate) fn set(entity: &mut Entity, attribute: Attribute) -> bool {
    let is_domain = attribute.kind == AttributeKind::Domain;
    let (value_type, value) =
        if is_domain { (attribute.value_type.clone(), attribute.value.clone()) } else { Default::default() };
    match entity.set(attribute) {
        Some(former) => is_domain && (former.value != value || former.value_type != value_type),
        None => true,
    }
}
