//! The picture of the system: everything that pages show of how it stands.

use std::collections::{BTreeMap, BTreeSet};

use flow::{InstanceStatus, MasterProfile, Message, TaskId, WorkerId, WorkerProfile};
use ngsi::Timestamp;
use serde::Serialize;

use super::alerts::Alerts;
use super::brokers::Broker;
use super::conditions;
use super::entities::Watches;
use super::history::{History, Sample, Statuses};
use super::instances::{Instance, Planned};
use super::masters::Masters;
use super::placed::Placed;
use super::services::{Service, ServiceState};
use super::statistics::Failing;
use super::tracked::{Tracked, Versioned};
use super::workers::Worker;
use crate::records::Kind;

/// How things stand.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// Since when the bus is away: then nobody can be heard.
    deaf_since: Option<Timestamp>,
    /// Since when it is back.
    heard_since: Timestamp,
    heard_masters: Masters,
    pub(super) masters: Versioned<Vec<MasterProfile>>,
    pub(super) workers: Tracked<WorkerId, Worker>,
    pub(super) instances: Placed,
    pub(crate) services: Versioned<Vec<Service>>,
    /// Since when a service of this node has been away or not ready.
    pub(super) down_since: BTreeMap<&'static str, Timestamp>,
    pub(super) brokers: Versioned<Vec<Broker>>,
    pub(super) revisions: Versioned<Revisions>,
    pub(crate) history: History,
    pub(super) alerts: Alerts,
    /// Receivers whose notifications fail, by URL.
    pub(super) failing: BTreeMap<String, Failing>,
    pub(crate) watches: Watches,
}

/// How often the documents of each kind have changed since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Revisions {
    operator: u64,
    service: u64,
    intent: u64,
    fogfunction: u64,
    device: u64,
    subscription: u64,
}

impl Model {
    /// Takes note of a message of the bus.
    pub(crate) fn note(&mut self, from: &str, message: Message, now: Timestamp) {
        match message {
            Message::MasterJoin(master) | Message::MasterHeartbeat(master) => {
                self.heard_masters.heard(master, now);
                self.masters.set(self.heard_masters.listed());
            }
            Message::MasterLeave(master) => {
                self.heard_masters.left(&master.id);
                self.masters.set(self.heard_masters.listed());
            }
            Message::WorkerJoin(worker) | Message::WorkerHeartbeat(worker) => self.worker_heard(worker, now),
            Message::WorkerLeave(worker) => self.worker_away(&worker.id, true, now),
            Message::TaskUpdate(update) => self.task_update(from, update, now),
            Message::TaskInfo(info) => self.task_info(info),
            _ => {}
        }
    }

    /// Notes whether messages of the bus arrive.
    pub(crate) fn hears(&mut self, connected: bool, now: Timestamp) {
        match (connected, self.deaf_since) {
            (true, Some(_)) => (self.deaf_since, self.heard_since) = (None, now),
            (false, None) => self.deaf_since = Some(now),
            _ => {}
        }
    }

    /// Draws the conclusions of time that has passed.
    pub(crate) fn tick(&mut self, now: Timestamp) {
        if self.deaf_since.is_none() {
            self.expire(now);
        }
        self.workers.retain(|_, worker| !worker.is_forgotten(now));
        let conditions = conditions::present(self, now);
        let mut alerts = std::mem::take(&mut self.alerts);
        alerts.follow(conditions, |subject, lasted| conditions::over(self, subject, lasted), now);
        self.alerts = alerts;
    }

    /// Silence counts from when there was something to hear.
    fn expire(&mut self, now: Timestamp) {
        self.heard_masters.expire(self.heard_since, now);
        self.masters.set(self.heard_masters.listed());
        let since = self.heard_since;
        let silent = self.workers.values().filter(|worker| worker.away.is_none() && worker.is_silent(since, now));
        let silent: Vec<WorkerId> = silent.map(|worker| worker.profile.id.clone()).collect();
        for id in silent {
            self.worker_away(&id, false, now);
        }
    }

    /// The masters that are there, active ones first.
    pub(crate) fn masters(&self) -> &[MasterProfile] {
        self.masters.get()
    }

    /// The workers that are there.
    pub(crate) fn present_workers(&self) -> impl Iterator<Item = &WorkerProfile> {
        self.workers.values().filter(|worker| worker.away.is_none()).map(|worker| &worker.profile)
    }

    pub(crate) fn instances(&self) -> impl Iterator<Item = &Instance> {
        self.instances.all().values()
    }

    pub(crate) fn instance(&self, id: &TaskId) -> Option<&Instance> {
        self.instances.get(id)
    }

    pub(super) fn worker(&self, id: &str) -> Option<&Worker> {
        self.workers.get(&WorkerId::from(id))
    }

    /// Counts the task instances.
    pub(crate) fn statuses(&self) -> Statuses {
        let mut statuses = Statuses::default();
        for instance in self.instances.all().values() {
            *match instance.status {
                InstanceStatus::Running => &mut statuses.running,
                InstanceStatus::Failed => &mut statuses.failed,
                InstanceStatus::Paused => &mut statuses.paused,
                _ => &mut statuses.scheduled,
            } += 1;
        }
        statuses
    }

    /// A number that changes whenever the master may have planned something else.
    pub(crate) fn instances_version(&self) -> u64 {
        self.instances.all().latest()
    }

    /// Counts that documents of these kinds have changed.
    pub(crate) fn documents_changed(&mut self, kinds: &[Kind]) {
        let mut revisions = *self.revisions.get();
        let count = |kind, revision: &mut u64| *revision += u64::from(kinds.contains(&kind));
        count(Kind::Operator, &mut revisions.operator);
        count(Kind::Service, &mut revisions.service);
        count(Kind::Intent, &mut revisions.intent);
        count(Kind::FogFunction, &mut revisions.fogfunction);
        count(Kind::Device, &mut revisions.device);
        count(Kind::Subscription, &mut revisions.subscription);
        self.revisions.set(revisions);
    }

    /// Takes over what the services of this node answered.
    pub(crate) fn checked(&mut self, services: Vec<Service>, now: Timestamp) {
        let up = |state| matches!(state, ServiceState::Ready | ServiceState::Running);
        self.down_since.retain(|name, _| services.iter().any(|service| service.name == *name && !up(service.state)));
        for service in services.iter().filter(|service| !up(service.state)) {
            self.down_since.entry(service.name).or_insert(now);
        }
        self.services.set(services);
    }

    /// Takes over what the master has planned: what instances read and write, and those that no worker has told of.
    pub(crate) fn planned(&mut self, planned: Vec<Planned>, now: Timestamp) {
        let listed: BTreeSet<&TaskId> = planned.iter().map(|planned| &planned.id).collect();
        self.instances.keep_listed("", &listed);
        for planned in planned {
            let known = self.instances.get(&planned.id);
            if known.is_some_and(|known| !known.worker.is_empty()) {
                self.streams_planned(&planned);
            } else if planned.waits() || planned.worker.as_deref().is_some_and(|worker| self.is_present(worker)) {
                let instance = planned.instance(now).keep_from(known);
                if known != Some(&instance) {
                    self.put(instance);
                }
            }
        }
    }

    fn streams_planned(&mut self, planned: &Planned) {
        let (inputs, outputs) = planned.streams();
        self.instances.edit(&planned.id, |instance| {
            let another = (&instance.inputs, &instance.outputs) != (&inputs, &outputs);
            (instance.inputs, instance.outputs) = (inputs, outputs);
            another
        });
    }

    fn is_present(&self, worker: &str) -> bool {
        self.worker(worker).is_some_and(|worker| worker.away.is_none())
    }

    /// Keeps a sample, with what is known here.
    pub(crate) fn push(&mut self, sample: Sample) {
        let workers = self.present_workers().count();
        self.history.push(Sample { instances: self.statuses(), workers, ..sample });
    }

    /// Sets the rates of instances; one that is not named has none that is known.
    pub(crate) fn rated(&mut self, inputs: &BTreeMap<TaskId, f64>, outputs: &BTreeMap<TaskId, f64>) {
        let had = |instance: &&Instance| instance.input_rate.is_some() || instance.output_rate.is_some();
        let had = self.instances().filter(had).map(|instance| instance.id.clone());
        let concerned: BTreeSet<TaskId> = had.chain(inputs.keys().cloned()).chain(outputs.keys().cloned()).collect();
        for id in concerned {
            let rates = (inputs.get(&id).copied(), outputs.get(&id).copied());
            self.instances.edit(&id, |instance| {
                let another = (instance.input_rate, instance.output_rate) != rates;
                (instance.input_rate, instance.output_rate) = rates;
                another
            });
        }
    }
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
