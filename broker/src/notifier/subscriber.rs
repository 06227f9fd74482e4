//! A subscription together with what is under way to its subscriber.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use context::backlog::Displaced;
use context::{Backlog, Dialect, Notice, Record, Request, Subscribed, Subscription};
use ngsi::v2::subscription::Status as Wanted;
use ngsi::{Entity, SubscriptionId, Timestamp};
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore};

use super::endpoints::Endpoints;
use super::ngsi10;
use super::statistics::{Counters, Report, Statistics, Status};

/// Elements in one notification of NGSI-10, and of what there is at the beginning; of changes NGSIv2 and NGSI-LD have one.
const BATCH: usize = 256;
/// Bytes, roughly, in one notification.
const BATCH_BYTES: usize = 1024 * 1024;
/// How often the log says that notifications to a subscriber are lost.
const LOSS_REPORT_INTERVAL: Duration = Duration::from_secs(10);

/// A subscription as it is now. When its owner changes it another takes its place, with the same [`Progress`].
pub(crate) struct Subscriber {
    subscription: Subscription,
    /// Where notifications of NGSI-10 go.
    pub(super) target: Result<http::Uri, String>,
    pub(super) endpoint: Arc<Semaphore>,
    progress: Arc<Progress>,
}

/// What is under way, and how it has gone.
struct Progress {
    statistics: Statistics,
    state: Mutex<State>,
    ended: AtomicBool,
    /// Whether changes are looked at.
    listening: AtomicBool,
    /// Whether what is due is not sent either.
    silenced: AtomicBool,
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

    fn listens(&self) -> bool {
        self.progress.listening.load(Ordering::Acquire)
    }
}

impl Progress {
    fn new(record: &Record) -> Self {
        let listening = wanted(record) != Wanted::Inactive;
        Self {
            statistics: Statistics::default(),
            state: Mutex::new(State {
                backlog: Backlog::held(),
                driving: false,
                lost: 0,
                lost_reported_at: Timestamp::default(),
            }),
            ended: AtomicBool::new(false),
            listening: AtomicBool::new(listening),
            silenced: AtomicBool::new(false),
            initialised: AtomicBool::new(record.initialised),
            nudge: Notify::new(),
        }
    }
}

/// What the owner of a subscription wants of it; NGSI-10 has no word for anything but service.
fn wanted(record: &Record) -> Wanted {
    match &record.request {
        Request::NgsiV2(request) => request.status,
        Request::NgsiLd(request) | Request::Sources(request) if !request.subscription.is_active => Wanted::Inactive,
        Request::Ngsi10(_) | Request::NgsiLd(_) | Request::Sources(_) => Wanted::Active,
    }
}

impl Subscriber {
    /// A subscriber to whom nothing is sent until [`Subscriber::open`].
    pub(crate) fn new(subscription: Subscription, endpoints: &Endpoints) -> Self {
        let progress = Arc::new(Progress::new(&subscription.record));
        Self::with(subscription, endpoints, progress)
    }

    fn with(subscription: Subscription, endpoints: &Endpoints, progress: Arc<Progress>) -> Self {
        let endpoint = endpoints.permits(subscription.record.reference());
        Self { target: ngsi10::target(&subscription), endpoint, progress, subscription }
    }

    /// The same subscriber with another subscription.
    pub(crate) fn amended(&self, subscription: Subscription, endpoints: &Endpoints) -> Self {
        Self::with(subscription, endpoints, self.progress.clone())
    }

    pub(crate) fn id(&self) -> &SubscriptionId {
        self.subscription.id()
    }

    pub(crate) fn reference(&self) -> &str {
        self.subscription.record.reference()
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

    /// How long its owner wants to wait after a failure (ETSI GS CIM 009, 5.2.15).
    pub(super) fn cooldown(&self) -> Option<Duration> {
        let endpoint = &self.subscription.linked()?.subscription.notification.endpoint;
        endpoint.cooldown.map(Duration::from_millis)
    }

    /// Whether it is a broker that wants what NGSI-10 has no words for.
    pub(super) fn wants_whole(&self) -> bool {
        self.subscription.record.delivery.whole
    }

    pub(super) fn statistics(&self) -> &Statistics {
        &self.progress.statistics
    }

    /// The record with what has become of it since it was read.
    pub(crate) fn record(&self) -> Record {
        let mut record = self.subscription.record.clone();
        record.initialised |= self.progress.initialised.load(Ordering::Relaxed);
        match &mut record.request {
            Request::NgsiV2(request) if !self.listens() => request.status = Wanted::Inactive,
            Request::NgsiLd(request) | Request::Sources(request) if !self.listens() => {
                request.subscription.is_active = false;
            }
            _ => {}
        }
        record
    }

    /// Whether its owner wants it to be served.
    pub(crate) fn is_wanted(&self) -> bool {
        wanted(&self.subscription.record) != Wanted::Inactive
    }

    /// Whether it ends with this notification.
    pub(crate) fn is_oneshot(&self) -> bool {
        wanted(&self.subscription.record) == Wanted::Oneshot
    }

    /// Of those who see the last change that is told, one.
    pub(crate) fn spend(&self) -> bool {
        self.progress.listening.swap(false, Ordering::AcqRel)
    }

    /// Goes on, after a break perhaps.
    pub(crate) fn resume(&self) {
        self.progress.statistics.forgive();
        self.progress.silenced.store(false, Ordering::Release);
        self.progress.listening.store(true, Ordering::Release);
        self.progress.nudge.notify_waiters();
    }

    /// Stops until [`Subscriber::resume`]. Gives back what was still due.
    pub(crate) fn silence(&self) -> Vec<Notice> {
        self.progress.listening.store(false, Ordering::Release);
        self.progress.silenced.store(true, Ordering::Release);
        self.progress.nudge.notify_waiters();
        self.progress.state.lock().backlog.clear()
    }

    /// Queues a notice; gives back those that made room.
    pub(crate) fn push(&self, notice: Notice) -> impl Iterator<Item = Displaced> + use<> {
        let latest_only = self.subscription.throttling.is_some();
        self.progress.state.lock().backlog.push(notice, latest_only).into_iter()
    }

    /// Makes the entities as they stand the first to be sent; gives back the notices they contain.
    pub(crate) fn begin_with(&self, initial: Vec<Arc<Entity>>, now: Timestamp) -> Vec<Notice> {
        self.progress.state.lock().backlog.begin_with(initial, now)
    }

    /// Notes whether what there was at the beginning has been told.
    pub(crate) fn set_initialised(&self, told: bool) {
        self.progress.initialised.store(told, Ordering::Relaxed);
    }

    /// Allows sending.
    pub(crate) fn open(&self) {
        self.progress.state.lock().backlog.open();
    }

    pub(super) fn take_older(&self, time: Timestamp) -> Vec<Notice> {
        self.progress.state.lock().backlog.take_older(time)
    }

    /// Counts lost notices; gives back how many are to be reported now, if any.
    pub(crate) fn count_lost(&self, lost: usize, now: Timestamp) -> Option<usize> {
        let mut state = self.progress.state.lock();
        state.lost += lost;
        if now.since(state.lost_reported_at) < LOSS_REPORT_INTERVAL {
            return None;
        }
        state.lost_reported_at = now;
        Some(std::mem::take(&mut state.lost))
    }

    /// Ends it: nothing more is sent. Gives back what was still due.
    pub(crate) fn end(&self) -> Vec<Notice> {
        self.progress.ended.store(true, Ordering::Release);
        self.progress.nudge.notify_waiters();
        self.progress.state.lock().backlog.clear()
    }

    pub(super) fn has_ended(&self) -> bool {
        self.progress.ended.load(Ordering::Acquire)
    }

    pub(super) fn may_send(&self) -> bool {
        !self.has_ended() && !self.progress.silenced.load(Ordering::Acquire)
    }

    /// Whether nothing waits and nothing is under way.
    pub(crate) fn is_idle(&self) -> bool {
        let state = self.progress.state.lock();
        let waiting = state.backlog.len();
        !state.driving && waiting == 0
    }

    /// Whether the caller is to start a driver.
    pub(super) fn start_driving(&self) -> bool {
        let mut state = self.progress.state.lock();
        let start = !state.driving && !state.backlog.is_empty();
        state.driving |= start;
        start
    }

    /// The next notices to send; `None` ends the driver.
    pub(super) fn next_or_stop(&self) -> Option<Vec<Notice>> {
        let mut state = self.progress.state.lock();
        if state.backlog.is_empty() || self.has_ended() {
            state.driving = false;
            return None;
        }
        let tells_one = self.subscription.outgoing().is_some() && !state.backlog.begins();
        let limit = if tells_one { 1 } else { BATCH };
        let taken = state.backlog.take(limit, BATCH_BYTES);
        self.progress.statistics.under_way(taken.len());
        Some(taken)
    }

    /// Whether the last attempt to notify it succeeded.
    pub(crate) fn status(&self) -> Status {
        self.progress.statistics.status()
    }

    /// How notifying it has gone.
    pub(crate) fn report(&self) -> Report {
        let state = self.progress.state.lock();
        self.progress.statistics.report(state.backlog.len())
    }

    /// What is counted.
    pub(crate) fn counters(&self) -> Counters {
        self.progress.statistics.counters()
    }

    /// What is to be written down of it, if anything: NGSI-10 counts from the start of the broker.
    pub(crate) fn counters_to_save(&self) -> Option<Counters> {
        self.subscription.outgoing().and_then(|_| self.progress.statistics.to_save())
    }

    /// Takes over what was written down.
    pub(crate) fn restore(&self, counters: Counters) {
        self.progress.statistics.restore(counters);
    }

    /// Once: whether the entities as they stood have just all been delivered.
    pub(super) fn initial_delivered(&self) -> bool {
        !self.progress.initialised.load(Ordering::Relaxed)
            && self.progress.state.lock().backlog.is_past_initial()
            && !self.progress.initialised.swap(true, Ordering::Relaxed)
    }

    /// Waits, unless the subscription ends meanwhile.
    pub(super) async fn pause(&self, length: Duration) {
        let nudged = self.progress.nudge.notified();
        if self.may_send() {
            let _ = tokio::time::timeout(length, nudged).await;
        }
    }
}
