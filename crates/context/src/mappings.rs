//! Entity maps (ETSI GS CIM 009, 4.5.25 and 5.14): which entities a query has found, kept in memory for a while, so that its
//! pages are those of one moment. They are called mappings here, for an [`EntityMap`](crate::EntityMap) is what holds entities.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use ngsi::{EntityId, Name, Timestamp};

/// The most entities of one mapping, the most of all of them together, and the most mappings.
pub const MAX_MAPPED: usize = 100_000;
const MAX_ALL: usize = 1_000_000;
const MAX_MAPPINGS: usize = 1_000;

/// An entity that was found, and who has it: registrations of sources, or `@none` for this broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// Its URI.
    pub id: EntityId,
    /// Who has it.
    pub sources: Vec<Name>,
    /// Whether it was at this broker.
    pub is_here: bool,
}

/// What one query has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    /// When it is forgotten.
    pub expires_at: Timestamp,
    /// What was found, in order.
    pub entities: Arc<Vec<Mapped>>,
}

/// All mappings by their identifiers.
#[derive(Debug, Default)]
pub struct Mappings {
    all: BTreeMap<Name, Mapping>,
    /// Entities of all of them.
    mapped: usize,
}

impl Mappings {
    /// Keeps a mapping. Those that would be forgotten first make room for it.
    pub fn put(&mut self, id: Name, mapping: Mapping, now: Timestamp) {
        self.sweep(now);
        self.mapped += mapping.entities.len();
        while self.all.len() >= MAX_MAPPINGS || (self.mapped > MAX_ALL && !self.all.is_empty()) {
            let first = self.all.iter().min_by_key(|(_, mapping)| mapping.expires_at).map(|(id, _)| id.clone());
            first.iter().for_each(|id| self.forget(id.as_str()));
        }
        self.all.insert(id, mapping);
    }

    /// A mapping that is still there.
    #[must_use]
    pub fn get(&self, id: &str, now: Timestamp) -> Option<&Mapping> {
        self.all.get(id).filter(|mapping| mapping.expires_at > now)
    }

    /// Says when a mapping is forgotten; whether there is one.
    pub fn expire(&mut self, id: &str, at: Timestamp, now: Timestamp) -> bool {
        let known = self.get(id, now).is_some();
        if let Some(mapping) = self.all.get_mut(id).filter(|_| known) {
            mapping.expires_at = at;
        }
        known
    }

    /// Removes a mapping; whether there was one.
    pub fn remove(&mut self, id: &str, now: Timestamp) -> bool {
        let known = self.get(id, now).is_some();
        self.forget(id);
        known
    }

    /// Takes entities out of a mapping that the query would not find any more.
    pub fn leave_out(&mut self, id: &str, gone: &HashSet<EntityId>) {
        if let Some(mapping) = self.all.get_mut(id).filter(|_| !gone.is_empty()) {
            let before = mapping.entities.len();
            Arc::make_mut(&mut mapping.entities).retain(|mapped| !gone.contains(&mapped.id));
            self.mapped -= before - mapping.entities.len();
        }
    }

    fn forget(&mut self, id: &str) {
        self.mapped -= self.all.remove(id).map_or(0, |mapping| mapping.entities.len());
    }

    fn sweep(&mut self, now: Timestamp) {
        let old = self.all.iter().filter(|(_, mapping)| mapping.expires_at <= now);
        let old: Vec<_> = old.map(|(id, _)| id.clone()).collect();
        old.iter().for_each(|id| self.forget(id.as_str()));
    }
}
