//! Subscriptions by what they select, so that an update touches only candidates.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use ngsi::selector::Matcher;
use ngsi::{EntityId, EntitySelector, Name, SubscriptionId, Timestamp};
use parking_lot::Mutex;

use crate::{Change, Origin, Subscription};

/// How many entity types are remembered with the pattern subscriptions that accept them.
const REMEMBERED_TYPES: usize = 4096;

/// Something that carries a subscription.
pub trait Subscribed {
    /// The subscription.
    fn subscription(&self) -> &Subscription;

    /// Whether it is served at present.
    fn listens(&self) -> bool {
        true
    }
}

impl Subscribed for Subscription {
    fn subscription(&self) -> &Subscription {
        self
    }
}

/// Subscriptions by identifier, by exact entity id, by exact type, and the rest with a memory per type.
#[derive(Debug)]
pub struct SubscriptionIndex<T> {
    all: HashMap<SubscriptionId, Arc<T>>,
    /// Those about registrations, not entities.
    of_sources: BTreeMap<SubscriptionId, Arc<T>>,
    by_entity: HashMap<EntityId, Vec<Arc<T>>>,
    by_type: HashMap<Name, Vec<Arc<T>>>,
    patterns: Vec<Arc<T>>,
    /// Which of `patterns` accept a type that has been seen.
    remembered: Mutex<HashMap<Name, Arc<Vec<Arc<T>>>>>,
}

impl<T> Default for SubscriptionIndex<T> {
    fn default() -> Self {
        Self {
            all: HashMap::new(),
            of_sources: BTreeMap::new(),
            by_entity: HashMap::new(),
            by_type: HashMap::new(),
            patterns: Vec::new(),
            remembered: Mutex::default(),
        }
    }
}

impl<T: Subscribed> SubscriptionIndex<T> {
    /// The subscription with that identifier.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<T>> {
        self.all.get(id)
    }

    /// Every subscription.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.all.values()
    }

    /// Those about registrations of context sources, by identifier.
    pub fn of_sources(&self) -> impl Iterator<Item = &Arc<T>> {
        self.of_sources.values()
    }

    /// Number of subscriptions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Adds a subscription, replacing the one with the same identifier.
    pub fn insert(&mut self, entry: Arc<T>) {
        let id = entry.subscription().id().clone();
        self.remove(id.as_str());
        let mut pattern = false;
        for selector in entry.subscription().query().selectors() {
            match (&selector.id, &selector.entity_type) {
                (Matcher::Exact(id), _) => add(self.by_entity.entry(EntityId::from(id.as_str())).or_default(), &entry),
                (_, Matcher::Exact(name)) => add(self.by_type.entry(name.clone()).or_default(), &entry),
                _ => pattern = true,
            }
        }
        if pattern {
            for (name, accepted) in self.remembered.get_mut() {
                if accepts_type(&*entry, name.as_str()) {
                    Arc::make_mut(accepted).push(entry.clone());
                }
            }
            self.patterns.push(entry.clone());
        }
        if entry.subscription().sources().is_some() {
            self.of_sources.insert(id.clone(), entry.clone());
        }
        self.all.insert(id, entry);
    }

    /// Takes a subscription out.
    pub fn remove(&mut self, id: &str) -> Option<Arc<T>> {
        let entry = self.all.remove(id)?;
        self.of_sources.remove(id);
        for selector in entry.subscription().query().selectors() {
            match (&selector.id, &selector.entity_type) {
                (Matcher::Exact(id), _) => drop_from(&mut self.by_entity, id.as_str(), &entry),
                (_, Matcher::Exact(name)) => drop_from(&mut self.by_type, name.as_str(), &entry),
                _ => self.forget_pattern(&entry),
            }
        }
        Some(entry)
    }

    /// Those that are to hear of a change, each once.
    #[must_use]
    pub fn matching(&self, change: &Change, origin: &Origin, now: Timestamp) -> Vec<Arc<T>> {
        let mut matching = Vec::new();
        if self.all.is_empty() {
            return matching;
        }
        let mut consider = |candidates: &[Arc<T>]| {
            let wanted =
                candidates.iter().filter(|entry| entry.listens() && entry.subscription().wants(change, origin, now));
            matching.extend(wanted.cloned());
        };
        if let Some(candidates) = self.by_entity.get(change.entity.id.as_str()) {
            consider(candidates);
        }
        for entity_type in change.entity.types() {
            if let Some(candidates) = self.by_type.get(entity_type.as_str()) {
                consider(candidates);
            }
            if !self.patterns.is_empty() {
                consider(&self.accepting(entity_type.as_str()));
            }
        }
        if matching.len() > 1 {
            matching.sort_unstable_by_key(Arc::as_ptr);
            matching.dedup_by(|one, other| Arc::ptr_eq(one, other));
        }
        matching
    }

    fn accepting(&self, entity_type: &str) -> Arc<Vec<Arc<T>>> {
        let mut remembered = self.remembered.lock();
        if let Some(accepted) = remembered.get(entity_type) {
            return accepted.clone();
        }
        if remembered.len() >= REMEMBERED_TYPES {
            remembered.clear();
        }
        let accepted = self.patterns.iter().filter(|entry| accepts_type(&***entry, entity_type)).cloned().collect();
        remembered.entry(Name::from(entity_type)).or_insert(Arc::new(accepted)).clone()
    }

    fn forget_pattern(&mut self, entry: &Arc<T>) {
        self.patterns.retain(|other| !Arc::ptr_eq(other, entry));
        for accepted in self.remembered.get_mut().values_mut() {
            if accepted.iter().any(|other| Arc::ptr_eq(other, entry)) {
                Arc::make_mut(accepted).retain(|other| !Arc::ptr_eq(other, entry));
            }
        }
    }
}

fn accepts_type<T: Subscribed>(entry: &T, entity_type: &str) -> bool {
    let selectors = entry.subscription().query().selectors();
    selectors.iter().any(|selector| is_pattern(selector) && selector.entity_type.matches(entity_type))
}

fn is_pattern(selector: &EntitySelector) -> bool {
    !matches!((&selector.id, &selector.entity_type), (Matcher::Exact(_), _) | (_, Matcher::Exact(_)))
}

fn add<T>(entries: &mut Vec<Arc<T>>, entry: &Arc<T>) {
    if !entries.last().is_some_and(|last| Arc::ptr_eq(last, entry)) {
        entries.push(entry.clone());
    }
}

fn drop_from<K, T>(map: &mut HashMap<K, Vec<Arc<T>>>, key: &str, entry: &Arc<T>)
where
    K: std::hash::Hash + Eq + std::borrow::Borrow<str>,
{
    if let Some(entries) = map.get_mut(key) {
        entries.retain(|other| !Arc::ptr_eq(other, entry));
        if entries.is_empty() {
            map.remove(key);
        }
    }
}
