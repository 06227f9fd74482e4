//! A worker: the real core of its process, and the engine that goes on without it.

use std::collections::{BTreeMap, BTreeSet};

use flow::{Message, TaskId, WorkerProfile};
use ngsi::Timestamp;
use tasks::{Action, Address, Event, Run, Settings, Stored, Subscription, Tasks};

use crate::network::Chance;
use crate::support;

/// What happens after a number of milliseconds.
pub(crate) enum Next {
    Engine(i64, Event),
    Say(Message),
}

pub(crate) struct Worker {
    pub(crate) name: String,
    capacity: u32,
    place: Option<u8>,
    pub(crate) life: u64,
    /// The process, while it lives.
    pub(crate) process: Option<Tasks>,
    stored: BTreeMap<TaskId, Stored>,
    /// What the engine runs, with the life and the attempt that wanted it last.
    pub(crate) running: BTreeMap<TaskId, (u64, Run)>,
    /// Which entities feed which instance.
    pub(crate) fed: BTreeMap<TaskId, BTreeSet<String>>,
    subscriptions: u64,
}

impl Worker {
    pub(crate) fn new(index: usize, capacity: u32, place: Option<u8>) -> Self {
        let (stored, running, fed) = Default::default();
        let name = format!("Worker.{index}");
        Self { name, capacity, place, life: 0, process: None, stored, running, fed, subscriptions: 0 }
    }

    pub(crate) fn profile(&self) -> WorkerProfile {
        WorkerProfile {
            incarnation: self.life,
            silence_limit_s: 6,
            instances: self.process.as_ref().map(Tasks::report),
            workload: self.process.as_ref().map_or(0, Tasks::workload),
            ..support::worker(&self.name, self.capacity, self.place)
        }
    }

    /// Starts the process; one that has lost its disk ends whatever still runs.
    pub(crate) fn start(&mut self, keeps: bool, now: Timestamp, chance: &mut Chance, faults: bool) -> Vec<Next> {
        self.life += 1;
        if !keeps {
            self.stored.clear();
        }
        self.running.retain(|task, _| self.stored.contains_key(task));
        self.fed.retain(|task, _| self.stored.contains_key(task));
        let mut process = Tasks::new(Settings { worker: self.name.as_str().into(), capacity: self.capacity });
        let actions = process.restore(self.stored.values().cloned().collect(), now);
        self.process = Some(process);
        self.perform(actions, chance, faults)
    }

    pub(crate) fn handle(&mut self, event: Event, now: Timestamp, chance: &mut Chance, faults: bool) -> Vec<Next> {
        let Some(process) = &mut self.process else { return Vec::new() };
        let actions = process.handle(event, now);
        self.perform(actions, chance, faults)
    }

    fn perform(&mut self, actions: Vec<Action>, chance: &mut Chance, faults: bool) -> Vec<Next> {
        let mut next = Vec::new();
        for action in actions {
            let delay = 10 + i64::try_from(chance.below(400)).unwrap();
            match action {
                Action::Start { instance, run } => {
                    let task = instance.id.clone();
                    if faults && chance.percent(8) {
                        // An engine that fails to start an instance leaves nothing of it behind.
                        self.running.remove(&task);
                        let reason = "no such image".to_owned();
                        next.push(Next::Engine(delay, Event::StartFailed { task, run, reason, permanent: false }));
                        continue;
                    }
                    self.running.insert(task.clone(), (self.life, run));
                    let address =
                        Address { reference: format!("http://{task}"), container: String::new(), adopted: false };
                    next.push(Next::Engine(delay, Event::Started { task, run, address }));
                }
                Action::Stop { task, run } => {
                    if self.running.get(&task).is_some_and(|current| *current <= (self.life, run)) {
                        self.running.remove(&task);
                    }
                    next.push(Next::Engine(delay, Event::Stopped { task, run }));
                }
                Action::Subscribe { task, input, reference } => {
                    self.subscriptions += 1;
                    self.fed.entry(task.clone()).or_default().insert(input.id.clone());
                    let id = format!("{}/{}", self.subscriptions, input.id);
                    let subscription = Subscription { id, broker: String::new(), reference };
                    next.push(Next::Engine(1, Event::Subscribed { task, input, subscription }));
                }
                Action::AbandonSubscribe { task, input } => {
                    self.fed.entry(task).or_default().remove(&input.id);
                }
                Action::Unsubscribe { task, subscription } => {
                    next.push(Next::Engine(1, Event::Unsubscribed { task, subscription }));
                }
                Action::DeleteOutputs { task, .. } => next.push(Next::Engine(1, Event::OutputsDeleted { task })),
                Action::Report(update) => next.push(Next::Say(Message::TaskUpdate(update))),
                Action::Store(task) => self.store(&task),
                Action::Configure { .. }
                | Action::Pause { .. }
                | Action::Resume { .. }
                | Action::KeepOutputs { .. }
                | Action::Inform(_) => {}
            }
        }
        next
    }

    fn store(&mut self, task: &TaskId) {
        match self.process.as_ref().and_then(|process| process.stored(task)) {
            Some(stored) => drop(self.stored.insert(task.clone(), stored)),
            None => drop(self.stored.remove(task)),
        }
    }

    /// What runs here, with the inputs its process wants fed.
    pub(crate) fn runs(&self) -> Vec<(String, BTreeSet<String>)> {
        let inputs = |task: &TaskId| {
            let wanted = self.process.as_ref().and_then(|process| process.get(task));
            wanted.map(|instance| instance.inputs.iter().map(|input| input.id.clone()).collect()).unwrap_or_default()
        };
        self.running.keys().map(|task| (task.to_string(), inputs(task))).collect()
    }
}
