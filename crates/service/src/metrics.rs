//! Metrics of one process, read at `/metrics` in the OpenMetrics text format.
//!
//! Metrics are plain atomic handles kept in a service's own state: no global recorder, so tests do not share counters.
//! `Family::get_or_create` takes a lock: keep the handle, and keep ids of entities out of labels.

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use parking_lot::Mutex;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Metric, Registry};

use crate::http::Complaints;

/// The registry shared by the services of a process; cheap to clone.
#[derive(Debug, Clone)]
pub struct Metrics {
    registry: Arc<Mutex<Registry>>,
    requests: Family<StatusLabels, Counter>,
    latency: Family<RouteLabels, Histogram>,
    refused: Family<RefusalLabels, Counter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    service: &'static str,
    route: String,
    method: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct StatusLabels {
    service: &'static str,
    route: String,
    method: &'static str,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RefusalLabels {
    service: &'static str,
    reason: &'static str,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("fogflow");
        let requests = Family::default();
        let latency = Family::new_with_constructor(latency_histogram as fn() -> Histogram);
        let refused = Family::default();
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register("http_request_seconds", "Time from a request's header to its answer", latency.clone());
        registry.register("http_refused", "Requests ended by the server before a handler answered", refused.clone());
        Self { registry: Arc::new(Mutex::new(registry)), requests, latency, refused }
    }
}

/// From 50 µs to 13 s.
fn latency_histogram() -> Histogram {
    Histogram::new(exponential_buckets(50e-6, 4.0, 10))
}

impl Metrics {
    /// Registers a metric and gives it back, to be kept; the name gets the prefix `fogflow_`.
    pub fn register<M: Metric + Clone>(&self, name: &str, help: &str, metric: M) -> M {
        self.registry.lock().register(name, help, metric.clone());
        metric
    }

    /// The text of all metrics.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail; what was written stands in any case.
        let _ = prometheus_client::encoding::text::encode(&mut text, &self.registry.lock());
        text
    }

    pub(crate) fn route(&self, service: &'static str, route: &str, method: &'static str) -> RouteMetrics {
        let counter = |status| {
            let labels = StatusLabels { service, route: route.to_owned(), method, status };
            self.requests.get_or_create_owned(&labels)
        };
        let labels = RouteLabels { service, route: route.to_owned(), method };
        RouteMetrics(Arc::new(RouteCounters {
            by_class: CLASSES.map(counter),
            latency: self.latency.get_or_create_owned(&labels),
            complaints: Complaints::about(format!("{service} {method} {route}")),
        }))
    }

    pub(crate) fn refusals(&self, service: &'static str) -> Refusals {
        let counter = |reason| self.refused.get_or_create_owned(&RefusalLabels { service, reason });
        Refusals {
            too_large: counter("too large"),
            late: counter("body late"),
            unanswered: counter("not answered"),
            panicked: counter("panicked"),
        }
    }
}

const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

struct RouteCounters {
    by_class: [Counter; CLASSES.len()],
    latency: Histogram,
    complaints: Complaints,
}

/// The metrics of one route and method.
#[derive(Clone)]
pub(crate) struct RouteMetrics(Arc<RouteCounters>);

impl RouteMetrics {
    pub(crate) fn observe(&self, response: &Response, latency: Duration) {
        let status = response.status();
        self.0.complaints.note(response);
        if let Some(counter) = self.0.by_class.get(usize::from(status.as_u16() / 100).wrapping_sub(1)) {
            counter.inc();
        }
        self.0.latency.observe(latency.as_secs_f64());
    }
}

/// Requests that the server itself ended.
pub(crate) struct Refusals {
    pub(crate) too_large: Counter,
    pub(crate) late: Counter,
    pub(crate) unanswered: Counter,
    pub(crate) panicked: Counter,
}
