//! Performs what the core asks of engines: for each instance in order, among instances at the same time.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use flow::{DockerImage, TaskId};
use service::Node;
use tasks::{Action, Event};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::engine::Engines;

const STOP_AGAIN_AFTER: Duration = Duration::from_secs(2);

pub(crate) struct Performer {
    node: Node,
    lifetime: CancellationToken,
    engines: Engines,
    events: mpsc::Sender<Event>,
    /// The latest action of each instance; the next one waits for it.
    latest: HashMap<TaskId, Latest>,
}

struct Latest {
    done: JoinHandle<()>,
    /// Ends a start that is under way.
    cancel: CancellationToken,
}

impl Performer {
    pub(crate) fn new(node: Node, lifetime: CancellationToken, engines: Engines, events: mpsc::Sender<Event>) -> Self {
        Self { node, lifetime, engines, events, latest: HashMap::new() }
    }

    pub(crate) fn perform(&mut self, action: Action) {
        let task = match &action {
            Action::Start { instance, .. } | Action::Configure { instance, .. } => instance.id.clone(),
            Action::Stop { task, .. } | Action::Pause { task, .. } | Action::Resume { task, .. } => task.clone(),
            _ => return,
        };
        let before = self.latest.remove(&task);
        if let (Action::Stop { .. }, Some(before)) = (&action, &before) {
            before.cancel.cancel();
        }
        let cancel = self.lifetime.child_token();
        let work = Work { engines: self.engines.clone(), events: self.events.clone(), cancel: cancel.clone() };
        let done = self.node.tasks.spawn(async move {
            if let Some(before) = before {
                // It reports its own failure; this one follows in any case.
                let _ = before.done.await;
            }
            work.perform(action).await;
        });
        self.latest.insert(task, Latest { done, cancel });
    }

    /// Fetches an image ahead of need.
    pub(crate) fn prefetch(&self, image: &DockerImage) {
        let Some(containers) = self.engines.containers.clone() else { return };
        let (reference, stop) = (image.reference(), self.node.shutdown.clone());
        self.node.tasks.spawn(async move {
            if let Some(Err(error)) = stop.run_until_cancelled(containers.prefetch(&reference)).await {
                tracing::warn!(image = reference, %error, "an image could not be fetched ahead of need");
            }
        });
    }

    /// Forgets what is done, and ends containers that nothing wants.
    pub(crate) fn sweep(&mut self, wanted: BTreeSet<TaskId>) {
        self.latest.retain(|_, latest| !latest.done.is_finished());
        let busy: BTreeSet<TaskId> = self.latest.keys().cloned().collect();
        let Some(containers) = self.engines.containers.clone() else { return };
        let (function, stop) = (self.engines.function.clone(), self.node.shutdown.clone());
        self.node.tasks.spawn(async move {
            let keep = |task: &TaskId| busy.contains(task) || (wanted.contains(task) && !function.runs(task));
            stop.run_until_cancelled(containers.sweep(keep)).await
        });
    }
}

struct Work {
    engines: Engines,
    events: mpsc::Sender<Event>,
    cancel: CancellationToken,
}

impl Work {
    async fn perform(self, action: Action) {
        let event = match action {
            Action::Start { instance, run } => {
                let started = self.cancel.run_until_cancelled(self.engines.start(&instance, run)).await;
                let task = instance.id.clone();
                match started {
                    None => return,
                    Some(Ok(address)) => Event::Started { task, run, address },
                    Some(Err(error)) => {
                        tracing::warn!(%task, %error, "cannot be started");
                        Event::StartFailed { task, run, reason: error.reason, permanent: error.permanent }
                    }
                }
            }
            Action::Stop { task, run } => {
                while let Err(error) = self.engines.stop(&task).await {
                    tracing::warn!(%task, %error, "cannot be stopped yet");
                    tokio::time::sleep(STOP_AGAIN_AFTER).await;
                }
                Event::Stopped { task, run }
            }
            Action::Pause { task, .. } => return self.engines.pause(&task, true).await,
            Action::Resume { task, .. } => return self.engines.pause(&task, false).await,
            Action::Configure { instance, .. } => return self.engines.configure(&instance).await,
            _ => return,
        };
        // The reconciler is gone only when the worker stops.
        let _ = self.events.send(event).await;
    }
}
