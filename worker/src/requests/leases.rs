//! Logs that are sent for a while.
//!
//! A lease that nobody renews ends without a word: its designer has gone, or its renewal is late and will begin a new one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use flow::{LogLease, RequestId, WorkerReply};
use parking_lot::Mutex;
use service::Node;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::logs::{FollowError, Followed, Follower, Logs};
use crate::reporter::Reporter;

const STOPPING: &str = "the worker stops";

pub(super) struct Leases {
    node: Node,
    reporter: Reporter,
    logs: Logs,
    granted: Arc<Mutex<Granted>>,
}

/// Until when each lease runs; one that is taken out of here ends.
type Granted = HashMap<RequestId, watch::Sender<Instant>>;

impl Leases {
    pub(super) fn new(node: Node, reporter: Reporter, logs: Logs) -> Self {
        Self { node, reporter, logs, granted: Arc::default() }
    }

    /// Begins a lease, or makes it last longer.
    pub(super) fn grant(&self, id: RequestId, lease: &LogLease) {
        let until = Instant::now() + Duration::from_secs(lease.seconds.clamp(1, LogLease::MOST_SECONDS));
        let mut granted = self.granted.lock();
        if let Some(known) = granted.get(&id) {
            known.send_replace(until);
            return;
        }
        match self.logs.follow(&lease.task_id) {
            Ok(follower) => {
                let (sender, until) = watch::channel(until);
                granted.insert(id.clone(), sender);
                let sending = Sending { id, follower, reporter: self.reporter.clone(), until };
                self.node.tasks.spawn(sending.run(self.node.clone(), self.granted.clone()));
            }
            Err(error) => self.reporter.answer(WorkerReply {
                id,
                last: true,
                problem: error.to_string(),
                not_found: error == FollowError::NotFound,
                ..WorkerReply::default()
            }),
        }
    }

    pub(super) fn end(&self, id: &RequestId) {
        self.granted.lock().remove(id);
    }
}

/// One lease.
struct Sending {
    id: RequestId,
    follower: Follower,
    reporter: Reporter,
    until: watch::Receiver<Instant>,
}

impl Sending {
    async fn run(mut self, node: Node, granted: Arc<Mutex<Granted>>) {
        loop {
            let until = *self.until.borrow_and_update();
            tokio::select! {
                biased;
                () = node.shutdown.cancelled() => break self.finish(STOPPING).await,
                renewed = self.until.changed() => if renewed.is_err() { return },
                () = sleep_until(until) => if self.expire(&granted) { return },
                followed = self.follower.next() => match followed {
                    Followed::Lines { lines, reset } => self.send(lines, reset).await,
                    Followed::End(reason) => break self.finish(reason).await,
                },
            }
        }
        let mut granted = granted.lock();
        if granted.get(&self.id).is_some_and(|sender| sender.subscribe().same_channel(&self.until)) {
            granted.remove(&self.id);
        }
    }

    /// Ends the lease unless it has been renewed meanwhile.
    fn expire(&self, granted: &Mutex<Granted>) -> bool {
        let mut granted = granted.lock();
        if *self.until.borrow() > Instant::now() {
            return false;
        }
        if self.until.has_changed().is_ok() {
            granted.remove(&self.id);
        }
        true
    }

    async fn send(&mut self, lines: Vec<String>, reset: bool) {
        let count = lines.len();
        let reply = WorkerReply { id: self.id.clone(), lines, reset, ..WorkerReply::default() };
        if !self.reporter.deliver(reply).await {
            self.follower.lost(count);
        }
    }

    async fn finish(&mut self, reason: &str) {
        let (id, problem) = (self.id.clone(), reason.to_owned());
        self.reporter.deliver(WorkerReply { id, last: true, problem, ..WorkerReply::default() }).await;
    }
}
