//! The driver of one request for availability: keeps a subscription at discovery, whatever becomes of discovery.
//!
//! Every subscription has a reference of its own, so a notification that belongs to an earlier one is recognised. Our discovery
//! sends the complete set as a snapshot, unless it is empty; the original sends plain notifications, so there the complete set is
//! asked for once more, and changes notified meanwhile win over it.

use std::sync::Arc;
use std::time::Duration;

use ngsi::SubscriptionId;
use ngsi::v1::ngsi9::{AvailabilityRequest, ContextRegistration};
use orchestration::{Event, Registration, SubscriptionKey};
use tokio_util::sync::CancellationToken;

use crate::discovery;
use crate::state::{Channel, Master};

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How often a subscription is checked to be there still.
const CHECK: Duration = Duration::from_secs(15);
/// How often the arrival of the complete set is looked for, and for how long before subscribing anew.
const SETTLING: Duration = Duration::from_millis(250);
const SETTLING_CHECKS: usize = 240;
/// How often ending a subscription is tried; after that a notification for it tries once more.
const ENDING_ATTEMPTS: usize = 20;

/// Runs until cancelled, then ends the subscription.
pub(crate) async fn run(
    master: Arc<Master>,
    key: SubscriptionKey,
    request: AvailabilityRequest,
    cancel: CancellationToken,
) {
    let driver = service::now().as_micros().unsigned_abs();
    cancel.run_until_cancelled(keep(&master, driver, key, request)).await;
    if let Some(id) = forget(&master, driver, key).and_then(|channel| channel.id) {
        end_all(&master, vec![id]);
    }
}

/// The channel, unless a later driver for the same request has opened its own.
fn forget(master: &Master, driver: u64, key: SubscriptionKey) -> Option<Channel> {
    let mut channels = master.channels.lock();
    let own = channels.get(&key).is_some_and(|channel| channel.driver == driver);
    own.then(|| channels.remove(&key)).flatten()
}

async fn keep(master: &Arc<Master>, driver: u64, key: SubscriptionKey, request: AvailabilityRequest) {
    let mut pause = FIRST_PAUSE;
    loop {
        match subscribe(master, driver, key, &request).await {
            Ok(id) => {
                pause = FIRST_PAUSE;
                master.discovery_ready.set(Ok(()));
                if let Err(error) = watch(master, key, &id, &request).await {
                    tracing::warn!(%key, subscription = %id, error = format!("{error:#}"), "subscribing anew");
                }
                end_all(master, vec![id]);
            }
            Err(error) => {
                master.discovery_ready.set(Err(format!("{error:#}")));
                tracing::warn!(%key, error = format!("{error:#}"), "cannot subscribe at discovery yet");
                tokio::time::sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

async fn subscribe(
    master: &Arc<Master>,
    driver: u64,
    key: SubscriptionKey,
    request: &AvailabilityRequest,
) -> anyhow::Result<SubscriptionId> {
    let epoch = service::now().as_micros().unsigned_abs();
    let channel = Channel { key, driver, epoch, id: None, plain: false, complete: false };
    let before = master.channels.lock().insert(key, channel).filter(|before| before.driver != driver);
    end_all(master, before.and_then(|before| before.id).into_iter().collect());
    master.event(Event::SnapshotBegun(key)).await;
    let agent = master.node.config.master_agent_url();
    let reference = format!("{agent}/ngsi9/notifyContextAvailability/{key}/{epoch:x}");
    let id = discovery::subscribe(master, &AvailabilityRequest { reference, ..request.clone() }).await?;
    if let Some(channel) = master.channels.lock().get_mut(&key).filter(|channel| channel.epoch == epoch) {
        channel.id = Some(id.clone());
    }
    if let Err(error) = master.tables.note_subscription(&id, Some(key)).await {
        tracing::warn!(%error, subscription = %id, "a restarted master will not end this subscription");
    }
    Ok(id)
}

/// Returns when the subscription has to be made anew.
async fn watch(
    master: &Arc<Master>,
    key: SubscriptionKey,
    id: &SubscriptionId,
    request: &AvailabilityRequest,
) -> anyhow::Result<()> {
    complete(master, key, request).await?;
    loop {
        tokio::time::sleep(CHECK).await;
        match discovery::has_subscription(master, id).await {
            Ok(true) => master.discovery_ready.set(Ok(())),
            Ok(false) => anyhow::bail!("discovery has lost the subscription"),
            Err(error) => master.discovery_ready.set(Err(format!("{error:#}"))),
        }
    }
}

/// Sees to it that the complete set is known.
async fn complete(master: &Arc<Master>, key: SubscriptionKey, request: &AvailabilityRequest) -> anyhow::Result<()> {
    if !discovery::finds_any(master, request).await? {
        return arrived(master, key, Vec::new()).await;
    }
    for _ in 0..SETTLING_CHECKS {
        let (complete, plain) = flags(master, key);
        if complete {
            return Ok(());
        }
        if plain {
            let found = discovery::discover(master, request).await?;
            return arrived(master, key, described(master, found).await?).await;
        }
        tokio::time::sleep(SETTLING).await;
    }
    anyhow::bail!("discovery has not sent what is available")
}

async fn arrived(master: &Master, key: SubscriptionKey, registrations: Vec<Registration>) -> anyhow::Result<()> {
    if !flags(master, key).0 {
        master.event(Event::Snapshot { key, registrations, last: true }).await;
    }
    Ok(())
}

fn flags(master: &Master, key: SubscriptionKey) -> (bool, bool) {
    master.channels.lock().get(&key).map_or((false, false), |channel| (channel.complete, channel.plain))
}

/// Registrations with their metadata, which those of the original lack.
pub(crate) async fn described(master: &Master, found: Vec<ContextRegistration>) -> anyhow::Result<Vec<Registration>> {
    let mut registrations = Vec::new();
    for registration in found {
        if registration.context_metadata.is_some() {
            registrations.extend(Registration::of(&registration));
            continue;
        }
        for entity in &registration.entities {
            let context_metadata = Some(discovery::metadata(master, &entity.id).await?);
            let one = ContextRegistration { entities: vec![entity.clone()], context_metadata, ..registration.clone() };
            registrations.extend(Registration::of(&one));
        }
    }
    Ok(registrations)
}

/// Ends subscriptions at discovery, in the background.
pub(crate) fn end_all(master: &Arc<Master>, ids: Vec<SubscriptionId>) {
    for id in ids {
        let (master, until) = (master.clone(), master.node.shutdown.clone());
        let tasks = master.node.tasks.clone();
        tasks.spawn(async move { until.run_until_cancelled(end(&master, &id)).await });
    }
}

async fn end(master: &Master, id: &SubscriptionId) {
    let mut pause = FIRST_PAUSE;
    for _ in 0..ENDING_ATTEMPTS {
        match discovery::unsubscribe(master, id).await {
            Ok(()) => {
                // If it stays on disk a restarted master ends it once more.
                drop(master.tables.note_subscription(id, None));
                return;
            }
            Err(error) => tracing::debug!(subscription = %id, error = format!("{error:#}"), "not ended yet"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
