//! Subscriptions that lead to this worker but that it does not know: it was killed between the broker's answer and the note of it.
//!
//! Left alone they would bring every notification twice. They are looked for twice after a start, since one that is seen
//! only once may just be coming into being.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use flow::TaskId;
use ngsi::v1::ngsi10::SubscribeContextRequest;
use parking_lot::Mutex;
use tasks::Subscription;

use super::{BrokerClient, Nearest};

/// How often after a start they are looked for.
const LOOKS: u32 = 3;

#[derive(Clone)]
pub(crate) struct Strays {
    client: BrokerClient,
    nearest: Nearest,
    /// Where the functions of this worker are notified.
    base_url: Arc<str>,
    looks: Arc<AtomicU32>,
    /// Unknown when last looked.
    suspects: Arc<Mutex<BTreeSet<String>>>,
    /// Subscriptions that functions asked for themselves.
    own: OwnSubscriptions,
}

/// The subscriptions that functions asked for themselves, by id.
pub(crate) type OwnSubscriptions = Arc<Mutex<BTreeSet<String>>>;

impl Strays {
    pub(crate) fn new(client: BrokerClient, nearest: Nearest, base_url: &str, own: OwnSubscriptions) -> Self {
        let base_url = base_url.into();
        Self { client, nearest, base_url, looks: Arc::default(), suspects: Arc::default(), own }
    }

    /// Cancels those that were unknown before and still are; `known` is what the tasks have now.
    pub(crate) async fn cancel(&self, known: &[(TaskId, Subscription)]) {
        if self.looks.fetch_add(1, Ordering::Relaxed) >= LOOKS {
            return;
        }
        let broker = self.nearest.url().await;
        let kept = match self.client.subscriptions(&broker).await {
            Ok(kept) => kept,
            Err(error) => return tracing::debug!(%error, "the broker does not list its subscriptions"),
        };
        let unknown = {
            let own = self.own.lock();
            let is_known = |id: &str| own.contains(id) || known.iter().any(|(_, subscription)| subscription.id == id);
            unknown(&self.base_url, &kept, is_known)
        };
        let strays: Vec<String> = unknown.intersection(&self.suspects.lock()).cloned().collect();
        *self.suspects.lock() = unknown;
        for id in strays {
            tracing::info!(subscription = id, "cancelling a subscription that nothing uses");
            if let Err(error) = self.client.unsubscribe(&broker, &id).await {
                tracing::warn!(%error, "a subscription that nothing uses stays behind");
            }
        }
    }
}

/// Those of `kept` that lead to functions of this worker and are not known.
fn unknown(
    base_url: &str,
    kept: &HashMap<String, SubscribeContextRequest>,
    is_known: impl Fn(&str) -> bool,
) -> BTreeSet<String> {
    let strays = kept.iter().filter(|(id, kept)| kept.reference.starts_with(base_url) && !is_known(id));
    strays.map(|(id, _)| id.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_leads_here_and_is_not_known_is_a_stray() {
        let kept = |reference: &str| SubscribeContextRequest {
            reference: reference.into(),
            ..SubscribeContextRequest::default()
        };
        let kept = HashMap::from([
            ("known".to_owned(), kept("http://a:1/tasks/t")),
            ("stray".to_owned(), kept("http://a:1/tasks/t")),
            ("foreign".to_owned(), kept("http://b:1/tasks/t")),
        ]);
        assert_eq!(unknown("http://a:1/tasks/", &kept, |id| id == "known"), BTreeSet::from(["stray".to_owned()]));
    }
}
