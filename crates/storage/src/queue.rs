//! The bounded queue in front of the writer thread: async and blocking producers, one blocking
//! consumer that takes everything there is. A channel would hand over one batch at a time and could
//! not be bounded in bytes.

use crate::{Batch, StorageError};
use parking_lot::{Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, oneshot};

/// Bytes that may wait for the disk before producers are held back.
const QUEUE_BYTES: usize = 16 * 1024 * 1024;
/// Bytes written as one group: bounds the time to the first acknowledgement of a long queue.
const GROUP_BYTES: usize = 4 * 1024 * 1024;
/// After a group of at least this many, producers are expected back at once: the next group waits for half as many.
const CROWD: usize = 6;
/// How long it waits for them. Two or three syncs of a fast disk.
const LINGER: Duration = Duration::from_micros(250);

pub(crate) struct Pending {
    pub(crate) batch: Batch,
    pub(crate) done: oneshot::Sender<Result<(), StorageError>>,
}

#[derive(Default)]
pub(crate) struct Queue {
    state: Mutex<State>,
    work: Condvar,
    space: Condvar,
    space_async: Notify,
}

#[derive(Default)]
struct State {
    waiting: std::collections::VecDeque<Pending>,
    bytes: usize,
    closed: bool,
    /// How many must wait before the consumer looks again; it also looks when the first comes.
    wanted: usize,
}

impl State {
    fn refuses(&self) -> bool {
        self.bytes >= QUEUE_BYTES && !self.closed
    }
}

impl Queue {
    /// Enqueues in call order, blocking the thread while the queue is full.
    pub(crate) fn push_blocking(&self, pending: Pending) {
        let mut state = self.state.lock();
        while state.refuses() {
            self.space.wait(&mut state);
        }
        self.push(state, pending);
    }

    /// Enqueues as soon as there is space.
    pub(crate) async fn push_async(&self, pending: Pending) {
        let mut pending = Some(pending);
        loop {
            let mut space = std::pin::pin!(self.space_async.notified());
            space.as_mut().enable();
            if self.try_push(&mut pending) {
                return;
            }
            space.await;
        }
    }

    fn try_push(&self, pending: &mut Option<Pending>) -> bool {
        let state = self.state.lock();
        if state.refuses() {
            return false;
        }
        if let Some(pending) = pending.take() {
            self.push(state, pending);
        }
        true
    }

    fn push(&self, mut state: MutexGuard<'_, State>, pending: Pending) {
        if state.closed {
            let _ = pending.done.send(Err(StorageError::Closed));
            return;
        }
        state.bytes += pending.batch.bytes();
        state.waiting.push_back(pending);
        let is_awaited = state.waiting.len() == 1 || state.waiting.len() == state.wanted;
        drop(state);
        if is_awaited {
            self.work.notify_one();
        }
    }

    /// Moves the next group into `group`, waiting for one; `false` when closed and drained. `last` is the size of the group
    /// before: writing alone what came first, while the others of a crowd are on their way, would cost a sync for each.
    pub(crate) fn take(&self, group: &mut Vec<Pending>, last: usize) -> bool {
        let mut state = self.state.lock();
        while state.waiting.is_empty() {
            if state.closed {
                return false;
            }
            self.work.wait(&mut state);
        }
        if last >= CROWD {
            self.linger(&mut state, last / 2);
        }
        let was_full = state.refuses();
        let mut bytes = 0;
        while bytes < GROUP_BYTES
            && let Some(pending) = state.waiting.pop_front()
        {
            bytes += pending.batch.bytes();
            group.push(pending);
        }
        state.bytes -= bytes;
        drop(state);
        if was_full {
            self.space.notify_all();
            self.space_async.notify_waiters();
        }
        true
    }

    fn linger(&self, state: &mut MutexGuard<'_, State>, wanted: usize) {
        state.wanted = wanted;
        let deadline = Instant::now() + LINGER;
        while state.waiting.len() < wanted && !state.closed && !self.work.wait_until(state, deadline).timed_out() {}
        state.wanted = 0;
    }

    /// Refuses what comes from now on; what is queued is still written.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.work.notify_all();
        self.space.notify_all();
        self.space_async.notify_waiters();
    }
}
