//! The incremental plan equals the one computed anew, after any sequence of events.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::collections::{BTreeMap, BTreeSet};

use flow::{Message, WorkerId};
use ngsi::Timestamp;
use orchestration::{Effect, Event, IntentId, Orchestrator, Settings, SubscriptionKey};
use proptest::prelude::*;
use support::{KINDS, Plan, Thing, intent, plan, topology, worker};

#[derive(Debug, Clone)]
enum Step {
    Thing(Thing),
    Gone(u8, u8),
    Intent(u8),
    Withdrawn(u8),
    Worker(u8, u32, Option<u8>),
    Left(u8),
    Time(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let place = || prop::option::of(0_u8..100);
    let thing =
        (0_u8..4, 0_u8..3, 0_u8..3, place()).prop_map(|(id, kind, city, place)| Thing { id, kind, city, place });
    let step = prop_oneof![
        6 => thing.prop_map(Step::Thing),
        2 => (0_u8..4, 0_u8..3).prop_map(|(id, kind)| Step::Gone(id, kind)),
        2 => (0_u8..6).prop_map(Step::Intent),
        1 => (0_u8..6).prop_map(Step::Withdrawn),
        2 => (0_u8..4, 0_u32..8, place()).prop_map(|(id, capacity, place)| Step::Worker(id, capacity, place)),
        1 => (0_u8..4).prop_map(Step::Left),
        1 => (0_u16..20_000).prop_map(Step::Time),
    ];
    prop::collection::vec(step, 1..60)
}

/// An orchestrator whose workers have and report exactly what they were told.
struct Bed {
    master: Orchestrator,
    now: Timestamp,
    keys: BTreeMap<SubscriptionKey, String>,
    things: Vec<Thing>,
    /// In order of announcement, each with whether its ids are salted.
    intents: Vec<(u8, bool)>,
    workers: BTreeMap<WorkerId, u32>,
}

impl Bed {
    fn new() -> Self {
        let now = Timestamp::from_millis(1_000_000);
        let (master, _) = Orchestrator::new(Settings::default(), Vec::new(), Vec::new(), now);
        let (keys, things, intents, workers) = Default::default();
        Self { master, now, keys, things, intents, workers }
    }

    fn handle(&mut self, event: Event) {
        for effect in self.master.handle(event, self.now) {
            match effect {
                Effect::Subscribe { key, request } => {
                    let kind = request.entities[0].entity_type.to_string();
                    let registrations = self.things.iter().filter(|t| t.entity_type() == kind).map(Thing::registration);
                    let registrations = registrations.collect();
                    self.keys.insert(key, kind);
                    self.handle(Event::SnapshotBegun(key));
                    self.handle(Event::Snapshot { key, registrations, last: true });
                }
                Effect::Unsubscribe(key) => drop(self.keys.remove(&key)),
                Effect::Send { worker, message } => {
                    assert!(self.workers.contains_key(&worker), "{message:?} to {worker}, which has left");
                    if let Message::AddTask(task) = *message {
                        assert_eq!(task.worker_id, worker);
                    }
                }
                _ => {}
            }
        }
    }

    fn tell(&mut self, kind: usize, event: impl Fn(SubscriptionKey) -> Event) {
        let keys: Vec<_> = self.keys.iter().filter(|(_, of)| *of == KINDS[kind]).map(|(key, _)| *key).collect();
        for key in keys {
            self.handle(event(key));
        }
    }

    fn step(&mut self, step: &Step) {
        match *step {
            Step::Thing(thing) => {
                self.things.retain(|known| known.name() != thing.name());
                self.things.push(thing);
                let registrations = vec![thing.registration()];
                self.tell(thing.kind.into(), |key| Event::Available { key, registrations: registrations.clone() });
            }
            Step::Gone(id, kind) => {
                let name = Thing { id, kind, city: 0, place: None }.name();
                self.things.retain(|known| known.name() != name);
                self.tell(kind.into(), |key| Event::Unavailable { key, entities: vec![name.as_str().into()] });
            }
            Step::Intent(index) => {
                if !self.intents.iter().any(|(known, _)| *known == index) {
                    let twin = |(known, salted): &(u8, bool)| known % 4 == index % 4 && !salted;
                    let salted = self.intents.iter().any(twin);
                    self.intents.push((index, salted));
                }
                let (intent, topology) = (Box::new(intent(index)), Box::new(topology(index)));
                self.handle(Event::Intent { intent, topology });
            }
            Step::Withdrawn(index) => {
                self.intents.retain(|(known, _)| *known != index);
                self.handle(Event::IntentDeleted(IntentId::from(format!("i{index}").as_str())));
            }
            Step::Worker(id, capacity, place) => {
                let profile = worker(&format!("Worker.{id}"), capacity, place);
                self.workers.insert(profile.id.clone(), capacity);
                self.handle(Event::WorkerJoined(Box::new(profile)));
            }
            Step::Left(id) => {
                let profile = worker(&format!("Worker.{id}"), 0, None);
                self.workers.remove(&profile.id);
                self.handle(Event::WorkerLeft(Box::new(profile)));
            }
            Step::Time(ms) => {
                self.now = self.now.after(std::time::Duration::from_millis(ms.into()));
                let silent: Vec<WorkerId> = self.workers.keys().cloned().collect();
                for id in silent {
                    let known = self.master.workers().find(|worker| worker.id == id).cloned();
                    self.handle(Event::Worker(Box::new(known.unwrap())));
                }
                self.handle(Event::Tick);
            }
        }
    }

    fn expected(&self) -> Plan {
        let plans =
            self.intents.iter().map(|(index, salted)| plan(&intent(*index), &topology(*index), *salted, &self.things));
        plans.flatten().collect()
    }

    fn check(&self) {
        let views: Vec<_> = self.master.instances(None).collect();
        let inputs =
            |view: &orchestration::InstanceView| view.inputs.iter().map(|i| i.id.clone()).collect::<BTreeSet<_>>();
        let actual: Plan = views.iter().map(|view| (view.id.to_string(), inputs(view))).collect();
        assert_eq!(actual, self.expected());
        let mut load: BTreeMap<WorkerId, u32> = BTreeMap::new();
        for worker in views.iter().filter_map(|view| view.worker.clone()) {
            *load.entry(worker).or_default() += 1;
        }
        assert!(load.keys().all(|worker| self.workers.contains_key(worker)), "on a worker that left: {load:?}");
        let waits = views.iter().any(|view| view.worker.is_none());
        let room = self.workers.iter().any(|(id, capacity)| load.get(id).copied().unwrap_or_default() < *capacity);
        assert!(!waits || !room, "an instance waits though there is room: {load:?} of {:?}", self.workers);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn incremental_plan_equals_the_one_computed_anew(steps in steps()) {
        let mut bed = Bed::new();
        for step in steps {
            bed.step(&step);
            bed.check();
        }
    }
}

#[test]
fn capacity_is_never_exceeded_by_placing() {
    let mut bed = Bed::new();
    bed.step(&Step::Intent(0));
    bed.step(&Step::Worker(0, 2, None));
    for id in 0..4 {
        bed.step(&Step::Thing(Thing { id, kind: 0, city: 0, place: None }));
        bed.check();
    }
    let placed = bed.master.instances(None).filter(|view| view.worker.is_some()).count();
    assert_eq!((placed, bed.master.summary().waiting), (2, 3));
}
