//! What is known of one instance.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flow::{InputStream, InstanceStatus, OutputStream, ReportedInstance, TaskInfo, TaskInstance, TaskUpdate};
use ngsi::Timestamp;

use crate::backoff::{self, FAILURES_UNTIL_FAILED, HEALTHY_AFTER, PROBATION};
use crate::{Address, Run, Subscription};

/// What the engine does with the instance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Phase {
    /// Nothing; to be started at that time.
    Waiting { until: Timestamp },
    /// Starting it.
    Starting { run: Run },
    /// Running it.
    Running { run: Run, since: Timestamp, address: Address, paused: bool },
    /// Stopping it.
    Stopping { run: Run },
    /// Nothing, for good.
    Ended,
}

/// How an input is fed.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Feed {
    /// A subscription has been asked for.
    Asked,
    /// It exists.
    Active(Subscription),
}

#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) instance: Arc<TaskInstance>,
    pub(crate) removing: bool,
    pub(crate) phase: Phase,
    pub(crate) failures: u32,
    /// Why it counts as failed, and whether the last failure was one to start.
    pub(crate) last_failure: Option<Failure>,
    pub(crate) trouble: Option<String>,
    pub(crate) feeds: BTreeMap<InputStream, Feed>,
    /// Subscriptions being cancelled.
    pub(crate) stale: BTreeSet<Subscription>,
    /// Entities to be deleted when it is gone.
    pub(crate) leftovers: Vec<OutputStream>,
    pub(crate) deleting: bool,
    pub(crate) reported: Option<(InstanceStatus, String, u64)>,
    /// What is on disk differs.
    pub(crate) dirty: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failure {
    pub(crate) reason: String,
    pub(crate) on_start: bool,
    pub(crate) permanent: bool,
}

impl Record {
    pub(crate) fn new(instance: TaskInstance, now: Timestamp) -> Self {
        Self {
            instance: Arc::new(instance),
            removing: false,
            phase: Phase::Waiting { until: now },
            failures: 0,
            last_failure: None,
            trouble: None,
            feeds: BTreeMap::new(),
            stale: BTreeSet::new(),
            leftovers: Vec::new(),
            deleting: false,
            reported: None,
            dirty: true,
        }
    }

    /// The attempt under way, if any.
    pub(crate) fn run(&self) -> Option<Run> {
        match self.phase {
            Phase::Starting { run } | Phase::Running { run, .. } | Phase::Stopping { run } => Some(run),
            Phase::Waiting { .. } | Phase::Ended => None,
        }
    }

    pub(crate) fn is_failed(&self) -> bool {
        let failing = |failure: &Failure| failure.permanent || self.failures >= FAILURES_UNTIL_FAILED;
        self.trouble.is_some() || self.last_failure.as_ref().is_some_and(failing)
    }

    pub(crate) fn status(&self) -> InstanceStatus {
        match &self.phase {
            _ if self.removing => InstanceStatus::Removed,
            _ if self.is_failed() => InstanceStatus::Failed,
            Phase::Running { paused: true, .. } => InstanceStatus::Paused,
            Phase::Running { .. } => InstanceStatus::Running,
            Phase::Waiting { .. } if self.failures == 0 => InstanceStatus::Scheduled,
            _ => InstanceStatus::Starting,
        }
    }

    fn reason(&self) -> String {
        let failure = self.last_failure.as_ref().map(|failure| &failure.reason);
        let reason = if self.is_failed() { self.trouble.as_ref().or(failure) } else { None };
        reason.cloned().unwrap_or_default()
    }

    /// Notes a failure and waits.
    pub(crate) fn fail(&mut self, failure: Failure, now: Timestamp) {
        if let Phase::Running { since, .. } = self.phase
            && now.since(since) >= HEALTHY_AFTER
        {
            self.failures = 0;
        }
        self.failures = self.failures.saturating_add(1);
        let pause = if failure.permanent { backoff::longest() } else { backoff::delay(self.failures) };
        self.last_failure = Some(failure);
        self.trouble = None;
        self.phase = Phase::Waiting { until: now.after(pause) };
    }

    /// Waits no longer, if it waits because it could not be started.
    pub(crate) fn retry(&mut self, now: Timestamp) {
        if let Phase::Waiting { until } = &mut self.phase
            && self.last_failure.as_ref().is_some_and(|failure| failure.on_start)
        {
            *until = now;
        }
    }

    /// Forgets failures that a long enough run has outweighed.
    pub(crate) fn recover(&mut self, now: Timestamp) {
        let Phase::Running { since, .. } = self.phase else { return };
        let up = now.since(since);
        if up >= HEALTHY_AFTER {
            self.failures = 0;
        }
        if up >= PROBATION || self.last_failure.as_ref().is_some_and(|failure| failure.on_start) {
            self.last_failure = None;
        }
    }

    /// When time alone changes something.
    pub(crate) fn next_wake(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Waiting { until } => Some(until),
            Phase::Running { since, .. } if self.last_failure.is_some() => Some(since.after(PROBATION)),
            _ => None,
        }
    }

    pub(crate) fn report(&self) -> ReportedInstance {
        let instance = &self.instance;
        ReportedInstance {
            id: instance.id.clone(),
            topology_name: instance.topology_name.clone(),
            task_name: instance.task_name.clone(),
            service_intent_id: instance.service_intent_id.clone(),
            status: self.status(),
            reason: self.reason(),
            generation: instance.generation,
            inputs: ReportedInstance::fingerprint(&instance.inputs),
        }
    }

    /// The `TASK_UPDATE` for the present status.
    pub(crate) fn update(&self) -> TaskUpdate {
        task_update(&self.instance, self.status(), self.reason())
    }

    pub(crate) fn info(&self) -> Option<TaskInfo> {
        let Phase::Running { address, .. } = &self.phase else { return None };
        let instance = &self.instance;
        Some(TaskInfo {
            task_id: instance.id.clone(),
            topology_name: instance.topology_name.clone(),
            task_name: instance.task_name.clone(),
            service_intent_id: instance.service_intent_id.clone(),
            info: format!("refURL={}; containerID={}", address.reference, address.container),
        })
    }
}

pub(crate) fn task_update(instance: &TaskInstance, status: InstanceStatus, reason: String) -> TaskUpdate {
    TaskUpdate {
        task_id: instance.id.clone(),
        topology_name: instance.topology_name.clone(),
        task_name: instance.task_name.clone(),
        service_intent_id: instance.service_intent_id.clone(),
        status,
        reason,
        generation: instance.generation,
    }
}
