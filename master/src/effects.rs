//! Performing what the orchestrator wants.

use std::collections::HashMap;
use std::sync::Arc;

use flow::routing;
use orchestration::{Effect, InstanceChange, SubscriptionKey};
use storage::Commit;
use tokio_util::sync::CancellationToken;

use crate::sender::Sender;
use crate::state::Master;
use crate::{entity, subscription};

pub(crate) struct Performer {
    master: Arc<Master>,
    sender: Sender,
    subscriptions: HashMap<SubscriptionKey, CancellationToken>,
    commits: Vec<Commit>,
}

impl Performer {
    pub(crate) fn new(master: Arc<Master>, sender: Sender) -> Self {
        Self { master, sender, subscriptions: HashMap::new(), commits: Vec::new() }
    }

    /// Performs, or hands to whoever performs; waits for nobody.
    pub(crate) fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { worker, message } => {
                    if let Some(envelope) = self.master.envelope(routing::worker(&worker), &message) {
                        self.sender.send(envelope);
                    }
                }
                Effect::Subscribe { key, request } => {
                    let cancel = self.master.node.shutdown.child_token();
                    let driver = subscription::run(self.master.clone(), key, *request, cancel.clone());
                    self.master.node.tasks.spawn(driver);
                    self.subscriptions.insert(key, cancel);
                }
                Effect::Unsubscribe(key) => {
                    if let Some(driver) = self.subscriptions.remove(&key) {
                        driver.cancel();
                    }
                }
                Effect::FetchEntity { key, entity, provider } => {
                    let fetch = entity::fetch(self.master.clone(), key, entity, provider);
                    let until = self.master.node.shutdown.clone();
                    self.master.node.tasks.spawn(async move { until.run_until_cancelled(fetch).await });
                }
                Effect::PersistIntent(stored) => match self.master.tables.put_intent(&stored) {
                    Ok(commit) => self.commits.push(commit),
                    Err(error) => tracing::error!(intent = stored.intent.id, %error, "an intent cannot be stored"),
                },
                Effect::ForgetIntent(id) => self.commits.push(self.master.tables.delete_intent(&id)),
                Effect::RememberWorker(id) => self.note_worker(&id, true),
                Effect::ForgetWorker(id) => self.note_worker(&id, false),
                Effect::Changed(change) => log(&change),
            }
        }
    }

    fn note_worker(&self, id: &flow::WorkerId, exists: bool) {
        tracing::info!(worker = %id, "{}", if exists { "worker joined" } else { "worker is gone" });
        // Nothing waits for it: forgetting a worker, or that it is gone, costs a restarted master time only.
        drop(self.master.tables.note_worker(id, exists));
    }

    /// Adds something to wait for.
    pub(crate) fn await_commit(&mut self, commit: Commit) {
        self.commits.push(commit);
    }

    /// Waits until what was stored is on disk.
    pub(crate) async fn stored(&mut self) {
        for commit in self.commits.drain(..) {
            if let Err(error) = commit.await {
                tracing::error!(%error, "an intent is not on disk: a restarted master waits for the designer to say it again");
            }
        }
    }
}

fn log(change: &InstanceChange) {
    let InstanceChange { task, worker, from, status, reason } = change;
    let worker = worker.as_ref().map(flow::WorkerId::as_str);
    let from = from.as_ref().map(flow::WorkerId::as_str);
    if *status == flow::InstanceStatus::Failed {
        tracing::warn!(%task, worker, reason, "task instance failed");
    } else {
        let reason = (!reason.is_empty()).then_some(reason);
        tracing::info!(%task, worker, from, ?status, reason, "task instance");
    }
}
