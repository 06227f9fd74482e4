//! The state, and what every event ends with: bringing changed instances to their workers.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Bound;
use std::time::Duration;

use flow::{InstanceStatus, Message, ReportRequest, TaskId, WorkerId};
use ngsi::Timestamp;

use crate::availability::Subscription;
use crate::event::{Effect, Event, IntentId, StoredIntent, SubscriptionKey};
use crate::fleet::Fleet;
use crate::instance::{Instance, next};
use crate::plan::IntentState;
use crate::settings::Settings;

/// When ticks are further apart than this the process has been stopped, not the workers.
const LONGEST_TICK: Duration = Duration::from_secs(4);

/// Instances waiting for a worker: most urgent first, then by task, so that a task no worker suits is tried once.
pub(crate) type Waiting = BTreeMap<(Reverse<i64>, IntentId, usize), BTreeSet<TaskId>>;

/// The pure master.
#[derive(Debug, Default)]
pub struct Orchestrator {
    pub(crate) settings: Settings,
    pub(crate) now: Timestamp,
    pub(crate) started_at: Timestamp,
    ticked_at: Timestamp,
    /// Whether the bus is out of reach.
    deaf: bool,
    pub(crate) intents: BTreeMap<IntentId, IntentState>,
    pub(crate) subscriptions: BTreeMap<SubscriptionKey, Subscription>,
    pub(crate) instances: BTreeMap<TaskId, Instance>,
    pub(crate) fleet: Fleet,
    /// Which workers report an instance.
    pub(crate) running_on: BTreeMap<TaskId, BTreeSet<WorkerId>>,
    pub(crate) waiting: Waiting,
    /// Instances to look at again at a time: failed ones, and those whose inputs moved.
    pub(crate) due: BTreeSet<(Timestamp, TaskId)>,
    /// The highest generations of instances no longer desired.
    pub(crate) tombstones: BTreeMap<TaskId, u64>,
    pub(crate) tombstone_order: VecDeque<(Timestamp, TaskId)>,
    /// Known workers that have not reported since the start.
    pub(crate) expected: BTreeSet<WorkerId>,
    pub(crate) settling: bool,
    settling_since: Timestamp,
    /// Whether it has been known of every intent what is available for it: before that, few instances mean nothing.
    pub(crate) surveyed: bool,
    /// Whether room has come up since instances were last tried.
    pub(crate) retry: bool,
    /// Where the sweep for better places goes on; `None` when it is done.
    pub(crate) sweep: Option<TaskId>,
    pub(crate) migrations: u64,
    pub(crate) placements: u64,
    pub(crate) dirty: BTreeSet<TaskId>,
    pub(crate) effects: Vec<Effect>,
}

impl Orchestrator {
    /// An orchestrator that goes on from what was kept: intents, and workers that existed.
    ///
    /// With workers kept it places nothing until all have reported, as [`Event::BusBack`] asks them to, or the settling
    /// time is over, so that running instances are adopted.
    #[must_use]
    pub fn new(
        settings: Settings,
        intents: Vec<StoredIntent>,
        workers: Vec<WorkerId>,
        now: Timestamp,
    ) -> (Self, Vec<Effect>) {
        let settling = !workers.is_empty();
        let mut this = Self { settings, now, started_at: now, settling_since: now, settling, ..Self::default() };
        this.expected = workers.into_iter().collect();
        for StoredIntent { intent, topology, ordinal } in intents {
            let id = IntentId::from(intent.id.as_str());
            this.install(&id, IntentState::new(&id, intent, topology, ordinal));
        }
        let effects = std::mem::take(&mut this.effects);
        (this, effects)
    }

    /// Places nothing until all workers known of have reported, or the settling time is over: others may have told workers
    /// what nobody here has heard of.
    pub fn settle(&mut self) {
        self.settling = true;
        self.settling_since = self.now;
    }

    /// What [`Orchestrator::new`] goes on from.
    #[must_use]
    pub fn kept(&self) -> (Vec<StoredIntent>, Vec<WorkerId>) {
        let live = self.fleet.iter().map(|worker| worker.profile.id.clone());
        (self.stored_intents().collect(), live.chain(self.expected.iter().cloned()).collect())
    }

    /// Every intent as it is kept.
    pub fn stored_intents(&self) -> impl Iterator<Item = StoredIntent> + '_ {
        self.intents.values().map(IntentState::stored)
    }

    /// One of them.
    #[must_use]
    pub fn stored_intent(&self, id: &IntentId) -> Option<StoredIntent> {
        self.intents.get(id).map(IntentState::stored)
    }

    /// Takes an intent over from another orchestrator exactly as that one keeps it, its ordinal included. For one that
    /// has no instances of its own.
    pub fn copy(&mut self, stored: StoredIntent) -> Vec<Effect> {
        let id = IntentId::from(stored.intent.id.as_str());
        self.withdrawn(&id);
        self.effects.clear();
        self.effects.push(Effect::PersistIntent(Box::new(stored.clone())));
        self.install(&id, IntentState::new(&id, stored.intent, stored.topology, stored.ordinal));
        std::mem::take(&mut self.effects)
    }

    /// Takes in what happened; gives back what to do, in order.
    pub fn handle(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        self.now = now.max(self.now);
        match event {
            Event::Intent { intent, topology } => self.announced(*intent, *topology),
            Event::IntentDeleted(id) => self.withdrawn(&id),
            Event::SnapshotBegun(key) => self.snapshot_begun(key),
            Event::Snapshot { key, registrations, last } => self.snapshot(key, registrations, last),
            Event::Available { key, registrations } => self.available(key, registrations),
            Event::Unavailable { key, entities } => self.unavailable(key, &entities),
            Event::EntityFetched { key, entity, attributes } => self.fetched(key, &entity, attributes),
            Event::WorkerJoined(profile) => self.heard(*profile, true),
            Event::Worker(profile) => self.heard(*profile, false),
            Event::WorkerLeft(profile) => self.left(&profile),
            Event::TaskUpdate { worker, update } => self.updated(&worker, *update),
            Event::BusLost => self.deaf = true,
            Event::BusBack => self.bus_back(),
            Event::Tick => self.tick(),
        }
        self.flush();
        self.surveyed = self.surveyed || self.intents.values().all(|intent| intent.incomplete.is_empty());
        std::mem::take(&mut self.effects)
    }

    fn tick(&mut self) {
        self.notice_silence();
        self.retry |= self.fleet.end_back_offs(self.now);
        if self.settling && !self.deaf && self.now.since(self.settling_since) >= self.settings.settle {
            self.settled();
        }
        while self.tombstone_order.front().is_some_and(|(at, _)| *at <= self.now) {
            let forgotten = self.tombstone_order.pop_front();
            forgotten.map(|(_, task)| self.tombstones.remove(&task));
        }
        self.look_at_due();
        self.sweep();
    }

    /// Asks all workers how they are.
    fn bus_back(&mut self) {
        self.deaf = false;
        self.settling_since = self.now;
        let known = self.fleet.iter().map(|worker| worker.profile.id.clone());
        let asked: BTreeSet<WorkerId> = known.chain(self.expected.iter().cloned()).collect();
        for worker_id in asked {
            self.send(worker_id.clone(), Message::Report(ReportRequest { worker_id }));
        }
    }

    /// Silence counts only while this process runs and hears the bus: otherwise the first worker to be heard again
    /// would be given everything.
    fn notice_silence(&mut self) {
        let passed = self.now.since(self.ticked_at.max(self.started_at));
        self.ticked_at = self.now;
        if self.deaf || passed > LONGEST_TICK {
            self.fleet.postpone(passed);
        }
        for worker in self.fleet.silent(self.now) {
            self.lose(&worker);
        }
    }

    pub(crate) fn settled(&mut self) {
        self.settling = false;
        self.retry = true;
        for worker in std::mem::take(&mut self.expected) {
            self.effects.push(Effect::ForgetWorker(worker));
        }
    }

    /// Brings every changed instance to a worker, then those that waited for room.
    fn flush(&mut self) {
        let dirty = std::mem::take(&mut self.dirty);
        let mut unplaced: Vec<(Reverse<i64>, TaskId)> = Vec::new();
        for id in dirty {
            match self.instances.get(&id) {
                Some(instance) if instance.worker.is_some() => self.tell_inputs(&id),
                Some(instance) => unplaced.push((Reverse(instance.level), id)),
                None => {}
            }
        }
        unplaced.sort();
        for (_, id) in unplaced {
            if !self.adopt(&id) && (self.settling || !self.place(&id)) {
                self.wait(&id);
            }
        }
        if std::mem::take(&mut self.retry) && !self.settling {
            self.place_waiting();
        }
    }

    fn place_waiting(&mut self) {
        let groups: Vec<_> = self.waiting.keys().cloned().collect();
        for group in groups {
            let mut last: Option<TaskId> = None;
            while let Some(id) = self.next_waiting(&group, last.as_ref()) {
                last = Some(id.clone());
                let excepted = self.instances.get(&id).is_some_and(|instance| !instance.excluded.is_empty());
                if !self.place(&id) && !excepted {
                    break;
                }
            }
        }
    }

    fn next_waiting(&self, group: &(Reverse<i64>, IntentId, usize), last: Option<&TaskId>) -> Option<TaskId> {
        let from = last.map_or(Bound::Unbounded, Bound::Excluded);
        self.waiting.get(group)?.range::<TaskId, _>((from, Bound::Unbounded)).next().cloned()
    }

    /// Places an instance that has no worker; whether one was found.
    fn place(&mut self, id: &TaskId) -> bool {
        let Some(instance) = self.instances.get(id) else { return true };
        let chosen = self.fleet.choose(&instance.plan.needs, &instance.places(), &instance.excluded(self.now));
        let Some(worker) = chosen else { return false };
        self.placements += 1;
        self.assign(id, worker);
        self.command(id);
        true
    }

    /// Notes that an instance is to be on a worker.
    pub(crate) fn assign(&mut self, id: &TaskId, worker: WorkerId) {
        self.stop_waiting(id);
        self.fleet.plan(&worker, id);
        let now = self.now;
        if let Some(instance) = self.instances.get_mut(id) {
            instance.unplace();
            instance.worker = Some(worker);
            instance.considered_at = now;
            instance.placed_generation = next(instance.generation);
            if instance.leaving == instance.worker {
                instance.leaving = None;
            }
        }
        self.changed(id);
    }

    fn wait(&mut self, id: &TaskId) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let group = (Reverse(instance.level), instance.intent.clone(), instance.task);
        if self.waiting.entry(group).or_default().insert(id.clone()) {
            instance.status = InstanceStatus::Scheduled;
            self.changed(id);
        }
    }

    pub(crate) fn stop_waiting(&mut self, id: &TaskId) {
        let Some(instance) = self.instances.get(id) else { return };
        let group = (Reverse(instance.level), instance.intent.clone(), instance.task);
        if let Some(ids) = self.waiting.get_mut(&group) {
            ids.remove(id);
            if ids.is_empty() {
                self.waiting.remove(&group);
            }
        }
    }

    /// Takes the instance off its worker, for another to be found; the worker it was on.
    pub(crate) fn displace(&mut self, id: &TaskId) -> Option<WorkerId> {
        let worker = self.instances.get_mut(id)?.unplace()?;
        self.fleet.unplan(&worker, id);
        self.dirty.insert(id.clone());
        self.retry = true;
        Some(worker)
    }
}
