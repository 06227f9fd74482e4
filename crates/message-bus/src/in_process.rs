//! The topic exchange of `fogflow up`: queues in memory, nothing encoded, nothing copied but the envelope.

use crate::stats::Counters;
use crate::subscription::{Receipt, Settle as AnySettle};
use crate::topic::{Pattern, words};
use crate::{Delivery, LockError, PublishError};
use flow::Envelope;
use parking_lot::Mutex;
use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Messages that may wait for one subscriber; a publisher then waits for it.
const QUEUE_MESSAGES: usize = 4_096;
/// How long a publisher waits for a subscriber that does not take its messages.
const PUBLISH_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Debug, Default)]
pub(crate) struct Exchange {
    queues: Mutex<Vec<Arc<Queue>>>,
    /// Names of the locks that are held.
    locks: Mutex<BTreeSet<String>>,
    pub(crate) counters: Arc<Counters>,
}

#[derive(Debug)]
struct Queue {
    name: String,
    state: Mutex<QueueState>,
    /// One permit per message that may still be queued.
    space: Semaphore,
    /// One permit per queued message.
    ready: Semaphore,
}

#[derive(Debug, Default)]
struct QueueState {
    bindings: Vec<Pattern>,
    messages: VecDeque<Envelope>,
    consumers: usize,
}

impl Exchange {
    pub(crate) async fn publish(&self, envelope: Envelope) -> Result<(), PublishError> {
        let mut waiting = Vec::new();
        for queue in self.matching(&envelope.routing_key) {
            if !queue.try_push(&envelope) {
                waiting.push(queue);
            }
        }
        for queue in waiting {
            if let Err(error) = queue.push(&envelope).await {
                self.counters.publish_failures.add();
                return Err(error);
            }
        }
        self.counters.published.add();
        Ok(())
    }

    pub(crate) fn subscribe(self: &Arc<Self>, name: &str, keys: &[&str]) -> Consumer {
        let mut queues = self.queues.lock();
        let queue = match queues.iter().find(|queue| queue.name == name) {
            Some(queue) => queue.clone(),
            None => {
                let queue = Arc::new(Queue::new(name));
                queues.push(queue.clone());
                queue
            }
        };
        queue.bind(keys);
        drop(queues);
        Consumer { exchange: self.clone(), queue }
    }

    pub(crate) fn try_lock(self: &Arc<Self>, name: &str) -> Result<Held, LockError> {
        let obtained = self.locks.lock().insert(name.to_owned());
        if obtained { Ok(Held { exchange: self.clone(), name: name.to_owned() }) } else { Err(LockError::Held) }
    }

    fn matching(&self, routing_key: &str) -> Vec<Arc<Queue>> {
        let key = words(routing_key);
        self.queues.lock().iter().filter(|queue| queue.wants(&key)).cloned().collect()
    }

    fn leave(&self, queue: &Arc<Queue>) {
        let mut queues = self.queues.lock();
        let mut state = queue.state.lock();
        state.consumers -= 1;
        if state.consumers == 0 {
            queue.space.close();
            queues.retain(|other| !Arc::ptr_eq(other, queue));
        }
    }
}

impl Queue {
    fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            state: Mutex::default(),
            space: Semaphore::new(QUEUE_MESSAGES),
            ready: Semaphore::new(0),
        }
    }

    fn bind(&self, keys: &[&str]) {
        let mut state = self.state.lock();
        state.consumers += 1;
        for pattern in keys.iter().map(|key| Pattern::new(key)) {
            if !state.bindings.contains(&pattern) {
                state.bindings.push(pattern);
            }
        }
    }

    fn wants(&self, key: &[&str]) -> bool {
        self.state.lock().bindings.iter().any(|pattern| pattern.matches(key))
    }

    /// Whether the message is dealt with: queued, or the queue is gone.
    fn try_push(&self, envelope: &Envelope) -> bool {
        match self.space.try_acquire() {
            Ok(permit) => {
                permit.forget();
                self.insert(|messages| messages.push_back(envelope.clone()));
                true
            }
            Err(error) => error == tokio::sync::TryAcquireError::Closed,
        }
    }

    async fn push(&self, envelope: &Envelope) -> Result<(), PublishError> {
        match tokio::time::timeout(PUBLISH_TIMEOUT, self.space.acquire()).await {
            Ok(Ok(permit)) => {
                permit.forget();
                self.insert(|messages| messages.push_back(envelope.clone()));
                Ok(())
            }
            Ok(Err(_closed)) => Ok(()),
            Err(_elapsed) => Err(PublishError::QueueFull { queue: self.name.clone() }),
        }
    }

    fn insert(&self, insert: impl FnOnce(&mut VecDeque<Envelope>)) {
        insert(&mut self.state.lock().messages);
        self.ready.add_permits(1);
    }
}

#[derive(Debug)]
pub(crate) struct Consumer {
    exchange: Arc<Exchange>,
    queue: Arc<Queue>,
}

impl Consumer {
    pub(crate) async fn next(&mut self) -> Option<Delivery> {
        self.queue.ready.acquire().await.ok()?.forget();
        let envelope = self.queue.state.lock().messages.pop_front()?;
        self.queue.space.add_permits(1);
        self.exchange.counters.delivered.add();
        let settle =
            Settle { queue: self.queue.clone(), envelope: envelope.clone(), counters: self.exchange.counters.clone() };
        Some(Delivery { envelope, receipt: Receipt::new(AnySettle::InProcess(settle)) })
    }
}

impl Drop for Consumer {
    fn drop(&mut self) {
        self.exchange.leave(&self.queue);
    }
}

/// A lock, until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    exchange: Arc<Exchange>,
    name: String,
}

impl Held {
    pub(crate) async fn publish(&self, envelope: Envelope) -> Result<(), PublishError> {
        self.exchange.publish(envelope).await
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.exchange.locks.lock().remove(&self.name);
    }
}

/// What it takes to return a message to the head of its queue.
#[derive(Debug)]
pub(crate) struct Settle {
    queue: Arc<Queue>,
    envelope: Envelope,
    counters: Arc<Counters>,
}

impl Settle {
    pub(crate) fn settle(self, acknowledged: bool) {
        if acknowledged {
            self.counters.acknowledged.add();
        } else {
            self.queue.insert(|messages| messages.push_front(self.envelope));
        }
    }
}
