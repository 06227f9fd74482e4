//! What subscribers have not been told yet.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use availability::{Availability, Notice, Registration};
use ngsi::SubscriptionId;
use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// Pending changes of one subscription beyond which a snapshot takes their place.
const MAX_PENDING: usize = 10_000;
/// Pending changes of all subscriptions beyond which the same happens to each that gets another.
const MAX_PENDING_OF_ALL: usize = 500_000;
/// The most registrations in one notification of changes.
const MAX_BATCH: usize = 500;
/// The most bytes, roughly, in one notification.
pub(super) const MAX_BATCH_BYTES: usize = 768 * 1024;

/// How many notifications are on their way to one URL at once.
const TURNS: usize = 16;

/// Which snapshot a subscription is to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Snapshot {
    /// The first: nothing is sent if nothing matches.
    First,
    /// A later one, which also says what is gone: sent even if nothing matches.
    Whole,
}

/// What to send next.
pub(super) enum Work {
    /// Everything that matches now.
    Snapshot(Snapshot),
    /// Changes of one kind, in order.
    Changes(Availability, Vec<Registration>),
}

/// Whom to notify; shared by the subscriptions that name the same URL.
pub(super) struct Receiver {
    /// The URL, exactly as given.
    pub(super) url: Arc<str>,
    /// Turns at posting to it.
    pub(super) turns: Semaphore,
}

struct Queue {
    receiver: Arc<Receiver>,
    snapshot: Option<Snapshot>,
    changes: VecDeque<(Availability, Registration)>,
    /// Whether a driver is at work on it.
    driven: bool,
}

impl Queue {
    fn take_batch(&mut self) -> Option<Work> {
        let kind = self.changes.front()?.0;
        let (mut batch, mut bytes) = (Vec::new(), 0);
        while let Some((availability, registration)) = self.changes.front() {
            bytes += registration.weight();
            let full = batch.len() >= MAX_BATCH || bytes > MAX_BATCH_BYTES && !batch.is_empty();
            if full || *availability != kind {
                break;
            }
            batch.extend(self.changes.pop_front().map(|(_, registration)| registration));
        }
        Some(Work::Changes(kind, batch))
    }
}

#[derive(Default)]
struct Queues {
    by_subscription: HashMap<SubscriptionId, Queue>,
    /// Receivers and how many queues name each.
    receivers: HashMap<Arc<str>, (Arc<Receiver>, usize)>,
    pending: usize,
}

impl Queues {
    fn receiver(&mut self, url: &str) -> Arc<Receiver> {
        if let Some((known, queues)) = self.receivers.get_mut(url) {
            *queues += 1;
            return known.clone();
        }
        let receiver = Arc::new(Receiver { url: url.into(), turns: Semaphore::new(TURNS) });
        self.receivers.insert(receiver.url.clone(), (receiver.clone(), 1));
        receiver
    }

    fn remove(&mut self, id: &SubscriptionId) -> Option<Queue> {
        let queue = self.by_subscription.remove(id)?;
        self.pending -= queue.changes.len();
        self.release(&queue.receiver);
        Some(queue)
    }

    fn release(&mut self, receiver: &Receiver) {
        if let Some((_, queues)) = self.receivers.get_mut(&receiver.url) {
            *queues -= 1;
            if *queues == 0 {
                self.receivers.remove(&receiver.url);
            }
        }
    }
}

/// The queues of all subscriptions.
#[derive(Default)]
pub(crate) struct Outbox(Mutex<Queues>);

impl Outbox {
    /// Begins a queue, with a snapshot due; one of the same subscription ends, its driver goes on with this one.
    pub(crate) fn open(&self, id: SubscriptionId, reference: &str, snapshot: Snapshot) {
        let mut queues = self.0.lock();
        let receiver = queues.receiver(reference);
        let mut queue = Queue { receiver, snapshot: Some(snapshot), changes: VecDeque::new(), driven: false };
        if let Some(former) = queues.remove(&id) {
            queue.driven = former.driven;
            queue.snapshot = Some(Snapshot::Whole);
        }
        queues.by_subscription.insert(id, queue);
    }

    /// Ends a queue; what was pending is dropped.
    pub(crate) fn close(&self, id: &SubscriptionId) {
        self.0.lock().remove(id);
    }

    /// Appends changes and gives back the subscriptions that need a driver. Changes after which a snapshot is sent
    /// anyway are not kept.
    pub(crate) fn push(&self, notices: Vec<Notice>) -> Vec<SubscriptionId> {
        let mut idle = Vec::new();
        let mut queues = self.0.lock();
        let Queues { by_subscription, pending, .. } = &mut *queues;
        for Notice { subscription, availability, registration } in notices {
            let Some(queue) = by_subscription.get_mut(&subscription) else { continue };
            if queue.snapshot.is_some() {
                continue;
            }
            queue.changes.push_back((availability, registration));
            *pending += 1;
            if queue.changes.len() > MAX_PENDING || *pending > MAX_PENDING_OF_ALL {
                *pending -= queue.changes.len();
                queue.changes = VecDeque::new();
                queue.snapshot = Some(Snapshot::Whole);
            }
            if !std::mem::replace(&mut queue.driven, true) {
                idle.push(subscription);
            }
        }
        idle
    }

    /// Claims a queue with something to send for a driver; whether there is such a queue and nobody drives it.
    pub(crate) fn claim(&self, id: &SubscriptionId) -> bool {
        match self.0.lock().by_subscription.get_mut(id) {
            Some(queue) => !std::mem::replace(&mut queue.driven, true),
            None => false,
        }
    }

    /// Every subscription.
    pub(crate) fn all(&self) -> Vec<SubscriptionId> {
        self.0.lock().by_subscription.keys().cloned().collect()
    }

    /// Asks for a whole snapshot in place of what is pending.
    pub(super) fn demand(&self, id: &SubscriptionId) {
        let mut queues = self.0.lock();
        let Queues { by_subscription, pending, .. } = &mut *queues;
        if let Some(queue) = by_subscription.get_mut(id) {
            *pending -= queue.changes.len();
            queue.changes = VecDeque::new();
            queue.snapshot = Some(Snapshot::Whole);
        }
    }

    /// What to send next and where. `None` ends the driver: the queue is empty or closed.
    pub(super) fn next(&self, id: &SubscriptionId) -> Option<(Arc<Receiver>, Work)> {
        let mut queues = self.0.lock();
        let Queues { by_subscription, pending, .. } = &mut *queues;
        let queue = by_subscription.get_mut(id)?;
        let before = queue.changes.len();
        let work = match queue.snapshot {
            Some(snapshot) => Some(Work::Snapshot(snapshot)),
            None => queue.take_batch(),
        };
        *pending -= before - queue.changes.len();
        queue.driven = work.is_some();
        Some((queue.receiver.clone(), work?))
    }

    /// Marks the snapshot as taken; changes are queued again from now on. To be called while the registry cannot change.
    pub(super) fn snapshot_taken(&self, id: &SubscriptionId) {
        if let Some(queue) = self.0.lock().by_subscription.get_mut(id) {
            queue.snapshot = None;
        }
    }

    /// Whether what a driver holds is outdated: a snapshot is due, or the subscription has ended.
    pub(super) fn outdated(&self, id: &SubscriptionId) -> bool {
        self.0.lock().by_subscription.get(id).is_none_or(|queue| queue.snapshot.is_some())
    }

    /// How many changes are pending.
    pub(crate) fn pending(&self) -> usize {
        self.0.lock().pending
    }
}
