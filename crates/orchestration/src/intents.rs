//! Intents come, change and go; with them their requests for availability and their instances.

use std::collections::BTreeMap;
use std::sync::Arc;

use flow::{Message, ServiceIntent, TaskId, Topology, WorkerId};

use crate::availability::Subscription;
use crate::event::{Effect, IntentId, StoredIntent};
use crate::instance::{Instance, next};
use crate::orchestrator::Orchestrator;
use crate::plan::{IntentState, command};

/// How long the generations of ended instances are remembered.
const TOMBSTONE: std::time::Duration = std::time::Duration::from_secs(600);

impl Orchestrator {
    pub(crate) fn announced(&mut self, mut intent: ServiceIntent, topology: Topology) {
        let id = IntentId::from(intent.id.as_str());
        intent.topology_object = None;
        intent.action = flow::IntentAction::Add;
        if self.intents.get(&id).is_some_and(|known| known.intent == intent && known.topology == topology) {
            return;
        }
        let ordinal = self.ordinal(&id, &intent.topology);
        let stored = StoredIntent { intent: intent.clone(), topology: topology.clone(), ordinal };
        self.effects.push(Effect::PersistIntent(Box::new(stored)));
        let mut state = IntentState::new(&id, intent, topology, ordinal);
        let mut old = BTreeMap::new();
        if let Some(before) = self.intents.remove(&id) {
            state.revised = true;
            old = self.take_instances(&before);
            let gone = before.needs.keys().filter(|key| !state.needs.contains_key(key));
            for key in gone.copied().collect::<Vec<_>>() {
                self.subscriptions.remove(&key);
                self.effects.push(Effect::Unsubscribe(key));
            }
        }
        self.install(&id, state);
        self.feed_again(&id);
        self.carry_over(&id, old);
        self.prefetch_for(&id);
    }

    /// Keeps the one an intent has; otherwise 0 when no intent of the topology has it.
    fn ordinal(&self, id: &IntentId, topology: &str) -> u32 {
        if let Some(known) = self.intents.get(id).filter(|known| known.intent.topology == topology) {
            return known.ordinal;
        }
        let others = self.intents.iter().filter(|(other, known)| *other != id && known.intent.topology == topology);
        let taken: Vec<u32> = others.map(|(_, known)| known.ordinal).collect();
        if taken.contains(&0) { taken.iter().max().map_or(0, |highest| highest.saturating_add(1)) } else { 0 }
    }

    /// Takes an intent in and subscribes to what it needs and has not yet.
    pub(crate) fn install(&mut self, id: &IntentId, mut state: IntentState) {
        for (key, need) in &state.needs {
            match self.subscriptions.get(key) {
                Some(subscription) if subscription.complete => {
                    state.incomplete.remove(key);
                }
                Some(_) => {}
                None => {
                    self.subscriptions.insert(*key, Subscription::new(id.clone()));
                    let request = Box::new(need.request.clone());
                    self.effects.push(Effect::Subscribe { key: *key, request });
                }
            }
        }
        self.intents.insert(id.clone(), state);
    }

    /// Feeds a changed intent with what its kept subscriptions know.
    fn feed_again(&mut self, id: &IntentId) {
        let Some(keys) = self.intents.get(id).map(|state| state.needs.keys().copied().collect::<Vec<_>>()) else {
            return;
        };
        for key in keys {
            let known = self.subscriptions.get(&key).map(|s| s.entities.values().cloned().collect::<Vec<_>>());
            for registration in known.unwrap_or_default() {
                self.ask(key, &registration);
                self.feed(key, &registration);
            }
        }
    }

    /// Takes all instances of an intent out, as they are.
    fn take_instances(&mut self, state: &IntentState) -> BTreeMap<TaskId, Instance> {
        let ids = state.tasks.iter().flat_map(|task| task.instances.values());
        let mut taken = BTreeMap::new();
        for id in ids {
            self.stop_waiting(id);
            self.dirty.remove(id);
            taken.extend(self.instances.remove(id).map(|instance| (id.clone(), instance)));
        }
        taken
    }

    /// Leaves instances of a changed intent where they ran, and ends those it no longer has.
    fn carry_over(&mut self, id: &IntentId, old: BTreeMap<TaskId, Instance>) {
        let incomplete = self.intents.get(id).is_some_and(|state| !state.incomplete.is_empty());
        for (task, before) in old {
            let Some(worker) = before.worker.clone() else { continue };
            let fits = self.fleet.get(&worker).map(|known| &known.profile);
            let kept =
                self.instances.get_mut(&task).filter(|now| fits.is_some_and(|p| now.plan.needs.check(p).is_ok()));
            if let Some(instance) = kept {
                instance.generation = instance.generation.max(before.generation);
                instance.leaving = before.leaving;
                self.assign(&task, worker);
                self.command(&task);
                self.dirty.remove(&task);
            } else {
                let reports = self.fleet.get(&worker).is_some_and(|known| known.reports);
                let defer = incomplete && reports && !self.instances.contains_key(&task);
                self.retire(before, defer);
            }
        }
    }

    pub(crate) fn withdrawn(&mut self, id: &IntentId) {
        self.effects.push(Effect::ForgetIntent(id.clone()));
        let Some(state) = self.intents.remove(id) else { return };
        for key in state.needs.keys() {
            self.subscriptions.remove(key);
            self.effects.push(Effect::Unsubscribe(*key));
        }
        for (_, instance) in self.take_instances(&state) {
            self.retire_with(&state.intent, instance, false);
        }
    }

    /// Ends an instance that is no longer desired. `deferred`: the next report of its worker decides.
    pub(crate) fn retire(&mut self, instance: Instance, deferred: bool) {
        let intent = self.intents.get(&instance.intent).map(|state| state.intent.clone()).unwrap_or_default();
        self.retire_with(&intent, instance, deferred);
    }

    fn retire_with(&mut self, intent: &ServiceIntent, mut instance: Instance, deferred: bool) {
        instance.generation = next(instance.generation);
        let mut task = command(intent, &instance);
        let workers: Vec<WorkerId> = instance.worker.take().into_iter().chain(instance.leaving.take()).collect();
        for worker in workers {
            self.retry |= self.fleet.unplan(&worker, &instance.id);
            if !deferred {
                task.worker_id = worker.clone();
                self.send_remove(&worker, task.clone());
            }
        }
        self.bury(instance.id, instance.generation);
    }

    pub(crate) fn bury(&mut self, id: TaskId, generation: u64) {
        if let Some(successor) = self.instances.get_mut(&id) {
            successor.generation = successor.generation.max(generation);
            return;
        }
        self.tombstone_order.push_back((self.now.after(TOMBSTONE), id.clone()));
        let highest = self.tombstones.entry(id).or_default();
        *highest = generation.max(*highest);
    }

    fn prefetch_for(&mut self, id: &IntentId) {
        let workers: Vec<WorkerId> = self.fleet.iter().map(|worker| worker.profile.id.clone()).collect();
        for worker in workers {
            self.prefetch(std::slice::from_ref(id), &worker);
        }
    }

    /// Asks a worker for the images that intents want fetched ahead of need.
    pub(crate) fn prefetch(&mut self, intents: &[IntentId], worker: &WorkerId) {
        let Some(known) = self.fleet.get_mut(worker) else { return };
        let plans = intents.iter().filter_map(|id| self.intents.get(id)).flat_map(|state| &state.tasks);
        let mut images = Vec::new();
        for plan in plans.map(|task| Arc::clone(&task.plan)) {
            for image in plan.needs.prefetched(&known.profile) {
                if known.prefetched.insert(image.reference()) {
                    let operator_name = plan.operator.name.clone();
                    images.push(flow::DockerImage { operator_name, ..image.clone() });
                }
            }
        }
        for image in images {
            self.send(worker.clone(), Message::PrefetchImage(image));
        }
    }
}
