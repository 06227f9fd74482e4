//! The entities of one shard, by identifier, by type in the order of their creation, and by place.
//!
//! Each has a slot, whose number is what the indexes hold: identifiers are long. What an index costs for each entity is said in
//! `docs/performance.md`. Of several entities of one identifier the first is found in the table of identifiers; the others stand in a
//! list that only such identifiers have.

use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use foldhash::fast::RandomState;
use hashbrown::{HashMap, HashTable};
use ngsi::filter::Filter;
use ngsi::filter::bounds::{Extent, may_be_place};
use ngsi::{Entity, EntityId, Name, Timestamp};

use crate::columns::{self, Columns};
use crate::grid::Grid;

/// The most entities of one identifier: some requests look at all of them.
pub const MAX_TWINS: usize = 1_000;

/// Entities by identifier, with indexes by type and place. Snapshots are shared: whoever holds one sees no later update.
#[derive(Debug, Default)]
pub struct EntityMap {
    pub(crate) slots: Vec<Option<Arc<Entity>>>,
    free: Vec<u32>,
    /// The first entity of each identifier.
    ids: HashTable<Key>,
    /// The others, in order.
    twins: HashMap<EntityId, Vec<u32>>,
    hasher: RandomState,
    /// Slots by the time of creation.
    pub(crate) by_type: HashMap<Name, BTreeSet<(Timestamp, u32)>>,
    pub(crate) places: Grid,
    pub(crate) columns: Columns,
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
    /// The entity with that identifier; the first of several.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<Entity>> {
        self.in_slot(self.slot(id)?)
    }

    /// All entities with that identifier, in the order in which they came.
    pub fn all<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a Arc<Entity>> + use<'a> {
        self.slots_of(id).filter_map(|slot| self.in_slot(slot))
    }

    /// The one entity with that identifier and number.
    #[must_use]
    pub fn exact(&self, id: &EntityId) -> Option<&Arc<Entity>> {
        self.all(id.as_str()).find(|entity| entity.id == *id)
    }

    /// Number of entities.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Number of identifiers.
    #[must_use]
    pub fn count_ids(&self) -> usize {
        self.ids.len()
    }

    /// Whether there are no entities.
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
        if let Some(mut present) = self.exact_slot(&entity.id).and_then(|slot| self.slot_mut(slot)) {
            *present = entity;
            return;
        }
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        for entity_type in entity.types() {
            enter(&mut self.by_type, entity_type, (entity.created_at, slot));
        }
        self.places.put(slot, Extent::of(&entity));
        self.columns.put(slot, &entity);
        let id = entity.id.clone();
        self.slots[slot as usize] = Some(entity);
        self.link(&id, slot);
    }

    /// Makes a slot known by its identifier.
    fn link(&mut self, id: &EntityId, slot: u32) {
        let Some(first) = self.slot(id.as_str()) else {
            let key = Key { hash: self.hash(id.as_str()), slot };
            self.ids.insert_unique(key.whole_hash(), key, Key::whole_hash);
            return;
        };
        let comes_first = self.in_slot(first).is_some_and(|entity| *id < entity.id);
        let twin = if comes_first { self.replace_first(id.as_str(), first, slot) } else { slot };
        let Self { twins, slots, .. } = self;
        let order = |slot: u32| slots[slot as usize].as_ref().map(|entity| &entity.id);
        let twins = twins.entry(EntityId::from(id.as_str())).or_default();
        twins.insert(twins.partition_point(|other| order(*other) < order(twin)), twin);
    }

    /// Has an identifier lead to another slot; gives back the one it led to.
    fn replace_first(&mut self, id: &str, former: u32, slot: u32) -> u32 {
        let hash = Key { hash: self.hash(id), slot }.whole_hash();
        match self.ids.find_mut(hash, |key| key.slot == former) {
            Some(key) => std::mem::replace(&mut key.slot, slot),
            None => former,
        }
    }

    /// Takes an entity out; the first of several.
    pub fn remove(&mut self, id: &str) -> Option<Arc<Entity>> {
        self.take(self.slot(id)?)
    }

    /// Takes the entity out of a slot.
    pub(crate) fn take(&mut self, slot: u32) -> Option<Arc<Entity>> {
        let id = self.in_slot(slot)?.id.clone();
        self.unlink(id.as_str(), slot);
        let entity = self.slots.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        for entity_type in entity.types() {
            leave(&mut self.by_type, entity_type, (entity.created_at, slot));
        }
        self.places.put(slot, Extent::Nowhere);
        Some(entity)
    }

    fn unlink(&mut self, id: &str, slot: u32) {
        let is_first = self.slot(id) == Some(slot);
        let Some(twins) = self.twins.get_mut(id) else {
            let hash = Key { hash: self.hash(id), slot }.whole_hash();
            if let Ok(found) = self.ids.find_entry(hash, |other| other.slot == slot) {
                found.remove();
            }
            return;
        };
        let next = is_first.then(|| twins.remove(0));
        twins.retain(|other| *other != slot);
        if twins.is_empty() {
            self.twins.remove(id);
        }
        if let Some(next) = next {
            self.replace_first(id, slot, next);
        }
    }

    /// The identifier for another entity of that text, if there may be one more.
    pub(crate) fn next_id(&self, id: &EntityId) -> Option<EntityId> {
        let last = self.all(id.as_str()).enumerate().last();
        match last {
            None => Some(id.clone()),
            Some((index, entity)) => (index + 1 < MAX_TWINS).then(|| entity.id.next()),
        }
    }

    /// The entity in a slot, to be changed; the indexes follow when it is let go.
    pub(crate) fn slot_mut(&mut self, slot: u32) -> Option<EntityMut<'_>> {
        let former = Former::of(self.in_slot(slot)?);
        Some(EntityMut {
            entity: self.slots.get_mut(slot as usize)?.as_mut()?,
            slot,
            former,
            by_type: &mut self.by_type,
            places: &mut self.places,
            columns: &mut self.columns,
        })
    }

    /// Whether [`Self::learn`] makes searches with that filter cheaper.
    #[must_use]
    pub fn can_learn(&self, filter: &Filter) -> bool {
        columns::attributes(filter).into_iter().any(|attribute| !self.columns.has(attribute))
    }

    /// From now on knows the values that the filter asks for without looking at entities. Cost: a look at each of them now, and
    /// eight bytes for each as long as such filters are in use.
    pub fn learn(&mut self, filter: &Filter) {
        for attribute in columns::attributes(filter) {
            if !self.columns.has(attribute) {
                self.columns.add(attribute, self.slots.iter().map(Option::as_deref));
            }
        }
    }

    /// The slots of all entities with that identifier, in the order in which they came.
    pub(crate) fn slots_of<'a>(&'a self, id: &str) -> impl Iterator<Item = u32> + use<'a> {
        let twins = if self.twins.is_empty() { None } else { self.twins.get(id) };
        self.slot(id).into_iter().chain(twins.into_iter().flatten().copied())
    }

    pub(crate) fn exact_slot(&self, id: &EntityId) -> Option<u32> {
        self.slots_of(id.as_str()).find(|slot| self.in_slot(*slot).is_some_and(|entity| entity.id == *id))
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
    columns: &'a mut Columns,
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
        self.columns.put(self.slot, self.entity);
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
