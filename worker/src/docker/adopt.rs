//! Containers that survived the worker.

use std::collections::HashMap;
use std::time::Instant;

use bollard::models::{ContainerSummary, ContainerSummaryStateEnum};
use bollard::query_parameters::ListContainersOptions;
use flow::{TaskId, TaskInstance};
use tasks::{Run, program_fingerprint};
use tokio_util::sync::CancellationToken;

use super::engine::{Container, DockerEngine};
use super::spec::{OUTPUTS_LABEL, PORT_LABEL, PROGRAM_LABEL, SERVICE_LABEL, TASK_LABEL, WORKER_LABEL, outputs_label};

/// A container of this worker, as the engine lists it.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) id: String,
    pub(super) running: bool,
    paused: bool,
    program: String,
    outputs: String,
    port: u16,
    ports: Vec<u16>,
    pub(super) service_entity: Option<String>,
}

impl Found {
    fn read(summary: ContainerSummary) -> Option<(TaskId, Self)> {
        let labels = summary.labels.unwrap_or_default();
        let label = |name: &str| labels.get(name).cloned().unwrap_or_default();
        let task = TaskId::from(labels.get(TASK_LABEL)?.clone());
        let state = summary.state;
        let ports = summary.ports.unwrap_or_default().into_iter().filter_map(|port| port.public_port).collect();
        let found = Self {
            id: summary.id?,
            running: matches!(state, Some(ContainerSummaryStateEnum::RUNNING | ContainerSummaryStateEnum::PAUSED)),
            paused: state == Some(ContainerSummaryStateEnum::PAUSED),
            program: label(PROGRAM_LABEL),
            outputs: label(OUTPUTS_LABEL),
            port: label(PORT_LABEL).parse().unwrap_or_default(),
            ports,
            service_entity: labels.get(SERVICE_LABEL).filter(|entity| !entity.is_empty()).cloned(),
        };
        Some((task, found))
    }

    fn runs(&self, instance: &TaskInstance) -> bool {
        self.running && self.port != 0 && self.program == program_fingerprint(instance).to_string()
    }
}

impl DockerEngine {
    /// Every container of this worker, running or not.
    pub(super) async fn list(&self) -> Result<HashMap<TaskId, Found>, bollard::errors::Error> {
        let label = format!("{WORKER_LABEL}={}", self.settings.worker);
        let filters = HashMap::from([("label".to_owned(), vec![label])]);
        let options = ListContainersOptions { all: true, filters: Some(filters), ..ListContainersOptions::default() };
        let summaries = self.docker()?.list_containers(Some(options)).await?;
        Ok(summaries.into_iter().filter_map(Found::read).collect())
    }

    /// Takes over a running container of an earlier life if it runs the same program; removes it otherwise.
    pub(super) async fn adopt(&self, instance: &TaskInstance, run: Run) -> Option<Container> {
        let found = self.found.lock().remove(&instance.id)?;
        if !found.runs(instance) {
            if let Err(error) = self.remove(&found.id).await {
                tracing::warn!(task = %instance.id, %error, "an old container stays behind");
            }
            return None;
        }
        if found.paused
            && let Ok(docker) = self.docker()
        {
            // The core pauses it again if it must be; one that is released meanwhile refuses this.
            let _ = docker.unpause_container(&found.id).await;
        }
        let mut ports = found.ports;
        ports.push(found.port);
        ports.iter().for_each(|port| self.ports.keep(*port));
        let container = Container {
            id: found.id,
            run,
            port: found.port,
            ports,
            service_entity: found.service_entity,
            since: Instant::now(),
            gone: CancellationToken::new(),
        };
        self.containers.lock().insert(instance.id.clone(), container.clone());
        tracing::info!(task = %instance.id, container = container.id, "adopted");
        if found.outputs != outputs_label(instance) {
            self.configure(instance).await;
        }
        Some(container)
    }

    /// Ends containers that nobody wants, and notices containers that ended unseen.
    pub(crate) async fn sweep(&self, keep: impl Fn(&TaskId) -> bool) {
        if !self.is_up() {
            return;
        }
        let begun = Instant::now();
        let listed = match self.list().await {
            Ok(listed) => listed,
            Err(error) => return tracing::warn!(%error, "containers cannot be listed"),
        };
        for (task, found) in &listed {
            if !keep(task) && (found.running || self.settings.auto_remove) {
                tracing::info!(%task, container = found.id, "removing a container that nothing wants");
                self.found.lock().remove(task);
                self.remove(&found.id).await.unwrap_or_else(|error| tracing::warn!(%task, %error, "an orphan stays"));
            }
        }
        let runs = |id: &str| listed.values().any(|found| found.running && found.id == id);
        let ended: Vec<(TaskId, String)> = {
            let containers = self.containers.lock();
            let ended = containers.iter().filter(|(_, container)| container.since < begun && !runs(&container.id));
            ended.map(|(task, container)| (task.clone(), container.id.clone())).collect()
        };
        for (task, id) in ended {
            self.ended(&task, &id).await;
        }
    }
}
