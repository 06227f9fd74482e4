//! Instances that run already are taken over instead of started: after a restart of the master above all.

use flow::{TaskId, WorkerId};

use crate::event::IntentId;
use crate::orchestrator::Orchestrator;

impl Orchestrator {
    /// Takes over an instance that a worker already runs; whether there is one.
    pub(crate) fn adopt(&mut self, id: &TaskId) -> bool {
        let Some(workers) = self.running_on.get(id) else { return false };
        let generation = |worker: &&WorkerId| {
            let reported = self.fleet.get(worker).and_then(|known| known.reported.get(id));
            reported.map(|reported| reported.generation)
        };
        let mut best: Vec<WorkerId> = workers.iter().cloned().collect();
        best.sort_by_key(|worker| std::cmp::Reverse(generation(&worker)));
        best.iter().any(|worker| self.adopt_on(id, worker))
    }

    pub(crate) fn adopt_on(&mut self, id: &TaskId, worker: &WorkerId) -> bool {
        let Some(known) = self.fleet.get(worker) else { return false };
        let (Some(reported), Some(instance)) = (known.reported.get(id), self.instances.get_mut(id)) else {
            return false;
        };
        let Some(intent) = self.intents.get(&instance.intent) else { return false };
        let usable = instance.worker.is_none()
            && instance.excluded.get(worker).is_none_or(|until| *until <= self.now)
            && instance.plan.needs.check(&known.profile).is_ok();
        if !usable {
            return false;
        }
        let (status, reason, inputs) = (reported.status, reported.reason.clone(), reported.inputs);
        let generation = reported.generation;
        let other = reported.service_intent_id != instance.intent.as_str();
        let outdated = other || intent.revised || reported.generation < instance.generation;
        instance.generation = instance.generation.max(reported.generation);
        instance.unverified = !outdated && !intent.incomplete.is_empty();
        let unverified = instance.unverified;
        self.assign(id, worker.clone());
        let Some(instance) = self.instances.get_mut(id) else { return false };
        instance.commanded_at = self.now;
        instance.placed_generation = generation;
        if outdated || !unverified && inputs != instance.fingerprint() {
            self.command(id);
        } else if !unverified {
            instance.untold.clear();
        }
        self.observe(id, status, &reason);
        true
    }

    /// The complete inputs of adopted instances are known now: corrects those that run with others.
    pub(crate) fn verify(&mut self, intent: &IntentId) {
        let Some(state) = self.intents.get(intent) else { return };
        let ids: Vec<TaskId> = state.tasks.iter().flat_map(|task| task.instances.values()).cloned().collect();
        for id in ids {
            let Some(instance) = self.instances.get_mut(&id).filter(|instance| instance.unverified) else { continue };
            instance.unverified = false;
            let known = instance.worker.as_ref().and_then(|worker| self.fleet.get(worker));
            let inputs = known.and_then(|known| known.reported.get(&id)).map(|reported| reported.inputs);
            if inputs == Some(instance.fingerprint()) {
                instance.untold.clear();
            } else {
                self.command(&id);
            }
        }
    }
}
