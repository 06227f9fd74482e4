//! From what is known to what is to be done next.

use flow::{InstanceStatus, TaskId};
use ngsi::Timestamp;

use crate::record::{Phase, Record};
use crate::{Action, Tasks};

impl Tasks {
    /// Settles an instance, and all others when what happened to it holds or frees them.
    pub(crate) fn settle_after_change(&mut self, task: &TaskId, now: Timestamp, actions: &mut Vec<Action>) {
        let before = self.exclusive_level;
        self.settle(task, now, actions);
        let is_exclusive = self.records.get(task).is_some_and(|record| record.instance.is_exclusive);
        if before.is_none() && !is_exclusive {
            return;
        }
        self.exclusive_level = self.present_exclusive_level();
        if self.exclusive_level != before {
            self.settle_all(now, actions);
        }
    }

    pub(crate) fn settle_all(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        let tasks: Vec<TaskId> = self.records.keys().cloned().collect();
        // A second round only when an instance recovered or failed for good in the first.
        for _ in 0..2 {
            self.exclusive_level = self.present_exclusive_level();
            for task in &tasks {
                self.settle(task, now, actions);
            }
            if self.exclusive_level == self.present_exclusive_level() {
                break;
            }
        }
    }

    /// An exclusive instance holds the less urgent ones unless it has failed.
    fn present_exclusive_level(&self) -> Option<i64> {
        let holding = self.admitted().filter(|record| record.instance.is_exclusive && !record.is_failed());
        holding.map(|record| record.instance.priority_level).max()
    }

    fn settle(&mut self, task: &TaskId, now: Timestamp, actions: &mut Vec<Action>) {
        let Some(mut record) = self.records.remove(task) else { return };
        let gone = if record.removing {
            record.wind_up(actions)
        } else {
            self.drive(&mut record, now, actions);
            false
        };
        record.announce(actions);
        let dirty = std::mem::take(&mut record.dirty);
        if gone {
            self.removed.insert(task.clone(), record.instance.generation, now);
        } else {
            self.records.insert(task.clone(), record);
        }
        if dirty || gone {
            actions.push(Action::Store(task.clone()));
        }
    }

    /// Starts, holds or releases a wanted instance.
    fn drive(&mut self, record: &mut Record, now: Timestamp, actions: &mut Vec<Action>) {
        record.recover(now);
        let held = self.is_held(record);
        let task = record.instance.id.clone();
        match &mut record.phase {
            Phase::Waiting { until } if *until <= now && !held => {
                let run = self.next_run();
                record.phase = Phase::Starting { run };
                actions.push(Action::Start { instance: record.instance.clone(), run });
            }
            Phase::Running { run, paused, .. } if *paused != held => {
                *paused = held;
                let run = *run;
                actions.push(if held { Action::Pause { task, run } } else { Action::Resume { task, run } });
            }
            _ => {}
        }
    }
}

impl Record {
    /// Ends an instance that is not wanted; true when nothing is left of it.
    fn wind_up(&mut self, actions: &mut Vec<Action>) -> bool {
        let task = self.instance.id.clone();
        match self.phase {
            Phase::Starting { run } | Phase::Running { run, .. } => {
                self.phase = Phase::Stopping { run };
                actions.push(Action::Stop { task, run });
                return false;
            }
            Phase::Stopping { .. } => return false,
            Phase::Waiting { .. } => self.phase = Phase::Ended,
            Phase::Ended => {}
        }
        if !self.leftovers.is_empty() && !self.deleting {
            self.deleting = true;
            actions.push(Action::DeleteOutputs { task, outputs: self.leftovers.clone() });
        }
        self.leftovers.is_empty() && self.stale.is_empty()
    }

    /// Reports a status that masters have not heard of yet; a removal once the instance has really ended.
    fn announce(&mut self, actions: &mut Vec<Action>) {
        let update = self.update();
        let early = update.status == InstanceStatus::Removed && self.phase != Phase::Ended;
        let silent = matches!(update.status, InstanceStatus::Scheduled) || early;
        let news = (update.status, update.reason.clone(), update.generation);
        if !silent && self.reported.as_ref() != Some(&news) {
            self.reported = Some(news);
            actions.push(Action::Report(update));
        }
    }
}
