//! Withdrawals that were said while this master had no queue: it asks the designer what is still wanted.
//!
//! Only intents that a designer of ours announced are compared; what others put on the bus is theirs to withdraw there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use anyhow::ensure;
use flow::{FogFunctionStatus, ServiceIntent};
use orchestration::{Event, IntentId};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::state::Master;

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// What counts of a fog function.
#[derive(Deserialize)]
struct FogFunction {
    intent: ServiceIntent,
    #[serde(default)]
    status: FogFunctionStatus,
}

/// Whether whoever sent an intent can be asked for it later.
pub(crate) fn is_designer(from: &str) -> bool {
    from.starts_with("Designer.")
}

/// Compares once, as soon as the designer answers.
pub(crate) async fn run(master: Arc<Master>) {
    let Some(running) = master.look(|orchestrator| orchestrator.intent_ids()).await else { return };
    let mut pause = FIRST_PAUSE;
    while !running.is_empty() {
        match compare(&master, &running).await {
            Ok(()) => return,
            Err(error) => tracing::debug!(error = format!("{error:#}"), "the designer cannot be asked for intents yet"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn compare(master: &Master, running: &[IntentId]) -> anyhow::Result<()> {
    let announced = master.tables.announced_by_designer()?;
    let wanted = wanted(master).await?;
    for id in running.iter().filter(|id| announced.contains(id.as_str()) && !wanted.contains(id.as_str())) {
        tracing::info!(intent = %id, "withdrawn while this master was away");
        master.event(Event::IntentDeleted(id.clone())).await;
    }
    Ok(())
}

async fn wanted(master: &Master) -> anyhow::Result<BTreeSet<String>> {
    let intents: BTreeMap<String, IgnoredAny> = get(master, "intent").await?;
    let functions: BTreeMap<String, FogFunction> = get(master, "fogfunction").await?;
    let enabled = functions.into_values().filter(|function| function.status == FogFunctionStatus::Enabled);
    Ok(intents.into_keys().chain(enabled.map(|function| function.intent.id)).collect())
}

async fn get<T: DeserializeOwned>(master: &Master, path: &str) -> anyhow::Result<T> {
    let url = format!("{}/{path}", master.node.config.designer_url());
    let answer = master.node.client.get(&url).await?;
    ensure!(answer.status().is_success(), "GET {url}: {}", answer.status());
    Ok(ngsi::json::parse(answer.body())?)
}
