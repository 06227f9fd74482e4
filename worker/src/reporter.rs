//! What the worker publishes: heartbeats, what becomes of task instances, and answers to designers.

use std::sync::Arc;
use std::time::Duration;

use flow::{Envelope, Message, WorkerProfile, WorkerReply, routing};
use futures_util::StreamExt;
use message_bus::Bus;
use parking_lot::Mutex;
use service::Node;
use tasks::Tasks;
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, MissedTickBehavior};

use crate::engine::Engines;
use crate::metrics::StatusLabel;
use crate::profile::Identity;

/// Heartbeats because of changes are at least so far apart.
const SHORTEST_PAUSE: Duration = Duration::from_millis(200);
const QUEUE: usize = 10_000;
/// Messages published at once, in order.
const IN_FLIGHT: usize = 64;
const FAREWELL: Duration = Duration::from_secs(2);

#[derive(Clone)]
pub(crate) struct Reporter {
    shared: Arc<Shared>,
    queue: mpsc::Sender<Envelope>,
}

struct Shared {
    bus: Bus,
    identity: Identity,
    tasks: Arc<Mutex<Tasks>>,
    engines: Engines,
    interval: Duration,
    changed: Notify,
}

impl Reporter {
    pub(crate) fn new(node: &Node, bus: Bus, identity: Identity, tasks: Arc<Mutex<Tasks>>, engines: Engines) -> Self {
        let interval = Duration::from_secs(node.config.worker.heartbeat_interval.max(1));
        let shared = Arc::new(Shared { bus, identity, tasks, engines, interval, changed: Notify::new() });
        let (queue, outbox) = mpsc::channel(QUEUE);
        node.tasks.spawn(publish_in_order(shared.clone(), outbox));
        let (beating, stop) = (shared.clone(), node.shutdown.clone());
        node.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = beating.beat() => {}
            }
        });
        Self { shared, queue }
    }

    /// Publishes what became of an instance, and a heartbeat soon.
    pub(crate) fn tell(&self, message: &Message) {
        let envelope = self.shared.envelope(routing::TASK, message);
        if envelope.is_some_and(|envelope| self.queue.try_send(envelope).is_err()) {
            tracing::warn!("the queue of reports is full; heartbeats carry what is dropped");
        }
        self.changed();
    }

    /// Publishes an answer after what is waiting to be published.
    pub(crate) fn answer(&self, reply: WorkerReply) {
        let envelope = self.shared.reply(reply);
        if envelope.is_some_and(|envelope| self.queue.try_send(envelope).is_err()) {
            tracing::warn!("the queue of reports is full; a designer gets no answer");
        }
    }

    /// Publishes an answer and waits until it has arrived; false when that is not known.
    pub(crate) async fn deliver(&self, reply: WorkerReply) -> bool {
        let Some(envelope) = self.shared.reply(reply) else { return false };
        let published = self.shared.bus.publish(envelope).await;
        published.inspect_err(|error| tracing::debug!(%error, "an answer to a designer was not published")).is_ok()
    }

    /// Asks for a heartbeat soon.
    pub(crate) fn changed(&self) {
        self.shared.changed.notify_one();
    }

    /// Tells masters that the worker stops.
    pub(crate) async fn leave(&self) {
        let farewell = self.shared.publish(Message::WorkerLeave(self.shared.profile()));
        if tokio::time::timeout(FAREWELL, farewell).await.is_err() {
            tracing::warn!("masters could not be told that the worker stops");
        }
    }
}

async fn publish_in_order(shared: Arc<Shared>, outbox: mpsc::Receiver<Envelope>) {
    let messages = futures_util::stream::unfold(outbox, async |mut outbox| Some((outbox.recv().await?, outbox)));
    let published = messages.map(|envelope| shared.bus.publish(envelope)).buffered(IN_FLIGHT);
    published
        .for_each(async |outcome| {
            if let Err(error) = outcome {
                tracing::warn!(%error, "a report or answer was not published; heartbeats carry reports");
            }
        })
        .await;
}

impl Shared {
    async fn beat(&self) {
        self.publish(Message::WorkerJoin(self.profile())).await;
        let mut interval = tokio::time::interval_at(Instant::now() + self.interval, self.interval);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut connection = self.bus.state();
        loop {
            tokio::select! {
                _ = interval.tick() => {}
                Ok(()) = connection.changed() => {}
                () = self.changed.notified() => interval.reset(),
            }
            self.publish(Message::WorkerHeartbeat(self.profile())).await;
            tokio::time::sleep(SHORTEST_PAUSE).await;
        }
    }

    fn reply(&self, reply: WorkerReply) -> Option<Envelope> {
        let reply = WorkerReply { worker: self.identity.id().clone(), ..reply };
        self.envelope(routing::DESIGNER, &Message::WorkerReply(reply))
    }

    fn envelope(&self, topic: &str, message: &Message) -> Option<Envelope> {
        let envelope = Envelope::new(topic, self.identity.id().as_str(), message);
        envelope.inspect_err(|error| tracing::error!(%error, "a message cannot be written")).ok()
    }

    fn profile(&self) -> WorkerProfile {
        let (instances, workload) = {
            let tasks = self.tasks.lock();
            (tasks.report(), tasks.workload())
        };
        self.count(&instances);
        self.identity.profile(self.engines.available(), workload, instances)
    }

    fn count(&self, instances: &[flow::ReportedInstance]) {
        let gauges = &self.engines.metrics.tasks;
        gauges.clear();
        for instance in instances {
            let status = format!("{:?}", instance.status).to_lowercase();
            gauges.get_or_create(&StatusLabel { status }).inc();
        }
    }

    async fn publish(&self, message: Message) {
        let Some(envelope) = self.envelope(routing::HEARTBEAT, &message) else { return };
        if let Err(error) = self.bus.publish(envelope).await {
            tracing::warn!(%error, "masters did not hear of this worker");
        }
    }
}
