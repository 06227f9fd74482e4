//! The master's metrics.

use flow::InstanceStatus;
use orchestration::Orchestrator;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use service::Metrics;

const STATUSES: [(InstanceStatus, &str); 5] = [
    (InstanceStatus::Scheduled, "scheduled"),
    (InstanceStatus::Starting, "starting"),
    (InstanceStatus::Running, "running"),
    (InstanceStatus::Paused, "paused"),
    (InstanceStatus::Failed, "failed"),
];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabel {
    status: &'static str,
}

pub(crate) struct Gauges {
    workers: Gauge,
    intents: Gauge,
    waiting: Gauge,
    placements: Gauge,
    migrations: Gauge,
    instances: Family<StatusLabel, Gauge>,
    pub(crate) commands: Counter,
    pub(crate) commands_dropped: Counter,
    pub(crate) notifications: Counter,
    pub(crate) reconcile: Histogram,
}

impl Gauges {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let histogram = Histogram::new(exponential_buckets(0.000_01, 2.0, 16));
        Self {
            workers: metrics.register("master_workers", "live workers", Gauge::default()),
            intents: metrics.register("master_intents", "intents served", Gauge::default()),
            waiting: metrics.register("master_instances_waiting", "task instances without a worker", Gauge::default()),
            placements: metrics.register(
                "master_placements",
                "task instances given a worker since the start",
                Gauge::default(),
            ),
            migrations: metrics.register("master_migrations", "migrations since the start", Gauge::default()),
            instances: metrics.register("master_instances", "desired task instances", Family::default()),
            commands: metrics.register("master_commands", "messages sent to workers", Counter::default()),
            commands_dropped: metrics.register(
                "master_commands_dropped",
                "messages the bus did not take; what they asked is repeated when workers report",
                Counter::default(),
            ),
            notifications: metrics.register(
                "master_availability_notifications",
                "availability notifications received",
                Counter::default(),
            ),
            reconcile: metrics.register("master_reconcile_seconds", "time to decide on one input", histogram),
        }
    }

    pub(crate) fn refresh(&self, orchestrator: &Orchestrator) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let summary = orchestrator.summary();
        self.workers.set(number(summary.workers));
        self.intents.set(number(summary.intents));
        self.waiting.set(number(summary.waiting));
        self.placements.set(i64::try_from(summary.placements).unwrap_or(i64::MAX));
        self.migrations.set(i64::try_from(summary.migrations).unwrap_or(i64::MAX));
        let counts = orchestrator.by_status();
        for (status, label) in STATUSES {
            let count = counts.get(&status).copied().unwrap_or_default();
            self.instances.get_or_create(&StatusLabel { status: label }).set(number(count));
        }
    }
}
