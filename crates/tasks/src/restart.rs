//! Instances that somebody wants to start anew.

use flow::TaskId;
use ngsi::Timestamp;

use crate::record::{Phase, Record};
use crate::{Action, Tasks};

/// Why an instance is not restarted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RestartRefusal {
    /// It is not wanted here.
    #[error("no such task instance")]
    NotFound,
    /// Started again it would only be held again, and what it holds in memory would be lost.
    #[error("the task instance is paused until a more urgent one, which is exclusive, has ended")]
    Held,
}

impl Tasks {
    /// Whether an [`Event::Restart`](crate::Event::Restart) would be followed.
    ///
    /// # Errors
    /// Why it would be ignored.
    pub fn may_restart(&self, task: &TaskId) -> Result<(), RestartRefusal> {
        let record = self.records.get(task).filter(|record| !record.removing).ok_or(RestartRefusal::NotFound)?;
        if self.is_held(record) { Err(RestartRefusal::Held) } else { Ok(()) }
    }

    pub(crate) fn restart(&mut self, task: &TaskId, now: Timestamp, actions: &mut Vec<Action>) {
        if self.may_restart(task).is_err() {
            return;
        }
        if let Some(record) = self.records.get_mut(task) {
            record.restart(now, actions);
        }
        self.settle_after_change(task, now, actions);
    }
}

impl Record {
    /// Ends what runs, and starts with a clean slate when it has ended.
    pub(crate) fn restart(&mut self, now: Timestamp, actions: &mut Vec<Action>) {
        match &mut self.phase {
            Phase::Starting { run } | Phase::Running { run, .. } => {
                let run = *run;
                self.phase = Phase::Stopping { run };
                actions.push(Action::Stop { task: self.instance.id.clone(), run });
            }
            Phase::Waiting { until } => *until = now.min(*until),
            Phase::Stopping { .. } | Phase::Ended => {}
        }
        self.failures = 0;
        self.last_failure = None;
        self.trouble = None;
    }
}
