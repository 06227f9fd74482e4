//! What the masters are still to be told: at most one message an intent, sent until the bus has taken it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use flow::{Envelope, IntentAction, Message, ServiceIntent, routing};
use message_bus::BusState;
use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::gauge::Gauge;
use service::Node;
use tokio::sync::Notify;

use crate::catalog::Catalog;
use crate::refusal::chain;
use crate::state::Designer;

const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// The messages not sent yet, by intent: a newer one takes the place of an older one.
pub(crate) struct Outbox {
    from: String,
    pending: Mutex<BTreeMap<String, ServiceIntent>>,
    changed: Notify,
    waiting: Gauge,
    sent: Counter,
}

impl Outbox {
    pub(crate) fn new(node: &Node) -> Self {
        let waiting = Gauge::default();
        let sent = Counter::default();
        Self {
            from: node.id("Designer"),
            pending: Mutex::default(),
            changed: Notify::new(),
            waiting: node.metrics.register(
                "designer_announcements_pending",
                "Intents masters are still to hear of",
                waiting,
            ),
            sent: node.metrics.register("designer_announcements", "Intents announced to masters", sent),
        }
    }

    /// Adds what is to be said.
    pub(crate) fn announce(&self, intents: impl IntoIterator<Item = ServiceIntent>) {
        let mut pending = self.pending.lock();
        for mut intent in intents {
            let unheard = pending.get(&intent.id).is_some_and(|before| before.action == IntentAction::Add);
            if unheard && intent.action == IntentAction::Update {
                intent.action = IntentAction::Add;
            }
            pending.insert(intent.id.clone(), intent);
        }
        self.waiting.set(i64::try_from(pending.len()).unwrap_or(i64::MAX));
        drop(pending);
        self.changed.notify_one();
    }

    /// Says everything again: each intent, and each withdrawal, since a master keeps the intents it knows.
    pub(crate) fn announce_all(&self, catalog: &Catalog) {
        let wanted = catalog.wanted().map(|intent| ServiceIntent { action: IntentAction::Add, ..intent.clone() });
        self.announce(wanted.chain(catalog.withdrawn.values().map(|withdrawal| withdrawal.value.intent.clone())));
    }

    async fn next(&self) -> ServiceIntent {
        loop {
            let first = self.pending.lock().first_key_value().map(|(_, intent)| intent.clone());
            match first {
                Some(intent) => return intent,
                None => self.changed.notified().await,
            }
        }
    }

    /// Forgets a message that was sent, unless a newer one has taken its place.
    fn sent(&self, intent: &ServiceIntent) {
        let mut pending = self.pending.lock();
        if pending.get(&intent.id) == Some(intent) {
            pending.remove(&intent.id);
        }
        self.waiting.set(i64::try_from(pending.len()).unwrap_or(i64::MAX));
        self.sent.inc();
    }
}

/// Sends what is in the outbox until the node stops.
pub(crate) async fn run(designer: Arc<Designer>) {
    while let Some(intent) = designer.until_shutdown(designer.outbox.next()).await {
        if let Some(false) = designer.until_shutdown(deliver(&designer, intent)).await {
            designer.until_shutdown(recovered(&designer)).await;
        }
    }
}

/// Sends one message; whether the bus took it.
async fn deliver(designer: &Designer, intent: ServiceIntent) -> bool {
    match publish(designer, &intent).await {
        Ok(()) => tracing::info!(intent = intent.id, topology = intent.topology, action = ?intent.action, "announced"),
        Err(error) => {
            tracing::warn!(intent = intent.id, error = %chain(&*error), "an intent could not be announced yet");
            return false;
        }
    }
    designer.outbox.sent(&intent);
    true
}

async fn publish(designer: &Designer, intent: &ServiceIntent) -> anyhow::Result<()> {
    let mut intent = intent.clone();
    if intent.action != IntentAction::Delete {
        intent.topology_object = designer.read(|catalog| catalog.resolved(&intent.topology)).await;
    }
    let from = designer.outbox.from.as_str();
    let envelope = Envelope::new(routing::ORCHESTRATION, from, &Message::ServiceIntent(intent))?;
    Ok(designer.bus.publish(envelope).await?)
}

/// Waits until another attempt makes sense.
async fn recovered(designer: &Designer) {
    tokio::time::sleep(PAUSE_AFTER_FAILURE).await;
    // An error means the bus has closed, which ends with the node.
    let _ = designer.bus.state().wait_for(|state| *state == BusState::Connected).await;
}
