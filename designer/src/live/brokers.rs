//! The brokers of the system, as discovery lists them and as they answer.

use std::collections::BTreeMap;
use std::time::Duration;

use ngsi::{Point, Timestamp};
use serde::{Deserialize, Serialize};

use super::rates::{Figures, Rate};

/// More brokers than this are not followed.
const MAX_BROKERS: usize = 1_000;
/// Answers missed in a row until a broker counts as silent.
const MISSES: u32 = 2;
/// How long a broker that never answered here, since it cannot be reached, may be unheard by discovery.
const HEARTBEAT_LIMIT: Duration = Duration::from_secs(90);
/// How long a broker stays listed that discovery does not list any more.
const LISTED_WHEN_GONE: Duration = Duration::from_secs(600);

/// A broker as pages see it; rates are per second.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Broker {
    pub(crate) id: String,
    pub(crate) url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<Point>,
    pub(crate) state: BrokerState,
    /// When it last answered or was heard by discovery, in milliseconds since 1970.
    pub(crate) seen: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    updates: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    notifications: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    queued: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    entities: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BrokerState {
    Ready,
    Silent,
}

/// A broker in discovery's list.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Heard {
    pub(crate) id: String,
    #[serde(rename = "myURL", default)]
    pub(crate) url: String,
    #[serde(rename = "Last_Heartbeat_Update", default)]
    heartbeat: String,
}

/// What all brokers do together.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Totals {
    pub(crate) updates: f64,
    pub(crate) notifications: f64,
    pub(crate) failures: f64,
    pub(crate) queued: u64,
    pub(crate) entities: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Brokers(BTreeMap<String, Known>);

#[derive(Debug)]
struct Known {
    url: String,
    location: Option<Point>,
    heartbeat: String,
    /// When discovery last had news of it, by this node's clock.
    heard: Timestamp,
    listed: Timestamp,
    answered: Option<Timestamp>,
    misses: u32,
    figures: Option<Figures>,
    followed: [Rate; 3],
    /// Updates, notifications, failures.
    rates: [Option<f64>; 3],
}

impl Known {
    fn new(now: Timestamp) -> Self {
        Self {
            url: String::new(),
            location: None,
            heartbeat: String::new(),
            heard: now,
            listed: now,
            answered: None,
            misses: 0,
            figures: None,
            followed: [Rate::default(); 3],
            rates: [None; 3],
        }
    }

    fn lists_at_most(&self, subscriptions: u64) -> bool {
        self.figures.is_some_and(|figures| figures.subscriptions <= subscriptions)
    }

    fn state(&self) -> BrokerState {
        let silent = match self.answered {
            Some(_) => self.misses >= MISSES,
            None => self.listed.since(self.heard) > HEARTBEAT_LIMIT,
        };
        if silent { BrokerState::Silent } else { BrokerState::Ready }
    }

    fn view(&self, id: &str) -> Broker {
        let figures = self.figures.filter(|_| self.misses == 0);
        Broker {
            id: id.to_owned(),
            url: self.url.clone(),
            location: self.location,
            state: self.state(),
            seen: self.seen().as_micros() / 1_000,
            updates: self.rates[0],
            notifications: self.rates[1],
            queued: figures.map(|figures| figures.outbox),
            entities: figures.map(|figures| figures.entities),
        }
    }

    fn seen(&self) -> Timestamp {
        self.answered.map_or(self.heard, |answered| answered.max(self.heard))
    }
}

impl Brokers {
    /// Takes over discovery's list.
    pub(crate) fn listed(&mut self, list: Vec<Heard>, now: Timestamp) {
        for Heard { id, url, heartbeat } in list {
            if self.0.len() >= MAX_BROKERS && !self.0.contains_key(&id) {
                continue;
            }
            let known = self.0.entry(id).or_insert_with(|| Known::new(now));
            known.url = url.strip_suffix("/ngsi10").unwrap_or(&url).to_owned();
            known.listed = now;
            if known.heartbeat != heartbeat {
                (known.heartbeat, known.heard) = (heartbeat, now);
            }
        }
        self.0.retain(|_, known| now.since(known.listed) <= LISTED_WHEN_GONE);
    }

    /// Takes an answer, with figures if the broker is one of ours.
    pub(crate) fn answered(&mut self, id: &str, figures: Option<Figures>, now: Timestamp) {
        let Some(known) = self.0.get_mut(id) else { return };
        (known.answered, known.misses, known.figures) = (Some(now), 0, figures);
        known.rates = [None; 3];
        if let Some(figures) = figures {
            let counts = [figures.updates, figures.sent, figures.failed];
            for ((rate, followed), count) in known.rates.iter_mut().zip(&mut known.followed).zip(counts) {
                *rate = followed.at(now, count);
            }
        }
    }

    /// Notes that a broker did not answer.
    pub(crate) fn missed(&mut self, id: &str) {
        let Some(known) = self.0.get_mut(id) else { return };
        known.misses = known.misses.saturating_add(1);
        (known.rates, known.followed) = ([None; 3], [Rate::default(); 3]);
    }

    pub(crate) fn located(&mut self, id: &str, location: Point) {
        if let Some(known) = self.0.get_mut(id) {
            known.location = Some(location);
        }
    }

    /// Identifier and URL of each.
    pub(crate) fn addresses(&self) -> Vec<(String, String)> {
        self.0.iter().map(|(id, known)| (id.clone(), known.url.clone())).collect()
    }

    /// Those of which it is not known where they stand.
    pub(crate) fn without_place(&self) -> Vec<String> {
        self.0.iter().filter(|(_, known)| known.location.is_none()).map(|(id, _)| id.clone()).collect()
    }

    /// Whether a broker's subscriptions are worth asking for: not too many, and, unless all are wanted, some failing.
    pub(crate) fn to_inspect(&self, all: bool, most: u64) -> Vec<(String, String)> {
        let worth = |known: &&Known| {
            known.misses == 0
                && known.lists_at_most(most)
                && (all || known.rates[2].is_some_and(|failures| failures > 0.0))
        };
        let worth = self.0.iter().filter(|(_, known)| worth(known));
        worth.map(|(id, known)| (id.clone(), known.url.clone())).collect()
    }

    /// Whether a broker is there, as far as is known, and its subscriptions are not too many to be asked for.
    pub(crate) fn may_be_inspected(&self, id: &str, most: u64) -> bool {
        self.0.get(id).is_some_and(|known| known.lists_at_most(most))
    }

    pub(crate) fn views(&self) -> Vec<Broker> {
        self.0.iter().map(|(id, known)| known.view(id)).collect()
    }

    /// Those that did not answer the last time.
    pub(crate) fn unreachable(&self) -> Vec<String> {
        self.0.iter().filter(|(_, known)| known.misses > 0).map(|(id, _)| id.clone()).collect()
    }

    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for known in self.0.values().filter(|known| known.misses == 0) {
            totals.updates += known.rates[0].unwrap_or_default();
            totals.notifications += known.rates[1].unwrap_or_default();
            totals.failures += known.rates[2].unwrap_or_default();
            totals.queued += known.figures.map_or(0, |figures| figures.outbox);
            totals.entities += known.figures.map_or(0, |figures| figures.entities);
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1_000)
    }

    fn heard(heartbeat: &str) -> Vec<Heard> {
        vec![Heard { id: "Broker.a".into(), url: "http://a:8070/ngsi10".into(), heartbeat: heartbeat.into() }]
    }

    #[test]
    fn a_broker_that_answered_is_silent_after_two_misses_and_back_with_an_answer() {
        let mut brokers = Brokers::default();
        brokers.listed(heard("1"), at(0));
        let figures = |updates| Some(Figures { updates, entities: 9, ..Figures::default() });
        brokers.answered("Broker.a", figures(10), at(0));
        brokers.answered("Broker.a", figures(30), at(2));
        assert_eq!(brokers.totals(), Totals { updates: 10.0, entities: 9, ..Totals::default() });
        let state = |brokers: &Brokers| brokers.views()[0].state;
        brokers.missed("Broker.a");
        assert_eq!((state(&brokers), brokers.unreachable()), (BrokerState::Ready, vec!["Broker.a".to_owned()]));
        assert_eq!(brokers.totals(), Totals::default());
        brokers.missed("Broker.a");
        assert_eq!(state(&brokers), BrokerState::Silent);
        brokers.answered("Broker.a", figures(1), at(8));
        assert_eq!((state(&brokers), brokers.views()[0].updates), (BrokerState::Ready, None));
        assert_eq!(brokers.views()[0].url, "http://a:8070");
    }

    #[test]
    fn a_broker_that_cannot_be_reached_from_here_counts_by_its_heartbeats() {
        let mut brokers = Brokers::default();
        brokers.listed(heard("1"), at(0));
        brokers.missed("Broker.a");
        brokers.missed("Broker.a");
        brokers.listed(heard("2"), at(30));
        assert_eq!(brokers.views()[0].state, BrokerState::Ready);
        brokers.listed(heard("2"), at(121));
        assert_eq!(brokers.views()[0].state, BrokerState::Silent);
        brokers.listed(Vec::new(), at(722));
        assert!(brokers.views().is_empty());
    }
}
