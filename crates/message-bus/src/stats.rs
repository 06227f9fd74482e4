use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What a bus has done since it was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct BusStats {
    /// Messages published and, by RabbitMQ, confirmed.
    pub published: u64,
    /// Messages whose publication failed.
    pub publish_failures: u64,
    /// Messages handed to subscribers, repeated ones included.
    pub delivered: u64,
    /// Messages subscribers acknowledged.
    pub acknowledged: u64,
    /// Messages thrown away because they were too large or not an envelope.
    pub dropped: u64,
    /// Connections lost.
    pub disconnects: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub(crate) published: Counter,
    pub(crate) publish_failures: Counter,
    pub(crate) delivered: Counter,
    pub(crate) acknowledged: Counter,
    pub(crate) dropped: Counter,
    pub(crate) disconnects: Counter,
}

impl Counters {
    pub(crate) fn read(&self) -> BusStats {
        BusStats {
            published: self.published.read(),
            publish_failures: self.publish_failures.read(),
            delivered: self.delivered.read(),
            acknowledged: self.acknowledged.read(),
            dropped: self.dropped.read(),
            disconnects: self.disconnects.read(),
        }
    }
}

#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Relaxed)
    }
}
