//! The registrations, and what follows from changing them.

mod indexes;

pub(crate) use indexes::index;

use hashbrown::HashTable;
use ngsi::v1::ContextMetadata;
use ngsi::{EntityId, Location, ParseError};

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
    pub(crate) providers: Providers,
    pub(crate) types: Types,
    pub(crate) subscriptions: Subscriptions,
}

impl Registry {
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
        self.type_counts().into_iter().map(|(name, _)| name).collect()
    }

    /// The types that some entity has, in order of their names, with how many have each. Cost: the types, whatever is
    /// registered. Entities whose type nobody said are not among them.
    #[must_use]
    pub fn type_counts(&self) -> Vec<(&str, usize)> {
        let in_use = self.types.iter().filter(|entry| !entry.members.is_empty() && !entry.name.is_empty());
        let mut counts: Vec<_> = in_use.map(|entry| (entry.name.as_str(), entry.members.len())).collect();
        counts.sort_unstable();
        counts
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
