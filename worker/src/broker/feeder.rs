//! Subscribes tasks to their inputs, cancels subscriptions, and deletes what removed tasks wrote: each tried again until done.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use flow::{InputStream, OutputStream, TaskId};
use ngsi::v1::ngsi10::{SubscribeContextRequest, UpdateAction, UpdateContextRequest};
use ngsi::v1::{ContextElement, EntityRef};
use parking_lot::Mutex;
use service::Node;
use tasks::{Event, Subscription};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::client::BrokerError;
use super::{BrokerClient, Nearest};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Cancelling and deleting is given up after so many attempts, about an hour.
const ATTEMPTS: u32 = 720;
const AT_ONCE: usize = 64;

type Unfinished<K> = Arc<Mutex<HashMap<K, CancellationToken>>>;

#[derive(Clone)]
pub(crate) struct Feeder {
    node: Node,
    lifetime: CancellationToken,
    client: BrokerClient,
    nearest: Nearest,
    events: mpsc::Sender<Event>,
    slots: Arc<Semaphore>,
    subscribing: Unfinished<(TaskId, InputStream)>,
    deleting: Unfinished<TaskId>,
    busy: Arc<AtomicUsize>,
    leaving: CancellationToken,
}

impl Feeder {
    pub(crate) fn new(
        node: Node,
        lifetime: CancellationToken,
        client: BrokerClient,
        nearest: Nearest,
        events: mpsc::Sender<Event>,
    ) -> Self {
        let slots = Arc::new(Semaphore::new(AT_ONCE));
        Self {
            node,
            lifetime,
            client,
            nearest,
            events,
            slots,
            subscribing: Arc::default(),
            deleting: Arc::default(),
            busy: Arc::default(),
            leaving: CancellationToken::new(),
        }
    }

    /// From now on only two attempts are made: the worker stops, and its next start goes on with what is left.
    pub(crate) fn hurry(&self) {
        self.leaving.cancel();
    }

    /// Whether anything is under way.
    pub(crate) fn is_busy(&self) -> bool {
        self.busy.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn subscribe(&self, task: TaskId, input: InputStream, reference: String) {
        let stop = self.begin(&self.subscribing, (task.clone(), input.clone()));
        let feeder = self.clone();
        self.node.tasks.spawn(async move {
            let request = subscription_request(&input, &reference);
            let subscribed = feeder.persist(&stop, u32::MAX, || async {
                let broker = feeder.nearest.url().await;
                let id = feeder.client.subscribe(&broker, task.as_str(), &request).await?;
                Ok(Subscription { id, broker, reference: reference.clone() })
            });
            if let Outcome::Done(subscription) = subscribed.await {
                feeder.tell(Event::Subscribed { task: task.clone(), input: input.clone(), subscription }).await;
            }
            end(&feeder.subscribing, &(task, input), &stop);
        });
    }

    /// No further attempt is made; one under way may still succeed and be told.
    pub(crate) fn abandon(&self, task: TaskId, input: InputStream) {
        if let Some(stop) = self.subscribing.lock().remove(&(task, input)) {
            stop.cancel();
        }
    }

    pub(crate) fn unsubscribe(&self, task: TaskId, subscription: Subscription) {
        let feeder = self.clone();
        self.node.tasks.spawn(async move {
            let stop = feeder.lifetime.child_token();
            let cancelled = feeder.persist(&stop, ATTEMPTS, || async {
                feeder.client.unsubscribe(&subscription.broker, &subscription.id).await
            });
            if !matches!(cancelled.await, Outcome::Interrupted) {
                feeder.tell(Event::Unsubscribed { task, subscription }).await;
            }
        });
    }

    pub(crate) fn delete_outputs(&self, task: TaskId, outputs: Vec<OutputStream>) {
        let stop = self.begin(&self.deleting, task.clone());
        let feeder = self.clone();
        self.node.tasks.spawn(async move {
            let request = deletion(&outputs);
            let deleted = feeder.persist(&stop, ATTEMPTS, || async {
                feeder.client.delete(&feeder.nearest.url().await, task.as_str(), &request).await
            });
            if !matches!(deleted.await, Outcome::Interrupted) {
                feeder.tell(Event::OutputsDeleted { task: task.clone() }).await;
            }
            end(&feeder.deleting, &task, &stop);
        });
    }

    pub(crate) fn keep_outputs(&self, task: &TaskId) {
        if let Some(stop) = self.deleting.lock().remove(task) {
            stop.cancel();
        }
    }

    /// Asks brokers whether they still know the subscriptions, and tells which they do not.
    pub(crate) async fn verify(&self, subscriptions: &[(TaskId, Subscription)]) {
        for (task, subscription) in subscriptions {
            if let Ok(false) = self.client.knows(&subscription.broker, &subscription.id).await {
                tracing::info!(%task, subscription = subscription.id, "the broker has lost a subscription");
                let (task, subscription) = (task.clone(), subscription.clone());
                self.tell(Event::SubscriptionLost { task, subscription }).await;
            }
        }
    }

    fn begin<K: std::hash::Hash + Eq>(&self, unfinished: &Unfinished<K>, key: K) -> CancellationToken {
        let stop = self.lifetime.child_token();
        if let Some(earlier) = unfinished.lock().insert(key, stop.clone()) {
            earlier.cancel();
        }
        stop
    }

    /// Tries until it succeeds, or fails for good, or is stopped.
    async fn persist<T, F: Future<Output = Result<T, BrokerError>>>(
        &self,
        stop: &CancellationToken,
        attempts: u32,
        mut attempt: impl FnMut() -> F,
    ) -> Outcome<T> {
        let _busy = Busy::begin(&self.busy);
        let mut pause = FIRST_PAUSE;
        for number in 1..=attempts {
            let Ok(slot) = self.slots.acquire().await else { return Outcome::Interrupted };
            if stop.is_cancelled() {
                return Outcome::Interrupted;
            }
            let outcome = attempt().await;
            drop(slot);
            match outcome {
                Ok(done) => return Outcome::Done(done),
                Err(error) if !error.is_passing() && attempts != u32::MAX => {
                    tracing::warn!(%error, "given up");
                    return Outcome::GivenUp;
                }
                Err(error) if number == 1 && !self.leaving.is_cancelled() => {
                    tracing::warn!(%error, "will be tried again");
                }
                Err(error) => tracing::debug!(%error, number, "will be tried again"),
            }
            tokio::select! {
                () = stop.cancelled() => return Outcome::Interrupted,
                () = self.leaving.cancelled(), if number >= 2 => return Outcome::Interrupted,
                () = tokio::time::sleep(pause) => pause = (pause * 2).min(LONGEST_PAUSE),
            }
        }
        Outcome::GivenUp
    }

    async fn tell(&self, event: Event) {
        // The reconciler is gone only when the worker stops.
        let _ = self.events.send(event).await;
    }
}

/// How something that is tried again and again came out.
enum Outcome<T> {
    Done(T),
    GivenUp,
    /// To be gone on with, or not wanted any more.
    Interrupted,
}

/// Counts what is under way.
struct Busy(Arc<AtomicUsize>);

impl Busy {
    fn begin(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count.clone())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

fn end<K: std::hash::Hash + Eq>(unfinished: &Unfinished<K>, key: &K, stop: &CancellationToken) {
    let mut unfinished = unfinished.lock();
    // A later attempt for the same key has a token of its own, not yet cancelled, and cancelled this one.
    if !stop.is_cancelled() {
        unfinished.remove(key);
    }
}

fn subscription_request(input: &InputStream, reference: &str) -> SubscribeContextRequest {
    let entity =
        EntityRef { id: input.id.as_str().into(), entity_type: input.r#type.as_str().into(), is_pattern: false };
    let attributes = input.attribute_list.iter().filter(|name| !name.eq_ignore_ascii_case("all"));
    SubscribeContextRequest {
        entities: vec![entity],
        attributes: attributes.map(|name| name.as_str().into()).collect(),
        reference: reference.to_owned(),
        ..SubscribeContextRequest::default()
    }
}

fn deletion(outputs: &[OutputStream]) -> UpdateContextRequest {
    let elements = outputs.iter().filter(|output| !output.stream_id.is_empty()).map(|output| ContextElement {
        entity: EntityRef {
            id: output.stream_id.as_str().into(),
            entity_type: output.r#type.as_str().into(),
            is_pattern: false,
        },
        ..ContextElement::default()
    });
    UpdateContextRequest { context_elements: elements.collect(), update_action: UpdateAction::Delete }
}
