//! The loop that tells the core what happens and performs what it asks for.

use std::sync::Arc;
use std::time::Duration;

use flow::{Message, TaskId, TaskInstance, WorkerOrder, WorkerRequest};
use message_bus::{Delivery, Subscription};
use parking_lot::Mutex;
use service::Node;
use storage::{Batch, Commit};
use tasks::{Action, Event, Tasks};
use tokio::sync::mpsc;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use crate::broker::{Feeder, Orphans, Strays};
use crate::engine::Engines;
use crate::memory::Memory;
use crate::performer::Performer;
use crate::reporter::Reporter;
use crate::requests::Requests;

/// How often brokers are asked whether they still know our subscriptions, and engines whether they run anything unwanted.
const VERIFY_EVERY: Duration = Duration::from_secs(30);
/// How long a stopping worker waits for its instances to end.
const FAREWELL: Duration = Duration::from_secs(5);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

pub(crate) struct Reconciler {
    pub(crate) node: Node,
    /// Ends everything that must outlast the node's shutdown for an orderly farewell.
    pub(crate) lifetime: CancellationToken,
    pub(crate) tasks: Arc<Mutex<Tasks>>,
    pub(crate) memory: Memory,
    pub(crate) engines: Engines,
    pub(crate) performer: Performer,
    pub(crate) feeder: Feeder,
    pub(crate) strays: Strays,
    pub(crate) orphans: Orphans,
    pub(crate) reporter: Reporter,
    pub(crate) requests: Requests,
    pub(crate) commands: Subscription,
    pub(crate) events: mpsc::Receiver<Event>,
}

impl Reconciler {
    pub(crate) async fn run(mut self) {
        let mut verify = tokio::time::interval(VERIFY_EVERY);
        verify.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let wake = self.next_wake();
            tokio::select! {
                () = self.node.shutdown.cancelled() => break,
                Some(delivery) = self.commands.next() => self.command(delivery),
                Some(event) = self.events.recv() => self.take(event),
                () = wait_until(wake) => self.take(Event::Tick),
                _ = verify.tick() => self.verify(),
            }
        }
        self.stop().await;
        self.lifetime.cancel();
    }

    /// Performs what follows from the state of before a restart.
    pub(crate) fn begin(&mut self, actions: Vec<Action>) {
        let commit = self.perform(actions);
        self.watch(commit);
    }

    fn command(&mut self, delivery: Delivery) {
        let message = match delivery.envelope.message() {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(%error, from = delivery.envelope.from, "a command is ignored");
                return delivery.ack();
            }
        };
        match message {
            Message::Report(_) => self.reporter.changed(),
            Message::PrefetchImage(image) => self.performer.prefetch(&image),
            Message::WorkerRequest(request) => self.request(request),
            message => {
                tracing::debug!(kind = delivery.envelope.message_type, from = delivery.envelope.from, "command");
                let commit = self.handle(Event::Command(message));
                // A command whose effect is not on disk must come again.
                self.node.tasks.spawn(async move {
                    match commit.await {
                        Ok(()) => delivery.ack(),
                        Err(error) => tracing::error!(%error, "the command will come again"),
                    }
                });
                return;
            }
        }
        delivery.ack();
    }

    fn request(&mut self, request: WorkerRequest) {
        let WorkerOrder::Restart(asked) = &request.order else { return self.requests.take(request) };
        let task = asked.task_id.clone();
        tracing::info!(%task, from = request.from, "a restart is asked for");
        let outcome = self.tasks.lock().may_restart(&task);
        self.take(Event::Restart { task });
        self.requests.restarted(request.id, outcome);
    }

    fn take(&mut self, event: Event) {
        if event == Event::Retry {
            // The profile names one engine more.
            self.reporter.changed();
        }
        let commit = self.handle(event);
        self.watch(commit);
    }

    fn watch(&self, commit: Commit) {
        self.node.tasks.spawn(async move {
            if let Err(error) = commit.await {
                tracing::error!(%error, "a state was not written; a restart may take up an older one");
            }
        });
    }

    fn handle(&mut self, event: Event) -> Commit {
        let actions = self.tasks.lock().handle(event, service::now());
        self.perform(actions)
    }

    fn perform(&mut self, actions: Vec<Action>) -> Commit {
        let mut batch = Batch::new();
        for action in actions {
            match action {
                Action::Store(task) => {
                    let stored = self.tasks.lock().stored(&task);
                    self.memory.store(&mut batch, &task, stored.as_ref());
                }
                Action::Report(update) => self.report(update),
                Action::Inform(info) => self.reporter.tell(&Message::TaskInfo(info)),
                Action::Subscribe { reference, .. } if reference.is_empty() => {}
                Action::Subscribe { task, input, reference } => self.feeder.subscribe(task, input, reference),
                Action::AbandonSubscribe { task, input } => self.feeder.abandon(task, input),
                Action::Unsubscribe { task, subscription } => self.feeder.unsubscribe(task, subscription),
                Action::DeleteOutputs { task, outputs } => self.feeder.delete_outputs(task, outputs),
                Action::KeepOutputs { task } => self.feeder.keep_outputs(&task),
                action => self.performer.perform(action),
            }
        }
        self.memory.submit(batch)
    }

    fn report(&self, update: flow::TaskUpdate) {
        let reason = (!update.reason.is_empty()).then_some(&update.reason);
        tracing::info!(task = %update.task_id, status = ?update.status, reason, "task instance");
        self.reporter.tell(&Message::TaskUpdate(update));
    }

    fn next_wake(&self) -> Option<Duration> {
        self.tasks.lock().next_wake().map(|wake| wake.since(service::now()))
    }

    fn verify(&mut self) {
        let subscriptions: Vec<(TaskId, tasks::Subscription)> = {
            let tasks = self.tasks.lock();
            tasks.subscriptions().map(|(task, subscription)| (task.clone(), subscription.clone())).collect()
        };
        let (feeder, strays, orphans) = (self.feeder.clone(), self.strays.clone(), self.orphans.clone());
        let stop = self.node.shutdown.clone();
        self.node.tasks.spawn(async move {
            let work = async {
                strays.cancel(&subscriptions).await;
                feeder.verify(&subscriptions).await;
                orphans.cancel(&subscriptions).await;
            };
            stop.run_until_cancelled(work).await
        });
        let wanted = self.tasks.lock().wanted().map(|instance| instance.id.clone()).collect();
        self.performer.sweep(wanted);
        self.take(Event::Tick);
    }

    async fn stop(&mut self) {
        if self.engines.end_with_worker().await {
            self.leave().await;
        } else {
            tracing::info!("task instances run on and wait for the next start");
        }
        if let Err(error) = self.memory.submit(Batch::new()).await {
            tracing::error!(%error, "the last state was not written");
        }
    }

    /// Masters place the instances elsewhere: they end here, and what they wrote stays.
    async fn leave(&mut self) {
        self.reporter.leave().await;
        let moving: Vec<TaskId> = self.tasks.lock().wanted().map(|instance| instance.id.clone()).collect();
        for id in moving {
            let moved = TaskInstance { id, worker_id: "elsewhere".into(), ..TaskInstance::default() };
            self.take(Event::Command(Message::RemoveTask(moved)));
        }
        self.feeder.hurry();
        let ended = async {
            while self.tasks.lock().is_running() || self.feeder.is_busy() {
                tokio::select! {
                    Some(event) = self.events.recv() => self.take(event),
                    () = tokio::time::sleep(LOOK_AGAIN) => {}
                }
            }
        };
        if tokio::time::timeout(FAREWELL, ended).await.is_err() {
            tracing::warn!("not everything was ended in time; the next start goes on with it");
        }
    }
}

async fn wait_until(delay: Option<Duration>) {
    match delay {
        Some(delay) => tokio::time::sleep(delay).await,
        None => std::future::pending().await,
    }
}
