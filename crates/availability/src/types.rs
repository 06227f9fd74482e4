//! What is known of each entity type: who has it, where they are, who subscribed to it.

use hashbrown::{HashMap, HashSet};
use ngsi::{Location, Name};
use rstar::RTree;

use crate::area::Located;

/// One entity type.
#[derive(Debug)]
pub(crate) struct EntityType {
    pub(crate) name: Name,
    /// All entities of the type.
    pub(crate) members: Vec<u32>,
    /// Those at a place.
    pub(crate) places: RTree<Located>,
    /// Those everywhere.
    pub(crate) everywhere: HashSet<u32, foldhash::fast::RandomState>,
    /// Subscriptions that select the type other than by an entity's identifier.
    pub(crate) subscribers: Vec<u32>,
    /// How many of those name exactly this type.
    pub(crate) named_by: u32,
}

impl EntityType {
    fn new(name: Name) -> Self {
        Self {
            name,
            members: Vec::new(),
            places: RTree::new(),
            everywhere: HashSet::default(),
            subscribers: Vec::new(),
            named_by: 0,
        }
    }

    pub(crate) fn place(&mut self, location: Option<&Location>, slot: u32) {
        match location {
            Some(Location::Global) => {
                self.everywhere.insert(slot);
            }
            Some(location) => {
                if let Some(located) = Located::new(location, slot) {
                    self.places.insert(located);
                }
            }
            None => {}
        }
    }

    pub(crate) fn displace(&mut self, location: Option<&Location>, slot: u32) {
        match location {
            Some(Location::Global) => {
                self.everywhere.remove(&slot);
            }
            Some(location) => {
                if let Some(located) = Located::new(location, slot) {
                    self.places.remove(&located);
                }
            }
            None => {}
        }
    }

    fn is_unused(&self) -> bool {
        self.members.is_empty() && self.named_by == 0
    }
}

/// The table of the types in use.
#[derive(Debug, Default)]
pub(crate) struct Types {
    entries: Vec<Option<EntityType>>,
    free: Vec<u32>,
    by_name: HashMap<Name, u32, foldhash::fast::RandomState>,
}

impl Types {
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// The index of a type that is not in the table yet.
    pub(crate) fn create(&mut self, name: &Name) -> u32 {
        let entry = Some(EntityType::new(name.clone()));
        let index = match self.free.pop() {
            Some(index) => {
                self.entries[index as usize] = entry;
                index
            }
            None => {
                self.entries.push(entry);
                crate::registry::index(self.entries.len() - 1)
            }
        };
        self.by_name.insert(name.clone(), index);
        index
    }

    pub(crate) fn get(&self, index: u32) -> Option<&EntityType> {
        self.entries.get(index as usize)?.as_ref()
    }

    pub(crate) fn get_mut(&mut self, index: u32) -> Option<&mut EntityType> {
        self.entries.get_mut(index as usize)?.as_mut()
    }

    /// Forgets a type nobody has and nobody asked for by name.
    pub(crate) fn release(&mut self, index: u32) {
        let slot = &mut self.entries[index as usize];
        if let Some(unused) = slot.take_if(|entry| entry.is_unused()) {
            self.by_name.remove(&unused.name);
            self.free.push(index);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &EntityType> {
        self.entries.iter().flatten()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut EntityType> {
        self.entries.iter_mut().flatten()
    }
}
