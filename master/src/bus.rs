//! What the bus brings.

use std::sync::Arc;

use flow::{DecodeError, Envelope, MasterProfile, Message, WorkerId, routing};
use message_bus::{BusState, Delivery, Subscription};
use orchestration::Event;
use tokio::sync::{oneshot, watch};

use crate::audit;
use crate::state::{Input, Master};

/// The queue of everything a master hears.
pub(crate) fn subscribe(master: &Master) -> Subscription {
    let topics = [routing::HEARTBEAT, routing::TASK, routing::ORCHESTRATION, routing::DESIGNER, routing::MASTER];
    let keys = topics.map(routing::binding);
    master.bus.subscribe(&master.id, &keys.each_ref().map(String::as_str))
}

/// Listens until the node stops; says in `bound` whether what is said arrives.
pub(crate) async fn run(master: Arc<Master>, mut messages: Subscription, bound: watch::Sender<bool>) {
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
            bound.send_replace(false);
            master.event(Event::BusLost).await;
        }
        if connected && !before {
            tokio::select! {
                () = master.node.shutdown.cancelled() => {}
                () = messages.bound() => {
                    master.event(Event::BusBack).await;
                    bound.send_replace(true);
                }
            }
        }
        loop {
            tokio::select! {
                () = master.node.shutdown.cancelled() => return,
                Ok(()) = state.changed() => break,
                delivery = messages.next() => match delivery {
                    Some(delivery) => take(&master, delivery).await,
                    None => return,
                },
            }
        }
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
        Message::MasterJoin(other) if other.id != master.id && other.role.is_none() => {
            tracing::warn!(
                other = other.id,
                "a master that knows no other serves the same intents: each will undo what the other does"
            );
        }
        Message::MasterHeartbeat(other) => heard(master, other),
        _ => {}
    }
}

/// Another master is there, or this one is heard itself.
fn heard(master: &Master, other: MasterProfile) {
    let own = master.profile();
    if other.id != own.id {
        if master.standing.hear(other) {
            // When it is full there is news already.
            let _ = master.news.try_send(());
        }
    } else if other.rest != own.rest {
        tracing::warn!(
            id = own.id,
            here = own.rest,
            there = other.rest,
            "two masters have one id, and each hears half: start one of them with another `-i`"
        );
    }
}
