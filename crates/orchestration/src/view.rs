//! How things stand, for people and programs.

use flow::{InputStream, InstanceStatus, OutputStream, TaskId, WorkerId, WorkerProfile};
use serde::Serialize;
use std::collections::BTreeMap;

use crate::event::IntentId;
use crate::instance::Instance;
use crate::orchestrator::Orchestrator;
use crate::placement::PlacementError;

/// At most so many workers are listed with the reason why each does not take an instance.
const REJECTIONS: usize = 8;

/// An intent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IntentView {
    /// Its identifier.
    pub id: IntentId,
    /// Its topology.
    pub topology: String,
    /// Why it cannot be served as it is; empty when it can.
    pub errors: Vec<String>,
    /// Whether discovery has said everything that is available for it.
    pub complete: bool,
    /// Its tasks.
    pub tasks: Vec<TaskView>,
}

/// A task of an intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TaskView {
    /// Its name.
    pub name: String,
    /// Its operator.
    pub operator: String,
    /// How many instances it has.
    pub instances: usize,
    /// How many of them run.
    pub running: usize,
}

/// A task instance.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InstanceView {
    /// Its identifier.
    pub id: TaskId,
    /// Its topology.
    pub topology: String,
    /// Its task.
    pub task: String,
    /// Its intent.
    pub intent: IntentId,
    /// Where it is to run; none while it waits.
    pub worker: Option<WorkerId>,
    /// Where it migrates from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<WorkerId>,
    /// What it does.
    pub status: InstanceStatus,
    /// Why.
    pub reason: String,
    /// The number of its desired state.
    pub generation: u64,
    /// What it reads.
    pub inputs: Vec<InputStream>,
    /// What it writes.
    pub outputs: Vec<OutputStream>,
}

/// Figures for metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Live workers.
    pub workers: usize,
    /// Intents.
    pub intents: usize,
    /// Desired instances.
    pub instances: usize,
    /// Those without a worker.
    pub waiting: usize,
    /// Instances given a worker since the start.
    pub placements: u64,
    /// Migrations since the start.
    pub migrations: u64,
    /// Whether nothing is placed yet, until workers have reported.
    pub settling: bool,
}

/// How many task instances are desired, and what became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Demand {
    /// Desired in all.
    pub instances: usize,
    /// Those without a worker.
    pub waiting: usize,
    /// Those that run.
    pub running: usize,
    /// Those that failed and are tried again.
    pub failed: usize,
}

impl Orchestrator {
    /// Every live worker as it described itself.
    pub fn workers(&self) -> impl Iterator<Item = &WorkerProfile> {
        self.fleet.iter().map(|worker| &worker.profile)
    }

    /// The ids of all intents.
    #[must_use]
    pub fn intent_ids(&self) -> Vec<IntentId> {
        self.intents.keys().cloned().collect()
    }

    /// Every intent.
    #[must_use]
    pub fn intents(&self) -> Vec<IntentView> {
        self.intents.keys().filter_map(|id| self.intent(id)).collect()
    }

    /// One intent.
    #[must_use]
    pub fn intent(&self, id: &IntentId) -> Option<IntentView> {
        let state = self.intents.get(id)?;
        let mut errors = state.errors.clone();
        if state.overflow {
            errors
                .push(format!("more than {} task instances: the others are not started", self.settings.max_instances));
        }
        let runs = |task: &&TaskId| self.instances.get(*task).is_some_and(|i| i.status == InstanceStatus::Running);
        let tasks = state.tasks.iter().map(|task| TaskView {
            name: task.plan.task.name.clone(),
            operator: task.plan.task.operator.clone(),
            instances: task.instances.len(),
            running: task.instances.values().filter(runs).count(),
        });
        let topology = state.intent.topology.clone();
        Some(IntentView {
            id: id.clone(),
            topology,
            errors,
            complete: state.incomplete.is_empty(),
            tasks: tasks.collect(),
        })
    }

    /// Every desired instance, or those of one intent.
    pub fn instances<'a>(&'a self, intent: Option<&'a IntentId>) -> impl Iterator<Item = InstanceView> + 'a {
        let chosen = move |instance: &&Instance| intent.is_none_or(|intent| instance.intent == *intent);
        self.instances.values().filter(chosen).map(|instance| self.instance_view(instance))
    }

    /// Of [`Orchestrator::instances`] those without a worker, each with the reason.
    pub fn waiting<'a>(&'a self, intent: Option<&'a IntentId>) -> impl Iterator<Item = InstanceView> + 'a {
        let chosen = move |instance: &&Instance| {
            instance.worker.is_none() && intent.is_none_or(|intent| instance.intent == *intent)
        };
        self.instances.values().filter(chosen).map(|instance| self.instance_view(instance))
    }

    /// Figures for metrics, in time independent of their size but for the waiting ones.
    #[must_use]
    pub fn summary(&self) -> Summary {
        Summary {
            workers: self.fleet.len(),
            intents: self.intents.len(),
            instances: self.instances.len(),
            waiting: self.waiting.values().map(std::collections::BTreeSet::len).sum(),
            placements: self.placements,
            migrations: self.migrations,
            settling: self.settling,
        }
    }

    /// How many instances are desired; `None` until it has been known of every intent what is available for it.
    #[must_use]
    pub fn demand(&self) -> Option<Demand> {
        let counts = self.by_status();
        let count = |status| counts.get(&status).copied().unwrap_or_default();
        self.surveyed.then(|| Demand {
            instances: self.instances.len(),
            waiting: self.waiting.values().map(std::collections::BTreeSet::len).sum(),
            running: count(InstanceStatus::Running),
            failed: count(InstanceStatus::Failed),
        })
    }

    /// How many instances there are of each status.
    #[must_use]
    pub fn by_status(&self) -> BTreeMap<InstanceStatus, usize> {
        let mut counts = BTreeMap::new();
        for instance in self.instances.values() {
            *counts.entry(instance.status).or_default() += 1;
        }
        counts
    }

    fn instance_view(&self, instance: &Instance) -> InstanceView {
        let waits = instance.worker.is_none().then(|| self.why_waiting(instance));
        InstanceView {
            id: instance.id.clone(),
            topology: self.intents.get(&instance.intent).map(|i| i.intent.topology.clone()).unwrap_or_default(),
            task: instance.plan.task.name.clone(),
            intent: instance.intent.clone(),
            worker: instance.worker.clone(),
            from: instance.leaving.clone(),
            status: instance.status,
            reason: waits.unwrap_or_else(|| instance.reason.clone()),
            generation: instance.generation,
            inputs: instance.input_streams(),
            outputs: instance.plan.outputs(&instance.hash),
        }
    }

    fn why_waiting(&self, instance: &Instance) -> String {
        if self.settling {
            return "waits for known workers to report what they run".to_owned();
        }
        let needs = &instance.plan.needs;
        if needs.is_empty() {
            return PlacementError::NothingToRun { operator: instance.plan.task.operator.clone() }.to_string();
        }
        let (rejected, more) = self.fleet.rejections(needs, &instance.excluded(self.now), REJECTIONS);
        let needs = Box::new(needs.clone());
        let error = PlacementError::NoEligibleWorker { instance: instance.id.clone(), needs, rejected, more };
        if instance.reason.is_empty() { error.to_string() } else { format!("{error}; {}", instance.reason) }
    }
}
