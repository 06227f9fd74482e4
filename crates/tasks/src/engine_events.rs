//! What engines and brokers say.

use flow::TaskId;
use ngsi::Timestamp;

use crate::record::{Failure, Phase, Record};
use crate::{Action, Address, Event, Run, Tasks};

impl Tasks {
    pub(crate) fn engine_event(&mut self, event: Event, now: Timestamp, actions: &mut Vec<Action>) {
        let Some(task) = task_of(&event).cloned() else { return };
        let Some(record) = self.records.get_mut(&task) else {
            return answer_for_unknown(event, actions);
        };
        match event {
            Event::Started { run, address, .. } => record.started(run, address, now, actions),
            Event::StartFailed { run, reason, permanent, .. } => {
                record.ended(run, Failure { reason, on_start: true, permanent }, now);
            }
            Event::Exited { run, reason, .. } => {
                record.ended(run, Failure { reason, on_start: false, permanent: false }, now);
            }
            Event::Stopped { run, .. } => record.stopped(run, now),
            Event::Health { run, trouble, .. } if record.run() == Some(run) => record.trouble = trouble,
            Event::Subscribed { input, subscription, .. } => record.subscribed(&input, subscription, actions),
            Event::SubscriptionLost { subscription, .. } => record.lost(&subscription, actions),
            Event::Unsubscribed { subscription, .. } => record.dirty |= record.stale.remove(&subscription),
            Event::OutputsDeleted { .. } if record.deleting => {
                record.leftovers.clear();
                record.dirty = true;
            }
            _ => {}
        }
        self.settle_after_change(&task, now, actions);
    }
}

fn task_of(event: &Event) -> Option<&TaskId> {
    match event {
        Event::Started { task, .. }
        | Event::StartFailed { task, .. }
        | Event::Exited { task, .. }
        | Event::Stopped { task, .. }
        | Event::Health { task, .. }
        | Event::Subscribed { task, .. }
        | Event::SubscriptionLost { task, .. }
        | Event::Unsubscribed { task, .. }
        | Event::OutputsDeleted { task } => Some(task),
        Event::Command(_) | Event::Restart { .. } | Event::Retry | Event::Tick => None,
    }
}

/// A subscription for an instance that is gone must not stay behind.
fn answer_for_unknown(event: Event, actions: &mut Vec<Action>) {
    if let Event::Subscribed { task, subscription, .. } = event {
        actions.push(Action::Unsubscribe { task, subscription });
    }
}

impl Record {
    fn started(&mut self, run: Run, address: Address, now: Timestamp, actions: &mut Vec<Action>) {
        if self.phase != (Phase::Starting { run }) {
            return;
        }
        let adopted = address.adopted;
        self.phase = Phase::Running { run, since: now, address, paused: false };
        if !adopted {
            self.unsubscribe_active(actions);
        }
        self.restart_feeds(actions);
        actions.extend(self.info().map(Action::Inform));
    }

    fn ended(&mut self, run: Run, failure: Failure, now: Timestamp) {
        match self.phase {
            Phase::Stopping { run: current } if current == run => self.stopped(run, now),
            Phase::Starting { run: current } | Phase::Running { run: current, .. } if current == run => {
                self.fail(failure, now);
            }
            _ => {}
        }
    }

    fn stopped(&mut self, run: Run, now: Timestamp) {
        if self.phase == (Phase::Stopping { run }) {
            self.phase = if self.removing { Phase::Ended } else { Phase::Waiting { until: now } };
        }
    }
}
