//! From entities that come, change and go to task instances that open, change and close.

use std::collections::BTreeMap;
use std::sync::Arc;

use flow::{InstanceStatus, TaskId};
use ngsi::{EntityId, JsonText, Timestamp};

use crate::event::IntentId;
use crate::grouping::{Change, Combination};
use crate::hash::group_hash;
use crate::instance::Instance;
use crate::orchestrator::Orchestrator;
use crate::plan::TaskState;
use crate::registration::Registration;

impl Orchestrator {
    /// Moves an entity of one stream to the group it is in now, or out.
    pub(crate) fn regroup(
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
