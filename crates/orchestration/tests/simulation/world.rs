//! Everything together.

use std::collections::BTreeMap;
use std::time::Duration;

use flow::{Message, ServiceIntent, WorkerId};
use ngsi::Timestamp;
use orchestration::{Effect, Event};

use crate::discovery::{Discovery, Said};
use crate::master::{Disk, Driver, Master};
use crate::network::{Agenda, Arrival, Chance};
use crate::support::{Plan, Thing, intent, plan, topology};
use crate::worker::{Next, Worker};

/// When faults end, and how long it may take from then on until all is as it should be.
const FAULTS_MS: i64 = 25_000;
const BOUND_MS: i64 = 150_000;
/// How long all must then stay as it is.
const STEADY_MS: i64 = 10_000;

pub(crate) struct World {
    pub(crate) chance: Chance,
    pub(crate) agenda: Agenda,
    pub(crate) ms: i64,
    pub(crate) discovery: Discovery,
    pub(crate) discovery_up: bool,
    pub(crate) master: Option<Master>,
    pub(crate) disk: Disk,
    pub(crate) lives: u64,
    pub(crate) commanded_ms: i64,
    pub(crate) workers: Vec<Worker>,
    pub(crate) things: BTreeMap<String, Thing>,
    /// Each with the topology it names now.
    pub(crate) intents: BTreeMap<u8, u8>,
    pub(crate) withdrawn: Vec<u8>,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut chance = Chance(seed);
        let count = 1 + usize::try_from(chance.below(3)).unwrap();
        let place = |chance: &mut Chance| chance.percent(80).then(|| u8::try_from(chance.below(100)).unwrap());
        let capacity =
            |chance: &mut Chance| if chance.percent(70) { 50 } else { u32::try_from(chance.below(6)).unwrap() };
        let workers = (0..count).map(|index| Worker::new(index, capacity(&mut chance), place(&mut chance))).collect();
        let mut world = Self {
            chance,
            agenda: Agenda::default(),
            ms: 0,
            discovery: Discovery::default(),
            discovery_up: true,
            master: None,
            disk: Disk::default(),
            lives: 0,
            commanded_ms: 0,
            workers,
            things: BTreeMap::new(),
            intents: BTreeMap::new(),
            withdrawn: Vec::new(),
        };
        world.agenda.at(0, Arrival::MasterStart);
        for worker in 0..count {
            let at = i64::try_from(world.chance.below(500)).unwrap();
            world.agenda.at(at, Arrival::WorkerStart { worker });
        }
        for _ in 0..30 + world.chance.below(40) {
            let at = i64::try_from(world.chance.below(FAULTS_MS as u64)).unwrap();
            world.agenda.at(at, Arrival::Fault);
        }
        world
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + self.ms)
    }

    pub(crate) fn faults(&self) -> bool {
        self.ms < FAULTS_MS
    }

    /// Runs to the end; the error says what is not as it should be.
    pub(crate) fn run(mut self) -> Result<(), String> {
        self.agenda.at(FAULTS_MS + 5_000, Arrival::Announce);
        let mut right_since = None;
        while let Some((ms, arrival)) = self.agenda.pop() {
            let second = ms / 1_000 != self.ms / 1_000;
            self.ms = self.ms.max(ms);
            if second && self.ms > FAULTS_MS + 6_000 {
                match (self.wrong(), right_since) {
                    (None, None) => right_since = Some(self.ms),
                    (None, Some(since)) if self.ms - since >= STEADY_MS => return Ok(()),
                    (None, Some(_)) => {}
                    (Some(problem), _) if self.ms > FAULTS_MS + BOUND_MS => return Err(problem),
                    (Some(_), _) => right_since = None,
                }
            }
            self.take(arrival);
        }
        Err("nothing happens any more".to_owned())
    }

    pub(crate) fn take(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::AtMaster { from, message } => self.at_master(from, message),
            Arrival::AtWorker { to, message } => self.at_worker(to, message),
            Arrival::Engine { worker, life, event } if self.alive(worker, life) => self.tell_worker(worker, event),
            Arrival::Driver { life, key } if self.is_master(life) => self.drive(key),
            Arrival::Subscribe { life, key, request } if self.discovery_up => {
                let (id, empty) = self.discovery.subscribe(life, key, *request);
                self.discovery_sends(id);
                self.later(50, Arrival::Subscribed { life, key, id, empty });
            }
            Arrival::Subscribed { life, key, id, empty } if self.is_master(life) => self.subscribed(key, id, empty),
            Arrival::Outbox { id } => self.discovery_sends(id),
            Arrival::WorkerTick { worker, life } if self.alive(worker, life) => {
                self.tell_worker(worker, tasks::Event::Tick);
                self.agenda.at(self.ms + 500, Arrival::WorkerTick { worker, life });
            }
            Arrival::Heartbeat { worker, life } if self.alive(worker, life) => {
                let profile = self.workers[worker].profile();
                self.say(worker, Message::WorkerHeartbeat(profile));
                self.agenda.at(self.ms + 2_000, Arrival::Heartbeat { worker, life });
            }
            Arrival::MasterTick { life } if self.is_master(life) => {
                self.tell_master(Event::Tick);
                self.agenda.at(self.ms + 1_000, Arrival::MasterTick { life });
            }
            Arrival::Fault => self.fault(),
            Arrival::WorkerStart { worker } => self.start_worker(worker),
            Arrival::MasterStart => self.start_master(),
            Arrival::Reregister => {
                self.discovery_up = true;
                self.tell_discovery_all();
                self.wake_outboxes();
            }
            Arrival::Announce => self.announce(),
            _ => {}
        }
    }

    pub(crate) fn later(&mut self, most_ms: u64, arrival: Arrival) {
        let delay = 1 + i64::try_from(self.chance.below(most_ms)).unwrap();
        self.agenda.at(self.ms + delay, arrival);
    }

    /// The bus: while there are faults it loses, repeats and delays, so also reorders.
    pub(crate) fn bus(&mut self, arrival: Arrival) {
        if !self.faults() {
            return self.later(20, arrival);
        }
        if self.chance.percent(15) {
            return;
        }
        if self.chance.percent(10) {
            self.later(8_000, arrival.clone());
        }
        let slow = if self.chance.percent(20) { 4_000 } else { 50 };
        self.later(slow, arrival);
    }

    pub(crate) fn say(&mut self, from: usize, message: Message) {
        self.bus(Arrival::AtMaster { from, message });
    }

    pub(crate) fn alive(&self, worker: usize, life: u64) -> bool {
        self.workers[worker].process.is_some() && self.workers[worker].life == life
    }

    pub(crate) fn is_master(&self, life: u64) -> bool {
        self.master.as_ref().is_some_and(|master| master.life == life)
    }

    pub(crate) fn at_master(&mut self, from: usize, message: Message) {
        let worker = WorkerId::from(self.workers[from].name.as_str());
        match message {
            Message::WorkerJoin(profile) => self.tell_master(Event::WorkerJoined(Box::new(profile))),
            Message::WorkerHeartbeat(profile) => self.tell_master(Event::Worker(Box::new(profile))),
            Message::WorkerLeave(profile) => self.tell_master(Event::WorkerLeft(Box::new(profile))),
            Message::TaskUpdate(update) => self.tell_master(Event::TaskUpdate { worker, update: Box::new(update) }),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn at_worker(&mut self, to: usize, message: Message) {
        if self.workers[to].process.is_none() {
            return;
        }
        if matches!(message, Message::Report(_)) {
            let profile = self.workers[to].profile();
            return self.say(to, Message::WorkerHeartbeat(profile));
        }
        self.tell_worker(to, tasks::Event::Command(message));
    }

    pub(crate) fn tell_worker(&mut self, worker: usize, event: tasks::Event) {
        let (now, faults) = (self.now(), self.faults());
        let next = self.workers[worker].handle(event, now, &mut self.chance, faults);
        self.follow(worker, next);
    }

    pub(crate) fn follow(&mut self, worker: usize, next: Vec<Next>) {
        let life = self.workers[worker].life;
        for next in next {
            match next {
                Next::Engine(delay, event) => self.agenda.at(self.ms + delay, Arrival::Engine { worker, life, event }),
                Next::Say(message) => self.say(worker, message),
            }
        }
    }

    pub(crate) fn tell_master(&mut self, event: Event) {
        let now = self.now();
        let Some(master) = &mut self.master else { return };
        let effects = master.handle(event, now);
        self.perform(effects);
    }

    pub(crate) fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            let Some(master) = &mut self.master else { return };
            match effect {
                Effect::Send { worker, message } => {
                    let to = self.workers.iter().position(|known| known.name == worker.as_str()).unwrap();
                    self.commanded_ms = self.ms;
                    self.bus(Arrival::AtWorker { to, message: *message });
                }
                Effect::Subscribe { key, request } => {
                    master.drivers.insert(key, Driver { request: *request, id: None, asking: false });
                    let life = master.life;
                    self.agenda.at(self.ms, Arrival::Driver { life, key });
                }
                Effect::Unsubscribe(key) => {
                    let driver = master.drivers.remove(&key);
                    master.ended.extend(driver.and_then(|driver| driver.id));
                }
                Effect::PersistIntent(stored) => drop(self.disk.intents.insert(stored.intent.id.clone(), *stored)),
                Effect::ForgetIntent(id) => drop(self.disk.intents.remove(id.as_str())),
                Effect::RememberWorker(id) => drop(self.disk.workers.insert(id)),
                Effect::ForgetWorker(id) => drop(self.disk.workers.remove(&id)),
                Effect::FetchEntity { .. } => panic!("every thing has a city"),
                Effect::Changed(_) => {}
            }
        }
    }

    /// The driver of a request: asks for a subscription, or checks that it is there still.
    pub(crate) fn drive(&mut self, key: orchestration::SubscriptionKey) {
        let Some(master) = &mut self.master else { return };
        let life = master.life;
        if self.discovery_up {
            master.ended.drain(..).for_each(|id| self.discovery.unsubscribe(id));
        }
        let Some(driver) = master.drivers.get_mut(&key) else { return };
        let lost = driver.id.is_some_and(|id| self.discovery_up && !self.discovery.has(id));
        if driver.id.is_some() && !lost {
            return self.later(5_000, Arrival::Driver { life, key });
        }
        (driver.id, driver.asking) = (None, true);
        let request = Box::new(driver.request.clone());
        self.tell_master(Event::SnapshotBegun(key));
        if !(self.faults() && self.chance.percent(30)) {
            self.later(50, Arrival::Subscribe { life, key, request });
        }
        self.agenda.at(self.ms + 500, Arrival::Driver { life, key });
    }

    pub(crate) fn subscribed(&mut self, key: orchestration::SubscriptionKey, id: u64, empty: bool) {
        let Some(master) = &mut self.master else { return };
        let Some(driver) = master.drivers.get_mut(&key).filter(|driver| driver.id.is_none()) else {
            return master.ended.push(id);
        };
        (driver.id, driver.asking) = (Some(id), false);
        if empty {
            self.tell_master(Event::Snapshot { key, registrations: Vec::new(), last: true });
        }
    }

    pub(crate) fn wake_outboxes(&mut self) {
        let ids: Vec<u64> = self.discovery.subscribers.keys().copied().collect();
        for id in ids {
            self.later(20, Arrival::Outbox { id });
        }
    }

    /// Delivers the first of a subscriber's queue; tried again until the master has answered.
    pub(crate) fn discovery_sends(&mut self, id: u64) {
        if !self.discovery_up {
            return;
        }
        let Some(subscriber) = self.discovery.subscribers.get(&id) else { return };
        let (life, key) = (subscriber.life, subscriber.key);
        let Some(said) = subscriber.queue.front().cloned() else { return };
        self.later(if self.faults() { 300 } else { 20 }, Arrival::Outbox { id });
        if self.master.is_none() || self.faults() && self.chance.percent(20) {
            return;
        }
        let answered = !(self.faults() && self.chance.percent(10));
        if self.is_master(life) && self.current(key, id) {
            self.notify(key, id, said);
        } else {
            // The master does not know it and ends it.
            self.discovery.unsubscribe(id);
        }
        if let Some(subscriber) = self.discovery.subscribers.get_mut(&id).filter(|_| answered) {
            subscriber.queue.pop_front();
        } else if let Some(subscriber) = self.discovery.subscribers.get_mut(&id)
            && subscriber.queue.is_empty()
        {
            subscriber.queue.push_back(Said::Snapshot);
        }
    }

    /// Whether the reference of a subscription is that of the latest attempt.
    pub(crate) fn current(&self, key: orchestration::SubscriptionKey, id: u64) -> bool {
        let driver = self.master.as_ref().and_then(|master| master.drivers.get(&key));
        let latest = self.discovery.subscribers.iter().filter(|(_, s)| s.key == key).map(|(id, _)| *id).max();
        driver.is_some_and(|driver| driver.id == Some(id) || driver.id.is_none() && driver.asking && latest == Some(id))
    }

    pub(crate) fn notify(&mut self, key: orchestration::SubscriptionKey, id: u64, said: Said) {
        match said {
            Said::Available(registration) => {
                self.tell_master(Event::Available { key, registrations: vec![registration] });
            }
            Said::Unavailable(entity) => self.tell_master(Event::Unavailable { key, entities: vec![entity] }),
            Said::Snapshot => {
                let mut first = self.discovery.snapshot(id);
                let second = first.split_off(first.len() / 2);
                // The entry being delivered stays until it is answered.
                self.discovery.subscribers.get_mut(&id).unwrap().queue.push_front(Said::Snapshot);
                self.tell_master(Event::SnapshotBegun(key));
                self.tell_master(Event::Snapshot { key, registrations: first, last: false });
                self.tell_master(Event::Snapshot { key, registrations: second, last: true });
            }
        }
    }

    /// What differs from the plan.
    pub(crate) fn wrong(&self) -> Option<String> {
        let Some(master) = &self.master else { return Some("there is no master".to_owned()) };
        let things: Vec<Thing> = self.things.values().copied().collect();
        let salted = |index: u8| self.disk.intents.get(&intent(index).id).is_some_and(|stored| stored.ordinal > 0);
        let plan_of = |(i, variant): (&u8, &u8)| plan(&wish(*i, *variant), &topology(*variant), salted(*i), &things);
        let plans = self.intents.iter().map(plan_of);
        let plan: Plan = plans.flatten().collect();
        let mut running: BTreeMap<String, usize> = BTreeMap::new();
        for worker in &self.workers {
            for (task, inputs) in worker.runs() {
                if plan.get(&task) != Some(&inputs) {
                    let view = master.orchestrator.instances(None).find(|view| view.id.as_str() == task);
                    let (name, wanted) = (&worker.name, plan.get(&task));
                    return Some(format!("{name} runs {task} with {inputs:?}, wanted {wanted:?}, planned {view:?}"));
                }
                *running.entry(task).or_default() += 1;
            }
        }
        if let Some((task, times)) = running.iter().find(|(_, times)| **times > 1) {
            return Some(format!("{task} runs {times} times"));
        }
        let room = self.workers.iter().map(|worker| worker.profile().capacity as usize).sum::<usize>();
        if running.len() != plan.len().min(room) {
            let waiting: Vec<_> =
                master.orchestrator.instances(None).filter(|view| !running.contains_key(view.id.as_str())).collect();
            return Some(format!(
                "{} of {} run, room for {room}: {waiting:?} of {:?}",
                running.len(),
                plan.len(),
                master.orchestrator.intents()
            ));
        }
        (self.ms - self.commanded_ms < STEADY_MS / 2).then(|| "all is right and the master commands still".to_owned())
    }
}

/// An intent, on a topology of another number than its own if it has been changed.
pub(crate) fn wish(index: u8, variant: u8) -> ServiceIntent {
    ServiceIntent { topology: topology(variant).name, ..intent(index) }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("at {:?} of virtual time", Duration::from_millis(self.ms.unsigned_abs()));
        }
    }
}
