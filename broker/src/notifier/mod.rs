//! Delivery of due notifications: one driver per subscriber that has any, none for the others.
//!
//! A driver has one notification under way at a time, so a subscription keeps its order, and what becomes due meanwhile goes
//! together in the next one. Subscriptions with the same reference share a few permits, which a driver also holds while it
//! waits to try again: a dead host is tried by few at a time, and nobody else waits for it.

mod endpoints;
mod mqtt;
mod ngsi10;
mod outbox;
mod send;
mod statistics;
mod subscriber;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use context::{Notice, Subscribed};
use ngsi::Timestamp;
use send::Outcome;

pub(crate) use endpoints::Endpoints;
pub(crate) use mqtt::Mqtt;
pub(crate) use outbox::Outbox;
pub(crate) use statistics::{Counters, Report, Status};
pub(crate) use subscriber::Subscriber;

use crate::broker::Broker;

const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);
/// How long a notification without `Require-Reliability` is tried.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a notification under way may still take when the broker stops.
const LAST_CALL: Duration = Duration::from_secs(2);
/// How long the first notification waits for the subscription's answer to be written.
pub(crate) const HEAD_START: Duration = Duration::from_millis(100);

/// Makes sure that what waits for the subscriber is sent.
pub(crate) fn wake(broker: &Arc<Broker>, subscriber: &Arc<Subscriber>) {
    if subscriber.has_ended() {
        // What was queued while it ended is due for nobody.
        broker.outbox.done(subscriber.id(), &subscriber.end());
    }
    if subscriber.start_driving() {
        broker.drivers.fetch_add(1, Ordering::AcqRel);
        let (broker, subscriber) = (broker.clone(), subscriber.clone());
        broker.clone().node.tasks.spawn(async move {
            let last_call = async {
                broker.node.shutdown.cancelled().await;
                tokio::time::sleep(LAST_CALL).await;
            };
            tokio::select! {
                () = drive(&broker, &subscriber) => {}
                () = last_call => {}
            }
            broker.drivers.fetch_sub(1, Ordering::AcqRel);
        });
    }
}

async fn drive(broker: &Arc<Broker>, subscriber: &Arc<Subscriber>) {
    let mut subscriber = subscriber.clone();
    while !broker.node.shutdown.is_cancelled() {
        subscriber = current(broker, subscriber);
        let Ok(permit) = subscriber.endpoint.clone().acquire_owned().await else { return };
        let Some(batch) = subscriber.next_or_stop() else { return };
        deliver(broker, &mut subscriber, batch).await;
        drop(permit);
        // What was under way when the broker stops is told again.
        if !broker.node.shutdown.is_cancelled() && subscriber.initial_delivered() {
            broker.note_initialised(&subscriber);
        }
        if let Some(length) = subscriber.subscription().throttling {
            pause(broker, &subscriber, length).await;
        }
    }
}

/// The subscriber as its owner wants it now.
fn current(broker: &Broker, subscriber: Arc<Subscriber>) -> Arc<Subscriber> {
    broker.subscribers.read().get(subscriber.id().as_str()).cloned().unwrap_or(subscriber)
}

/// Tries until the notices are delivered or given up, or shutdown leaves them to the next start.
async fn deliver(broker: &Arc<Broker>, subscriber: &mut Arc<Subscriber>, mut batch: Vec<Notice>) {
    let mut retry = FIRST_RETRY;
    let mut first = true;
    while !batch.is_empty() && subscriber.may_send() {
        match send::attempt(broker, subscriber, &batch).await {
            Outcome::Delivered => {
                broker.counters.sent.inc_by(batch.len() as u64);
                break;
            }
            Outcome::Gone => {
                tracing::info!(subscription = %subscriber.id(), "the subscribing broker has dropped it");
                broker.drop_subscription(subscriber.id()).await;
            }
            Outcome::Unsendable(reason) => {
                note_failure(broker, subscriber, &reason, false);
                broker.note_lost(subscriber, &std::mem::take(&mut batch), &reason);
            }
            Outcome::Failed(reason) => {
                note_failure(broker, subscriber, &reason, first);
                first = false;
                give_up_old(broker, subscriber, &mut batch, &reason);
                subscriber.statistics().under_way(batch.len());
                pause(broker, subscriber, subscriber.cooldown().unwrap_or(retry)).await;
                retry = (retry * 2).min(LAST_RETRY);
                if broker.node.shutdown.is_cancelled() {
                    return;
                }
                *subscriber = current(broker, subscriber.clone());
            }
        }
    }
    subscriber.statistics().under_way(0);
    broker.outbox.done(subscriber.id(), &batch);
}

fn note_failure(broker: &Broker, subscriber: &Subscriber, reason: &str, first: bool) {
    broker.counters.failed.inc();
    let fails = subscriber.statistics().failed(reason, service::now());
    if first {
        let (subscription, reference) = (subscriber.id(), subscriber.reference());
        tracing::warn!(%subscription, reference, reason, "cannot notify, will try again");
    }
    let limit = subscriber.subscription().v2().and_then(|request| request.notification.max_fails_limit);
    if limit.is_some_and(|limit| fails > limit) {
        broker.deactivate(subscriber, fails);
    }
}

/// Waits, unless the subscription ends or the broker stops meanwhile.
async fn pause(broker: &Broker, subscriber: &Subscriber, length: Duration) {
    tokio::select! {
        () = subscriber.pause(length) => {}
        () = broker.node.shutdown.cancelled() => {}
    }
}

/// Without `Require-Reliability` a notice is tried for [`PATIENCE`], then said to be lost.
fn give_up_old(broker: &Broker, subscriber: &Subscriber, batch: &mut Vec<Notice>, reason: &str) {
    if subscriber.is_reliable() {
        return;
    }
    let too_old = before(service::now(), PATIENCE);
    let (mut lost, rest) = batch.drain(..).partition::<Vec<_>, _>(|notice| notice.due_at < too_old);
    *batch = rest;
    lost.extend(subscriber.take_older(too_old));
    if !lost.is_empty() {
        broker.note_lost(subscriber, &lost, reason);
    }
}

fn before(now: Timestamp, length: Duration) -> Timestamp {
    Timestamp::from_micros(now.as_micros().saturating_sub(i64::try_from(length.as_micros()).unwrap_or(i64::MAX)))
}
