//! Steps that PostgreSQL has not got yet: on disk, in order, bounded.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use context::temporal::{Step, read_step, write_step};
use storage::{Batch, StorageError, Table};
use tokio::sync::Notify;
use tokio::time::timeout;

use super::TemporalError;
use super::embedded::blocking;

/// A step may reach the disk after later ones, but not after so many: a number is drawn by those that hold the lock of a shard, and
/// by requests.
const OUT_OF_ORDER: u64 = 10_000;
/// How often is looked for steps of which nobody told.
const IDLE: Duration = Duration::from_secs(10);
/// How often those look who wait for progress.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

pub(super) struct Waiting {
    table: Table,
    /// How many wait at most.
    most: usize,
    next: AtomicU64,
    /// Steps before it have been sent, except for some that reached the disk late.
    sent: AtomicU64,
    count: AtomicUsize,
    work: Notify,
    progress: Notify,
}

impl Waiting {
    pub(super) fn open(table: Table, most: usize) -> Result<Self, StorageError> {
        let (mut count, mut first, mut last) = (0, None, 0);
        for row in table.scan() {
            last = number(&row?.0);
            first.get_or_insert(last);
            count += 1;
        }
        Ok(Self {
            table,
            most,
            next: AtomicU64::new(last + 1),
            sent: AtomicU64::new(first.unwrap_or(last)),
            count: AtomicUsize::new(count),
            work: Notify::new(),
            progress: Notify::new(),
        })
    }

    pub(super) fn put(&self, batch: &mut Batch, step: &Step) {
        let mut record = Vec::with_capacity(512);
        write_step(&mut record, step);
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        batch.put(&self.table, number.to_be_bytes(), record);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn wake(&self) {
        self.work.notify_one();
    }

    /// Waits until there is room.
    pub(super) async fn room(&self) {
        while self.count.load(Ordering::Relaxed) >= self.most {
            let _ = timeout(LOOK_AGAIN, self.progress.notified()).await;
        }
    }

    /// Waits until what is on disk now has been sent; an error if it takes longer than that.
    pub(super) async fn sent(&self, patience: Duration) -> Result<(), TemporalError> {
        let next = self.next.load(Ordering::Relaxed);
        let sent = async {
            while self.first(1).await?.first().is_some_and(|(number, _)| *number < next) {
                self.wake();
                let _ = timeout(LOOK_AGAIN, self.progress.notified()).await;
            }
            Ok(())
        };
        let behind = |_| Err(TemporalError::Behind(self.count.load(Ordering::Relaxed)));
        timeout(patience, sent).await.unwrap_or_else(behind)
    }

    /// The first so many that wait; waits for one.
    pub(super) async fn take(&self, most: usize) -> Result<Vec<(u64, Step)>, TemporalError> {
        loop {
            let steps = self.first(most).await?;
            if !steps.is_empty() {
                return Ok(steps);
            }
            self.count.store(0, Ordering::Relaxed);
            self.progress.notify_waiters();
            let _ = timeout(IDLE, self.work.notified()).await;
        }
    }

    async fn first(&self, most: usize) -> Result<Vec<(u64, Step)>, TemporalError> {
        let table = self.table.clone();
        let from = self.sent.load(Ordering::Relaxed).saturating_sub(OUT_OF_ORDER);
        blocking(move || {
            let mut steps = Vec::new();
            for row in table.scan_from(from.to_be_bytes()).take(most) {
                let (key, record) = row?;
                match read_step(&record) {
                    Ok(step) => steps.push((number(&key), step)),
                    Err(error) => tracing::error!(%error, "a step of the history cannot be read"),
                }
            }
            Ok(steps)
        })
        .await
    }

    /// Removes what has been sent.
    pub(super) fn done(&self, batch: &mut Batch, steps: &[(u64, Step)]) {
        steps.iter().for_each(|(number, _)| batch.delete(&self.table, number.to_be_bytes()));
    }

    /// Notes that what has been sent is removed.
    pub(super) fn removed(&self, steps: &[(u64, Step)]) {
        let last = steps.last().map_or(0, |(number, _)| *number);
        self.sent.fetch_max(last, Ordering::Relaxed);
        let fewer = |count: usize| Some(count.saturating_sub(steps.len()));
        let _ = self.count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
        self.progress.notify_waiters();
    }
}

fn number(key: &[u8]) -> u64 {
    key.try_into().map_or(0, u64::from_be_bytes)
}
