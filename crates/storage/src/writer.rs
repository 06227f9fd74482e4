//! The thread that owns all writing to one store.

use crate::engine::Engine;
use crate::queue::{Pending, Queue};
use crate::{Cause, StorageError};
use std::time::{Duration, Instant};

/// While the disk refuses writes, commits fail at once and recovery is tried this often.
const RECOVERY_INTERVAL: Duration = Duration::from_millis(250);

/// Writes group after group until the queue is closed and empty, then releases the directory.
pub(crate) fn run(engine: &Engine, queue: &Queue) {
    let _close = CloseOnExit { engine, queue };
    let mut writer = Writer { engine, failing: None };
    let mut group = Vec::new();
    let mut last = 0;
    while queue.take(&mut group, last) {
        last = group.len();
        writer.commit(&mut group);
    }
}

/// Also when the thread unwinds nobody may wait for it for ever.
struct CloseOnExit<'a> {
    engine: &'a Engine,
    queue: &'a Queue,
}

impl Drop for CloseOnExit<'_> {
    fn drop(&mut self) {
        self.queue.close();
        while self.queue.take(&mut Vec::new(), 0) {}
        self.engine.close();
    }
}

struct Writer<'a> {
    engine: &'a Engine,
    failing: Option<(Instant, Cause)>,
}

impl Writer<'_> {
    fn commit(&mut self, group: &mut Vec<Pending>) {
        let written =
            self.write(group).map_err(|source| StorageError::Write { path: self.engine.path.clone(), source });
        for pending in group.drain(..) {
            let _ = pending.done.send(written.clone());
        }
    }

    fn write(&mut self, group: &[Pending]) -> Result<(), Cause> {
        if let Some((since, source)) = &self.failing
            && since.elapsed() < RECOVERY_INTERVAL
        {
            return Err(source.clone());
        }
        let written = self.engine.write(group).or_else(|source| self.recover(group, &source));
        match &written {
            Ok(()) => self.failing = None,
            Err(source) => self.failing = Some((Instant::now(), source.clone())),
        }
        written
    }

    /// After a failed write the engine takes no more; a fresh one knows what is on disk, and
    /// writing the same group again changes nothing if the first attempt did arrive.
    fn recover(&self, group: &[Pending], source: &Cause) -> Result<(), Cause> {
        let path = self.engine.path.display();
        if self.failing.is_none() {
            tracing::warn!(%path, error = %source, "write to the store failed, reopening it");
        }
        let recovered = self.engine.reopen().and_then(|()| self.engine.write(group));
        match &recovered {
            Ok(()) => tracing::info!(%path, "the store takes writes again"),
            Err(error) if self.failing.is_none() => {
                tracing::error!(%path, %error, "the store takes no writes");
            }
            Err(_) => {}
        }
        recovered
    }
}
