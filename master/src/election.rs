//! Of several masters the one that holds the lock on the message bus is active.
//!
//! It says so every two seconds, to be found by the others and by the designer. What it says to workers goes out with the lock
//! as well, so that a master that has lost it without knowing is not heard.

use std::sync::Arc;
use std::time::Duration;

use flow::{Message, routing};
use message_bus::{Lock, LockError};
use service::http::Readiness;
use tokio::sync::watch;

use crate::standing::HEARTBEAT;
use crate::state::{Input, Master};

/// The name of the lock, and of its queue.
const LOCK: &str = "fogflow.master";
/// Between two attempts to obtain it: a standby takes over within this time.
const RETRY: Duration = Duration::from_secs(1);

/// What was said of the lock last.
struct Candidate {
    ready: Readiness,
    /// Whether another master was, or may have been, active since this one started.
    contended: bool,
    trouble: Option<LockError>,
}

/// Stands for the lock until the node stops; `bound` says whether what workers say arrives.
pub(crate) async fn run(master: Arc<Master>, mut bound: watch::Receiver<bool>) {
    let mut candidate = Candidate { ready: master.node.readiness("role"), contended: false, trouble: None };
    let shutdown = master.node.shutdown.clone();
    while !shutdown.is_cancelled() {
        match master.bus.try_lock(LOCK).await {
            Ok(lock) => {
                candidate.ready.set(Ok(()));
                candidate.trouble = None;
                hold(&master, Arc::new(lock), &mut bound, candidate.contended).await;
                candidate.contended = true;
            }
            Err(error) => candidate.failed(error),
        }
        let standing_by = async {
            say_standby(&master).await;
            tokio::time::sleep(RETRY).await;
        };
        shutdown.run_until_cancelled(standing_by).await;
    }
}

impl Candidate {
    fn failed(&mut self, error: LockError) {
        self.contended |= error == LockError::Held;
        let news = self.trouble.as_ref() != Some(&error);
        match &error {
            LockError::Held if news => tracing::info!("another master is active: this one stands by"),
            LockError::Refused { .. } if news => tracing::error!(%error, "this master can never be active"),
            _ => {}
        }
        self.ready.set(if error == LockError::Held { Ok(()) } else { Err(error.to_string()) });
        self.trouble = Some(error);
    }
}

/// Is the active master until the lock is lost or the node stops.
async fn hold(master: &Arc<Master>, lock: Arc<Lock>, bound: &mut watch::Receiver<bool>, contended: bool) {
    tokio::select! {
        () = master.node.shutdown.cancelled() => return,
        () = lock.lost() => return,
        _ = bound.wait_for(|bound| *bound) => {}
    }
    tracing::info!(contended, "this master is active");
    master.tell(Input::Promoted { lock: lock.clone(), contended }).await;
    let join = |master: &Master| Message::MasterJoin(master.profile());
    say(master, &lock, routing::DESIGNER, &join(master)).await;
    let mut beats = tokio::time::interval(HEARTBEAT);
    loop {
        tokio::select! {
            () = master.node.shutdown.cancelled() => {
                say(master, &lock, routing::DESIGNER, &Message::MasterLeave(master.profile())).await;
                return;
            }
            () = lock.lost() => {
                tracing::warn!("this master has lost the lock: it stands by");
                master.tell(Input::Demoted).await;
                return;
            }
            _ = beats.tick() => say(master, &lock, routing::MASTER, &Message::MasterHeartbeat(master.profile())).await,
        }
    }
}

async fn say(master: &Master, lock: &Lock, key: &str, message: &Message) {
    let Some(envelope) = master.envelope(key.to_owned(), message) else { return };
    if let Err(error) = lock.publish(envelope).await {
        tracing::warn!(%error, key, "others could not be told of this master");
    }
}

async fn say_standby(master: &Master) {
    if master.standing.is_active() || *master.bus.state().borrow() != message_bus::BusState::Connected {
        return;
    }
    let heartbeat = Message::MasterHeartbeat(master.profile());
    let Some(envelope) = master.envelope(routing::MASTER.to_owned(), &heartbeat) else { return };
    if let Err(error) = master.bus.publish(envelope).await {
        tracing::debug!(%error, "others could not be told that this master stands by");
    }
}
