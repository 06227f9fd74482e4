//! The master's metrics.

use std::sync::atomic::Ordering;

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
    pub(crate) active: Gauge,
    workers: Gauge,
    intents: Gauge,
    waiting: Gauge,
    placements: Counter,
    migrations: Counter,
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
            active: metrics.register(
                "master_active",
                "1 while this master is the active one of those that serve the system",
                Gauge::default(),
            ),
            workers: metrics.register("master_workers", "Live workers", Gauge::default()),
            intents: metrics.register("master_intents", "Intents served", Gauge::default()),
            waiting: metrics.register("master_instances_waiting", "Task instances without a worker", Gauge::default()),
            placements: metrics.register(
                "master_placements",
                "Decisions that gave a task instance a worker",
                Counter::default(),
            ),
            migrations: metrics.register(
                "master_migrations",
                "Task instances moved to a better place",
                Counter::default(),
            ),
            instances: metrics.register("master_instances", "Desired task instances", Family::default()),
            commands: metrics.register("master_commands", "Messages sent to workers", Counter::default()),
            commands_dropped: metrics.register(
                "master_commands_dropped",
                "Messages the bus did not take; what they asked is repeated when workers report",
                Counter::default(),
            ),
            notifications: metrics.register(
                "master_availability_notifications",
                "Availability notifications received",
                Counter::default(),
            ),
            reconcile: metrics.register("master_reconcile_seconds", "Time to decide on one input", histogram),
        }
    }

    pub(crate) fn refresh(&self, orchestrator: &Orchestrator) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let summary = orchestrator.summary();
        self.workers.set(number(summary.workers));
        self.intents.set(number(summary.intents));
        self.waiting.set(number(summary.waiting));
        self.placements.inner().store(summary.placements, Ordering::Relaxed);
        self.migrations.inner().store(summary.migrations, Ordering::Relaxed);
        let counts = orchestrator.by_status();
        for (status, label) in STATUSES {
            let count = counts.get(&status).copied().unwrap_or_default();
            self.instances.get_or_create(&StatusLabel { status: label }).set(number(count));
        }
    }
}
