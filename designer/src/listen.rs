//! Listens to the bus: notes what is said, and repeats the intents to a master that joins and after an interruption.

use std::sync::Arc;

use flow::{DecodeError, Envelope, Message, routing};
use message_bus::{BusState, Delivery, Subscription};
use service::http::Readiness;
use tokio::sync::watch;

use crate::refusal::chain;
use crate::state::Designer;

/// Listens until the node stops.
pub(crate) async fn run(designer: Arc<Designer>) {
    let ready = designer.node.readiness("message bus");
    let mut bus = designer.bus.state();
    let mut connected = report(&designer, &mut bus, &ready);
    let keys = [routing::DESIGNER, routing::TASK, routing::HEARTBEAT, routing::MASTER].map(routing::binding);
    let keys = keys.each_ref().map(String::as_str);
    let mut messages = designer.bus.subscribe(&designer.node.id("Designer"), &keys);
    loop {
        tokio::select! {
            () = designer.node.shutdown.cancelled() => return,
            // The in-process bus has dropped its sender: its state never changes.
            Ok(()) = bus.changed() => {
                let before = std::mem::replace(&mut connected, report(&designer, &mut bus, &ready));
                if connected && !before {
                    repeat_when_bound(&designer, &mut messages).await;
                }
            }
            delivery = messages.next() => match delivery {
                Some(delivery) => note(&designer, delivery).await,
                None => return,
            },
        }
    }
}

/// Passes the state of the bus on to `/readyz` and to pages; whether it is connected.
fn report(designer: &Designer, bus: &mut watch::Receiver<BusState>, ready: &Readiness) -> bool {
    let state = bus.borrow_and_update().clone();
    let connected = state == BusState::Connected;
    designer.live.change(|model| model.hears(connected, service::now()));
    ready.set(match state {
        BusState::Connected => Ok(()),
        BusState::Disconnected { reason } => Err(reason),
        BusState::Closed => Err("closed".to_owned()),
    });
    connected
}

/// A master that joins before our queue is back is not heard; repeating after that reaches it.
async fn repeat_when_bound(designer: &Designer, messages: &mut Subscription) {
    designer.until_shutdown(messages.bound()).await;
    repeat(designer).await;
}

async fn repeat(designer: &Designer) {
    designer.read(|catalog| designer.outbox.announce_all(catalog)).await;
}

async fn note(designer: &Designer, delivery: Delivery) {
    let Envelope { from, message_type, .. } = &delivery.envelope;
    match delivery.envelope.message() {
        Ok(Message::WorkerReply(reply)) => designer.requests.answered(reply),
        Ok(message) => {
            let joined = matches!(message, Message::MasterJoin(_));
            designer.live.change(|model| model.note(from, message, service::now()));
            if joined {
                repeat(designer).await;
            }
        }
        Err(DecodeError::UnknownType(_)) => tracing::debug!(from, message_type, "message of an unknown type"),
        Err(error) => tracing::warn!(from, error = %chain(&error), "message ignored"),
    }
    delivery.ack();
}
