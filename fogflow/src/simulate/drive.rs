//! Lets a fleet speak: one loop a device, each report a request of its own, as real devices do.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hdrhistogram::Histogram;
use ngsi::v1::ngsi10::{UpdateAction, UpdateContextRequest};
use ngsi::v1::{ContextElement, EntityRef};
use parking_lot::Mutex;
use service::http::Client;
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval_at};
use tokio_util::sync::CancellationToken;

use super::Fleet;
use super::fleet::Device;

/// How a fleet speaks, and to whom.
#[derive(Clone)]
pub(crate) struct Drive {
    pub(crate) client: Client,
    /// The broker's address, without a path.
    pub(crate) broker: String,
    /// Time between two reports of a device.
    pub(crate) every: Duration,
    pub(crate) stats: Arc<Stats>,
    pub(crate) shutdown: CancellationToken,
    /// Sees every report just before it is sent.
    pub(crate) watch: Option<Watch>,
}

/// Looks at reports.
pub(crate) type Watch = Arc<dyn Fn(&ContextElement) + Send + Sync>;

impl Drive {
    /// Lets every device report until the shutdown; the devices spread over the interval.
    pub(crate) async fn run(self, fleet: Fleet) {
        let mut loops = JoinSet::new();
        let count = u32::try_from(fleet.devices.len().max(1)).unwrap_or(u32::MAX);
        for (index, device) in (0_u32..).zip(fleet.devices) {
            let first = Instant::now() + self.every / count * index;
            loops.spawn(self.clone().device(device, first));
        }
        loops.join_all().await;
    }

    async fn device(self, mut device: Device, first: Instant) {
        let mut times = interval_at(first, self.every);
        times.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while self.shutdown.run_until_cancelled(times.tick()).await.is_some() {
            device.step(self.every.as_secs_f64());
            let report = device.report();
            if let Some(watch) = &self.watch {
                watch(&report);
            }
            let started = Instant::now();
            match self.update(report, UpdateAction::Update).await {
                Ok(()) => self.stats.took(started.elapsed()),
                Err(problem) => self.stats.failed_with(problem),
            }
        }
    }

    /// Deletes entities at the broker; how many went.
    pub(crate) async fn delete(&self, ids: &[String]) -> usize {
        let mut deleted = 0;
        for id in ids {
            let entity = EntityRef::id(id.as_str().into());
            let element = ContextElement { entity, ..ContextElement::default() };
            match self.update(element, UpdateAction::Delete).await {
                Ok(()) => deleted += 1,
                Err(problem) => self.stats.failed_with(problem),
            }
        }
        deleted
    }

    /// Sends one element.
    pub(crate) async fn update(&self, element: ContextElement, action: UpdateAction) -> Result<(), String> {
        let url = format!("{}/ngsi10/updateContext", self.broker);
        let request = UpdateContextRequest { context_elements: vec![element], update_action: action };
        match self.client.post_json(&url, &[], &request).await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("{}: {}", answer.status(), String::from_utf8_lossy(answer.body()))),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// What became of the reports.
#[derive(Debug)]
pub(crate) struct Stats {
    sent: AtomicU64,
    failed: AtomicU64,
    last_error: Mutex<String>,
    micros: Mutex<Histogram<u64>>,
}

impl Default for Stats {
    fn default() -> Self {
        let (sent, failed) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { sent, failed, last_error: Mutex::default(), micros: Mutex::new(micros()) }
    }
}

/// A histogram of microseconds up to a minute, to two digits.
#[expect(clippy::expect_used, reason = "bounds that are constants and in range")]
pub(crate) fn micros() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 60_000_000, 2).expect("bounds in range")
}

impl Stats {
    /// Updates accepted.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Updates not accepted.
    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Why the last one was not.
    pub(crate) fn last_error(&self) -> String {
        let problem = self.last_error.lock().clone();
        if problem.is_empty() { "there was no time".to_owned() } else { problem }
    }

    fn took(&self, duration: Duration) {
        self.sent.fetch_add(1, Ordering::Relaxed);
        self.micros.lock().saturating_record(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX));
    }

    fn failed_with(&self, problem: String) {
        self.failed.fetch_add(1, Ordering::Relaxed);
        *self.last_error.lock() = problem;
    }

    /// All of it in one line.
    pub(crate) fn summary(&self) -> String {
        let micros = self.micros.lock();
        let millis = |quantile| micros.value_at_quantile(quantile) as f64 / 1_000.0;
        let (p50, p99) = (millis(0.5), millis(0.99));
        format!("{} updates, {} errors; answered in {p50:.1} ms (p50), {p99:.1} ms (p99)", self.sent(), self.failed())
    }
}
