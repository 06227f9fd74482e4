//! Keeping the indexes of the registry in step.

use std::hash::BuildHasher;

use ngsi::Location;

use super::{Record, Registry};
use crate::Registration;
use crate::area::Located;

/// An index of a table that cannot grow to 2³² entries.
pub(crate) fn index(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

impl Registry {
    /// A registry that holds what was stored earlier; far faster than registering one by one.
    pub fn restore(registrations: impl Iterator<Item = Registration>) -> Self {
        let mut registry = Self::default();
        let mut places: Vec<Vec<Located>> = Vec::new();
        for registration in registrations {
            let Some((type_index, located)) = registry.insert_unplaced(registration) else { continue };
            let type_index = type_index as usize;
            places.resize_with(places.len().max(type_index + 1), Vec::new);
            places[type_index].push(located);
        }
        for (type_index, located) in places.into_iter().enumerate() {
            if let Some(entry) = registry.types.get_mut(index(type_index)) {
                entry.places = rstar::RTree::bulk_load(located);
            }
        }
        registry
    }

    fn insert_unplaced(&mut self, registration: Registration) -> Option<(u32, Located)> {
        if self.find(registration.id.as_str()).is_some() {
            return None;
        }
        let slot = self.attach(registration);
        let record = self.records[slot as usize].as_ref()?;
        if record.location == Some(Location::Global) {
            self.types.get_mut(record.type_index)?.place(record.location.as_ref(), slot);
        }
        Some((record.type_index, Located::new(record.location.as_ref()?, slot)?))
    }

    pub(crate) fn record(&self, slot: u32) -> Option<&Record> {
        self.records.get(slot as usize)?.as_ref()
    }

    pub(crate) fn find(&self, id: &str) -> Option<u32> {
        let is_it = |slot: &u32| self.record(*slot).is_some_and(|record| record.registration.id == *id);
        self.ids.find(self.hasher.hash_one(id), is_it).copied()
    }

    pub(super) fn attach_placed(&mut self, registration: Registration) {
        let slot = self.attach(registration);
        if let Some(record) = &self.records[slot as usize]
            && let Some(entry) = self.types.get_mut(record.type_index)
        {
            entry.place(record.location.as_ref(), slot);
        }
    }

    /// Enters a registration into every index but that of places.
    fn attach(&mut self, mut registration: Registration) -> u32 {
        registration.attributes = self.attribute_lists.take_into_use(&registration.attributes);
        let slot = self.free.pop().unwrap_or_else(|| {
            self.records.push(None);
            index(self.records.len() - 1)
        });
        let type_index = self.type_index(&registration.entity_type);
        let provider_index = self.providers.intern(&registration.provider);
        registration.provider = self.providers.get(provider_index).url.clone();
        let type_position = self.types.get_mut(type_index).map_or(0, |entry| push(&mut entry.members, slot));
        let provider_position = push(&mut self.providers.get_mut(provider_index).members, slot);
        let hash = self.hasher.hash_one(registration.id.as_str());
        let location = registration.location();
        let record = Record { registration, location, type_index, provider_index, type_position, provider_position };
        self.records[slot as usize] = Some(record);
        let (records, hasher) = (&self.records, &self.hasher);
        self.ids.insert_unique(hash, slot, |slot| {
            records[*slot as usize].as_ref().map_or(0, |record| hasher.hash_one(record.registration.id.as_str()))
        });
        slot
    }

    /// Takes a registration out of every index; its type and provider stay known until [`Self::forget_unused`].
    pub(super) fn detach(&mut self, slot: u32) -> Option<Record> {
        let record = self.records.get_mut(slot as usize)?.take()?;
        self.free.push(slot);
        if let Ok(entry) = self.ids.find_entry(self.hasher.hash_one(record.registration.id.as_str()), |s| *s == slot) {
            entry.remove();
        }
        if let Some(entry) = self.types.get_mut(record.type_index) {
            entry.displace(record.location.as_ref(), slot);
            if let Some(moved) = pull(&mut entry.members, record.type_position) {
                self.moved(moved, |other| other.type_position = record.type_position);
            }
        }
        let members = &mut self.providers.get_mut(record.provider_index).members;
        if let Some(moved) = pull(members, record.provider_position) {
            self.moved(moved, |other| other.provider_position = record.provider_position);
        }
        Some(record)
    }

    fn moved(&mut self, slot: u32, correct: impl FnOnce(&mut Record)) {
        if let Some(record) = &mut self.records[slot as usize] {
            correct(record);
        }
    }

    pub(super) fn forget_unused(&mut self, record: &Record) {
        self.types.release(record.type_index);
        self.providers.release(record.provider_index);
        self.attribute_lists.release(&record.registration.attributes);
    }
}

fn push(members: &mut Vec<u32>, slot: u32) -> u32 {
    members.push(slot);
    index(members.len() - 1)
}

/// Removes a member and gives back the one that now stands in its position.
fn pull(members: &mut Vec<u32>, position: u32) -> Option<u32> {
    members.swap_remove(position as usize);
    members.get(position as usize).copied()
}
