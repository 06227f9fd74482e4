//! What the worker publishes: heartbeats, and what becomes of task instances.

use std::sync::Arc;
use std::time::Duration;

use flow::{Envelope, Message, WorkerProfile, routing};
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
        match Envelope::new(routing::TASK, self.shared.identity.id().as_str(), message) {
            Ok(envelope) => {
                if self.queue.try_send(envelope).is_err() {
                    tracing::warn!("the queue of reports is full; heartbeats carry what is dropped");
                }
            }
            Err(error) => tracing::error!(%error, "a report cannot be written"),
        }
        self.changed();
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
                tracing::warn!(%error, "a report was not published; heartbeats carry it");
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
        let published = match Envelope::new(routing::HEARTBEAT, self.identity.id().as_str(), &message) {
            Ok(envelope) => self.bus.publish(envelope).await,
            Err(error) => return tracing::error!(%error, "the profile cannot be written"),
        };
        if let Err(error) = published {
            tracing::warn!(%error, "masters did not hear of this worker");
        }
    }
}
