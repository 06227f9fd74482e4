//! A subscription together with what is under way to its subscriber.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use context::backlog::Displaced;
use context::{Backlog, Dialect, Notice, Subscribed, Subscription};
use ngsi::{Entity, SubscriptionId, Timestamp};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};

use super::body;
use super::statistics::{Report, Statistics, Status};

/// Elements in one notification.
const BATCH: usize = 256;
/// Bytes, roughly, in one notification.
const BATCH_BYTES: usize = 1024 * 1024;
/// How often the log says that notifications to a subscriber are lost.
const LOSS_REPORT_INTERVAL: Duration = Duration::from_secs(10);
/// Notifications under way to one reference.
const PER_REFERENCE: usize = 8;

/// References in use, each with its permits.
#[derive(Default)]
pub(crate) struct Endpoints(Mutex<HashMap<String, Weak<Semaphore>>>);

impl Endpoints {
    fn permits(&self, reference: &str) -> Arc<Semaphore> {
        let mut endpoints = self.0.lock();
        if let Some(permits) = endpoints.get(reference).and_then(Weak::upgrade) {
            return permits;
        }
        if endpoints.len() >= 64 && endpoints.len().is_power_of_two() {
            endpoints.retain(|_, permits| permits.strong_count() > 0);
        }
        let permits = Arc::new(Semaphore::new(PER_REFERENCE));
        endpoints.insert(reference.to_owned(), Arc::downgrade(&permits));
        permits
    }
}

pub(crate) struct Subscriber {
    subscription: Subscription,
    /// Where its notifications go.
    pub(super) target: Result<http::Uri, String>,
    pub(super) endpoint: Arc<Semaphore>,
    pub(super) statistics: Statistics,
    state: Mutex<State>,
    ended: AtomicBool,
    initialised: AtomicBool,
    nudge: Notify,
}

struct State {
    backlog: Backlog,
    driving: bool,
    lost: usize,
    lost_reported_at: Timestamp,
}

impl Subscribed for Subscriber {
    fn subscription(&self) -> &Subscription {
        &self.subscription
    }
}

impl Subscriber {
    /// A subscriber to whom nothing is sent until [`Subscriber::open`].
    pub(crate) fn new(subscription: Subscription, endpoints: &Endpoints) -> Self {
        let reference = &subscription.record.request.reference;
        Self {
            target: body::target(&subscription),
            endpoint: endpoints.permits(reference),
            statistics: Statistics::default(),
            state: Mutex::new(State {
                backlog: Backlog::held(),
                driving: false,
                lost: 0,
                lost_reported_at: Timestamp::default(),
            }),
            ended: AtomicBool::new(false),
            initialised: AtomicBool::new(subscription.record.initialised),
            nudge: Notify::new(),
            subscription,
        }
    }

    pub(crate) fn id(&self) -> &SubscriptionId {
        self.subscription.id()
    }

    pub(crate) fn reference(&self) -> &str {
        &self.subscription.record.request.reference
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.subscription.record.delivery.dialect
    }

    pub(crate) fn is_reliable(&self) -> bool {
        self.subscription.record.delivery.reliable
    }

    pub(crate) fn is_broker(&self) -> bool {
        self.subscription.record.delivery.from_broker
    }

    /// Queues a notice; gives back those that made room.
    pub(crate) fn push(&self, notice: Notice) -> impl Iterator<Item = Displaced> + use<> {
        let latest_only = self.subscription.throttling.is_some();
        self.state.lock().backlog.push(notice, latest_only).into_iter()
    }

    /// Makes the entities as they stand the first to be sent; gives back the notices they contain.
    pub(crate) fn begin_with(&self, initial: Vec<Arc<Entity>>, now: Timestamp) -> Vec<Notice> {
        if initial.is_empty() {
            self.initialised.store(true, Ordering::Relaxed);
        }
        self.state.lock().backlog.begin_with(initial, now)
    }

    /// Allows sending.
    pub(crate) fn open(&self) {
        self.state.lock().backlog.open();
    }

    pub(super) fn take_older(&self, time: Timestamp) -> Vec<Notice> {
        self.state.lock().backlog.take_older(time)
    }

    /// Counts lost notices; gives back how many are to be reported now, if any.
    pub(crate) fn count_lost(&self, lost: usize, now: Timestamp) -> Option<usize> {
        let mut state = self.state.lock();
        state.lost += lost;
        if now.since(state.lost_reported_at) < LOSS_REPORT_INTERVAL {
            return None;
        }
        state.lost_reported_at = now;
        Some(std::mem::take(&mut state.lost))
    }

    /// Ends it: nothing more is sent. Gives back what was still due.
    pub(crate) fn end(&self) -> Vec<Notice> {
        self.ended.store(true, Ordering::Release);
        self.nudge.notify_waiters();
        self.state.lock().backlog.clear()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Whether the caller is to start a driver.
    pub(super) fn start_driving(&self) -> bool {
        let mut state = self.state.lock();
        let start = !state.driving && !state.backlog.is_empty();
        state.driving |= start;
        start
    }

    /// The next notices to send; `None` ends the driver.
    pub(super) fn next_or_stop(&self) -> Option<Vec<Notice>> {
        let mut state = self.state.lock();
        if state.backlog.is_empty() || self.has_ended() {
            state.driving = false;
            return None;
        }
        let taken = state.backlog.take(BATCH, BATCH_BYTES);
        self.statistics.under_way(taken.len());
        Some(taken)
    }

    /// Whether the last attempt to notify it succeeded.
    pub(crate) fn status(&self) -> Status {
        self.statistics.status()
    }

    /// How notifying it has gone.
    pub(crate) fn report(&self) -> Report {
        let state = self.state.lock();
        self.statistics.report(state.backlog.len())
    }

    /// Once: whether the entities as they stood have just all been delivered.
    pub(super) fn initial_delivered(&self) -> bool {
        !self.initialised.load(Ordering::Relaxed)
            && self.state.lock().backlog.is_past_initial()
            && !self.initialised.swap(true, Ordering::Relaxed)
    }

    /// Waits, unless the subscription ends meanwhile.
    pub(super) async fn pause(&self, length: Duration) {
        let nudged = self.nudge.notified();
        if !self.has_ended() {
            let _ = tokio::time::timeout(length, nudged).await;
        }
    }
}
