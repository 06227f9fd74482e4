//! Workers: what they report is compared with what they are to have, and any difference repaired.

use std::collections::BTreeMap;

use flow::{InstanceStatus, ReportedInstance, TaskId, TaskInstance, WorkerId, WorkerProfile};

use crate::event::{Effect, IntentId};
use crate::instance::LAST_GENERATION;
use crate::orchestrator::Orchestrator;

/// No worker may ask for more patience than a day.
const LONGEST_SILENCE_S: u64 = 86_400;

/// What to do about one reported instance.
enum Verdict {
    /// It is as it should be, or not ours to judge yet.
    Fine,
    /// It is to be told again what it should be.
    Repair,
    /// It is desired and nobody was to run it.
    Adopt { generation: u64 },
    /// The worker did not admit it.
    Refused { reason: String },
    /// It should not be there, but at `elsewhere` if anywhere.
    Remove { generation: u64, elsewhere: Option<WorkerId> },
}

impl Orchestrator {
    pub(crate) fn heard(&mut self, profile: WorkerProfile, joined: bool) {
        let id = profile.id.clone();
        let known = self.fleet.get(&id).map(|worker| (worker.profile.incarnation, worker.profile.capacity));
        let too_many = known.is_none() && self.fleet.len() >= self.settings.max_workers;
        if id.is_empty() || too_many || known.is_some_and(|(incarnation, _)| profile.incarnation < incarnation) {
            return;
        }
        let restarted = known.is_some_and(|(incarnation, _)| profile.incarnation > incarnation);
        let grown = known.is_none_or(|(_, capacity)| profile.capacity > capacity);
        let list = self.note_profile(profile);
        if known.is_none() {
            self.effects.push(Effect::RememberWorker(id.clone()));
            self.sweep = Some(TaskId::default());
        }
        if (restarted || joined)
            && let Some(worker) = self.fleet.get_mut(&id)
        {
            worker.prefetched.clear();
        }
        if known.is_none() || restarted || joined {
            let intents: Vec<IntentId> = self.intents.keys().cloned().collect();
            self.prefetch(&intents, &id);
        }
        self.retry |= grown;
        match list {
            Some(list) => self.compare(&id, list, restarted),
            None => self.trust(&id, joined || restarted),
        }
        if self.expected.remove(&id) && self.expected.is_empty() && self.settling {
            self.settled();
        }
    }

    /// Keeps a profile; the instances it came with.
    fn note_profile(&mut self, mut profile: WorkerProfile) -> Option<Vec<ReportedInstance>> {
        let list = profile.instances.take();
        let reports = list.is_some() || profile.incarnation > 0;
        let own = std::time::Duration::from_secs(profile.silence_limit_s.min(LONGEST_SILENCE_S));
        let limit = if own.is_zero() { self.settings.silence_limit } else { own };
        self.fleet.hear(profile, self.now.after(limit), reports);
        list
    }

    fn compare(&mut self, worker: &WorkerId, list: Vec<ReportedInstance>, restarted: bool) {
        let bounded = list.into_iter().map(|r| ReportedInstance { generation: r.generation.min(LAST_GENERATION), ..r });
        let (refused, present): (Vec<_>, Vec<_>) = bounded.partition(|r| r.status == InstanceStatus::Refused);
        let present = present.into_iter().filter(|reported| reported.status != InstanceStatus::Removed);
        let reported: BTreeMap<TaskId, ReportedInstance> = present.map(|r| (r.id.clone(), r)).collect();
        self.note_running(worker, &reported);
        let present = reported.values().map(|r| (r.id.clone(), self.judge(worker, r)));
        let mut verdicts: Vec<(TaskId, Verdict)> = present.collect();
        verdicts.extend(refused.into_iter().map(|r| (r.id.clone(), self.judge_refusal(worker, r))));
        let missing = self.missing(worker, &reported, restarted);
        if let Some(known) = self.fleet.get_mut(worker) {
            known.removals.retain(|id, _| reported.contains_key(id));
            known.reported = reported;
        }
        for (id, verdict) in verdicts {
            match verdict {
                Verdict::Fine => {}
                Verdict::Repair => self.command(&id),
                Verdict::Adopt { generation } => {
                    if !self.adopt_on(&id, worker) {
                        self.remove_reported(worker, &id, generation, None);
                    }
                }
                Verdict::Refused { reason } => self.refused(worker, &id, &reason),
                Verdict::Remove { generation, elsewhere } => self.remove_reported(worker, &id, generation, elsewhere),
            }
        }
        for id in missing {
            self.restart(&id);
        }
    }

    fn note_running(&mut self, worker: &WorkerId, reported: &BTreeMap<TaskId, ReportedInstance>) {
        let before = self.fleet.get_mut(worker).map(|known| std::mem::take(&mut known.reported)).unwrap_or_default();
        for id in before.keys().filter(|id| !reported.contains_key(*id)) {
            self.forget_running(worker, id);
        }
        for id in reported.keys().filter(|id| !before.contains_key(*id)) {
            self.running_on.entry(id.clone()).or_default().insert(worker.clone());
        }
    }

    fn judge(&mut self, worker: &WorkerId, reported: &ReportedInstance) -> Verdict {
        let unjudged = self.unjudged(&reported.service_intent_id);
        let grace = self.settings.grace;
        let Some(instance) = self.instances.get_mut(&reported.id) else {
            let generation = self.tombstones.get(&reported.id).copied().unwrap_or_default().max(reported.generation);
            return if unjudged { Verdict::Fine } else { Verdict::Remove { generation, elsewhere: None } };
        };
        match &instance.worker {
            Some(planned) if planned == worker => {}
            Some(_) if instance.leaving.as_ref() == Some(worker) => return Verdict::Fine,
            Some(planned) => {
                let elsewhere = Some(planned.clone());
                instance.generation = instance.generation.max(reported.generation);
                return Verdict::Remove { generation: instance.generation, elsewhere };
            }
            None => {
                let generation = instance.generation.max(reported.generation);
                return Verdict::Adopt { generation };
            }
        }
        let taken = reported.generation == instance.generation;
        instance.generation = instance.generation.max(reported.generation);
        let same = taken
            && reported.service_intent_id == instance.intent.as_str()
            && (instance.unverified || reported.inputs == instance.fingerprint());
        let late = self.now.since(instance.commanded_at) >= grace;
        let (id, status, reason) = (reported.id.clone(), reported.status, reported.reason.clone());
        self.observe(&id, status, &reason);
        if same || !late { Verdict::Fine } else { Verdict::Repair }
    }

    fn judge_refusal(&self, worker: &WorkerId, refused: ReportedInstance) -> Verdict {
        let current = self.instances.get(&refused.id).is_some_and(|instance| {
            instance.worker.as_ref() == Some(worker) && refused.generation >= instance.placed_generation
        });
        if current { Verdict::Refused { reason: refused.reason } } else { Verdict::Fine }
    }

    /// Whether it is not known yet which instances the intent has.
    fn unjudged(&self, intent: &str) -> bool {
        match self.intents.get(&IntentId::from(intent)) {
            Some(state) => !state.incomplete.is_empty(),
            None => self.now.since(self.started_at) < self.settings.orphan_grace,
        }
    }

    /// What a worker should have and does not report, though it has had the time to.
    fn missing(
        &self,
        worker: &WorkerId,
        reported: &BTreeMap<TaskId, ReportedInstance>,
        restarted: bool,
    ) -> Vec<TaskId> {
        let Some(known) = self.fleet.get(worker) else { return Vec::new() };
        let overdue = |id: &&TaskId| {
            let commanded = self.instances.get(*id).map(|instance| instance.commanded_at);
            restarted || commanded.is_some_and(|at| self.now.since(at) >= self.settings.grace)
        };
        known.planned.iter().filter(|id| !reported.contains_key(*id)).filter(overdue).cloned().collect()
    }

    fn remove_reported(&mut self, worker: &WorkerId, id: &TaskId, generation: u64, elsewhere: Option<WorkerId>) {
        let Some(known) = self.fleet.get(worker) else { return };
        if known.removals.get(id).is_some_and(|at| self.now.since(*at) < self.settings.grace) {
            return;
        }
        let Some(reported) = known.reported.get(id) else { return };
        let task = TaskInstance {
            id: id.clone(),
            topology_name: reported.topology_name.clone(),
            task_name: reported.task_name.clone(),
            service_intent_id: reported.service_intent_id.clone(),
            worker_id: elsewhere.unwrap_or_else(|| worker.clone()),
            generation,
            ..TaskInstance::default()
        };
        if task.worker_id == *worker {
            self.bury(id.clone(), generation);
        }
        self.send_remove(worker, task);
    }

    /// The instance is not where it was commanded to be: commands it again.
    fn restart(&mut self, id: &TaskId) {
        if let Some(instance) = self.instances.get_mut(id) {
            instance.confirmed = false;
            instance.failed_since = None;
            instance.unverified = false;
        }
        self.observe(id, InstanceStatus::Scheduled, "");
        self.command(id);
    }

    /// A worker that does not report: commands are repeated when it starts, or when nothing has come of them for long.
    fn trust(&mut self, worker: &WorkerId, started: bool) {
        let Some(known) = self.fleet.get(worker) else { return };
        if known.reports && !started {
            return;
        }
        let overdue = |id: &&TaskId| {
            let quiet = |instance: &crate::instance::Instance| {
                !instance.confirmed && self.now.since(instance.commanded_at) >= self.settings.silent_resend
            };
            self.instances.get(*id).is_some_and(|instance| started || quiet(instance))
        };
        for id in known.planned.iter().filter(overdue).cloned().collect::<Vec<_>>() {
            self.restart(&id);
        }
    }

    pub(crate) fn left(&mut self, profile: &WorkerProfile) {
        let known = self.fleet.get(&profile.id);
        if known.is_some_and(|known| profile.incarnation < known.profile.incarnation) {
            return;
        }
        self.lose(&profile.id);
        if self.expected.remove(&profile.id) && self.expected.is_empty() && self.settling {
            self.settled();
        }
    }

    /// A worker is gone: what it had is placed elsewhere.
    pub(crate) fn lose(&mut self, id: &WorkerId) {
        let Some(worker) = self.fleet.remove(id) else { return };
        self.effects.push(Effect::ForgetWorker(id.clone()));
        for task in worker.reported.keys() {
            self.forget_running(id, task);
        }
        for task in worker.planned {
            self.displace(&task);
        }
    }
}
