//! The owner of the orchestrator: one input after the other.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flow::{IntentAction, ServiceIntent};
use orchestration::{Event, IntentId, Orchestrator, Settings};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::effects::Performer;
use crate::sender::Sender;
use crate::state::{Input, Master, intent_id};
use crate::tables::Kept;
use crate::{subscription, topology};

const TICK: Duration = Duration::from_secs(1);
/// How much later than expected a heartbeat may come after a restart.
const SETTLE_MARGIN: Duration = Duration::from_secs(2);

/// A topology being looked for.
struct Search {
    number: u64,
    cancel: CancellationToken,
}

pub(crate) struct Reconciler {
    master: Arc<Master>,
    orchestrator: Orchestrator,
    performer: Performer,
    searches: HashMap<IntentId, Search>,
    searched: u64,
    /// Whether anything has happened since the metrics were brought up to date.
    changed: bool,
}

impl Reconciler {
    /// Goes on from what was kept.
    pub(crate) fn new(master: Arc<Master>, kept: Kept, sender: Sender) -> Self {
        let settings = settings(&master.node.config);
        subscription::end_all(&master, kept.subscriptions);
        let (intents, workers) = (kept.intents.len(), kept.workers.len());
        let (orchestrator, effects) = Orchestrator::new(settings, kept.intents, kept.workers, service::now());
        if intents > 0 || workers > 0 {
            tracing::info!(intents, workers, "going on from what was stored");
        }
        let mut performer = Performer::new(master.clone(), sender);
        performer.perform(effects);
        let (searches, searched, changed) = (HashMap::new(), 0, true);
        Self { master, orchestrator, performer, searches, searched, changed }
    }

    pub(crate) async fn run(mut self, mut inputs: mpsc::Receiver<Input>) {
        let shutdown = self.master.node.shutdown.clone();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                biased;
                () = shutdown.cancelled() => return,
                _ = tick.tick() => self.tick(),
                input = inputs.recv() => match input {
                    Some(input) => self.take(input).await,
                    None => return,
                },
            }
        }
    }

    fn tick(&mut self) {
        self.handle(Event::Tick);
        if std::mem::take(&mut self.changed) {
            self.master.gauges.refresh(&self.orchestrator);
        }
    }

    async fn take(&mut self, input: Input) {
        self.changed = true;
        match input {
            Input::Event(event) => self.handle(event),
            Input::Look(look) => look(&self.orchestrator),
            Input::Announced { intent, by_designer, stored } => {
                if by_designer && intent.action != IntentAction::Delete {
                    self.performer.await_commit(self.master.tables.note_announced(&intent_id(&intent)));
                }
                self.announced(*intent);
                self.performer.stored().await;
                // The bus driver has gone only when the master stops.
                let _ = stored.send(());
            }
            Input::Resolved { intent, topology, search } => {
                let id = intent_id(&intent);
                if self.searches.get(&id).is_some_and(|current| current.number == search) {
                    self.searches.remove(&id);
                    self.handle(Event::Intent { intent, topology });
                }
            }
        }
    }

    fn announced(&mut self, mut intent: ServiceIntent) {
        let id = intent_id(&intent);
        if let Some(search) = self.searches.remove(&id) {
            search.cancel.cancel();
        }
        if intent.action == IntentAction::Delete {
            return self.handle(Event::IntentDeleted(id));
        }
        match intent.topology_object.take() {
            Some(topology) => {
                let (intent, topology) = (Box::new(intent), Box::new(topology));
                self.handle(Event::Intent { intent, topology });
            }
            None => self.search(id, intent),
        }
    }

    /// Asks the designer for the topology of an intent until it answers.
    fn search(&mut self, id: IntentId, intent: ServiceIntent) {
        self.searched += 1;
        let (number, cancel) = (self.searched, self.master.node.shutdown.child_token());
        let search = topology::search(self.master.clone(), intent, number);
        let until = cancel.clone();
        self.master.node.tasks.spawn(async move { until.run_until_cancelled(search).await });
        self.searches.insert(id, Search { number, cancel });
    }

    fn handle(&mut self, event: Event) {
        let start = Instant::now();
        let effects = self.orchestrator.handle(event, service::now());
        self.performer.perform(effects);
        self.master.gauges.reconcile.observe(start.elapsed().as_secs_f64());
    }
}

/// A worker's heartbeat interval is known only for this node's configuration; workers that say their own limit win.
fn settings(config: &service::Config) -> Settings {
    let interval = config.worker.heartbeat_interval.max(1);
    let missed = config.worker.detection_duration.max(1);
    Settings {
        settle: Duration::from_millis(interval.saturating_mul(1_500)) + SETTLE_MARGIN,
        silence_limit: Duration::from_secs(interval.saturating_mul(missed)),
        ..Settings::default()
    }
}
