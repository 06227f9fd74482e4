//! Follows the pods and Deployments of the pool.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use flow::TaskId;
use futures_util::StreamExt;
use kube::runtime::{WatchStreamExt, watcher};
use tasks::{Event, Run};
use tokio::time::MissedTickBehavior;

use super::api::ApiError;
use super::engine::KubernetesEngine;
use super::names::POOL_LABEL;
use super::state::News;
use super::view::PodView;

const LOOK_AGAIN: Duration = Duration::from_secs(1);
/// A watch whose version is too old starts anew by itself.
const GONE: u16 = 410;
const QUOTED_LINES: i64 = 3;
const QUOTED_LETTERS: usize = 300;
/// What a kubelet answers in place of a log that it no longer has.
const NO_LOG: [&str; 2] = ["failed to try resolving symlinks", "unable to retrieve container logs"];

/// For as long as the worker runs.
pub(super) async fn run(engine: &Arc<KubernetesEngine>) {
    let pool = watcher::Config::default().labels(&format!("{POOL_LABEL}={}", engine.settings.pool));
    let mut pods = std::pin::pin!(watcher(engine.cluster.pods(), pool.clone()).default_backoff());
    let mut deployments = std::pin::pin!(watcher(engine.cluster.deployments(), pool).default_backoff());
    let mut tick = tokio::time::interval(LOOK_AGAIN);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            Some(event) = pods.next() => match event {
                Ok(event) => engine.state.pod_event(&event),
                Err(error) => engine.watch_failed("pods", &error),
            },
            Some(event) = deployments.next() => match event {
                Ok(event) => engine.state.deployment_event(&event),
                Err(error) => engine.watch_failed("deployments", &error),
            },
            _ = tick.tick() => {}
        }
        engine.appear().await;
        engine.review().await;
    }
}

impl KubernetesEngine {
    fn watch_failed(&self, what: &str, error: &watcher::Error) {
        let problem = match error {
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => ApiError::new(format!("watching {what}"), error).to_string(),
            watcher::Error::WatchError(status) => format!("watching {what}: {}", status.message),
            error @ watcher::Error::NoResourceVersion => format!("watching {what}: {error}"),
        };
        let is_gone = matches!(error, watcher::Error::WatchError(status) if status.code == GONE);
        if self.state.is_synced() || is_gone {
            return tracing::debug!(problem, "a watch is begun again");
        }
        if self.problem.lock().replace(problem.clone()).as_ref() != Some(&problem) {
            tracing::warn!(problem, "the cluster cannot be watched yet");
        }
    }

    /// Offers the cluster for use once everything in it has been seen.
    async fn appear(&self) {
        if !self.state.is_synced() || self.is_synced.swap(true, Ordering::Relaxed) {
            return;
        }
        *self.problem.lock() = None;
        tracing::info!(namespace = self.cluster.namespace, pool = self.settings.pool, "pods can be run");
        self.tell(Event::Retry).await;
    }

    async fn review(self: &Arc<Self>) {
        if !self.state.is_synced() {
            return;
        }
        for news in self.state.review(self.settings.worker.as_str()) {
            match news {
                News::Ended { task, run, reason, pod } => {
                    // Asking for the last words must not keep the watches waiting.
                    let engine = self.clone();
                    self.node.tasks.spawn(async move { engine.ended(task, run, reason, pod).await });
                }
                News::Health { task, run, trouble } => self.tell(Event::Health { task, run, trouble }).await,
                News::Appeared => self.tell(Event::Retry).await,
            }
        }
    }

    async fn ended(&self, task: TaskId, run: Run, mut reason: String, pod: Option<Box<PodView>>) {
        if let Some(pod) = pod {
            let said = self.last_words(&pod.name, pod.restarts > 0 && pod.running).await;
            reason.extend(said.map(|said| format!(": {said}")));
        }
        tracing::warn!(%task, reason, "the pod's container has ended");
        self.tell(Event::Exited { task, run, reason }).await;
    }

    pub(super) async fn last_words(&self, pod: &str, previous: bool) -> Option<String> {
        let lines = self.cluster.log(pod, QUOTED_LINES, previous).await.ok()?;
        let own = lines.into_iter().filter(|line| !NO_LOG.iter().any(|excuse| line.starts_with(excuse)));
        let said: String = own.collect::<Vec<_>>().join(" | ").chars().take(QUOTED_LETTERS).collect();
        (!said.is_empty()).then_some(said)
    }
}
