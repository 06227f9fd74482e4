//! How notifying one subscriber has gone since the broker started, in the terms of NGSIv2.
//!
//! The driver of the subscriber writes it, one attempt at a time; whoever asks reads it meanwhile. It is not on disk: that would
//! cost a write for every notification.

use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};

use ngsi::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// A time that may not have come yet.
#[derive(Default)]
struct Moment(AtomicI64);

impl Moment {
    fn set(&self, time: Timestamp) {
        self.0.store(time.as_micros(), Ordering::Relaxed);
    }

    fn text(&self) -> Option<String> {
        let micros = self.0.load(Ordering::Relaxed);
        (micros != 0).then(|| Timestamp::from_micros(micros).to_string())
    }
}

#[derive(Default)]
pub(crate) struct Statistics {
    times_sent: AtomicU64,
    fails: AtomicU64,
    under_way: AtomicUsize,
    last_notification: Moment,
    last_success: Moment,
    last_failure: Moment,
    /// Taken only when an attempt fails and when somebody asks.
    last_failure_reason: Mutex<Option<String>>,
}

/// Whether the last attempt to notify succeeded.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// It did, or there was none yet.
    Active,
    Failing,
}

/// The statistics at one time, as they are told; times are ISO 8601 in UTC.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    status: Status,
    /// Attempts, repeated ones too.
    times_sent: u64,
    /// When the last attempt was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_notification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure_reason: Option<String>,
    /// Attempts that failed since one succeeded.
    fails_counter: u64,
    /// States of entities that are due and not delivered.
    queued: usize,
}

impl Statistics {
    /// So many notices have left the backlog and are not delivered yet.
    pub(super) fn under_way(&self, notices: usize) {
        self.under_way.store(notices, Ordering::Relaxed);
    }

    pub(super) fn sending(&self, now: Timestamp) {
        self.times_sent.fetch_add(1, Ordering::Relaxed);
        self.last_notification.set(now);
    }

    pub(super) fn delivered(&self, now: Timestamp) {
        self.last_success.set(now);
        self.fails.store(0, Ordering::Relaxed);
    }

    pub(super) fn failed(&self, reason: &str, now: Timestamp) {
        self.last_failure.set(now);
        self.fails.fetch_add(1, Ordering::Relaxed);
        *self.last_failure_reason.lock() = Some(reason.to_owned());
    }

    pub(super) fn status(&self) -> Status {
        if self.fails.load(Ordering::Relaxed) == 0 { Status::Active } else { Status::Failing }
    }

    /// What is told of a subscriber for whom so many notices wait.
    pub(super) fn report(&self, waiting: usize) -> Report {
        Report {
            status: self.status(),
            times_sent: self.times_sent.load(Ordering::Relaxed),
            last_notification: self.last_notification.text(),
            last_success: self.last_success.text(),
            last_failure: self.last_failure.text(),
            last_failure_reason: self.last_failure_reason.lock().clone(),
            fails_counter: self.fails.load(Ordering::Relaxed),
            queued: waiting + self.under_way.load(Ordering::Relaxed),
        }
    }
}
