//! What is done at sources so that they tell what our subscribers want to know (ETSI GS CIM 009, 5.8): one driver for each source
//! while there is something to do. [`context::sources`] decides what; here it is asked for, written down and tried again.

use std::sync::Arc;
use std::time::Duration;

use context::sources::{Errand, HasSource, Pair, Step};
use http::StatusCode;

use super::registered::base_of;
use crate::broker::Broker;

const FIRST_RETRY: Duration = Duration::from_millis(200);
const LAST_RETRY: Duration = Duration::from_secs(60);
/// How often in a row a source does not answer before what is to be ended there is left to itself.
const MAX_SILENCES: u32 = 100;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Obstacle {
    /// It is to be tried again.
    #[error("{0}")]
    Away(String),
    /// It is not, as it is.
    #[error("it answered {0}: {1}")]
    Refused(StatusCode, String),
}

/// Begins to do what is to be done at a source.
pub(super) fn drive(broker: &Arc<Broker>, peer: &str) {
    let (broker, peer) = (broker.clone(), peer.to_owned());
    broker.clone().node.tasks.spawn(async move {
        tokio::select! {
            () = run(&broker, &peer) => {}
            () = broker.node.shutdown.cancelled() => {}
        }
    });
}

async fn run(broker: &Arc<Broker>, peer: &str) {
    let (mut silences, mut last) = (0, None);
    loop {
        let Some(errand) = broker.sources.holds.lock().next(peer) else { return };
        // Whatever a source answers, it is not asked the same without end at once.
        if last.replace(errand.clone()).as_ref() == Some(&errand) {
            tokio::time::sleep(FIRST_RETRY).await;
        }
        match broker.carry_out(peer, &errand).await {
            Ok(()) if silences > 0 => {
                tracing::info!(source = peer, "a source answers again, its subscriptions are made up for");
                silences = 0;
            }
            Ok(()) => {}
            Err(refused @ Obstacle::Refused(..)) => {
                tracing::warn!(source = peer, ?errand, %refused, "a subscription does not reach a source");
            }
            Err(Obstacle::Away(problem)) => {
                if silences == 0 {
                    tracing::warn!(
                        source = peer,
                        ?errand,
                        problem,
                        "a subscription does not reach a source yet, will try again"
                    );
                }
                broker.note_errand(peer, errand);
                let rest = (FIRST_RETRY * 2_u32.pow(silences.min(10))).min(LAST_RETRY);
                silences += 1;
                if silences % MAX_SILENCES == 0 {
                    broker.give_up_ending(peer).await;
                }
                tokio::time::sleep(rest).await;
            }
        }
    }
}

impl Broker {
    async fn carry_out(self: &Arc<Self>, peer: &str, errand: &Errand) -> Result<(), Obstacle> {
        match errand {
            Errand::Look(pair) => self.look(peer, pair).await,
            Errand::End(key) => self.end_hold(key).await,
        }
    }

    async fn look(self: &Arc<Self>, peer: &str, pair: &Pair) -> Result<(), Obstacle> {
        let wished = self.wished(pair);
        if let Some((_, source, _)) = wished.as_ref().filter(|(_, source, _)| source.base() != peer) {
            // It has moved since.
            self.note_errand(source.base(), Errand::Look(pair.clone()));
            return Ok(());
        }
        let of_wish = wished.as_ref().map(|(_, source, wish)| (&source.source().registration, wish));
        let step = self.sources.holds.lock().step(pair, of_wish);
        match (step, &wished) {
            (Step::Create, Some((subscriber, source, wish))) => self.create_there(subscriber, source, wish).await,
            (Step::Update, Some((subscriber, source, wish))) => {
                let hold = self.sources.holds.lock().of_pair(pair).cloned();
                match hold {
                    Some(hold) => self.update_there(hold, subscriber, source, wish).await,
                    None => Ok(()),
                }
            }
            (Step::Part, _) => {
                self.part(peer, pair);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Has the subscription there ended and looks at the pair again.
    pub(super) fn part(self: &Arc<Self>, peer: &str, pair: &Pair) {
        let parted = self.sources.holds.lock().part(pair).cloned();
        if let Some(hold) = parted {
            self.note_errand(base_of(&hold.place), Errand::End(hold.key));
        }
        self.note_errand(peer, Errand::Look(pair.clone()));
    }

    async fn give_up_ending(&self, peer: &str) {
        let keys = self.sources.holds.lock().give_up_ending(peer);
        if !keys.is_empty() {
            tracing::warn!(source = peer, count = keys.len(), "subscriptions at a source are left to themselves");
        }
        for key in keys {
            if let Err(problem) = self.forget_hold(&key).await {
                tracing::warn!(%problem, "a subscription at a source that was given up stays on disk");
            }
        }
    }
}
