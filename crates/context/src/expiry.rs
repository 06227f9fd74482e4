//! Entities that end by themselves, those with an attribute `dateExpires`; and attributes that do, those with a metadatum `dateExpires`
//! or, in NGSI-LD, `expiresAt` (ETSI GS CIM 009, 4.22).

use std::collections::BTreeSet;
use std::sync::Arc;

use hashbrown::HashMap;
use ngsi::v2::DATE_EXPIRES;
use ngsi::{Attribute, AttributeKind, Entity, EntityId, JsonText, Metadata, Name, Timestamp, date};

use crate::update::{Done, TICK};
use crate::{Change, EntityMap, places};

/// The member of an attribute of NGSI-LD that says when it ends.
const EXPIRES_AT: &str = "expiresAt";

/// When the entity ends, if it does. Of another type than a time, the attribute says nothing.
#[must_use]
pub fn expires_at(entity: &Entity) -> Option<Timestamp> {
    let attribute = entity.attribute(AttributeKind::Context, DATE_EXPIRES)?;
    time(&attribute.value_type, &attribute.value)
}

/// When the attribute ends, if it does: of several times the first.
#[must_use]
pub fn attribute_expires_at(attribute: &Attribute) -> Option<Timestamp> {
    let says = |metadatum: &&Metadata| matches!(metadatum.name.as_str(), DATE_EXPIRES | EXPIRES_AT);
    let times = attribute.metadata.iter().filter(says).filter_map(|said| time(&said.value_type, &said.value));
    times.min()
}

/// When the entity, or the first of its attributes, ends.
#[must_use]
pub fn next_end(entity: &Entity) -> Option<Timestamp> {
    entity.attributes.iter().filter_map(attribute_expires_at).chain(expires_at(entity)).min()
}

fn time(value_type: &Name, value: &JsonText) -> Option<Timestamp> {
    date::is_date(value_type.as_str()).then(|| date::parse(&value.as_string()?)).flatten()
}

/// Whether a change may have moved the end of an entity, or of an attribute of it.
#[must_use]
pub fn concerns(change: &Change) -> bool {
    let entity = &change.entity;
    let mut set = entity.attributes.iter().filter(|attribute| attribute.modified_at == entity.modified_at);
    change.touched.iter().any(|name| name == DATE_EXPIRES)
        || set.any(|attribute| attribute_expires_at(attribute).is_some())
        || change.former.iter().any(|attribute| attribute_expires_at(attribute).is_some())
}

impl EntityMap {
    /// Removes an entity that has ended, or the attributes of it that have.
    pub fn expire(&mut self, id: &EntityId, now: Timestamp) -> Option<Change> {
        let slot = self.exact_slot(id)?;
        let has_ended = |end: Option<Timestamp>| end.is_some_and(|end| end <= now);
        if has_ended(expires_at(self.in_slot(slot)?)) {
            return self.delete_slot(slot);
        }
        let goes = |attribute: &Attribute| has_ended(attribute_expires_at(attribute));
        if !self.in_slot(slot)?.attributes.iter().any(goes) {
            return None;
        }
        let mut slot = self.slot_mut(slot)?;
        let entity = Arc::make_mut(&mut slot);
        let place_before = places::source(entity);
        let mut done = Done::default();
        done.remove(entity, goes);
        entity.modified_at = now.max(entity.modified_at.after(TICK));
        done.redefined |= places::follow_attribute(entity, &done.touched, place_before.as_ref(), entity.modified_at);
        Some(Change::updated(slot.clone(), done))
    }
}

/// Which entities end, or have attributes that do, in order.
#[derive(Debug, Default)]
pub struct Expiries {
    by_time: BTreeSet<(Timestamp, EntityId)>,
    by_id: HashMap<EntityId, Timestamp>,
}

impl Expiries {
    /// Takes note of how an entity stands; [`Expiries::forget`] those that are gone.
    pub fn note(&mut self, entity: &Entity) {
        self.forget(&entity.id);
        if let Some(time) = next_end(entity) {
            self.by_id.insert(entity.id.clone(), time);
            self.by_time.insert((time, entity.id.clone()));
        }
    }

    /// The entity is gone.
    pub fn forget(&mut self, id: &EntityId) {
        if let Some(time) = self.by_id.remove(id) {
            self.by_time.remove(&(time, id.clone()));
        }
    }

    /// When the next one, or the next attribute, ends.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        self.by_time.first().map(|(time, _)| *time)
    }

    /// The first of those that have ended.
    #[must_use]
    pub fn ended(&self, now: Timestamp, most: usize) -> Vec<EntityId> {
        let ended = self.by_time.iter().take_while(|(time, _)| *time <= now);
        ended.take(most).map(|(_, id)| id.clone()).collect()
    }
}
