//! The master's process: the orchestrator, and the shell's part in keeping subscriptions and state.

use std::collections::{BTreeMap, BTreeSet};

use flow::WorkerId;
use ngsi::Timestamp;
use ngsi::v1::ngsi9::AvailabilityRequest;
use orchestration::{Effect, Event, Orchestrator, Settings, StoredIntent, SubscriptionKey};
use std::time::Duration;

/// What survives the process.
#[derive(Default, Clone)]
pub(crate) struct Disk {
    pub(crate) intents: BTreeMap<String, StoredIntent>,
    pub(crate) workers: BTreeSet<WorkerId>,
}

/// One request for availability being kept.
pub(crate) struct Driver {
    pub(crate) request: AvailabilityRequest,
    pub(crate) id: Option<u64>,
    pub(crate) asking: bool,
}

pub(crate) struct Master {
    pub(crate) life: u64,
    pub(crate) orchestrator: Orchestrator,
    pub(crate) drivers: BTreeMap<SubscriptionKey, Driver>,
    /// Subscriptions to be ended.
    pub(crate) ended: Vec<u64>,
}

impl Master {
    pub(crate) fn start(life: u64, disk: &Disk, now: Timestamp) -> (Self, Vec<Effect>) {
        let settings = Settings {
            settle: Duration::from_secs(3),
            silence_limit: Duration::from_secs(6),
            orphan_grace: Duration::from_secs(4),
            ..Settings::default()
        };
        let (intents, workers) = (disk.intents.values().cloned().collect(), disk.workers.iter().cloned().collect());
        let (orchestrator, effects) = Orchestrator::new(settings, intents, workers, now);
        (Self { life, orchestrator, drivers: BTreeMap::new(), ended: Vec::new() }, effects)
    }

    pub(crate) fn handle(&mut self, event: Event, now: Timestamp) -> Vec<Effect> {
        self.orchestrator.handle(event, now)
    }
}
