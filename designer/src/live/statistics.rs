//! How brokers notify: what `GET /ngsi10/subscription?statistics=true` says.

use std::collections::BTreeMap;

use flow::TaskId;
use ngsi::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::rates::Rate;

/// Failures in a row until a receiver counts as failing: one that is being started misses some.
const FAILURES: u64 = 3;

/// A subscription at a broker.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Observed {
    pub(crate) request: Value,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) correlator: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    for_broker: bool,
    /// Written next to the rest, since pages read one flat object.
    #[serde(default)]
    statistics: Statistics,
}

#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", default)]
struct Statistics {
    times_sent: u64,
    fails_counter: u64,
    last_failure_reason: Option<String>,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

impl Observed {
    /// Understands an entry of the map; a broker of the original lists the request alone.
    pub(crate) fn parse(entry: Value) -> Option<Self> {
        if entry.get("request").is_some() {
            return serde_json::from_value(entry).ok();
        }
        let (correlator, statistics) = (String::new(), Statistics::default());
        Some(Self { request: entry, correlator, for_broker: false, statistics })
    }

    pub(crate) fn reference(&self) -> &str {
        self.request["reference"].as_str().unwrap_or_default()
    }

    /// The task instance that it feeds.
    fn task(&self) -> Option<TaskId> {
        let is_task = self.correlator.starts_with("Task.") && !self.for_broker;
        is_task.then(|| self.correlator.as_str().into())
    }

    fn reason(&self) -> String {
        self.statistics.last_failure_reason.clone().unwrap_or_else(|| "no reason given".to_owned())
    }

    fn fails(&self) -> bool {
        self.statistics.fails_counter >= FAILURES
    }

    /// As `/info/subscription` shows it.
    pub(crate) fn view(&self, id: &str, broker: &str) -> Value {
        let mut view = json!({ "id": id, "broker": broker, "request": self.request, "status": "active", "queued": 0 });
        let statistics = serde_json::to_value(&self.statistics).unwrap_or_default();
        if let (Some(view), Value::Object(statistics)) = (view.as_object_mut(), statistics) {
            view.extend(statistics.into_iter().filter(|(_, value)| !value.is_null()));
            if !self.correlator.is_empty() {
                view.insert("correlator".to_owned(), json!(self.correlator));
            }
            if self.for_broker {
                view.insert("forBroker".to_owned(), json!(true));
            }
        }
        view
    }
}

/// A receiver that notifications do not reach.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Failing {
    /// Since when, as far as is known here.
    pub(crate) since: Timestamp,
    pub(crate) reason: String,
    pub(crate) subscriptions: usize,
    /// The task instances that some of them feed, and where each was reached.
    pub(crate) fed: Vec<(TaskId, String)>,
}

/// What fails at each broker, as it was last listed: not every broker is asked, or answers, each time.
#[derive(Debug, Default)]
pub(crate) struct Failures(BTreeMap<String, Vec<Observed>>);

impl Failures {
    /// Takes over what a broker lists.
    pub(crate) fn listed(&mut self, broker: &str, observed: &[Observed]) {
        let failing: Vec<Observed> = observed.iter().filter(|subscription| subscription.fails()).cloned().collect();
        if failing.is_empty() {
            self.0.remove(broker);
        } else {
            self.0.insert(broker.to_owned(), failing);
        }
    }

    /// Forgets those of brokers that are not asked any more.
    pub(crate) fn keep(&mut self, is_asked: impl Fn(&str) -> bool) {
        self.0.retain(|broker, _| is_asked(broker));
    }

    /// The receivers, by scheme, host and port, with what was known of them before.
    pub(crate) fn receivers(&self, before: &BTreeMap<String, Failing>, now: Timestamp) -> BTreeMap<String, Failing> {
        let mut receivers: BTreeMap<String, Failing> = BTreeMap::new();
        for subscription in self.0.values().flatten() {
            let url = host(subscription.reference());
            let receiver = receivers.entry(url.to_owned()).or_insert_with(|| Failing {
                since: before.get(url).map_or(now, |before| before.since),
                reason: subscription.reason(),
                subscriptions: 0,
                fed: Vec::new(),
            });
            receiver.subscriptions += 1;
            receiver.fed.extend(subscription.task().map(|task| (task, subscription.reference().to_owned())));
        }
        receivers
    }
}

/// A URL without its path: what is behind one port fails together.
fn host(url: &str) -> &str {
    let authority = url.find("://").map_or(0, |at| at + 3);
    url[authority..].find('/').map_or(url, |path| &url[..authority + path])
}

/// How often each task is notified.
#[derive(Debug, Default)]
pub(crate) struct Inputs(BTreeMap<TaskId, Rate>);

impl Inputs {
    /// The rate of each task that had a subscription the time before too.
    pub(crate) fn rates(&mut self, observed: &[Observed], now: Timestamp) -> BTreeMap<TaskId, f64> {
        let mut sent: BTreeMap<TaskId, u64> = BTreeMap::new();
        for subscription in observed {
            let Some(task) = subscription.task() else { continue };
            let delivered = if subscription.fails() { 0 } else { subscription.statistics.times_sent };
            *sent.entry(task).or_default() += delivered;
        }
        self.0.retain(|task, _| sent.contains_key(task));
        let rates = sent.into_iter().filter_map(|(task, count)| {
            let rate = self.0.entry(task.clone()).or_default().at(now, count)?;
            Some((task, rate))
        });
        rates.collect()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn observed(correlator: &str, sent: u64, fails: u64) -> Observed {
        let statistics = json!({ "status": "failing", "timesSent": sent, "failsCounter": fails, "queued": 4,
            "lastFailureReason": "refused", "lastFailure": "2026-01-01T00:00:00.000Z" });
        let entry =
            json!({ "request": { "reference": "http://r" }, "correlator": correlator, "statistics": statistics });
        Observed::parse(entry).unwrap()
    }

    #[test]
    fn a_subscription_is_shown_flat_whoever_lists_it() {
        let expected = json!({ "id": "s", "broker": "Broker.a", "request": { "reference": "http://r" }, "correlator": "Task.a",
            "status": "failing", "timesSent": 7, "failsCounter": 3, "queued": 4, "lastFailureReason": "refused",
            "lastFailure": "2026-01-01T00:00:00.000Z" });
        assert_eq!(observed("Task.a", 7, 3).view("s", "Broker.a"), expected);
        let original = Observed::parse(json!({ "reference": "http://r", "entities": [] })).unwrap();
        let expected = json!({ "id": "s", "broker": "b", "request": { "reference": "http://r", "entities": [] },
            "status": "active", "timesSent": 0, "failsCounter": 0, "queued": 0 });
        assert_eq!(original.view("s", "b"), expected);
    }

    #[test]
    fn a_receiver_fails_after_three_attempts_and_since_it_was_first_seen_to() {
        let at = Timestamp::from_millis;
        let mut failures = Failures::default();
        failures.listed("Broker.a", &[observed("", 9, 2)]);
        assert!(failures.receivers(&BTreeMap::new(), at(1)).is_empty());
        failures.listed("Broker.a", &[observed("", 9, 3), observed("Task.t", 9, 8)]);
        let first = failures.receivers(&BTreeMap::new(), at(2));
        let fed = vec![("Task.t".into(), "http://r".to_owned())];
        assert_eq!(first["http://r"], Failing { since: at(2), reason: "refused".into(), subscriptions: 2, fed });
        failures.listed("Broker.a", &[observed("", 9, 9)]);
        assert_eq!(failures.receivers(&first, at(9))["http://r"].since, at(2));
    }

    #[test]
    fn what_failed_at_a_broker_that_was_not_asked_again_still_counts() {
        let mut failures = Failures::default();
        failures.listed("Broker.a", &[observed("", 9, 3)]);
        failures.listed("Broker.b", &[observed("", 9, 3)]);
        let count = |failures: &Failures| {
            let receivers = failures.receivers(&BTreeMap::new(), Timestamp::default());
            receivers.get("http://r").map_or(0, |receiver| receiver.subscriptions)
        };
        failures.listed("Broker.b", &[observed("", 9, 3), observed("", 9, 3)]);
        assert_eq!(count(&failures), 3);
        failures.listed("Broker.b", &[observed("", 10, 0)]);
        assert_eq!(count(&failures), 1);
        failures.keep(|broker| broker != "Broker.a");
        assert_eq!(count(&failures), 0);
    }

    #[test]
    fn a_receiver_is_what_is_behind_one_port() {
        for (url, expected) in
            [("http://a:1/tasks/Task.b", "http://a:1"), ("http://a:1", "http://a:1"), ("a/b", "a"), ("", "")]
        {
            assert_eq!(host(url), expected);
        }
    }

    #[test]
    fn the_rate_of_a_task_is_that_of_all_its_subscriptions() {
        let mut inputs = Inputs::default();
        let at = Timestamp::from_millis;
        let task = TaskId::from("Task.a");
        assert!(inputs.rates(&[observed("Task.a", 10, 0), observed("Task.a", 0, 0)], at(0)).is_empty());
        let rates =
            inputs.rates(&[observed("Task.a", 14, 0), observed("Task.a", 4, 0), observed("other", 1, 0)], at(4_000));
        assert_eq!(rates, BTreeMap::from([(task, 2.0)]));
        assert!(inputs.rates(&[], at(8_000)).is_empty());
    }
}
