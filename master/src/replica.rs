//! A standby keeps what the active master keeps: every intent with its ordinal, on which the ids of instances depend.
//!
//! A standby hears new intents on the bus as the active master does, and in the same order. What was said before it listened, or
//! while its connection was lost, it copies: first a list with a digest of each intent, then those that differ.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};
use flow::{MasterProfile, WorkerId};
use ngsi::SubscriptionId;
use orchestration::{Event, IntentId, Orchestrator, StoredIntent};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use service::http::path_segment;
use tokio::sync::mpsc;

use crate::state::{Input, Master};

/// How often a standby looks for differences.
const PAUSE: Duration = Duration::from_secs(10);
const PAUSE_AFTER_FAILURE: Duration = Duration::from_secs(1);

/// What the active master keeps.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Summary {
    /// A digest of each intent.
    intents: BTreeMap<String, u64>,
    /// Those that a designer announced.
    announced: BTreeSet<String>,
    /// What its successor takes over.
    #[serde(flatten)]
    estate: Estate,
}

/// What a successor has to see to at once.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Estate {
    /// Subscriptions at discovery: to be ended.
    pub(crate) subscriptions: Vec<SubscriptionId>,
    /// Live workers: to be asked what they run.
    pub(crate) workers: Vec<WorkerId>,
}

/// What the active master shows to standbys.
pub(crate) async fn summary(master: &Master) -> anyhow::Result<Option<Summary>> {
    let looked = master.look(|orchestrator| {
        let workers = orchestrator.workers().map(|worker| worker.id.clone());
        (digests(orchestrator), workers.collect())
    });
    let Some((intents, workers)) = looked.await else { return Ok(None) };
    let announced = master.tables.announced_by_designer()?;
    let subscriptions = master.channels.lock().values().filter_map(|channel| channel.id.clone()).collect();
    Ok(Some(Summary { intents, announced, estate: Estate { subscriptions, workers } }))
}

fn digests(orchestrator: &Orchestrator) -> BTreeMap<String, u64> {
    orchestrator.stored_intents().map(|stored| (stored.intent.id.clone(), digest(&stored))).collect()
}

/// JSON numbers are exact only up to 2^53 in many readers.
fn digest(stored: &StoredIntent) -> u64 {
    flow::fnv64(serde_json::to_vec(stored).unwrap_or_default()) >> 11
}

/// Copies from the active master whenever there is another one, and now and then.
pub(crate) async fn run(master: Arc<Master>, mut changes: mpsc::Receiver<()>) {
    // Intents may be withdrawn there, or not yet be heard of: only what is missing twice is gone.
    let mut missing = BTreeSet::new();
    loop {
        let mut pause = PAUSE;
        if let Some(active) = master.standing.active_master().filter(|_| !master.standing.is_active()) {
            match copy(&master, &active, &missing).await {
                Ok(absent) => missing = absent,
                Err(error) => {
                    let (active, error) = (active.id, format!("{error:#}"));
                    tracing::warn!(active, error, "what the active master keeps cannot be copied yet");
                    pause = PAUSE_AFTER_FAILURE;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            changed = changes.recv() => if changed.is_none() { return },
        }
    }
}

/// Copies what differs; the intents that only this master has.
async fn copy(
    master: &Master,
    active: &MasterProfile,
    missing_before: &BTreeSet<String>,
) -> anyhow::Result<BTreeSet<String>> {
    ensure!(!active.rest.is_empty(), "it does not say where its REST interface is");
    let theirs: Summary = get(master, &format!("{}/replica", active.rest)).await?;
    let Some(ours) = master.look(digests).await else { return Ok(BTreeSet::new()) };
    for (id, _) in theirs.intents.iter().filter(|(id, digest)| ours.get(*id) != Some(digest)) {
        let stored: StoredIntent = get(master, &format!("{}/replica/{}", active.rest, path_segment(id))).await?;
        ensure!(stored.intent.id == *id, "another intent than `{id}` was given");
        tracing::info!(intent = id, active = active.id, "copied");
        let by_designer = theirs.announced.contains(id);
        master.tell(Input::Copied { stored: Box::new(stored), by_designer }).await;
    }
    *master.estate.lock() = theirs.estate;
    let missing: BTreeSet<String> = ours.into_keys().filter(|id| !theirs.intents.contains_key(id)).collect();
    for id in missing.intersection(missing_before) {
        tracing::info!(intent = id, active = active.id, "the active master has it no more");
        master.event(Event::IntentDeleted(IntentId::from(id.as_str()))).await;
    }
    Ok(missing)
}

async fn get<T: DeserializeOwned>(master: &Master, url: &str) -> anyhow::Result<T> {
    let answer = master.node.client.get(url).await?;
    ensure!(answer.status().is_success(), "GET {url}: {}", answer.status());
    ngsi::json::parse(answer.body()).with_context(|| format!("GET {url}"))
}
