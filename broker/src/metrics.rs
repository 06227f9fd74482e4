//! What the broker counts.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use service::Metrics;

#[derive(Clone)]
pub(crate) struct Counters {
    pub(crate) tenants: Gauge,
    pub(crate) entities: Gauge,
    pub(crate) subscriptions: Gauge,
    pub(crate) updates: Counter,
    pub(crate) sent: Counter,
    pub(crate) failed: Counter,
    pub(crate) merged: Counter,
    pub(crate) dropped: Counter,
    pub(crate) outbox: Gauge,
    pub(crate) forwarded: Counter,
    pub(crate) unregistered: Gauge,
}

impl Counters {
    pub(crate) fn register(metrics: &Metrics) -> Self {
        let counter = |name: &str, help: &str| metrics.register(name, help, Counter::default());
        let gauge = |name: &str, help: &str| metrics.register(name, help, Gauge::<i64>::default());
        Self {
            tenants: gauge("broker_tenants", "Tenants beside the default one"),
            entities: gauge("broker_entities", "Entities held by this broker"),
            subscriptions: gauge("broker_subscriptions", "Subscriptions kept by this broker"),
            updates: counter("broker_updates", "Elements of updates applied"),
            sent: counter("broker_notifications_sent", "Elements of notifications delivered"),
            failed: counter("broker_notifications_failed", "Attempts to notify that failed"),
            merged: counter("broker_notifications_merged", "Elements replaced by a later state before they were sent"),
            dropped: counter("broker_notifications_dropped", "Elements given up undelivered"),
            outbox: gauge("broker_outbox", "Elements of notifications due and not delivered"),
            forwarded: counter(
                "broker_updates_forwarded",
                "Elements of updates passed on to the broker that owns the entity",
            ),
            unregistered: gauge("broker_registrations_pending", "Entities that discovery has yet to be told of"),
        }
    }
}
