//! Waiting for what a cluster does.

use std::time::Duration;

use anyhow::bail;
use tokio::time::{Instant, sleep};

/// How long a cluster may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(180);
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Looks until `look` finds something; what was seen last is told when it never does.
pub(super) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> anyhow::Result<T> {
    let end = Instant::now() + PATIENCE;
    loop {
        match look().await {
            Ok(found) => return Ok(found),
            Err(seen) if Instant::now() >= end => bail!("waited {PATIENCE:?} in vain: {what}; last seen: {seen}"),
            Err(_) => sleep(LOOK_AGAIN).await,
        }
    }
}
