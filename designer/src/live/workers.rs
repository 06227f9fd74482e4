//! A worker as its heartbeats describe it.

use std::time::Duration;

use flow::{TaskId, WorkerProfile};
use ngsi::Timestamp;
use serde::{Serialize, Serializer};

/// How long a worker that does not say may be silent.
const SILENCE_LIMIT_S: u64 = 60;
/// How long a worker stays listed that is silent or has left.
const LISTED_WHEN_AWAY: Duration = Duration::from_secs(600);

/// A worker, there or away.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Worker {
    /// Without what it reports of its instances.
    pub(crate) profile: WorkerProfile,
    /// When it was last heard.
    pub(crate) seen: Timestamp,
    /// Task instances that other workers have started since then: a master may notice before us that this one is silent.
    pub(crate) taken: Vec<TaskId>,
    pub(crate) away: Option<Away>,
}

/// Since when and how a worker is not there.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Away {
    pub(crate) noticed: Timestamp,
    /// Whether it said good-bye.
    pub(crate) left: bool,
    /// The task instances it had.
    pub(crate) had: Vec<TaskId>,
}

impl Worker {
    /// Whether it has said nothing for longer than it may, since it could be heard.
    pub(crate) fn is_silent(&self, heard_since: Timestamp, now: Timestamp) -> bool {
        let limit = if self.profile.silence_limit_s == 0 { SILENCE_LIMIT_S } else { self.profile.silence_limit_s };
        now.since(heard_since.max(self.seen)) > Duration::from_secs(limit)
    }

    /// Whether it is to be listed no longer.
    pub(crate) fn is_forgotten(&self, now: Timestamp) -> bool {
        self.away.as_ref().is_some_and(|away| now.since(away.noticed) > LISTED_WHEN_AWAY)
    }

    fn state(&self) -> &'static str {
        match &self.away {
            None => "ready",
            Some(Away { left: true, .. }) => "left",
            Some(_) => "silent",
        }
    }
}

impl Serialize for Worker {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct View<'a> {
            #[serde(flatten)]
            profile: &'a WorkerProfile,
            seen: i64,
            state: &'static str,
        }
        let view = View { profile: &self.profile, seen: self.seen.as_micros() / 1_000, state: self.state() };
        view.serialize(serializer)
    }
}
