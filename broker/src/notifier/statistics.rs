//! How notifying one subscriber has gone, in the terms of NGSIv2.
//!
//! The driver of the subscriber writes it, one attempt at a time; whoever asks reads it meanwhile. Those of subscriptions of
//! NGSIv2 are written to disk once a second if they have changed: a write for every notification would cost too much.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU16, AtomicU64, AtomicUsize, Ordering};

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

    fn get(&self) -> Option<Timestamp> {
        let micros = self.0.load(Ordering::Relaxed);
        (micros != 0).then(|| Timestamp::from_micros(micros))
    }
}

#[derive(Default)]
pub(crate) struct Statistics {
    times_sent: AtomicU64,
    times_failed: AtomicU64,
    fails: AtomicU64,
    under_way: AtomicUsize,
    last_notification: Moment,
    last_success: Moment,
    last_success_code: AtomicU16,
    last_failure: Moment,
    /// Taken only when an attempt fails and when somebody asks.
    last_failure_reason: Mutex<Option<String>>,
    unsaved: AtomicBool,
}

/// Whether the last attempt to notify succeeded.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    /// It did, or there was none yet.
    Active,
    Failing,
}

/// What is counted, at one time; also as it is written to disk.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Counters {
    /// Attempts, repeated ones too.
    pub(crate) times_sent: u64,
    /// Those of them that failed.
    #[serde(default)]
    pub(crate) times_failed: u64,
    /// When the last attempt was made.
    pub(crate) last_notification: Option<Timestamp>,
    pub(crate) last_success: Option<Timestamp>,
    /// The status of the answer to it, if it was HTTP.
    pub(crate) last_success_code: Option<u16>,
    pub(crate) last_failure: Option<Timestamp>,
    pub(crate) last_failure_reason: Option<String>,
    /// Attempts that failed since one succeeded.
    pub(crate) fails_counter: u64,
}

/// The statistics at one time, as they are told; times are ISO 8601 in UTC.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    status: Status,
    times_sent: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_notification: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_success: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_failure_reason: Option<String>,
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
        self.unsaved.store(true, Ordering::Release);
    }

    /// Delivered, with that status if it was HTTP.
    pub(super) fn delivered(&self, code: Option<u16>, now: Timestamp) {
        self.last_success.set(now);
        self.last_success_code.store(code.unwrap_or_default(), Ordering::Relaxed);
        self.fails.store(0, Ordering::Relaxed);
        self.unsaved.store(true, Ordering::Release);
    }

    /// Gives back how many attempts have failed since one succeeded.
    pub(super) fn failed(&self, reason: &str, now: Timestamp) -> u64 {
        self.last_failure.set(now);
        *self.last_failure_reason.lock() = Some(reason.to_owned());
        self.unsaved.store(true, Ordering::Release);
        self.times_failed.fetch_add(1, Ordering::Relaxed);
        self.fails.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// What failed before its owner made it active again does not count against it.
    pub(super) fn forgive(&self) {
        self.fails.store(0, Ordering::Relaxed);
        self.unsaved.store(true, Ordering::Release);
    }

    pub(super) fn status(&self) -> Status {
        if self.fails.load(Ordering::Relaxed) == 0 { Status::Active } else { Status::Failing }
    }

    pub(super) fn counters(&self) -> Counters {
        let code = self.last_success_code.load(Ordering::Relaxed);
        Counters {
            times_sent: self.times_sent.load(Ordering::Relaxed),
            times_failed: self.times_failed.load(Ordering::Relaxed),
            last_notification: self.last_notification.get(),
            last_success: self.last_success.get(),
            last_success_code: (code != 0).then_some(code),
            last_failure: self.last_failure.get(),
            last_failure_reason: self.last_failure_reason.lock().clone(),
            fails_counter: self.fails.load(Ordering::Relaxed),
        }
    }

    /// Takes over what was written down.
    pub(super) fn restore(&self, counters: Counters) {
        self.times_sent.store(counters.times_sent, Ordering::Relaxed);
        self.times_failed.store(counters.times_failed, Ordering::Relaxed);
        self.last_notification.set(counters.last_notification.unwrap_or_default());
        self.last_success.set(counters.last_success.unwrap_or_default());
        self.last_success_code.store(counters.last_success_code.unwrap_or_default(), Ordering::Relaxed);
        self.last_failure.set(counters.last_failure.unwrap_or_default());
        *self.last_failure_reason.lock() = counters.last_failure_reason;
        self.fails.store(counters.fails_counter, Ordering::Relaxed);
    }

    /// The counters, if they have changed since they were last asked for in this way.
    pub(super) fn to_save(&self) -> Option<Counters> {
        self.unsaved.swap(false, Ordering::AcqRel).then(|| self.counters())
    }

    /// What is told of a subscriber for whom so many notices wait.
    pub(super) fn report(&self, waiting: usize) -> Report {
        let counters = self.counters();
        let text = |time: Option<Timestamp>| time.map(|time| time.to_string());
        Report {
            status: self.status(),
            times_sent: counters.times_sent,
            last_notification: text(counters.last_notification),
            last_success: text(counters.last_success),
            last_failure: text(counters.last_failure),
            last_failure_reason: counters.last_failure_reason,
            fails_counter: counters.fails_counter,
            queued: waiting + self.under_way.load(Ordering::Relaxed),
        }
    }
}
