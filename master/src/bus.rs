//! What the bus brings, and the master's own announcements on it.

use std::sync::Arc;

use flow::{DecodeError, Envelope, Message, WorkerId, routing};
use message_bus::{BusState, Delivery, Subscription};
use orchestration::Event;
use tokio::sync::oneshot;

use crate::audit;
use crate::state::{Input, Master};

/// The queue of everything a master hears.
pub(crate) fn subscribe(master: &Master) -> Subscription {
    let keys = [routing::HEARTBEAT, routing::TASK, routing::ORCHESTRATION, routing::DESIGNER].map(routing::binding);
    master.bus.subscribe(&master.id, &keys.each_ref().map(String::as_str))
}

/// Listens until the node stops.
pub(crate) async fn run(master: Arc<Master>, mut messages: Subscription) {
    let ready = master.node.readiness("message bus");
    let mut state = master.bus.state();
    let mut connected = false;
    master.event(Event::BusLost).await;
    loop {
        let now = state.borrow_and_update().clone();
        ready.set(match &now {
            BusState::Connected => Ok(()),
            BusState::Disconnected { reason } => Err(reason.clone()),
            BusState::Closed => Err("closed".to_owned()),
        });
        let before = std::mem::replace(&mut connected, now == BusState::Connected);
        if before && !connected {
            master.event(Event::BusLost).await;
        }
        if connected && !before {
            tokio::select! {
                () = master.node.shutdown.cancelled() => {}
                () = messages.bound() => {
                    master.event(Event::BusBack).await;
                    say(&master, Message::MasterJoin(master.profile())).await;
                    let (audit, until) = (audit::run(master.clone()), master.node.shutdown.clone());
                    master.node.tasks.spawn(async move { until.run_until_cancelled(audit).await });
                }
            }
        }
        loop {
            tokio::select! {
                () = master.node.shutdown.cancelled() => {
                    if connected {
                        say(&master, Message::MasterLeave(master.profile())).await;
                    }
                    return;
                }
                Ok(()) = state.changed() => break,
                delivery = messages.next() => match delivery {
                    Some(delivery) => take(&master, delivery).await,
                    None => return,
                },
            }
        }
    }
}

async fn say(master: &Master, message: Message) {
    let Some(envelope) = master.envelope(routing::DESIGNER.to_owned(), &message) else { return };
    if let Err(error) = master.bus.publish(envelope).await {
        tracing::warn!(%error, "the designer could not be told of this master");
    }
}

async fn take(master: &Master, delivery: Delivery) {
    match delivery.envelope.message() {
        Ok(message) => understood(master, &delivery.envelope, message).await,
        Err(DecodeError::UnknownType(message)) => tracing::debug!(message, "ignored"),
        Err(error) => {
            let (from, cause) = (&delivery.envelope.from, std::error::Error::source(&error).map(ToString::to_string));
            tracing::warn!(from, %error, cause, "a message cannot be understood");
        }
    }
    delivery.ack();
}

async fn understood(master: &Master, envelope: &Envelope, message: Message) {
    match message {
        Message::WorkerJoin(profile) => drop(master.event(Event::WorkerJoined(Box::new(profile))).await),
        Message::WorkerHeartbeat(profile) => drop(master.event(Event::Worker(Box::new(profile))).await),
        Message::WorkerLeave(profile) => drop(master.event(Event::WorkerLeft(Box::new(profile))).await),
        Message::TaskUpdate(update) => {
            let (worker, update) = (WorkerId::from(envelope.from.as_str()), Box::new(update));
            master.event(Event::TaskUpdate { worker, update }).await;
        }
        Message::ServiceIntent(intent) if intent.id.is_empty() => {
            tracing::warn!(from = envelope.from, "an intent without `id` is ignored");
        }
        Message::ServiceIntent(intent) => {
            tracing::info!(intent = intent.id, topology = intent.topology, action = ?intent.action, "intent");
            let (stored, on_disk) = oneshot::channel();
            let by_designer = audit::is_designer(&envelope.from);
            master.tell(Input::Announced { intent: Box::new(intent), by_designer, stored }).await;
            // An error means that the master stops: the message returns to its queue.
            let _ = on_disk.await;
        }
        Message::MasterJoin(other) if other.id != master.id => {
            tracing::warn!(
                other = other.id,
                "another master serves the same intents: each will undo what the other does"
            );
        }
        _ => {}
    }
}
