//! Availability: which entities exist, and so which groups and which instances.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flow::{GroupBy, InstanceStatus, TaskId};
use ngsi::v1::EntityRef;
use ngsi::{EntityId, JsonText, Timestamp};

use crate::event::{Effect, IntentId, SubscriptionKey};
use crate::grouping::{Change, Combination};
use crate::hash::group_hash;
use crate::instance::Instance;
use crate::orchestrator::Orchestrator;
use crate::plan::TaskState;
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

    /// Moves an entity of one stream to the group it is in now, or out.
    fn regroup(
        &mut self,
        id: &IntentId,
        (task, stream): (usize, usize),
        entity: &EntityId,
        now: Option<&Registration>,
    ) {
        let Some(state) = self.intents.get_mut(id) else { return };
        let grouping = &mut state.tasks[task].grouping;
        let value = now.and_then(|registration| registration.group(grouping.group_by(stream)));
        let before = grouping.value(stream, entity).cloned();
        if before == value {
            if let (Some(value), Some(registration)) = (value, now) {
                self.relocate(id, (task, stream), &value, registration);
            }
            return;
        }
        let left = before.and_then(|_| grouping.remove(stream, entity));
        self.apply(id, (task, stream), entity, left);
        let Some(state) = self.intents.get_mut(id) else { return };
        let joined = value.and_then(|value| state.tasks[task].grouping.insert(stream, entity, value));
        self.apply(id, (task, stream), entity, joined);
    }

    fn relocate(
        &mut self,
        id: &IntentId,
        (task, stream): (usize, usize),
        value: &JsonText,
        registration: &Registration,
    ) {
        let Some(key) = self.intents.get(id).map(|state| state.tasks[task].grouping.key(stream)) else { return };
        for instance in self.affected(id, task, key, value) {
            self.join(&instance, stream, registration);
        }
    }

    fn join(&mut self, id: &TaskId, stream: usize, registration: &Registration) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let moved = instance.join(stream, &registration.id, &registration.entity_type, registration.location);
        if moved && instance.worker.is_some() {
            let at = instance.considered_at.after(self.settings.migration_pause).max(self.now);
            self.due.insert((at, id.clone()));
        }
        self.dirty.insert(id.clone());
    }

    fn apply(&mut self, id: &IntentId, (task, stream): (usize, usize), entity: &EntityId, change: Option<Change>) {
        match change {
            None => {}
            Some(Change::Opened { key, value }) => self.open(id, task, Some((key, &value))),
            Some(Change::Closed { key, value }) => self.close(id, task, key, &value),
            Some(Change::Joined { key, value }) => {
                let Some(registration) = self.registration(id, (task, stream), entity) else { return };
                for instance in self.affected(id, task, key, &value) {
                    self.join(&instance, stream, &registration);
                }
            }
            Some(Change::Left { key, value }) => {
                for instance in self.affected(id, task, key, &value) {
                    if let Some(known) = self.instances.get_mut(&instance) {
                        known.leave(stream, entity);
                        self.dirty.insert(instance);
                    }
                }
            }
        }
    }

    /// The instances in which a key has that value.
    fn affected(&self, id: &IntentId, task: usize, key: usize, value: &JsonText) -> Vec<TaskId> {
        let Some(task) = self.intents.get(id).and_then(|state| state.tasks.get(task)) else { return Vec::new() };
        if task.grouping.count(Some(key)) <= task.instances.len() {
            let combinations = task.grouping.combinations(Some((key, value)));
            return combinations.filter_map(|values| task.instances.get(&values).cloned()).collect();
        }
        let has_value = |(values, _): &(&Combination, &TaskId)| values.get(key) == Some(value);
        task.instances.iter().filter(has_value).map(|(_, id)| id.clone()).collect()
    }

    /// Creates the instances of the combinations that have become possible, as far as the bound allows.
    fn open(&mut self, id: &IntentId, task: usize, fixed: Option<(usize, &JsonText)>) {
        let Some(state) = self.intents.get_mut(id) else { return };
        let room = self.settings.max_instances.saturating_sub(state.instances);
        let TaskState { grouping, instances, .. } = &state.tasks[task];
        let mut missing = grouping.combinations(fixed).filter(|values| !instances.contains_key(values));
        let new: Vec<Combination> = missing.by_ref().take(room).collect();
        state.overflow |= missing.next().is_some();
        for values in new {
            self.create(id, task, values);
        }
    }

    fn create(&mut self, intent: &IntentId, task: usize, values: Combination) {
        let Some(state) = self.intents.get(intent) else { return };
        let plan = Arc::clone(&state.tasks[task].plan);
        let mut salt = state.salt().to_owned();
        let (id, hash) = loop {
            let hash = group_hash(&values, &salt);
            let id = TaskId::from(format!("Task.{}.{}.{hash}", state.intent.topology, plan.task.name));
            if !self.instances.contains_key(&id) {
                break (id, hash);
            }
            salt.push('+');
        };
        let mut instance = Instance {
            generation: self.tombstones.get(&id).copied().unwrap_or_default(),
            intent: intent.clone(),
            level: state.intent.priority.level,
            id: id.clone(),
            task,
            plan,
            hash,
            values: values.clone(),
            inputs: BTreeMap::new(),
            untold: BTreeMap::new(),
            worker: None,
            leaving: None,
            status: InstanceStatus::Scheduled,
            reason: String::new(),
            placed_generation: 0,
            unverified: false,
            confirmed: false,
            commanded_at: Timestamp::default(),
            considered_at: self.now,
            failed_since: None,
            excluded: BTreeMap::new(),
        };
        for (stream, entity) in state.tasks[task].grouping.members(&values) {
            if let Some(known) = self.registration(intent, (task, stream), entity) {
                instance.join(stream, entity, &known.entity_type, known.location);
            }
        }
        self.instances.insert(id.clone(), instance);
        self.dirty.insert(id.clone());
        if let Some(state) = self.intents.get_mut(intent) {
            state.instances += 1;
            state.tasks[task].instances.insert(values, id);
        }
    }

    fn registration(&self, id: &IntentId, feed: (usize, usize), entity: &EntityId) -> Option<Arc<Registration>> {
        let needs = &self.intents.get(id)?.needs;
        let fed_by = needs.iter().find(|(_, need)| need.feeds.contains(&feed))?;
        self.subscriptions.get(fed_by.0)?.entities.get(entity).cloned()
    }

    fn close(&mut self, id: &IntentId, task: usize, key: usize, value: &JsonText) {
        let deferred = self.intents.get(id).is_some_and(|state| !state.incomplete.is_empty());
        for instance in self.affected(id, task, key, value) {
            self.stop_waiting(&instance);
            let Some(gone) = self.instances.remove(&instance) else { continue };
            if let Some(state) = self.intents.get_mut(id) {
                state.instances -= 1;
                state.tasks[task].instances.remove(&gone.values);
            }
            let reports = gone.worker.as_ref().and_then(|worker| self.fleet.get(worker)).is_some_and(|w| w.reports);
            self.retire(gone, deferred && reports);
        }
        self.reopen(id);
    }

    /// Once all combinations fit again, creates those that were left out.
    fn reopen(&mut self, id: &IntentId) {
        let Some(state) = self.intents.get_mut(id) else { return };
        if !state.overflow || state.combinations() > self.settings.max_instances {
            return;
        }
        state.overflow = false;
        for task in 0..state.tasks.len() {
            self.open(id, task, None);
        }
    }
}
