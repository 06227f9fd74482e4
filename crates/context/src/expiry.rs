//! Entities that end by themselves: those with an attribute `dateExpires`.

use std::collections::BTreeSet;

use hashbrown::HashMap;
use ngsi::v2::DATE_EXPIRES;
use ngsi::{AttributeKind, Entity, EntityId, Timestamp, date};

/// When the entity ends, if it does. Of another type than a time, the attribute says nothing.
#[must_use]
pub fn expires_at(entity: &Entity) -> Option<Timestamp> {
    let attribute = entity.attribute(AttributeKind::Context, DATE_EXPIRES)?;
    date::is_date(attribute.value_type.as_str()).then(|| date::parse(&attribute.value.as_string()?)).flatten()
}

/// Which entities end, in order.
#[derive(Debug, Default)]
pub struct Expiries {
    by_time: BTreeSet<(Timestamp, EntityId)>,
    by_id: HashMap<EntityId, Timestamp>,
}

impl Expiries {
    /// Takes note of how an entity stands; [`Expiries::forget`] those that are gone.
    pub fn note(&mut self, entity: &Entity) {
        self.forget(&entity.id);
        if let Some(time) = expires_at(entity) {
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

    /// When the next one ends.
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
