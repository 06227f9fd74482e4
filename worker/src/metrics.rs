//! What the worker counts.

use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use service::Metrics;

#[derive(Clone)]
pub(crate) struct FunctionMetrics {
    pub(crate) calls: Counter,
    pub(crate) errors: Counter,
    pub(crate) duration: Histogram,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct StatusLabel {
    pub(crate) status: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum Outcome {
    Started,
    Failed,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct StartLabel {
    pub(crate) engine: &'static str,
    pub(crate) outcome: Outcome,
}

#[derive(Clone)]
pub(crate) struct WorkerMetrics {
    pub(crate) function: FunctionMetrics,
    pub(crate) tasks: Family<StatusLabel, Gauge>,
    pub(crate) starts: Family<StartLabel, Counter>,
}

impl WorkerMetrics {
    pub(crate) fn register(metrics: &Metrics) -> Self {
        let durations = Histogram::new(exponential_buckets(0.000_1, 2.0, 16));
        let calls = metrics.register("worker_function_calls", "Calls of functions", Counter::default());
        let errors = metrics.register("worker_function_errors", "Calls of functions that failed", Counter::default());
        let duration = metrics.register(
            "worker_function_notification_seconds",
            "From a notification's turn until its results are with the broker",
            durations,
        );
        Self {
            function: FunctionMetrics { calls, errors, duration },
            tasks: metrics.register("worker_tasks", "Task instances by status", Family::default()),
            starts: metrics.register("worker_starts", "Attempts to start an instance", Family::default()),
        }
    }
}
