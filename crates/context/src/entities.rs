//! The entities of one shard, by identifier and by type.

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};
use ngsi::selector::Matcher;
use ngsi::{Entity, EntityId, Name};

use crate::Query;

/// Entities by identifier, with an index by type. Snapshots are shared: whoever holds one sees no later update.
#[derive(Debug, Default)]
pub struct EntityMap {
    pub(crate) entities: HashMap<EntityId, Arc<Entity>>,
    by_type: HashMap<Name, HashSet<EntityId>>,
}

impl EntityMap {
    /// The entity with that identifier.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Entity>> {
        self.entities.get(id)
    }

    /// Number of entities.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entities.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entities.is_empty()
    }

    /// Every entity.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Entity>> {
        self.entities.values()
    }

    /// Puts an entity in as it is, as when recovering.
    pub fn insert(&mut self, entity: Arc<Entity>) {
        self.remove(entity.id.as_str());
        for entity_type in entity.types() {
            self.index(entity_type, &entity.id);
        }
        self.entities.insert(entity.id.clone(), entity);
    }

    /// Takes an entity out.
    pub fn remove(&mut self, id: &str) -> Option<Arc<Entity>> {
        let entity = self.entities.remove(id)?;
        for entity_type in entity.types() {
            self.unindex(entity_type, id);
        }
        Some(entity)
    }

    /// Appends the entities that meet the query. Cost: those named by id, else those of the types asked for.
    pub fn select(&self, query: &Query, found: &mut Vec<Arc<Entity>>) {
        if let Some(ids) = query.exact_ids() {
            found.extend(ids.filter_map(|id| self.get(id)).filter(|entity| query.matches(entity)).cloned());
        } else if query.selectors().iter().any(|selector| matches!(selector.entity_type, Matcher::Any)) {
            found.extend(self.iter().filter(|entity| query.matches(entity)).cloned());
        } else {
            let types = self.by_type.iter().filter(|(name, _)| query.wants_type(name.as_str()));
            for (name, ids) in types {
                let candidates = ids.iter().filter_map(|id| self.get(id.as_str()));
                // One of several types is found under the first of them that is wanted.
                let here =
                    |entity: &Entity| entity.types().find(|other| query.wants_type(other.as_str())) == Some(name);
                found.extend(candidates.filter(|entity| here(entity) && query.matches(entity)).cloned());
            }
        }
    }

    /// Replaces what the index knows of an entity's types.
    pub(crate) fn retype(&mut self, former: &[Name], entity: &Entity) {
        for entity_type in former {
            self.unindex(entity_type, entity.id.as_str());
        }
        for entity_type in entity.types() {
            self.index(entity_type, &entity.id);
        }
    }

    pub(crate) fn index(&mut self, entity_type: &Name, id: &EntityId) {
        self.by_type.entry(entity_type.clone()).or_default().insert(id.clone());
    }

    fn unindex(&mut self, entity_type: &Name, id: &str) {
        if let Some(ids) = self.by_type.get_mut(entity_type.as_str()) {
            ids.remove(id);
            if ids.is_empty() {
                self.by_type.remove(entity_type.as_str());
            }
        }
    }
}
