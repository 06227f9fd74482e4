//! What an update does to an entity, and what others must learn of it.

use std::cell::OnceCell;
use std::sync::Arc;

use ngsi::v1::ngsi10::UpdateAction;
use ngsi::v1::{ContextElement, EntityRef};
use ngsi::v2::place;
use ngsi::v2::write::type_of;
use ngsi::{Attribute, AttributeKind, Entity, Name, Timestamp};
use smallvec::SmallVec;

use crate::{Cause, EntityMap, Origin, places};

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
    /// Whether the entity is new.
    pub created: bool,
    /// Whether it has another type now.
    pub retyped: bool,
    /// The attributes that were set or removed, as they were before: moved out of the entity, not copied.
    pub former: SmallVec<[Attribute; 1]>,
    cause: OnceCell<Arc<Cause>>,
}

impl Change {
    fn new(entity: Arc<Entity>, done: Done) -> Self {
        Self {
            entity,
            deleted: false,
            touched: done.touched,
            availability: done.redefined,
            created: false,
            retyped: false,
            former: done.former,
            cause: OnceCell::new(),
        }
    }

    pub(crate) fn updated(entity: Arc<Entity>, done: Done) -> Self {
        Self::new(entity, done)
    }

    pub(crate) fn created(entity: Arc<Entity>, done: Done) -> Self {
        Self { availability: true, created: true, ..Self::new(entity, done) }
    }

    /// An entity is gone.
    #[must_use]
    pub fn deleted(entity: Arc<Entity>) -> Self {
        Self { deleted: true, availability: true, ..Self::new(entity, Done::default()) }
    }

    /// A change that another broker made.
    #[must_use]
    pub fn told(entity: Arc<Entity>, deleted: bool, cause: Arc<Cause>) -> Self {
        let touched = cause.touched.iter().map(|touched| touched.name.clone()).collect();
        let done = Done { touched, former: cause.former.iter().cloned().collect(), redefined: false };
        Self { deleted, cause: OnceCell::from(cause), ..Self::new(entity, done) }
    }

    /// What it did, worked out when somebody asks first.
    #[must_use]
    pub fn cause(&self, origin: &Origin) -> &Arc<Cause> {
        self.cause.get_or_init(|| Arc::new(Cause::new(self, origin)))
    }
}

/// What was done to the attributes of an entity.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) touched: SmallVec<[Name; 4]>,
    /// As [`Change::former`].
    pub(crate) former: SmallVec<[Attribute; 1]>,
    /// Whether discovery would see a difference.
    pub(crate) redefined: bool,
}

impl Done {
    pub(crate) fn remove(&mut self, entity: &mut Entity, goes: impl Fn(&Attribute) -> bool) {
        for gone in entity.attributes.extract_if(.., |attribute| goes(attribute)) {
            self.touched.push(gone.name.clone());
            self.former.push(gone);
            self.redefined = true;
        }
    }

    pub(crate) fn set(&mut self, entity: &mut Entity, attribute: Attribute) {
        self.touched.push(attribute.name.clone());
        let now = attribute.modified_at;
        let former = entity.set(attribute);
        self.redefined |= match &former {
            None => true,
            Some(former) if former.kind == AttributeKind::Domain => {
                let now = entity.attribute(AttributeKind::Domain, former.name.as_str());
                now.is_none_or(|now| now.value != former.value || now.value_type != former.value_type)
            }
            Some(_) => false,
        };
        // An update that names an attribute twice replaces what it has just set.
        self.former.extend(former.filter(|former| former.modified_at != now));
    }
}

/// Whether discovery sees the same in both.
pub(crate) fn looks_alike(one: &Entity, other: &Entity) -> bool {
    let alike = |(one, other): (&Attribute, &Attribute)| {
        (one.kind, &one.name, &one.value_type) == (other.kind, &other.name, &other.value_type)
            && (one.kind == AttributeKind::Context || one.value == other.value)
    };
    one.entity_type == other.entity_type
        && one.attributes.len() == other.attributes.len()
        && one.attributes.iter().zip(&other.attributes).all(alike)
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
    /// Applies one element: to the entity of its identifier, of several to the first that has its type, else to the first. Deleting an entity's last attribute deletes it. The modification time of an entity always rises, whatever the clock does, so that it orders its
    /// snapshots.
    ///
    /// # Errors
    /// A [`Refusal`]; nothing has changed then.
    pub fn apply(&mut self, element: ContextElement, action: UpdateAction, now: Timestamp) -> Result<Change, Refusal> {
        if element.attributes.len() + element.domain_metadata.len() > MAX_ATTRIBUTES {
            return Err(Refusal::TooManyAttributes);
        }
        let slot = self.named(&element.entity);
        match (action, slot) {
            (UpdateAction::Delete, None) => Err(Refusal::UnknownEntity),
            (UpdateAction::Delete, Some(slot)) => self.delete_named(slot, &element, now),
            (UpdateAction::Update | UpdateAction::Append, None) => Ok(self.create(element, now)),
            (UpdateAction::Update | UpdateAction::Append, Some(slot)) => self.upsert(slot, element, now),
        }
    }

    /// The slot of the entity that a reference without service path names.
    fn named(&self, reference: &EntityRef) -> Option<u32> {
        let mut slots = self.slots_of(reference.id.as_str());
        let (first, second) = (slots.next()?, slots.next());
        if second.is_none() || reference.entity_type.is_empty() {
            return Some(first);
        }
        let is_named = |slot: &u32| self.in_slot(*slot).is_some_and(|entity| reference.entity_type == *type_of(entity));
        self.slots_of(reference.id.as_str()).find(is_named).or(Some(first))
    }

    /// Deletes a whole entity; the first of several.
    ///
    /// # Errors
    /// [`Refusal::UnknownEntity`].
    pub fn delete(&mut self, id: &str) -> Result<Change, Refusal> {
        let entity = self.remove(id).ok_or(Refusal::UnknownEntity)?;
        Ok(Change::deleted(entity))
    }

    pub(crate) fn delete_slot(&mut self, slot: u32) -> Option<Change> {
        self.take(slot).map(Change::deleted)
    }

    fn delete_named(&mut self, slot: u32, element: &ContextElement, now: Timestamp) -> Result<Change, Refusal> {
        if element.attributes.is_empty() && element.domain_metadata.is_empty() {
            return self.delete_slot(slot).ok_or(Refusal::UnknownEntity);
        }
        let present = self.in_slot(slot).ok_or(Refusal::UnknownEntity)?;
        let named = |attribute: &Attribute| match attribute.kind {
            AttributeKind::Context => element.attributes.iter().any(|a| a.name == attribute.name),
            AttributeKind::Domain => element.domain_metadata.iter().any(|m| m.name == attribute.name),
        };
        if !present.attributes.iter().any(named) {
            return Err(Refusal::UnknownAttribute);
        }
        if !present.context_attributes().any(|attribute| !named(attribute)) {
            return self.delete_slot(slot).ok_or(Refusal::UnknownEntity);
        }
        let mut slot = self.slot_mut(slot).ok_or(Refusal::UnknownEntity)?;
        let entity = Arc::make_mut(&mut slot);
        let place_before = places::source(entity);
        let mut done = Done::default();
        done.remove(entity, named);
        entity.modified_at = now.max(entity.modified_at.after(TICK));
        places::follow_attribute(entity, &done.touched, place_before.as_ref(), entity.modified_at);
        Ok(Change::updated(slot.clone(), done))
    }

    fn upsert(&mut self, slot: u32, element: ContextElement, now: Timestamp) -> Result<Change, Refusal> {
        let mut slot = self.slot_mut(slot).ok_or(Refusal::UnknownEntity)?;
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
        let done = set_all(entity, element, now);
        let mut change = Change::updated(slot.clone(), done);
        (change.retyped, change.availability) = (retyped, change.availability || retyped);
        Ok(change)
    }

    fn create(&mut self, element: ContextElement, now: Timestamp) -> Change {
        let mut entity = Entity::new(element.entity.id.clone(), element.entity.entity_type.clone(), now);
        let done = set_all(&mut entity, element, now);
        let entity = Arc::new(entity);
        self.insert(entity.clone());
        Change::created(entity, done)
    }
}

fn new_names(entity: &Entity, element: &ContextElement) -> usize {
    let attributes =
        element.attributes.iter().filter(|a| entity.attribute(AttributeKind::Context, a.name.as_str()).is_none());
    let metadata =
        element.domain_metadata.iter().filter(|m| entity.attribute(AttributeKind::Domain, m.name.as_str()).is_none());
    attributes.count() + metadata.count()
}

/// Sets everything the element names.
fn set_all(entity: &mut Entity, element: ContextElement, now: Timestamp) -> Done {
    let mut done = Done::default();
    let place_before = places::source(entity);
    for attribute in element.attributes {
        done.set(entity, attribute.into_attribute(now));
    }
    let named = done.touched.len();
    for metadata in element.domain_metadata {
        done.set(entity, metadata.into_attribute(now));
    }
    let (attributes, metadata) = done.touched.split_at(named);
    let sets_location = |names: &[Name]| names.iter().any(|name| name == place::LOCATION);
    let redefined = if sets_location(metadata) && !sets_location(attributes) {
        places::follow_metadatum(entity, now)
    } else {
        places::follow_attribute(entity, attributes, place_before.as_ref(), now)
    };
    done.redefined |= redefined;
    done
}
