//! Availability: which entities exist, as discovery says it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flow::GroupBy;
use ngsi::v1::EntityRef;
use ngsi::{EntityId, JsonText};

use crate::event::{Effect, IntentId, SubscriptionKey};
use crate::orchestrator::Orchestrator;
use crate::registration::Registration;

/// A request for availability and what came of it.
#[derive(Debug)]
pub(crate) struct Subscription {
    intent: IntentId,
    pub(crate) entities: BTreeMap<EntityId, Arc<Registration>>,
    /// Whether the complete set has been seen.
    pub(crate) complete: bool,
    snapshot: Option<Pending>,
}

/// A snapshot on its way.
#[derive(Debug, Default)]
struct Pending {
    /// Named by a part.
    seen: BTreeSet<EntityId>,
    /// Notified since it was asked for, so known better than the snapshot does.
    newer: BTreeSet<EntityId>,
}

impl Subscription {
    pub(crate) fn new(intent: IntentId) -> Self {
        Self { intent, entities: BTreeMap::new(), complete: false, snapshot: None }
    }
}

impl Orchestrator {
    pub(crate) fn snapshot_begun(&mut self, key: SubscriptionKey) {
        if let Some(subscription) = self.subscriptions.get_mut(&key) {
            subscription.snapshot = Some(Pending::default());
        }
    }

    pub(crate) fn snapshot(&mut self, key: SubscriptionKey, registrations: Vec<Registration>, last: bool) {
        let Some(subscription) = self.subscriptions.get_mut(&key) else { return };
        let Some(pending) = subscription.snapshot.as_mut() else { return };
        pending.seen.extend(registrations.iter().map(|registration| registration.id.clone()));
        let newer = |registration: &Registration| !pending.newer.contains(&registration.id);
        let current: Vec<Registration> = registrations.into_iter().filter(newer).collect();
        let mut gone = Vec::new();
        if last {
            let Pending { seen, newer } = subscription.snapshot.take().unwrap_or_default();
            let lost = subscription.entities.keys().filter(|id| !seen.contains(*id) && !newer.contains(*id));
            gone.extend(lost.cloned());
            subscription.complete = true;
        }
        for registration in current {
            self.know(key, registration);
        }
        for entity in gone {
            self.unknow(key, &entity);
        }
        if last {
            self.completed(key);
        }
    }

    fn completed(&mut self, key: SubscriptionKey) {
        let Some(subscription) = self.subscriptions.get(&key) else { return };
        if let Some(intent) = self.intents.get_mut(&subscription.intent) {
            intent.incomplete.remove(&key);
            if intent.incomplete.is_empty() {
                let id = subscription.intent.clone();
                self.verify(&id);
            }
        }
    }

    pub(crate) fn available(&mut self, key: SubscriptionKey, registrations: Vec<Registration>) {
        for registration in registrations {
            self.note_newer(key, &registration.id);
            self.know(key, registration);
        }
    }

    pub(crate) fn unavailable(&mut self, key: SubscriptionKey, entities: &[EntityId]) {
        for entity in entities {
            self.note_newer(key, entity);
            self.unknow(key, entity);
        }
    }

    fn note_newer(&mut self, key: SubscriptionKey, entity: &EntityId) {
        let pending = self.subscriptions.get_mut(&key).and_then(|subscription| subscription.snapshot.as_mut());
        if let Some(pending) = pending {
            pending.newer.insert(entity.clone());
        }
    }

    pub(crate) fn fetched(&mut self, key: SubscriptionKey, entity: &EntityId, attributes: Vec<(String, JsonText)>) {
        let known = self.subscriptions.get(&key).and_then(|subscription| subscription.entities.get(entity));
        let Some(mut registration) = known.map(|known| Registration::clone(known)) else { return };
        let wanted = self.groupings(key);
        for (name, value) in attributes.into_iter().filter(|(name, _)| wanted.contains(name)) {
            registration.values.retain(|(known, _)| *known != name);
            registration.values.push((name, value));
        }
        self.take_in(key, &Arc::new(registration));
    }

    /// Takes in an available entity, with what was fetched of it before.
    fn know(&mut self, key: SubscriptionKey, mut registration: Registration) {
        let unknown = self.ask(key, &registration);
        let known = self.subscriptions.get(&key).and_then(|subscription| subscription.entities.get(&registration.id));
        if let Some(before) = known {
            registration.values.extend(before.values.iter().filter(|(name, _)| unknown.contains(name)).cloned());
        }
        self.take_in(key, &Arc::new(registration));
    }

    /// Asks for an entity whose group depends on attributes that discovery does not know; which ones.
    pub(crate) fn ask(&mut self, key: SubscriptionKey, registration: &Registration) -> Vec<String> {
        let is_known = |name: &String| registration.values.iter().any(|(known, _)| known == name);
        let unknown: Vec<String> = self.groupings(key).into_iter().filter(|name| !is_known(name)).collect();
        if !unknown.is_empty() {
            let entity_type = registration.entity_type.clone();
            let entity = EntityRef { id: registration.id.clone(), entity_type, is_pattern: false };
            let provider = registration.provider.clone();
            self.effects.push(Effect::FetchEntity { key, entity, provider });
        }
        unknown
    }

    /// The names of attributes and metadata that group the entities of a request.
    fn groupings(&self, key: SubscriptionKey) -> Vec<String> {
        let intent = self.subscriptions.get(&key).and_then(|subscription| self.intents.get(&subscription.intent));
        let Some((intent, need)) = intent.and_then(|intent| Some((intent, intent.needs.get(&key)?))) else {
            return Vec::new();
        };
        let groupings = need.feeds.iter().map(|(task, stream)| intent.tasks[*task].grouping.group_by(*stream));
        let named =
            groupings.filter_map(|by| if let GroupBy::Attribute(name) = by { Some(name.clone()) } else { None });
        named.collect()
    }

    fn take_in(&mut self, key: SubscriptionKey, registration: &Arc<Registration>) {
        let Some(subscription) = self.subscriptions.get_mut(&key) else { return };
        if subscription.entities.get(&registration.id).is_some_and(|known| known == registration) {
            return;
        }
        subscription.entities.insert(registration.id.clone(), Arc::clone(registration));
        self.feed(key, registration);
    }

    fn unknow(&mut self, key: SubscriptionKey, entity: &EntityId) {
        let Some(subscription) = self.subscriptions.get_mut(&key) else { return };
        if subscription.entities.remove(entity).is_none() {
            return;
        }
        let intent = subscription.intent.clone();
        for (task, stream) in self.feeds(&intent, key) {
            self.regroup(&intent, (task, stream), entity, None);
        }
    }

    fn feeds(&self, intent: &IntentId, key: SubscriptionKey) -> Vec<(usize, usize)> {
        let need = self.intents.get(intent).and_then(|state| state.needs.get(&key));
        need.map(|need| need.feeds.clone()).unwrap_or_default()
    }

    /// Brings an entity to every stream that a request feeds.
    pub(crate) fn feed(&mut self, key: SubscriptionKey, registration: &Registration) {
        let Some(intent) = self.subscriptions.get(&key).map(|subscription| subscription.intent.clone()) else { return };
        for feed in self.feeds(&intent, key) {
            self.regroup(&intent, feed, &registration.id, Some(registration));
        }
    }
}
