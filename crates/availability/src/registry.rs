//! The registrations and their indexes.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use ngsi::v1::ContextMetadata;
use ngsi::{EntityId, Location, ParseError};

use crate::area::Located;
use crate::attributes::AttributeLists;
use crate::provider::{self, Providers};
use crate::subscriptions::Subscriptions;
use crate::types::Types;
use crate::{Availability, Change, Notice, Registration};

/// The most registrations held at once.
pub const MAX_REGISTRATIONS: usize = 10_000_000;
/// The most domain metadata of one entity.
pub const MAX_METADATA: usize = 256;

#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) registration: Registration,
    pub(crate) location: Option<Location>,
    type_index: u32,
    provider_index: u32,
    /// Where the entity stands among the members of its type and of its provider.
    type_position: u32,
    provider_position: u32,
}

/// Every registration, one an entity, and every subscription to them.
#[derive(Debug, Default)]
pub struct Registry {
    records: Vec<Option<Record>>,
    free: Vec<u32>,
    ids: HashTable<u32>,
    hasher: foldhash::fast::RandomState,
    attribute_lists: AttributeLists,
    providers: Providers,
    pub(crate) types: Types,
    pub(crate) subscriptions: Subscriptions,
}

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

    /// How many entities are registered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether nothing is registered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The registration of an entity.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Registration> {
        self.find(id).and_then(|slot| self.record(slot)).map(|record| &record.registration)
    }

    /// The names of the types that some entity has, in order.
    #[must_use]
    pub fn types(&self) -> Vec<&str> {
        let in_use = self.types.iter().filter(|entry| !entry.members.is_empty() && !entry.name.is_empty());
        let mut names: Vec<_> = in_use.map(|entry| entry.name.as_str()).collect();
        names.sort_unstable();
        names
    }

    /// How many entities the providers at an origin have; see [`crate::origin`].
    #[must_use]
    pub fn provided_at(&self, origin: &str) -> usize {
        self.providers.at(origin).map(|provider| provider.members.len()).sum()
    }

    /// Whether all changes may be registered; nothing is changed.
    ///
    /// # Errors
    /// The registry, or the metadata of an entity, would grow beyond its bound.
    pub fn admit(&self, changes: &[Change]) -> Result<(), ParseError> {
        if self.len() + changes.len() > MAX_REGISTRATIONS {
            let problem = format!("more than {MAX_REGISTRATIONS} entities would be registered");
            return Err(ParseError::new("contextRegistrations", problem));
        }
        let overflows = |change: &&Change| {
            let known = self.get(change.id.as_str()).map_or(&[][..], |known| &known.metadata);
            let added = change.metadata.iter().filter(|new| !known.iter().any(|old| old.name == new.name)).count();
            known.len() + added > MAX_METADATA
        };
        match changes.iter().find(overflows) {
            Some(change) => {
                let problem = format!("entity `{}` would have more than {MAX_METADATA}", change.id);
                Err(ParseError::new("contextMetadata", problem))
            }
            None => Ok(()),
        }
    }

    /// Applies one change: attributes and provider are replaced, metadata merged. Gives back what is registered now;
    /// `notices` receives what subscriptions are to be told, nothing if the change changes nothing.
    pub fn register(&mut self, change: Change, notices: &mut Vec<Notice>) -> Registration {
        let slot = self.find(change.id.as_str());
        let old = slot.and_then(|slot| self.record(slot)).map(|record| record.registration.clone());
        let new = self.merged(old.as_ref(), change);
        if old.as_ref() == Some(&new) {
            return new;
        }
        let before = slot.and_then(|slot| self.detach(slot));
        self.attach_placed(new.clone());
        self.notice_change(before.as_ref(), &new, notices);
        if let Some(before) = before {
            self.forget_unused(&before);
        }
        new
    }

    /// Removes an entity, unless another broker than `provider` has taken it over; an empty `provider` may remove all.
    pub fn unregister(&mut self, id: &str, provider: &str, notices: &mut Vec<Notice>) -> Option<Registration> {
        let slot = self.find(id)?;
        let current = &self.record(slot)?.registration.provider;
        if !provider.is_empty() && !current.is_empty() && provider::origin(provider) != provider::origin(current) {
            return None;
        }
        self.remove(slot, notices)
    }

    /// Removes at most `most` entities of the providers at an origin and gives back which.
    pub fn unregister_at(&mut self, origin: &str, most: usize, notices: &mut Vec<Notice>) -> Vec<EntityId> {
        let slots: Vec<u32> = self.providers.at(origin).flat_map(|p| &p.members).take(most).copied().collect();
        slots.into_iter().filter_map(|slot| Some(self.remove(slot, notices)?.id)).collect()
    }

    fn remove(&mut self, slot: u32, notices: &mut Vec<Notice>) -> Option<Registration> {
        let record = self.detach(slot)?;
        for subscription in self.subscribers(record.registration.id.as_str(), record.type_index) {
            if subscription.query.matches(&record.registration, record.location.as_ref()) {
                notices.push(subscription.notice(Availability::Unavailable, &record.registration));
            }
        }
        let registration = record.registration.clone();
        self.forget_unused(&record);
        Some(registration)
    }

    fn notice_change(&self, before: Option<&Record>, new: &Registration, notices: &mut Vec<Notice>) {
        let Some(record) = self.find(new.id.as_str()).and_then(|slot| self.record(slot)) else { return };
        for subscription in self.subscribers(new.id.as_str(), record.type_index) {
            if subscription.query.matches(new, record.location.as_ref()) {
                notices.push(subscription.notice(Availability::Available, new));
            }
        }
        let Some(old) = before else { return };
        for subscription in self.subscribers(old.registration.id.as_str(), old.type_index) {
            let selected = subscription.query.matches(&old.registration, old.location.as_ref());
            if selected && !subscription.query.matches(new, record.location.as_ref()) {
                notices.push(subscription.notice(Availability::Unavailable, &old.registration));
            }
        }
    }

    fn merged(&mut self, old: Option<&Registration>, change: Change) -> Registration {
        let attributes = match (change.attributes, old) {
            (Some(list), Some(old)) if old.attributes == list => old.attributes.clone(),
            (None, Some(old)) => old.attributes.clone(),
            (list, _) => self.attribute_lists.find_or_new(list.as_deref().unwrap_or_default()),
        };
        let provider_url = match old {
            Some(old) if change.provider.is_empty() || *change.provider == *old.provider => old.provider.clone(),
            _ => self.provider_url(&change.provider),
        };
        let entity_type = match old {
            Some(old) if change.entity_type.is_empty() => old.entity_type.clone(),
            _ => change.entity_type,
        };
        let metadata = match old {
            Some(old) if change.metadata.is_empty() => old.metadata.clone(),
            _ => merge(old.map_or(&[], |old| &old.metadata), change.metadata).into(),
        };
        Registration { id: change.id, entity_type, attributes, metadata, provider: provider_url }
    }

    fn provider_url(&mut self, url: &str) -> std::sync::Arc<str> {
        let index = self.providers.intern(url);
        self.providers.get(index).url.clone()
    }

    pub(crate) fn record(&self, slot: u32) -> Option<&Record> {
        self.records.get(slot as usize)?.as_ref()
    }

    pub(crate) fn find(&self, id: &str) -> Option<u32> {
        let is_it = |slot: &u32| self.record(*slot).is_some_and(|record| record.registration.id == *id);
        self.ids.find(self.hasher.hash_one(id), is_it).copied()
    }

    fn attach_placed(&mut self, registration: Registration) {
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
    fn detach(&mut self, slot: u32) -> Option<Record> {
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

    fn forget_unused(&mut self, record: &Record) {
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

fn merge(old: &[ContextMetadata], new: Vec<ContextMetadata>) -> Vec<ContextMetadata> {
    let mut merged = old.to_vec();
    for metadatum in new {
        match merged.iter_mut().find(|known| known.name == metadatum.name) {
            Some(known) => *known = metadatum,
            None => merged.push(metadatum),
        }
    }
    merged
}
