//! What runs task instances, and which of it runs which.

use std::sync::Arc;

use flow::{Engine, TaskId, TaskInstance};
use tasks::{Address, Run};

use crate::function::FunctionEngine;
use crate::metrics::{Outcome, StartLabel, WorkerMetrics};

/// Why an instance could not be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub(crate) struct StartError {
    pub(crate) reason: String,
    /// Trying again soon is pointless.
    pub(crate) permanent: bool,
}

impl StartError {
    pub(crate) fn permanent(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), permanent: true }
    }

    pub(crate) fn passing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), permanent: false }
    }
}

/// The engines of a worker.
#[derive(Clone)]
pub(crate) struct Engines {
    pub(crate) function: FunctionEngine,
    pub(crate) docker: Option<Arc<crate::docker::DockerEngine>>,
    /// False only pretends to run instances (`worker.start_actual_task`).
    pub(crate) actual: bool,
    pub(crate) metrics: WorkerMetrics,
}

impl Engines {
    /// What can be run now.
    pub(crate) fn available(&self) -> Vec<Engine> {
        let docker = self.docker.as_ref().filter(|docker| docker.is_up());
        docker.map(|_| Engine::Docker).into_iter().chain([Engine::Function]).collect()
    }

    pub(crate) async fn start(&self, instance: &TaskInstance, run: Run) -> Result<Address, StartError> {
        if !self.actual {
            return Ok(Address::default());
        }
        let (engine, outcome) = match self.choose(instance) {
            Ok(Some(docker)) => ("docker", docker.run(instance, run).await),
            Ok(None) => ("function", self.function.start(instance, run).await),
            Err(error) => ("none", Err(error)),
        };
        let counted = if outcome.is_ok() { Outcome::Started } else { Outcome::Failed };
        self.metrics.starts.get_or_create(&StartLabel { engine, outcome: counted }).inc();
        outcome
    }

    /// A container where there is an image and Docker, else the function.
    fn choose(&self, instance: &TaskInstance) -> Result<Option<&crate::docker::DockerEngine>, StartError> {
        let image = &instance.docker_image;
        let has_code = !instance.function_code.is_empty();
        match &self.docker {
            Some(docker) if !image.is_empty() && docker.is_up() => Ok(Some(docker)),
            _ if has_code => Ok(None),
            _ if image.is_empty() => Err(StartError::permanent("the operator has neither an image nor function code")),
            Some(_) => Err(StartError::passing(format!("Docker does not answer, which image {image} needs"))),
            None => Err(StartError::permanent(format!(
                "image {image} needs Docker, which this worker does not use, and the operator has no function code"
            ))),
        }
    }

    pub(crate) async fn stop(&self, task: &TaskId) -> Result<(), StartError> {
        if self.function.stop(task) {
            return Ok(());
        }
        match &self.docker {
            Some(docker) if docker.is_up() => docker.stop(task).await,
            _ => Ok(()),
        }
    }

    pub(crate) async fn pause(&self, task: &TaskId, paused: bool) {
        self.function.pause(task, paused);
        if let Some(docker) = &self.docker {
            docker.pause(task, paused).await;
        }
    }

    pub(crate) async fn configure(&self, instance: &TaskInstance) {
        self.function.configure(instance);
        if let Some(docker) = &self.docker {
            docker.configure(instance).await;
        }
    }

    pub(crate) async fn log(&self, task: &TaskId) -> Option<Vec<String>> {
        match (self.function.log(task), &self.docker) {
            (None, Some(docker)) => docker.log(task).await,
            (lines, _) => lines,
        }
    }
}
