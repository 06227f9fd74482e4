//! What workers report, taken into the picture.

use std::collections::BTreeSet;

use flow::{InstanceStatus, TaskId, TaskInfo, TaskUpdate, WorkerId, WorkerProfile};
use ngsi::Timestamp;

use super::instances::{Instance, reported};
use super::model::Model;
use super::workers::{Away, Worker};

/// More task instances than this are not shown.
const MAX_INSTANCES: usize = 200_000;
/// More workers than this are not shown.
const MAX_WORKERS: usize = 20_000;

impl Model {
    pub(super) fn worker_heard(&mut self, mut profile: WorkerProfile, now: Timestamp) {
        if self.workers.len() >= MAX_WORKERS && self.workers.get(&profile.id).is_none() {
            return;
        }
        if let Some(reports) = profile.instances.take() {
            let name = profile.id.to_string();
            let listed: BTreeSet<&TaskId> = reports.iter().map(|report| &report.id).collect();
            self.instances.keep_listed(&name, &listed);
            for report in reports {
                self.task_update(&name, reported(report), now);
            }
        }
        self.workers.set(profile.id.clone(), Worker { profile, seen: now, taken: Vec::new(), away: None });
    }

    pub(super) fn worker_away(&mut self, id: &WorkerId, left: bool, now: Timestamp) {
        let had: Vec<TaskId> = self.instances.of(id.as_str()).cloned().collect();
        for task in &had {
            self.instances.remove(task);
        }
        self.workers.edit(id, |worker| {
            let taken = std::mem::take(&mut worker.taken);
            let had = worker.away.take().map_or_else(|| [taken, had].concat(), |before| before.had);
            worker.away = Some(Away { noticed: now, left, had });
            true
        });
    }

    pub(super) fn task_update(&mut self, worker: &str, update: TaskUpdate, now: Timestamp) {
        let known = self.instances.get(&update.task_id);
        if matches!(update.status, InstanceStatus::Removed | InstanceStatus::Refused) {
            // After a migration the old worker's farewell may come after the new one's news.
            if known.is_some_and(|known| known.worker == worker) {
                self.instances.remove(&update.task_id);
            }
            return;
        }
        let instance = Instance::told(worker, update, now).keep_from(known);
        let before = known.map(|known| known.worker.clone()).filter(|before| before != worker);
        if known != Some(&instance) {
            before.into_iter().for_each(|before| self.taken_from(&before, &instance.id));
            self.put(instance);
        }
    }

    fn taken_from(&mut self, worker: &str, task: &TaskId) {
        self.workers.edit(&WorkerId::from(worker), |worker| {
            worker.taken.push(task.clone());
            false
        });
    }

    pub(super) fn put(&mut self, instance: Instance) {
        if self.instances.all().len() < MAX_INSTANCES || self.instances.get(&instance.id).is_some() {
            self.instances.set(instance);
        }
    }

    pub(super) fn task_info(&mut self, info: TaskInfo) {
        self.instances.edit(&info.task_id, |instance| {
            let another = instance.info != info.info;
            instance.info = info.info;
            another
        });
    }
}
