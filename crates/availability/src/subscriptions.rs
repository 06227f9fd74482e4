//! Subscriptions, indexed by what they select.

use hashbrown::HashMap;
use ngsi::selector::Matcher;
use ngsi::{EntityId, Name, ParseError, SubscriptionId};

use crate::registry::{Registry, index};
use crate::{Availability, Notice, Query, Registration};

/// The most subscriptions held at once.
pub const MAX_SUBSCRIPTIONS: usize = 1_000_000;

#[derive(Debug)]
pub(crate) struct Subscription {
    pub(crate) id: SubscriptionId,
    pub(crate) query: Query,
}

impl Subscription {
    pub(crate) fn notice(&self, availability: Availability, registration: &Registration) -> Notice {
        Notice { subscription: self.id.clone(), availability, registration: registration.clone() }
    }

    /// Whether some selector selects the type other than by identifier or by this type's name alone.
    fn selects_type(&self, name: &Name) -> bool {
        let by_type = self.query.selectors.iter().filter(|selector| !matches!(selector.id, Matcher::Exact(_)));
        by_type.into_iter().any(|selector| selector.entity_type.matches(name.as_str()))
    }
}

/// The table of subscriptions; those that select by type are noted at the types themselves.
#[derive(Debug, Default)]
pub(crate) struct Subscriptions {
    entries: Vec<Option<Subscription>>,
    free: Vec<u32>,
    by_id: HashMap<SubscriptionId, u32, foldhash::fast::RandomState>,
    by_entity: HashMap<EntityId, Vec<u32>, foldhash::fast::RandomState>,
    /// Those that must be asked about a type not seen before.
    wide: Vec<u32>,
}

/// How a subscription is found.
#[derive(Default)]
struct Handles {
    entities: Vec<EntityId>,
    types: Vec<Name>,
    wide: bool,
}

impl Handles {
    fn of(query: &Query) -> Self {
        let mut handles = Self::default();
        for selector in &query.selectors {
            match (&selector.id, &selector.entity_type) {
                (Matcher::Exact(id), _) => handles.entities.push(EntityId::from(id.as_str())),
                (_, Matcher::Exact(name)) => handles.types.push(name.clone()),
                _ => handles.wide = true,
            }
        }
        handles.entities.sort_unstable();
        handles.entities.dedup();
        handles.types.sort_unstable();
        handles.types.dedup();
        handles
    }
}

impl Registry {
    /// Adds a subscription, replacing the one of the same identifier.
    ///
    /// # Errors
    /// There are too many.
    pub fn subscribe(&mut self, id: SubscriptionId, query: Query) -> Result<(), ParseError> {
        self.unsubscribe(&id);
        if self.subscriptions.by_id.len() >= MAX_SUBSCRIPTIONS {
            return Err(ParseError::new("$", format!("more than {MAX_SUBSCRIPTIONS} subscriptions")));
        }
        let handles = Handles::of(&query);
        let subscription = Subscription { id: id.clone(), query };
        let slot = self.subscriptions.free.pop().unwrap_or_else(|| {
            self.subscriptions.entries.push(None);
            index(self.subscriptions.entries.len() - 1)
        });
        for entity in handles.entities {
            self.subscriptions.by_entity.entry(entity).or_default().push(slot);
        }
        for name in &handles.types {
            let type_index = self.type_index(name);
            if let Some(entry) = self.types.get_mut(type_index) {
                entry.named_by += 1;
                entry.subscribers.push(slot);
            }
        }
        if handles.wide {
            let selected = self.types.iter_mut().filter(|entry| subscription.selects_type(&entry.name));
            for entry in selected.filter(|entry| !handles.types.contains(&entry.name)) {
                entry.subscribers.push(slot);
            }
            self.subscriptions.wide.push(slot);
        }
        self.subscriptions.by_id.insert(id, slot);
        self.subscriptions.entries[slot as usize] = Some(subscription);
        Ok(())
    }

    /// Removes a subscription; whether there was one.
    pub fn unsubscribe(&mut self, id: &SubscriptionId) -> bool {
        let Some(slot) = self.subscriptions.by_id.remove(id) else { return false };
        let Some(subscription) = self.subscriptions.entries[slot as usize].take() else { return false };
        self.subscriptions.free.push(slot);
        let handles = Handles::of(&subscription.query);
        for entity in handles.entities {
            self.subscriptions.forget_entity(&entity, slot);
        }
        if handles.wide {
            drop_slot(&mut self.subscriptions.wide, slot);
            self.types.iter_mut().for_each(|entry| drop_slot(&mut entry.subscribers, slot));
        }
        for name in &handles.types {
            let Some(type_index) = self.types.find(name.as_str()) else { continue };
            if let Some(entry) = self.types.get_mut(type_index) {
                entry.named_by = entry.named_by.saturating_sub(1);
                drop_slot(&mut entry.subscribers, slot);
            }
            self.types.release(type_index);
        }
        true
    }

    /// What a subscription selects.
    #[must_use]
    pub fn subscription(&self, id: &SubscriptionId) -> Option<&Query> {
        let slot = self.subscriptions.by_id.get(id)?;
        Some(&self.subscriptions.entries[*slot as usize].as_ref()?.query)
    }

    /// How many subscriptions there are.
    #[must_use]
    pub fn subscription_count(&self) -> usize {
        self.subscriptions.by_id.len()
    }

    /// The subscriptions that may select an entity, each once.
    pub(crate) fn subscribers(&self, id: &str, type_index: u32) -> impl Iterator<Item = &Subscription> {
        let by_entity = self.subscriptions.by_entity.get(id).map_or(&[][..], Vec::as_slice);
        let by_type = self.types.get(type_index).map_or(&[][..], |entry| &entry.subscribers);
        let second = by_entity.iter().filter(move |slot| !by_type.contains(slot));
        by_type.iter().chain(second).filter_map(|slot| self.subscriptions.entries[*slot as usize].as_ref())
    }

    pub(crate) fn type_index(&mut self, name: &Name) -> u32 {
        if let Some(known) = self.types.find(name.as_str()) {
            return known;
        }
        let created = self.types.create(name);
        let wide = self.subscriptions.wide.iter().copied().filter(|slot| {
            self.subscriptions.entries[*slot as usize].as_ref().is_some_and(|one| one.selects_type(name))
        });
        let subscribers = wide.collect();
        if let Some(entry) = self.types.get_mut(created) {
            entry.subscribers = subscribers;
        }
        created
    }
}

impl Subscriptions {
    fn forget_entity(&mut self, entity: &EntityId, slot: u32) {
        if let Some(slots) = self.by_entity.get_mut(entity) {
            drop_slot(slots, slot);
            if slots.is_empty() {
                self.by_entity.remove(entity);
            }
        }
    }
}

fn drop_slot(slots: &mut Vec<u32>, slot: u32) {
    if let Some(position) = slots.iter().position(|one| *one == slot) {
        slots.swap_remove(position);
    }
}
