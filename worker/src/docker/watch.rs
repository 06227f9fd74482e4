//! Follows the engine: whether it is there, and which containers end.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bollard::models::ContainerState;
use bollard::query_parameters::{EventsOptions, InspectContainerOptions};
use flow::TaskId;
use futures_util::StreamExt;
use tasks::Event;

use super::engine::{DockerEngine, status_of};
use super::reach;
use super::spec::{TASK_LABEL, WORKER_LABEL};

const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
const QUOTED_LINES: &str = "3";
const QUOTED_LETTERS: usize = 300;
/// Exit code after SIGKILL, which is how the kernel ends what takes too much memory.
const KILLED: i64 = 137;
const ENGINE_AWAY: &str = "the Docker engine was stopped";

/// For as long as the worker runs.
pub(super) async fn run(engine: &DockerEngine) {
    let mut pause = FIRST_PAUSE;
    loop {
        if engine.is_up() || engine.appear().await.is_ok() {
            pause = FIRST_PAUSE;
            engine.follow().await;
            engine.up.store(false, Ordering::Relaxed);
            tracing::warn!("the Docker engine does not answer");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

impl DockerEngine {
    /// Learns what the engine has, and offers it for use.
    pub(super) async fn appear(&self) -> Result<(), bollard::errors::Error> {
        let listed = self.list().await?;
        let network = self.docker()?.inspect_network("bridge", None).await?;
        let configs = network.ipam.and_then(|ipam| ipam.config).unwrap_or_default();
        *self.gateway.lock() = configs.iter().find_map(reach::gateway);
        {
            let known = self.containers.lock();
            let unknown = listed.into_iter().filter(|(task, found)| known.get(task).is_none_or(|c| c.id != found.id));
            *self.found.lock() = unknown.collect();
        }
        if !self.up.swap(true, Ordering::Relaxed) {
            tracing::info!("a Docker engine answers: containers can be run");
            // The reconciler is gone only when the worker stops.
            let _ = self.events.send(Event::Retry).await;
        }
        Ok(())
    }

    /// Reads the engine's events until the connection ends.
    async fn follow(&self) {
        let filters = [
            ("type".to_owned(), vec!["container".to_owned()]),
            ("event".to_owned(), vec!["die".to_owned()]),
            ("label".to_owned(), vec![format!("{WORKER_LABEL}={}", self.settings.worker)]),
        ];
        // From before the sweep on: a container that ends meanwhile is seen by one of both.
        let since = service::now().as_micros() / 1_000_000 - 1;
        let options =
            EventsOptions { since: Some(since.to_string()), until: None, filters: Some(HashMap::from(filters)) };
        self.sweep(|_| true).await;
        let Ok(docker) = self.docker() else { return };
        let mut events = std::pin::pin!(docker.events(Some(options)));
        while let Some(Ok(event)) = events.next().await {
            let Some(actor) = event.actor else { continue };
            let task = actor.attributes.unwrap_or_default().remove(TASK_LABEL);
            if let (Some(id), Some(task)) = (actor.id, task) {
                self.ended(&TaskId::from(task), &id).await;
            }
        }
    }

    /// A container has ended by itself, unless it was stopped by us and forgotten before.
    pub(super) async fn ended(&self, task: &TaskId, id: &str) {
        let container = {
            let mut containers = self.containers.lock();
            match containers.get(task) {
                Some(container) if container.id == id => containers.remove(task),
                _ => None,
            }
        };
        let Some(container) = container else { return };
        let reason = self.why(id).await;
        tracing::warn!(%task, container = id, reason, "the container has ended");
        self.ports.give_back(&container.ports);
        if self.settings.auto_remove
            && let Err(error) = self.remove(id).await
        {
            tracing::warn!(%task, %error, "an ended container stays behind");
        }
        // The reconciler is gone only when the worker stops.
        let _ = self.events.send(Event::Exited { task: task.clone(), run: container.run, reason }).await;
        // Only now, so that a start that is under way does not fail with a poorer reason.
        container.gone.cancel();
    }

    async fn why(&self, id: &str) -> String {
        let Ok(docker) = self.docker() else { return ENGINE_AWAY.to_owned() };
        let inspected = match docker.inspect_container(id, None::<InspectContainerOptions>).await {
            Ok(inspected) => inspected,
            Err(error) if status_of(&error) == Some(404) => {
                return "the container was removed by somebody else".to_owned();
            }
            Err(_) => return ENGINE_AWAY.to_owned(),
        };
        let limit = inspected.host_config.and_then(|config| config.memory).unwrap_or_default();
        let mut reason = describe(&inspected.state.unwrap_or_default(), limit);
        let said = self.last_lines(id, QUOTED_LINES).await.join(" | ");
        if !said.is_empty() {
            reason.push_str(": ");
            reason.extend(said.chars().take(QUOTED_LETTERS));
        }
        reason
    }
}

fn describe(state: &ContainerState, memory_limit: i64) -> String {
    let code = state.exit_code.unwrap_or_default();
    let limit_mib = memory_limit / (1024 * 1024);
    match (state.oom_killed, state.error.as_deref()) {
        (Some(true), _) => format!("out of memory, limit {limit_mib} MiB (OOMKilled, exit code {code})"),
        // The engine forgets the cause when it hears of the end first.
        (_, None | Some("")) if code == KILLED && limit_mib > 0 => {
            format!("killed, most likely out of memory, limit {limit_mib} MiB (exit code {code})")
        }
        (_, Some(error)) if !error.is_empty() => format!("exit code {code}, {error}"),
        _ => format!("exit code {code}"),
    }
}
