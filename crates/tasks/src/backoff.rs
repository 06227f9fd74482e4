//! When an instance that failed is tried again.

use std::time::Duration;

/// After so many failures in a row an instance counts as failed.
pub const FAILURES_UNTIL_FAILED: u32 = 3;
/// After so long a run earlier failures are forgotten.
pub const HEALTHY_AFTER: Duration = Duration::from_secs(60);
/// After so long a run an instance that kept exiting no longer counts as failed.
pub(crate) const PROBATION: Duration = Duration::from_secs(10);

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(60);

/// The pause after that many failures in a row.
pub(crate) fn delay(failures: u32) -> Duration {
    FIRST.saturating_mul(1 << failures.saturating_sub(1).min(6)).min(LONGEST)
}

/// The pause after a failure that trying again will hardly mend.
pub(crate) fn longest() -> Duration {
    LONGEST
}
