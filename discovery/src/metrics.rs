use std::sync::atomic::AtomicI64;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use service::Metrics;

/// What discovery holds and what it has sent.
pub(crate) struct Gauges {
    registrations: Gauge<i64, AtomicI64>,
    subscriptions: Gauge<i64, AtomicI64>,
    brokers: Gauge<i64, AtomicI64>,
    pending: Gauge<i64, AtomicI64>,
    pub(crate) delivered: Counter,
    pub(crate) undelivered: Counter,
}

impl Gauges {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let gauge = |name: &str, help: &str| metrics.register(name, help, Gauge::default());
        let counter = |name: &str, help: &str| metrics.register(name, help, Counter::default());
        Self {
            registrations: gauge("discovery_registrations", "Entities registered"),
            subscriptions: gauge("discovery_subscriptions", "Availability subscriptions"),
            brokers: gauge("discovery_brokers", "Brokers heard of lately"),
            pending: gauge("discovery_notices_pending", "Changes subscribers have not been told yet"),
            delivered: counter("discovery_notifications_delivered", "Notifications a subscriber took"),
            undelivered: counter("discovery_notifications_failed", "Attempts to notify that failed and are repeated"),
        }
    }

    pub(crate) fn set(&self, registrations: usize, subscriptions: usize, brokers: usize, pending: usize) {
        let signed = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.registrations.set(signed(registrations));
        self.subscriptions.set(signed(subscriptions));
        self.brokers.set(signed(brokers));
        self.pending.set(signed(pending));
    }
}
