//! How the system has stood lately.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;

/// Samples kept: ten minutes of one every two seconds.
const MAX_SAMPLES: usize = 300;

/// How things stood at one moment; rates are per second.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Sample {
    /// In milliseconds since 1970.
    pub(crate) at: i64,
    /// Elements of updates that brokers applied.
    pub(crate) updates: f64,
    /// Elements of notifications that subscribers took.
    pub(crate) notifications: f64,
    /// Attempts to notify that failed.
    pub(crate) failures: f64,
    /// Elements of notifications that wait.
    pub(crate) queued: u64,
    /// Messages of the message bus that this process has sent or received.
    pub(crate) bus: f64,
    pub(crate) instances: Statuses,
    /// Workers that are there.
    pub(crate) workers: usize,
    pub(crate) entities: u64,
    /// Entities of each type.
    pub(crate) types: BTreeMap<String, u64>,
    /// Brokers that did not answer.
    pub(crate) unreachable: Vec<String>,
}

/// Task instances by what they do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Statuses {
    pub(crate) running: usize,
    pub(crate) scheduled: usize,
    pub(crate) failed: usize,
    pub(crate) paused: usize,
}

/// The latest samples.
#[derive(Debug, Default)]
pub(crate) struct History {
    samples: VecDeque<Sample>,
    taken: u64,
}

impl History {
    pub(crate) fn push(&mut self, sample: Sample) {
        if self.samples.len() >= MAX_SAMPLES {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
        self.taken += 1;
    }

    /// The samples that a reader does not know, oldest first.
    pub(crate) fn since(&self, known: &mut u64) -> impl Iterator<Item = &Sample> {
        let missed = usize::try_from(self.taken - *known).unwrap_or(usize::MAX);
        *known = self.taken;
        self.samples.iter().skip(self.samples.len().saturating_sub(missed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gets_what_it_missed_and_no_more_than_is_kept() {
        let mut history = History::default();
        let mut known = 0;
        let at = |at| Sample { at, ..Sample::default() };
        (0..3).for_each(|time| history.push(at(time)));
        assert_eq!(history.since(&mut known).map(|sample| sample.at).collect::<Vec<_>>(), [0, 1, 2]);
        assert_eq!(history.since(&mut known).count(), 0);
        (3..1_000).for_each(|time| history.push(at(time)));
        assert_eq!(history.samples.len(), MAX_SAMPLES);
        assert_eq!(
            history.since(&mut known).map(|sample| sample.at).collect::<Vec<_>>(),
            (700..1_000).collect::<Vec<_>>()
        );
    }
}
