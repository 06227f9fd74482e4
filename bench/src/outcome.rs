//! What one load showed.

use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// Longer latencies count as this long.
const LONGEST_NS: u64 = 60_000_000_000;

/// The clock of one run; its nanoseconds also travel in requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now_ns(self) -> u64 {
        ns(self.0.elapsed())
    }

    pub(crate) fn at_ns(self, ns: u64) -> Instant {
        self.0 + Duration::from_nanos(ns)
    }
}

/// The number in a request: who sent it and when it was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) connection: u64,
    pub(crate) ns: u64,
}

const CONNECTIONS: u64 = 256;

impl From<Sent> for u64 {
    fn from(sent: Sent) -> Self {
        sent.ns * CONNECTIONS + sent.connection
    }
}

impl From<u64> for Sent {
    fn from(number: u64) -> Self {
        Self { connection: number % CONNECTIONS, ns: number / CONNECTIONS }
    }
}

/// Nanoseconds, saturated.
pub(crate) fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Latencies and errors of one connection, or of all.
#[derive(Debug, Clone)]
pub(crate) struct Latencies {
    histogram: Histogram<u64>,
    pub(crate) errors: u64,
}

impl Default for Latencies {
    fn default() -> Self {
        Self { histogram: empty(), errors: 0 }
    }
}

fn empty() -> Histogram<u64> {
    match Histogram::new_with_bounds(1, LONGEST_NS, 3) {
        Ok(histogram) => histogram,
        Err(error) => unreachable!("constant bounds of a histogram: {error}"),
    }
}

impl Latencies {
    pub(crate) fn record(&mut self, ns: u64) {
        self.histogram.saturating_record(ns);
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.histogram += &other.histogram;
        self.errors += other.errors;
    }

    pub(crate) fn count(&self) -> u64 {
        self.histogram.len()
    }

    pub(crate) fn quantile(&self, quantile: f64) -> Duration {
        Duration::from_nanos(self.histogram.value_at_quantile(quantile))
    }
}

/// Latencies with what they cost.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) latencies: Latencies,
    pub(crate) elapsed: Duration,
    /// `None` when the server's processes are not known.
    pub(crate) server_cpu: Option<Duration>,
    pub(crate) generator_cpu: Duration,
}

impl Outcome {
    pub(crate) fn per_second(&self) -> f64 {
        self.latencies.count() as f64 / self.elapsed.as_secs_f64()
    }

    pub(crate) fn server_us(&self) -> Option<f64> {
        self.server_cpu.map(|cpu| self.us_each(cpu))
    }

    pub(crate) fn generator_us(&self) -> f64 {
        self.us_each(self.generator_cpu)
    }

    fn us_each(&self, cpu: Duration) -> f64 {
        cpu.as_secs_f64() * 1e6 / self.latencies.count().max(1) as f64
    }
}

/// Stopwatch of wall and CPU time.
#[derive(Debug)]
pub(crate) struct Watch<'a> {
    pids: &'a [u32],
    started: Instant,
    server: Duration,
    generator: Duration,
}

impl<'a> Watch<'a> {
    pub(crate) fn start(pids: &'a [u32]) -> Self {
        Self { pids, started: Instant::now(), server: crate::cpu::used(pids), generator: crate::cpu::used_by_self() }
    }

    pub(crate) fn stop(self, latencies: Latencies) -> Outcome {
        Outcome {
            latencies,
            elapsed: self.started.elapsed(),
            server_cpu: (!self.pids.is_empty()).then(|| crate::cpu::used(self.pids).saturating_sub(self.server)),
            generator_cpu: crate::cpu::used_by_self().saturating_sub(self.generator),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_latencies_keep_count_and_errors() {
        let (mut all, mut one) = (Latencies::default(), Latencies::default());
        one.record(1_000);
        one.errors = 2;
        all.merge(&one);
        all.merge(&one);
        assert_eq!((all.count(), all.errors), (2, 4));
        assert_eq!(all.quantile(0.5).as_nanos() / 10, 100);
    }
}
