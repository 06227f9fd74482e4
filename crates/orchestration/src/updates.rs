//! What workers say became of task instances.

use flow::{InstanceStatus, TaskId, TaskUpdate, WorkerId};

use crate::instance::LAST_GENERATION;
use crate::orchestrator::Orchestrator;

impl Orchestrator {
    pub(crate) fn updated(&mut self, worker: &WorkerId, update: TaskUpdate) {
        let TaskUpdate { task_id: id, status, reason, generation, .. } = update;
        let generation = generation.min(LAST_GENERATION);
        let Some(instance) = self.instances.get(&id) else { return };
        let stale = generation > 0 && generation < instance.placed_generation;
        if instance.worker.as_ref() != Some(worker) || stale {
            return;
        }
        if generation > instance.generation || generation == instance.generation && status == InstanceStatus::Removed {
            return self.overtake(&id, generation);
        }
        match status {
            // A late word about an earlier copy; if it is about this one the next report shows it missing.
            InstanceStatus::Removed | InstanceStatus::Scheduled => {}
            InstanceStatus::Refused => self.refused(worker, &id, &reason),
            _ => self.observe(&id, status, &reason),
        }
    }

    /// The worker holds commands for stale that follow a generation no longer remembered here: goes on after that one.
    fn overtake(&mut self, id: &TaskId, generation: u64) {
        if let Some(instance) = self.instances.get_mut(id) {
            instance.generation = generation;
        }
        self.command(id);
    }

    pub(crate) fn refused(&mut self, worker: &WorkerId, id: &TaskId, reason: &str) {
        let full = reason.contains("capacity") || reason.contains("full");
        if full {
            self.fleet.back_off(worker, self.now.after(self.settings.back_off));
        }
        let until = self.now.after(if full { self.settings.back_off } else { self.settings.exclusion });
        if let Some(instance) = self.instances.get_mut(id) {
            instance.excluded.insert(worker.clone(), until);
        }
        self.displace(id);
        if let Some(instance) = self.instances.get_mut(id) {
            instance.reason = format!("{worker} refused it: {reason}");
        }
        self.due.insert((until, id.clone()));
    }

    /// Takes in what an instance does on the worker it is planned on.
    pub(crate) fn observe(&mut self, id: &TaskId, status: InstanceStatus, reason: &str) {
        let patience = self.settings.failed_patience;
        let Some(instance) = self.instances.get_mut(id) else { return };
        let runs = matches!(status, InstanceStatus::Running | InstanceStatus::Paused);
        let changed = instance.status != status || instance.reason != reason;
        instance.status = status;
        if changed {
            reason.clone_into(&mut instance.reason);
        }
        if status != InstanceStatus::Failed {
            instance.failed_since = None;
        } else if instance.failed_since.is_none() {
            instance.failed_since = Some(self.now);
            self.due.insert((self.now.after(patience), id.clone()));
        }
        let first = runs && !instance.confirmed;
        instance.confirmed |= runs;
        if changed {
            self.changed(id);
        }
        if first {
            self.arrived(id);
        }
    }

    /// The instance runs where it is to be: the copy it migrated from can go.
    fn arrived(&mut self, id: &TaskId) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let Some(from) = instance.leaving.take() else { return };
        let Some(intent) = self.intents.get(&instance.intent) else { return };
        let task = crate::plan::command(&intent.intent, instance);
        self.send_remove(&from, task);
    }
}
