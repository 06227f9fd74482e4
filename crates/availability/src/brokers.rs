//! Which brokers are alive.

use std::collections::BTreeMap;
use std::time::Duration;

use ngsi::{ParseError, Timestamp};

use crate::provider::origin;

/// The most brokers known at once.
const MAX_BROKERS: usize = 100_000;
/// Intervals without a heartbeat after which a broker is taken for dead.
const MISSED_INTERVALS: u32 = 6;

/// What a heartbeat told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heartbeat {
    /// Whether the broker was known before: if not, its registrations may have been dropped.
    pub known: bool,
}

/// A broker taken for dead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SilentBroker {
    /// Its identifier.
    pub id: String,
    /// Where it was.
    pub url: String,
    /// Its last sign of life.
    pub heard_at: Timestamp,
}

/// The brokers heard of, by identifier and URL: one that moves is two for a while, and its old address dies.
#[derive(Debug)]
pub struct Brokers {
    heard: BTreeMap<(String, String), Timestamp>,
    interval: Duration,
    swept_at: Option<Timestamp>,
}

impl Brokers {
    /// No brokers, with the interval at which they are to be heard.
    #[must_use]
    pub fn new(interval: Duration) -> Self {
        Self { heard: BTreeMap::new(), interval, swept_at: None }
    }

    /// Notes a sign of life.
    ///
    /// # Errors
    /// No `id`, no `myURL`, or too many brokers.
    pub fn heartbeat(&mut self, id: &str, url: &str, now: Timestamp) -> Result<Heartbeat, ParseError> {
        for (name, text) in [("id", id), ("myURL", url)] {
            if text.is_empty() || text.len() > 1024 {
                return Err(ParseError::new(name, "must be 1 to 1024 bytes long"));
            }
        }
        let key = (id.to_owned(), url.to_owned());
        if self.heard.len() >= MAX_BROKERS && !self.heard.contains_key(&key) {
            return Err(ParseError::new("id", format!("more than {MAX_BROKERS} brokers")));
        }
        Ok(Heartbeat { known: self.heard.insert(key, now).is_some() })
    }

    /// Every broker: identifier, URL, last heartbeat.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, Timestamp)> {
        self.heard.iter().map(|((id, url), at)| (id.as_str(), url.as_str(), *at))
    }

    /// Whether a live broker is at the origin.
    #[must_use]
    pub fn is_alive(&self, at: &str) -> bool {
        self.heard.keys().any(|(_, url)| origin(url) == at)
    }

    /// Takes a broker back that was dropped by a sweep and could not be dealt with, so that the next one drops it again.
    pub fn restore(&mut self, broker: SilentBroker) {
        self.heard.entry((broker.id, broker.url)).or_insert(broker.heard_at);
    }

    /// Drops brokers not heard of for six intervals and gives them back.
    ///
    /// To be called once an interval. If that did not happen, discovery itself was away (a suspended machine, a jump of
    /// the clock) and no broker is blamed for that time.
    pub fn sweep(&mut self, now: Timestamp) -> Vec<SilentBroker> {
        let away = self.swept_at.map_or(Duration::ZERO, |last| now.since(last));
        self.swept_at = Some(now);
        if away > self.interval * 2 {
            for heard_at in self.heard.values_mut() {
                *heard_at = heard_at.after(away).min(now);
            }
        }
        let silence = self.interval * MISSED_INTERVALS;
        let dead = self.heard.extract_if(.., |_, heard_at| now.since(*heard_at) > silence);
        dead.map(|((id, url), heard_at)| SilentBroker { id, url, heard_at }).collect()
    }
}
