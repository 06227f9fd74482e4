//! The owner of the orchestrator: one input after the other.
//!
//! A standby has an orchestrator too, but performs only what keeps intents and workers on disk: so it assigns ordinals as the active
//! master does. When it becomes active a new orchestrator goes on from there, exactly as after a restart.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flow::{IntentAction, ServiceIntent, WorkerId, WorkerProfile};
use message_bus::Lock;
use orchestration::{Effect, Event, IntentId, Orchestrator, Settings, StoredIntent};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::effects::Performer;
use crate::state::{Input, Master, intent_id};
use crate::tables::Kept;
use crate::{audit, subscription, topology};

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
    /// Goes on from what was kept, as a standby until it is promoted.
    pub(crate) fn new(master: Arc<Master>, kept: Kept) -> Self {
        subscription::end_all(&master, kept.subscriptions);
        let (intents, workers) = (kept.intents.len(), kept.workers.len());
        if intents > 0 || workers > 0 {
            tracing::info!(intents, workers, "going on from what was stored");
        }
        let (orchestrator, _) = orchestrator(&master, (kept.intents, kept.workers));
        let performer = Performer::new(master.clone());
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
            Input::Promoted { lock, contended } => self.promote(lock, contended),
            Input::Demoted => self.demote(),
            Input::Copied { stored, by_designer } => self.copied(*stored, by_designer).await,
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

    /// Takes over: as after a restart, with what was heard and copied meanwhile.
    fn promote(&mut self, lock: Arc<Lock>, contended: bool) {
        let estate = std::mem::take(&mut *self.master.estate.lock());
        let (intents, mut workers) = self.orchestrator.kept();
        workers.extend(estate.workers);
        let (orchestrator, effects) = orchestrator(&self.master, (intents, workers));
        self.orchestrator = orchestrator;
        if contended {
            self.orchestrator.settle();
        }
        self.performer.begin(lock);
        self.performer.perform(effects);
        self.master.standing.set_active(true);
        self.master.gauges.active.set(1);
        subscription::end_all(&self.master, estate.subscriptions);
        self.handle(Event::BusBack);
        self.performer.spawn(audit::run(self.master.clone()));
    }

    /// Stands by, with the intents and workers there are.
    fn demote(&mut self) {
        self.master.standing.set_active(false);
        self.master.gauges.active.set(0);
        self.performer.end();
        self.master.discovery_ready.set(Ok(()));
        (self.orchestrator, _) = orchestrator(&self.master, self.orchestrator.kept());
    }

    async fn copied(&mut self, stored: StoredIntent, by_designer: bool) {
        if self.performer.is_active() {
            return;
        }
        if by_designer {
            self.performer.await_commit(self.master.tables.note_announced(&intent_id(&stored.intent)));
        }
        let effects = self.orchestrator.copy(stored);
        self.performer.perform(effects);
        self.performer.stored().await;
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
        let Some(event) = (if self.performer.is_active() { Some(event) } else { for_standby(event) }) else { return };
        let start = Instant::now();
        let effects = self.orchestrator.handle(event, service::now());
        self.performer.perform(effects);
        self.master.gauges.reconcile.observe(start.elapsed().as_secs_f64());
    }
}

fn orchestrator(
    master: &Master,
    (intents, workers): (Vec<StoredIntent>, Vec<WorkerId>),
) -> (Orchestrator, Vec<Effect>) {
    Orchestrator::new(settings(&master.node.config), intents, workers, service::now())
}

/// What a standby keeps up with: which intents and which workers there are.
fn for_standby(event: Event) -> Option<Event> {
    let without_instances = |profile: Box<WorkerProfile>| Box::new(WorkerProfile { instances: None, ..*profile });
    match event {
        Event::WorkerJoined(profile) => Some(Event::WorkerJoined(without_instances(profile))),
        Event::Worker(profile) => Some(Event::Worker(without_instances(profile))),
        Event::Intent { .. }
        | Event::IntentDeleted(_)
        | Event::WorkerLeft(_)
        | Event::BusLost
        | Event::BusBack
        | Event::Tick => Some(event),
        _ => None,
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
