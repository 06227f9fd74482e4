//! Waiting for what happens elsewhere: by looking again until a deadline, never by a fixed pause.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// Long enough for a loaded machine; nothing waits this long unless it fails.
pub const DEADLINE: Duration = Duration::from_secs(30);

const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Looks until `look` finds something and gives it back.
///
/// # Panics
/// With `what`, when nothing was found by the deadline.
pub async fn wait_until<T>(deadline: Duration, what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let end = Instant::now() + deadline;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(Instant::now() < end, "waited {deadline:?} in vain: {what}");
        sleep(LOOK_AGAIN).await;
    }
}
