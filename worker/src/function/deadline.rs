//! The time by which a call must be over, read by the JavaScript engine's interrupt handler.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(super) struct Deadline {
    epoch: Instant,
    micros: AtomicU64,
}

impl Default for Deadline {
    fn default() -> Self {
        Self { epoch: Instant::now(), micros: AtomicU64::new(u64::MAX) }
    }
}

impl Deadline {
    pub(super) fn set(&self, from_now: Duration) {
        self.micros.store(self.elapsed().saturating_add(micros(from_now)), Ordering::Relaxed);
    }

    pub(super) fn has_passed(&self) -> bool {
        self.elapsed() >= self.micros.load(Ordering::Relaxed)
    }

    fn elapsed(&self) -> u64 {
        micros(self.epoch.elapsed())
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}
