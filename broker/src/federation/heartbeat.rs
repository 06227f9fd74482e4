//! Telling discovery that this broker lives, and noticing when discovery has forgotten what lives here.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::{registrar, spanning};
use crate::broker::Broker;

const FIRST_RETRY: Duration = Duration::from_millis(200);
/// From a look-up that failed to the heartbeat that may allow the next.
const DOUBT: Duration = Duration::from_secs(1);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// What our discovery says in its answer; others say nothing.
#[derive(Debug, Default, Deserialize)]
struct Pulse {
    /// Whether it knew this broker.
    known: Option<bool>,
    /// How many entities it has registered for this broker.
    registrations: Option<usize>,
    /// Changes whenever it has lost its memory.
    epoch: Option<String>,
}

pub(crate) async fn run(broker: &Arc<Broker>) {
    let interval = Duration::from_secs(broker.node.config.broker.heartbeat_interval.max(1));
    let mut watch = Watch::default();
    let mut retry = FIRST_RETRY;
    while !broker.node.shutdown.is_cancelled() {
        let pause = if watch.beat(broker).await {
            retry = FIRST_RETRY;
            interval
        } else {
            let pause = retry.min(interval);
            retry = (retry * 2).min(LAST_RETRY);
            pause
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = doubted(broker) => {}
            () = broker.node.shutdown.cancelled() => return,
        }
    }
}

/// A look-up has failed, and discovery has had a moment to recover.
async fn doubted(broker: &Broker) {
    broker.federation.discovery.in_doubt.notified().await;
    tokio::time::sleep(DOUBT).await;
}

/// What the last heartbeat told.
#[derive(Default)]
struct Watch {
    was_reached: bool,
    epoch: Option<String>,
}

impl Watch {
    /// One heartbeat; whether discovery was reached.
    async fn beat(&mut self, broker: &Arc<Broker>) -> bool {
        let federation = &broker.federation;
        let answer = match federation.discovery.heartbeat(&federation.id, &federation.own_url).await {
            Ok(answer) => answer,
            Err(error) => {
                if self.was_reached {
                    tracing::warn!(%error, "heartbeat failed");
                }
                self.was_reached = false;
                return false;
            }
        };
        federation.discovery.note_alive();
        let pulse: Pulse = serde_json::from_slice(&answer).unwrap_or_default();
        if self.has_forgotten(broker, &pulse) {
            if registrar::register_self(broker).await.is_err() {
                return false;
            }
            registrar::mark_all(broker).await;
            let registrations_only = self.epoch.is_some() && self.epoch == pulse.epoch;
            if !registrations_only {
                spanning::renew_all(broker);
            }
        }
        self.was_reached = true;
        self.epoch = pulse.epoch;
        true
    }

    /// Whether discovery lacks something. One that says nothing may have been restarted whenever it was away.
    fn has_forgotten(&self, broker: &Broker, pulse: &Pulse) -> bool {
        let Some(known) = pulse.known else { return !self.was_reached };
        let lacks_some = pulse.registrations.is_some_and(|count| count < broker.shards.count_ids());
        !known || self.epoch != pulse.epoch || (lacks_some && !broker.federation.registrar.is_busy())
    }
}
