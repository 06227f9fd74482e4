//! The entities of one shard, by identifier, by type in the order of their creation, and by place.
//!
//! Each has a slot, whose number is what the indexes hold: identifiers are long. What an index costs for each entity is said in
//! `docs/performance.md`.

use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use ngsi::filter::bounds::{Extent, may_be_place};
use ngsi::{Entity, Name, Timestamp};

use crate::grid::Grid;

/// Entities by identifier, with indexes by type and place. Snapshots are shared: whoever holds one sees no later update.
#[derive(Debug, Default)]
pub struct EntityMap {
    slots: Vec<Option<Arc<Entity>>>,
    free: Vec<u32>,
    ids: HashTable<Key>,
    hasher: RandomState,
    /// Slots by the time of creation.
    pub(crate) by_type: HashMap<Name, BTreeSet<(Timestamp, u32)>>,
    pub(crate) places: Grid,
}

/// Where an entity is found by its identifier. Part of the hash is kept: the table grows without looking at entities.
#[derive(Debug)]
struct Key {
    hash: u32,
    slot: u32,
}

impl Key {
    fn whole_hash(&self) -> u64 {
        u64::from(self.hash) << 32 | u64::from(self.hash)
    }
}

impl EntityMap {
    /// The entity with that identifier.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Entity>> {
        self.in_slot(self.slot(id)?)
    }

    /// Number of entities.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Every entity.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Entity>> {
        self.slots.iter().flatten()
    }

    /// Puts an entity in as it is, as when recovering.
    pub fn insert(&mut self, entity: Arc<Entity>) {
        if let Some(mut present) = self.get_mut(entity.id.as_str()) {
            *present = entity;
            return;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        let key = Key { hash: self.hash(entity.id.as_str()), slot };
        self.ids.insert_unique(key.whole_hash(), key, Key::whole_hash);
        for entity_type in entity.types() {
            enter(&mut self.by_type, entity_type, (entity.created_at, slot));
        }
        self.places.put(slot, Extent::of(&entity));
        self.slots[slot as usize] = Some(entity);
    }

    /// Takes an entity out.
    pub fn remove(&mut self, id: &str) -> Option<Arc<Entity>> {
        let slot = self.slot(id)?;
        let key = Key { hash: self.hash(id), slot };
        if let Ok(found) = self.ids.find_entry(key.whole_hash(), |other| other.slot == slot) {
            found.remove();
        }
        let entity = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        for entity_type in entity.types() {
            leave(&mut self.by_type, entity_type, (entity.created_at, slot));
        }
        self.places.put(slot, Extent::Nowhere);
        Some(entity)
    }

    /// The entity with that identifier, to be changed; the indexes follow when it is let go.
    pub(crate) fn get_mut(&mut self, id: &str) -> Option<EntityMut<'_>> {
        let slot = self.slot(id)?;
        let former = Former::of(self.in_slot(slot)?);
        Some(EntityMut {
            entity: self.slots.get_mut(slot as usize)?.as_mut()?,
            slot,
            former,
            by_type: &mut self.by_type,
            places: &mut self.places,
        })
    }

    pub(crate) fn in_slot(&self, slot: u32) -> Option<&Arc<Entity>> {
        self.slots.get(slot as usize)?.as_ref()
    }

    fn slot(&self, id: &str) -> Option<u32> {
        let hash = self.hash(id);
        let is_it = |key: &Key| key.hash == hash && self.in_slot(key.slot).is_some_and(|entity| entity.id == *id);
        self.ids.find(Key { hash, slot: 0 }.whole_hash(), is_it).map(|key| key.slot)
    }

    #[expect(clippy::cast_possible_truncation, reason = "part of a hash")]
    fn hash(&self, id: &str) -> u32 {
        self.hasher.hash_one(id) as u32
    }
}

type ByType = HashMap<Name, BTreeSet<(Timestamp, u32)>>;

fn enter(by_type: &mut ByType, entity_type: &Name, entry: (Timestamp, u32)) {
    match by_type.get_mut(entity_type.as_str()) {
        Some(entries) => entries.insert(entry),
        None => by_type.entry(entity_type.clone()).or_default().insert(entry),
    };
}

fn leave(by_type: &mut ByType, entity_type: &Name, entry: (Timestamp, u32)) {
    if let Some(entries) = by_type.get_mut(entity_type.as_str()) {
        entries.remove(&entry);
        if entries.is_empty() {
            by_type.remove(entity_type.as_str());
        }
    }
}

/// An entity that is being changed.
pub(crate) struct EntityMut<'a> {
    entity: &'a mut Arc<Entity>,
    slot: u32,
    former: Former,
    by_type: &'a mut ByType,
    places: &'a mut Grid,
}

/// What the indexes know of an entity.
#[derive(PartialEq)]
struct Former {
    types: (Name, Vec<Name>),
    created_at: Timestamp,
    /// Changes with every attribute that may be a place: each bears the time at which it was set.
    places: i64,
}

impl Former {
    fn of(entity: &Entity) -> Self {
        let places = entity.attributes.iter().filter(|attribute| may_be_place(attribute));
        Self {
            types: (entity.entity_type.clone(), entity.more_types.clone()),
            created_at: entity.created_at,
            places: places.fold(0, |sum: i64, place| {
                sum.wrapping_mul(31).wrapping_add(1).wrapping_add(place.modified_at.as_micros())
            }),
        }
    }
}

impl Deref for EntityMut<'_> {
    type Target = Arc<Entity>;

    fn deref(&self) -> &Arc<Entity> {
        self.entity
    }
}

impl DerefMut for EntityMut<'_> {
    fn deref_mut(&mut self) -> &mut Arc<Entity> {
        self.entity
    }
}

impl Drop for EntityMut<'_> {
    fn drop(&mut self) {
        let now = Former::of(self.entity);
        let Former { types, created_at, places } = &self.former;
        if *places != now.places {
            self.places.put(self.slot, Extent::of(self.entity));
        }
        if (types, created_at) != (&now.types, &now.created_at) {
            for entity_type in std::iter::once(&types.0).chain(&types.1) {
                leave(self.by_type, entity_type, (*created_at, self.slot));
            }
            for entity_type in self.entity.types() {
                enter(self.by_type, entity_type, (now.created_at, self.slot));
            }
        }
    }
}
