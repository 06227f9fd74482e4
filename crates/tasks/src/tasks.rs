use std::collections::BTreeMap;
use std::sync::Arc;

use flow::{ReportedInstance, TaskId, TaskInstance, WorkerId};
use ngsi::Timestamp;

use crate::memory::Memory;
use crate::record::{Phase, Record};
use crate::{Action, Event, Run, Stored};

/// What a worker grants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// Its id: the removal of an instance that names another worker leaves the entities it wrote, for it has moved there.
    pub worker: WorkerId,
    /// The most instances it takes.
    pub capacity: u32,
}

/// The task instances of a worker.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    pub(crate) settings: Settings,
    pub(crate) records: BTreeMap<TaskId, Record>,
    /// Instances not admitted, reported until a master has placed them elsewhere.
    pub(crate) refused: Memory<ReportedInstance>,
    /// Generations at which instances were removed.
    pub(crate) removed: Memory<u64>,
    runs: u64,
    /// The level below which instances are held; that of the most urgent exclusive instance.
    pub(crate) exclusive_level: Option<i64>,
}

impl Tasks {
    /// None yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self { settings, ..Self::default() }
    }

    /// What a worker wrote down before it was restarted.
    ///
    /// Every instance wanted is to be started, which for one that still runs means to be adopted.
    pub fn restore(&mut self, stored: Vec<Stored>, now: Timestamp) -> Vec<Action> {
        let mut actions = Vec::new();
        for stored in stored {
            let mut record = stored.into_record(now);
            let task = record.instance.id.clone();
            let stale = record.stale.iter().cloned();
            actions.extend(stale.map(|subscription| Action::Unsubscribe { task: task.clone(), subscription }));
            if record.removing {
                let run = self.next_run();
                record.phase = Phase::Stopping { run };
                actions.push(Action::Stop { task: task.clone(), run });
            }
            self.records.insert(task, record);
        }
        self.settle_all(now, &mut actions);
        actions
    }

    /// Takes notice of what happened, and says what is to be done.
    pub fn handle(&mut self, event: Event, now: Timestamp) -> Vec<Action> {
        let mut actions = Vec::new();
        match event {
            Event::Command(message) => self.command(message, now, &mut actions),
            Event::Restart { task } => self.restart(&task, now, &mut actions),
            Event::Tick => {
                self.refused.expire(now);
                self.removed.expire(now);
                self.settle_all(now, &mut actions);
            }
            Event::Retry => {
                self.records.values_mut().for_each(|record| record.retry(now));
                self.settle_all(now, &mut actions);
            }
            event => self.engine_event(event, now, &mut actions),
        }
        actions
    }

    /// When an [`Event::Tick`] is wanted at the latest; never, as long as nothing happens, when `None`.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        let wanted = self.records.values().filter(|record| !self.is_held(record) || record.run().is_some());
        wanted.filter_map(Record::next_wake).min()
    }

    /// Every instance, for a heartbeat; those being removed are not among them.
    #[must_use]
    pub fn report(&self) -> Vec<ReportedInstance> {
        self.admitted().map(Record::report).chain(self.refused.values().cloned()).collect()
    }

    /// Whether an engine has anything under way.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.records.values().any(|record| record.run().is_some())
    }

    /// How many instances take up capacity.
    #[must_use]
    pub fn workload(&self) -> u32 {
        u32::try_from(self.admitted().count()).unwrap_or(u32::MAX)
    }

    /// The instances wanted here.
    pub fn wanted(&self) -> impl Iterator<Item = &Arc<TaskInstance>> {
        self.admitted().map(|record| &record.instance)
    }

    /// The instance, if it is wanted here.
    #[must_use]
    pub fn get(&self, task: &TaskId) -> Option<&Arc<TaskInstance>> {
        self.records.get(task).filter(|record| !record.removing).map(|record| &record.instance)
    }

    /// What of the instance is to be on disk; `None` when nothing.
    #[must_use]
    pub fn stored(&self, task: &TaskId) -> Option<Stored> {
        self.records.get(task).map(Stored::from)
    }

    /// Every subscription in use, to be checked with its broker from time to time.
    pub fn subscriptions(&self) -> impl Iterator<Item = (&TaskId, &crate::Subscription)> {
        let all = self.records.iter();
        all.flat_map(|(task, record)| record.active_feeds().map(move |(_, subscription)| (task, subscription)))
    }

    pub(crate) fn admitted(&self) -> impl Iterator<Item = &Record> {
        self.records.values().filter(|record| !record.removing)
    }

    pub(crate) fn next_run(&mut self) -> Run {
        self.runs += 1;
        Run(self.runs)
    }

    /// Whether an exclusive instance keeps this one from running.
    pub(crate) fn is_held(&self, record: &Record) -> bool {
        self.exclusive_level.is_some_and(|level| record.instance.priority_level < level)
    }
}
