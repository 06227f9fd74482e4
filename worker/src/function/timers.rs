//! The timers of one function.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

/// The shortest delay: a function must not keep the worker busy by timers.
const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(24 * 3600);
pub(super) const MOST: usize = 100;

/// What a function's delay comes to.
pub(super) fn delay(after_ms: f64) -> Duration {
    Duration::try_from_secs_f64(after_ms / 1_000.0).unwrap_or(LONGEST).clamp(SHORTEST, LONGEST)
}

#[derive(Debug, Default)]
pub(super) struct Timers(BTreeSet<(Instant, u32)>);

impl Timers {
    /// False when there are too many.
    pub(super) fn set(&mut self, id: u32, after_ms: f64) -> bool {
        self.0.len() < MOST && self.0.insert((Instant::now() + delay(after_ms), id))
    }

    /// Waits until a timer fires; for ever when there is none.
    pub(super) async fn next(&mut self) -> u32 {
        let Some(&(due, id)) = self.0.first() else { return std::future::pending().await };
        tokio::time::sleep_until(due).await;
        self.0.pop_first();
        id
    }
}
