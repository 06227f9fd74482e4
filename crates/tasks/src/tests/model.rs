//! Random histories, performed by a shell whose engine and broker answer late, in any order, and fail.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const CAPACITY: u32 = 3;

#[derive(Debug, Clone)]
enum Step {
    Add {
        task: u8,
        inputs: u8,
        program: u8,
    },
    Remove {
        task: u8,
    },
    /// A command of the past arrives again.
    Replay(usize),
    /// One of the outstanding answers arrives.
    Answer(usize),
    Fail(usize),
    Exit(usize),
    Restart,
    /// Somebody restarts an instance.
    Again {
        task: u8,
    },
    Wait,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..5_u8, 0..8_u8, 0..2_u8).prop_map(|(task, inputs, program)| Step::Add { task, inputs, program }),
        2 => (0..5_u8).prop_map(|task| Step::Remove { task }),
        1 => any::<usize>().prop_map(Step::Replay),
        8 => any::<usize>().prop_map(Step::Answer),
        1 => any::<usize>().prop_map(Step::Fail),
        1 => any::<usize>().prop_map(Step::Exit),
        1 => Just(Step::Restart),
        1 => (0..5_u8).prop_map(|task| Step::Again { task }),
        2 => Just(Step::Wait),
    ]
}

/// The world around the core.
#[derive(Default)]
struct World {
    now: i64,
    serial: u64,
    engine: BTreeMap<String, Run>,
    brokers: BTreeSet<(String, InputStream, Subscription)>,
    pending: Vec<Action>,
    commands: Vec<Event>,
    disk: BTreeMap<String, crate::Stored>,
}

impl World {
    fn take(&mut self, tasks: &Tasks, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::Store(task) => drop(match tasks.stored(&task) {
                    Some(stored) => self.disk.insert(task.to_string(), stored),
                    None => self.disk.remove(task.as_str()),
                }),
                Action::AbandonSubscribe { task, input } => self
                    .pending
                    .retain(|p| !matches!(p, Action::Subscribe { task: t, input: i, .. } if *t == task && *i == input)),
                Action::Report(_) | Action::Inform(_) | Action::Pause { .. } | Action::Resume { .. } => {}
                Action::Configure { .. } | Action::KeepOutputs { .. } => {}
                Action::Stop { ref task, .. } => {
                    self.pending.retain(|p| !matches!(p, Action::Start { instance, .. } if instance.id == *task));
                    self.pending.push(action);
                }
                action => self.pending.push(action),
            }
        }
    }

    fn tell(&mut self, tasks: &mut Tasks, event: Event) {
        let actions = tasks.handle(event, at(self.now));
        self.take(tasks, actions);
    }

    fn answer(&mut self, tasks: &mut Tasks, choice: usize, fail: bool) {
        if self.pending.is_empty() {
            return;
        }
        let action = self.pending.remove(choice % self.pending.len());
        let event = match action {
            Action::Start { instance, run } if fail => {
                Event::StartFailed { task: instance.id.clone(), run, reason: "no".into(), permanent: false }
            }
            Action::Start { instance, run } => {
                self.engine.insert(instance.id.to_string(), run);
                started(instance.id.as_str(), run)
            }
            Action::Stop { task, run } => {
                if self.engine.get(task.as_str()).is_some_and(|running| *running <= run) {
                    self.engine.remove(task.as_str());
                }
                Event::Stopped { task, run }
            }
            Action::Subscribe { task, input, reference } => {
                self.serial += 1;
                let subscription = Subscription { reference, ..subscription(task.as_str(), &self.serial.to_string()) };
                self.brokers.insert((task.to_string(), input.clone(), subscription.clone()));
                Event::Subscribed { task, input, subscription }
            }
            Action::Unsubscribe { task, subscription } => {
                self.brokers.retain(|(_, _, known)| *known != subscription);
                Event::Unsubscribed { task, subscription }
            }
            Action::DeleteOutputs { task, .. } => Event::OutputsDeleted { task },
            _ => return,
        };
        self.tell(tasks, event);
    }

    fn apply(&mut self, tasks: &mut Tasks, step: &Step) {
        match step {
            Step::Add { task, inputs, program } => {
                let event = self.add(*task, *inputs, *program);
                self.tell(tasks, event);
            }
            Step::Remove { task } => {
                let generation = self.commands.len() as u64 + 1;
                let event = remove(instance(&task.to_string(), generation, &[]));
                self.commands.push(event.clone());
                self.tell(tasks, event);
            }
            Step::Replay(choice) if !self.commands.is_empty() => {
                let event = self.commands[choice % self.commands.len()].clone();
                self.tell(tasks, event);
            }
            Step::Answer(choice) => self.answer(tasks, *choice, false),
            Step::Fail(choice) => self.answer(tasks, *choice, true),
            Step::Exit(choice) if !self.engine.is_empty() => {
                let task = self.engine.keys().nth(choice % self.engine.len()).cloned().unwrap();
                let run = self.engine.remove(&task).unwrap();
                self.tell(tasks, exited(&task, run));
            }
            Step::Restart => self.restart(tasks),
            Step::Again { task } => self.tell(tasks, restart(&task.to_string())),
            Step::Wait => {
                self.now += 7;
                self.tell(tasks, Event::Tick);
            }
            Step::Replay(_) | Step::Exit(_) => {}
        }
    }

    fn add(&mut self, task: u8, inputs: u8, program: u8) -> Event {
        let names: Vec<String> = (0..3).filter(|bit| inputs & (1 << bit) != 0).map(|bit| format!("s{bit}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut instance = instance(&task.to_string(), self.commands.len() as u64 + 1, &names);
        instance.docker_image = format!("image:{program}");
        self.commands.push(add(instance.clone()));
        add(instance)
    }

    /// The worker is killed; containers and subscriptions live on.
    fn restart(&mut self, tasks: &mut Tasks) {
        *tasks = worker(CAPACITY);
        self.pending.clear();
        self.engine.values_mut().for_each(|run| *run = Run(0));
        let stored = self.disk.values().cloned().collect();
        let actions = tasks.restore(stored, at(self.now));
        self.take(tasks, actions);
    }

    /// What an earlier life of the worker left behind is the engine's to find.
    fn sweep_orphans(&mut self, wanted: &BTreeSet<String>) {
        self.engine.retain(|task, run| *run != Run(0) || wanted.contains(task));
    }

    /// Everything outstanding is answered, time passes, until nothing is left to do.
    fn calm_down(&mut self, tasks: &mut Tasks) {
        for _ in 0..2_000 {
            if self.pending.is_empty() {
                let Some(wake) = tasks.next_wake() else { return };
                self.now = self.now.max(i64::try_from(wake.since(at(0)).as_secs()).unwrap() + 1);
                self.tell(tasks, Event::Tick);
            }
            self.answer(tasks, 0, false);
        }
        panic!("never calm: {:?}, wake {:?}", self.pending, tasks.next_wake());
    }
}

proptest! {
    #[test]
    fn worker_runs_exactly_what_is_wanted(steps in prop::collection::vec(step(), 1..120)) {
        let (mut world, mut tasks) = (World::default(), worker(CAPACITY));
        for step in &steps {
            world.apply(&mut tasks, step);
            prop_assert!(tasks.workload() <= CAPACITY);
        }
        world.calm_down(&mut tasks);

        let wanted: BTreeSet<String> = tasks.wanted().map(|instance| instance.id.to_string()).collect();
        world.sweep_orphans(&wanted);
        let run: BTreeSet<String> = world.engine.keys().cloned().collect();
        prop_assert_eq!(&run, &wanted);
        prop_assert_eq!(world.disk.keys().cloned().collect::<BTreeSet<_>>(), wanted);
        for instance in tasks.wanted() {
            prop_assert_eq!(status(&tasks, instance.id.as_str()), Some(InstanceStatus::Running));
            let fed: BTreeSet<InputStream> = tasks.records[&instance.id].active_feeds().map(|(i, _)| i.clone()).collect();
            prop_assert_eq!(fed, instance.inputs.iter().cloned().collect::<BTreeSet<_>>());
        }
    }

    #[test]
    fn generation_never_falls(steps in prop::collection::vec(step(), 1..80)) {
        let (mut world, mut tasks) = (World::default(), worker(CAPACITY));
        let mut known: BTreeMap<TaskId, u64> = BTreeMap::new();
        for step in &steps {
            world.apply(&mut tasks, step);
            if matches!(step, Step::Restart) {
                known.clear();
            }
            for report in tasks.report().into_iter().filter(|report| report.status != InstanceStatus::Refused) {
                let last = known.insert(report.id.clone(), report.generation).unwrap_or(0);
                prop_assert!(report.generation >= last);
            }
        }
    }
}
