//! Subscriptions of this worker's task instances that lead to where they ran before, on a worker that is lost for good.
//!
//! Nobody else would cancel them, and each keeps a queue at its broker. One is cancelled when notifying it has failed for half a
//! minute at two looks while the instance was fed here. So a worker that is handing an instance over keeps its own: it still
//! takes notifications. One that was only out of reach finds its subscription lost and, if it still runs the instance, makes
//! another, which begins with the inputs as they stand.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use flow::TaskId;
use parking_lot::Mutex;
use tasks::Subscription;

use super::client::Notified;
use super::{BrokerClient, Nearest};

/// Attempts to notify that have failed in a row: with the pauses between them they take half a minute.
const FAILURES: u64 = 12;

#[derive(Clone)]
pub(crate) struct Orphans {
    client: BrokerClient,
    nearest: Nearest,
    /// Brokers to be looked at before discovery is asked for all of them again.
    others: Arc<Mutex<Vec<String>>>,
    suspects: Arc<Mutex<Suspects>>,
}

/// What was found at the last look, by broker.
#[derive(Default)]
struct Suspects(HashMap<String, BTreeSet<String>>);

impl Suspects {
    /// Takes note of what is found now; those that were found before too.
    fn found(&mut self, broker: &str, now: BTreeSet<String>) -> Vec<String> {
        let before = self.0.remove(broker).unwrap_or_default();
        let again = now.intersection(&before).cloned().collect();
        if !now.is_empty() {
            self.0.insert(broker.to_owned(), now);
        }
        again
    }
}

impl Orphans {
    pub(crate) fn new(client: BrokerClient, nearest: Nearest) -> Self {
        Self { client, nearest, others: Arc::default(), suspects: Arc::default() }
    }

    /// Looks at the brokers that feed this worker and at one other; `known` is what the instances have now.
    pub(crate) async fn cancel(&self, known: &[(TaskId, Subscription)]) {
        let mut brokers: BTreeSet<String> = known.iter().map(|(_, subscription)| subscription.broker.clone()).collect();
        if brokers.is_empty() {
            return;
        }
        brokers.extend(self.other(&brokers).await);
        for broker in brokers {
            self.cancel_at(&broker, known).await;
        }
    }

    /// One after the other of those that feed nothing here.
    async fn other(&self, own: &BTreeSet<String>) -> Option<String> {
        let next = self.others.lock().pop();
        if next.is_some() {
            return next;
        }
        let all = self.nearest.all().await;
        let mut others = self.others.lock();
        *others = all.into_iter().filter(|broker| !own.contains(broker)).collect();
        others.pop()
    }

    async fn cancel_at(&self, broker: &str, known: &[(TaskId, Subscription)]) {
        let failing = match self.client.failing(broker).await {
            Ok(failing) => failing,
            Err(error) => return tracing::debug!(%error, "the broker does not list its subscriptions"),
        };
        let orphans = failing.iter().filter(|(id, notified)| is_orphan(id, notified, known));
        let orphans = orphans.map(|(id, _)| id.clone()).collect();
        let again = self.suspects.lock().found(broker, orphans);
        for id in again {
            let (task, reference) = (&failing[&id].correlator, &failing[&id].request.reference);
            tracing::info!(
                task,
                subscription = id,
                reference,
                "cancelling what fed the task instance where it ran before"
            );
            if let Err(error) = self.client.unsubscribe(broker, &id).await {
                tracing::warn!(%error, "the subscription stays for now");
            }
        }
    }
}

/// Whether a subscription is of an instance that is fed here, leads elsewhere and has failed for a while.
fn is_orphan(id: &str, notified: &Notified, known: &[(TaskId, Subscription)]) -> bool {
    let mut here = known.iter().filter(|(task, _)| task.as_str() == notified.correlator).peekable();
    notified.statistics.fails_counter >= FAILURES
        && !notified.for_broker
        && here.peek().is_some()
        && here.all(|(_, own)| own.id != id && own.reference != notified.request.reference)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use http::StatusCode;
    use serde_json::{Value, json};
    use service::{Config, Node};
    use testkit::{Behaviour, Receiver};

    use super::*;

    const OWN: &str = "http://b:1/tasks/Task.t";

    fn entry(correlator: &str, reference: &str, fails: u64) -> Value {
        json!({ "request": { "entities": [], "reference": reference }, "correlator": correlator,
            "statistics": { "status": "failing", "failsCounter": fails } })
    }

    fn known(broker: &str) -> Vec<(TaskId, Subscription)> {
        let subscription = Subscription { id: "own".into(), broker: broker.into(), reference: OWN.into() };
        vec![("Task.t".into(), subscription)]
    }

    #[test]
    fn an_orphan_is_of_an_instance_fed_here_leads_elsewhere_and_fails() {
        let elsewhere = "http://a:1/tasks/Task.t";
        let of_broker = || {
            let mut entry = entry("Task.t", elsewhere, FAILURES);
            entry["forBroker"] = json!(true);
            entry
        };
        for (id, entry, expected) in [
            ("s", entry("Task.t", elsewhere, FAILURES), true),
            ("s", entry("Task.t", elsewhere, FAILURES - 1), false),
            ("s", entry("Task.other", elsewhere, FAILURES), false),
            ("s", entry("", elsewhere, FAILURES), false),
            ("s", entry("Task.t", OWN, FAILURES), false),
            ("own", entry("Task.t", elsewhere, FAILURES), false),
            ("s", of_broker(), false),
            ("s", json!({ "entities": [], "reference": elsewhere }), false),
        ] {
            let notified: Notified = serde_json::from_value(entry.clone()).unwrap();
            assert_eq!(is_orphan(id, &notified, &known("b")), expected, "{id} {entry}");
        }
    }

    #[tokio::test]
    async fn what_is_found_twice_is_cancelled_also_at_a_broker_that_feeds_nothing_here() {
        let (own, other, discovery) = tokio::join!(Receiver::start(), Receiver::start(), Receiver::start());
        let (own, other, discovery) = (own.unwrap(), other.unwrap(), discovery.unwrap());
        let url = |receiver: &Receiver| format!("http://{}/ngsi10", receiver.address());
        let found = json!({ "orphan": entry("Task.t", "http://gone:1/tasks/Task.t", FAILURES) });
        own.behave(Behaviour::Answer(found.clone()));
        other.behave(Behaviour::Answer(found));
        let brokers = json!({ "Broker.o": { "id": "Broker.o", "myURL": url(&other) } });
        discovery.behave(Behaviour::Answer(brokers));
        let config = json!({ "site_id": "t", "discovery": { "http_port": discovery.address().port() } });
        let node = Node::new(Config::parse(&config.to_string(), |_| None).unwrap(), 1).unwrap();
        let nearest = Nearest::new(node.client.clone(), node.config.clone());
        let orphans = Orphans::new(BrokerClient::new(node.client.clone()), nearest);
        let cancelled = |broker: &Receiver| {
            let all = broker.received().into_iter().filter(|request| request.path.ends_with("/unsubscribeContext"));
            all.map(|request| request.json()["subscriptionId"].clone()).collect::<Vec<_>>()
        };
        orphans.cancel(&known(&url(&own))).await;
        assert_eq!((cancelled(&own), cancelled(&other)), (vec![], vec![]));
        orphans.cancel(&known(&url(&own))).await;
        assert_eq!((cancelled(&own), cancelled(&other)), (vec![json!("orphan")], vec![json!("orphan")]));
        let asked = own.received().len();
        orphans.cancel(&[]).await;
        assert_eq!(own.received().len(), asked, "a worker without instances asks nobody");
        other.behave(Behaviour::Refuse(StatusCode::SERVICE_UNAVAILABLE));
        orphans.cancel(&known(&url(&own))).await;
    }

    #[test]
    fn what_was_not_there_the_time_before_is_only_suspected() {
        let mut suspects = Suspects::default();
        let ids = |ids: &[&str]| ids.iter().map(ToString::to_string).collect::<BTreeSet<_>>();
        assert!(suspects.found("b", ids(&["1", "2"])).is_empty());
        assert!(suspects.found("c", ids(&["1", "2"])).is_empty());
        assert_eq!(suspects.found("b", ids(&["2", "3"])), ["2"]);
        assert!(suspects.found("b", ids(&[])).is_empty());
        assert!(suspects.found("b", ids(&["3"])).is_empty());
    }
}
