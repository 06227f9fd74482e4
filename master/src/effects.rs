//! Performing what the orchestrator wants.

use std::collections::HashMap;
use std::sync::Arc;

use flow::routing;
use message_bus::Lock;
use orchestration::{Effect, InstanceChange, SubscriptionKey};
use storage::Commit;
use tokio_util::sync::CancellationToken;

use crate::sender::{self, Sender};
use crate::state::Master;
use crate::{entity, subscription};

/// Performs everything while this master is active; a standby only keeps what it would need.
pub(crate) struct Performer {
    master: Arc<Master>,
    term: Option<Term>,
    commits: Vec<Commit>,
}

/// The time in which this master is active.
struct Term {
    sender: Sender,
    /// Ends everything begun in it.
    end: CancellationToken,
    subscriptions: HashMap<SubscriptionKey, CancellationToken>,
}

impl Performer {
    pub(crate) fn new(master: Arc<Master>) -> Self {
        Self { master, term: None, commits: Vec::new() }
    }

    pub(crate) fn is_active(&self) -> bool {
        self.term.is_some()
    }

    /// Begins to act, with a lock that is lost when another master does.
    pub(crate) fn begin(&mut self, lock: Arc<Lock>) {
        let sender = sender::start(&self.master, lock);
        let end = self.master.node.shutdown.child_token();
        self.term = Some(Term { sender, end, subscriptions: HashMap::new() });
    }

    /// Acts no more.
    pub(crate) fn end(&mut self) {
        if let Some(term) = self.term.take() {
            term.end.cancel();
        }
    }

    /// Runs beside, until this master is not active any more.
    pub(crate) fn spawn(&self, work: impl Future<Output = ()> + Send + 'static) {
        let Some(term) = &self.term else { return };
        let until = term.end.clone();
        self.master.node.tasks.spawn(async move { until.run_until_cancelled(work).await });
    }

    /// Performs, or hands to whoever performs; waits for nobody.
    pub(crate) fn perform(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::PersistIntent(stored) => match self.master.tables.put_intent(&stored) {
                    Ok(commit) => self.commits.push(commit),
                    Err(error) => tracing::error!(intent = stored.intent.id, %error, "an intent cannot be stored"),
                },
                Effect::ForgetIntent(id) => self.commits.push(self.master.tables.delete_intent(&id)),
                Effect::RememberWorker(id) => self.note_worker(&id, true),
                Effect::ForgetWorker(id) => self.note_worker(&id, false),
                acting => self.act(acting),
            }
        }
    }

    /// What only the active master does.
    fn act(&mut self, effect: Effect) {
        let Some(term) = &mut self.term else { return };
        match effect {
            Effect::Send { worker, message } => {
                if let Some(envelope) = self.master.envelope(routing::worker(&worker), &message) {
                    term.sender.send(envelope);
                }
            }
            Effect::Subscribe { key, request } => {
                let cancel = term.end.child_token();
                let driver = subscription::run(self.master.clone(), key, *request, cancel.clone());
                self.master.node.tasks.spawn(driver);
                term.subscriptions.insert(key, cancel);
            }
            Effect::Unsubscribe(key) => {
                if let Some(driver) = term.subscriptions.remove(&key) {
                    driver.cancel();
                }
            }
            Effect::FetchEntity { key, entity, provider } => {
                self.spawn(entity::fetch(self.master.clone(), key, entity, provider));
            }
            Effect::Changed(change) => log(&change),
            _ => {}
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
