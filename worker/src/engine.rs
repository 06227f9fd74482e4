//! What runs task instances, and which of it runs which.

use std::sync::Arc;

use flow::{Engine, TaskId, TaskInstance};
use tasks::{Address, Run};

use crate::docker::DockerEngine;
use crate::function::FunctionEngine;
use crate::kubernetes::KubernetesEngine;
use crate::logs::{Cursor, LogSource};
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

/// What runs images.
#[derive(Clone)]
pub(crate) enum Containers {
    /// Containers of a Docker engine.
    Docker(Arc<DockerEngine>),
    /// Pods of a cluster.
    Kubernetes(Arc<KubernetesEngine>),
}

impl Containers {
    fn name(&self) -> &'static str {
        match self {
            Self::Docker(_) => "docker",
            Self::Kubernetes(_) => "kubernetes",
        }
    }

    fn kind(&self) -> Engine {
        match self {
            Self::Docker(_) => Engine::Docker,
            Self::Kubernetes(_) => Engine::Kubernetes,
        }
    }

    /// Whether it is worth offering. What runs in a cluster outlives a cluster that does not answer, and says itself why it cannot start more.
    fn is_up(&self) -> bool {
        match self {
            Self::Docker(docker) => docker.is_up(),
            Self::Kubernetes(_) => true,
        }
    }

    async fn run(&self, instance: &TaskInstance, run: Run) -> Result<Address, StartError> {
        match self {
            Self::Docker(docker) => docker.run(instance, run).await,
            Self::Kubernetes(kubernetes) => Box::pin(kubernetes.run(instance, run)).await,
        }
    }

    async fn stop(&self, task: &TaskId) -> Result<(), StartError> {
        match self {
            Self::Docker(docker) if docker.is_up() => docker.stop(task).await,
            Self::Docker(_) => Ok(()),
            Self::Kubernetes(kubernetes) => kubernetes.stop(task).await,
        }
    }

    async fn pause(&self, task: &TaskId, paused: bool) {
        match self {
            Self::Docker(docker) => docker.pause(task, paused).await,
            Self::Kubernetes(kubernetes) => kubernetes.pause(task, paused).await,
        }
    }

    async fn configure(&self, instance: &TaskInstance) {
        match self {
            Self::Docker(docker) => docker.configure(instance).await,
            Self::Kubernetes(kubernetes) => kubernetes.configure(instance).await,
        }
    }

    async fn log(&self, task: &TaskId) -> Option<Vec<String>> {
        match self {
            Self::Docker(docker) => docker.log(task).await,
            Self::Kubernetes(kubernetes) => kubernetes.log(task).await,
        }
    }

    async fn follow_log(&self, task: &TaskId, after: Option<&Cursor>) -> Option<LogSource> {
        match self {
            Self::Docker(docker) => docker.follow_log(task, after).await,
            Self::Kubernetes(kubernetes) => kubernetes.follow_log(task, after).await,
        }
    }

    /// Fetches an image ahead of need; in a cluster each node does so when it needs it.
    pub(crate) async fn prefetch(&self, image: &str) -> Result<(), StartError> {
        match self {
            Self::Docker(docker) => docker.prefetch(image).await,
            Self::Kubernetes(_) => Ok(()),
        }
    }

    /// Ends what nobody wants.
    pub(crate) async fn sweep(&self, keep: impl Fn(&TaskId) -> bool) {
        match self {
            Self::Docker(docker) => docker.sweep(keep).await,
            Self::Kubernetes(kubernetes) => kubernetes.sweep(keep).await,
        }
    }

    /// Whether what runs must end with the worker. Pods run on while a pod of the worker is replaced.
    async fn end_with_worker(&self) -> bool {
        match self {
            Self::Docker(_) => true,
            Self::Kubernetes(kubernetes) => kubernetes.leaves_for_good().await,
        }
    }
}

/// The engines of a worker.
#[derive(Clone)]
pub(crate) struct Engines {
    pub(crate) function: FunctionEngine,
    pub(crate) containers: Option<Containers>,
    /// False only pretends to run instances (`worker.start_actual_task`).
    pub(crate) actual: bool,
    pub(crate) metrics: WorkerMetrics,
}

impl Engines {
    /// What can be run now.
    pub(crate) fn available(&self) -> Vec<Engine> {
        let containers = self.containers.as_ref().filter(|containers| containers.is_up());
        containers.map(Containers::kind).into_iter().chain([Engine::Function]).collect()
    }

    pub(crate) async fn start(&self, instance: &TaskInstance, run: Run) -> Result<Address, StartError> {
        if !self.actual {
            return Ok(Address::default());
        }
        let (engine, outcome) = match self.choose(instance) {
            Ok(Some(containers)) => (containers.name(), containers.run(instance, run).await),
            Ok(None) => ("function", self.function.start(instance, run).await),
            Err(error) => ("none", Err(error)),
        };
        let counted = if outcome.is_ok() { Outcome::Started } else { Outcome::Failed };
        self.metrics.starts.get_or_create(&StartLabel { engine, outcome: counted }).inc();
        outcome
    }

    /// A container where there is an image and what runs it, else the function.
    fn choose(&self, instance: &TaskInstance) -> Result<Option<&Containers>, StartError> {
        let image = &instance.docker_image;
        let has_code = !instance.function_code.is_empty();
        match &self.containers {
            Some(containers) if !image.is_empty() && containers.is_up() => Ok(Some(containers)),
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
        match &self.containers {
            Some(containers) => containers.stop(task).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn pause(&self, task: &TaskId, paused: bool) {
        self.function.pause(task, paused);
        if let Some(containers) = &self.containers {
            containers.pause(task, paused).await;
        }
    }

    pub(crate) async fn configure(&self, instance: &TaskInstance) {
        self.function.configure(instance);
        if let Some(containers) = &self.containers {
            containers.configure(instance).await;
        }
    }

    pub(crate) async fn log(&self, task: &TaskId) -> Option<Vec<String>> {
        match (self.function.log(task), &self.containers) {
            (None, Some(containers)) => containers.log(task).await,
            (lines, _) => lines,
        }
    }

    /// What the instance writes at present, `None` while nothing runs of it. Without `after` it begins with the last lines,
    /// with one of another run it has all lines of this run.
    pub(crate) async fn follow_log(&self, task: &TaskId, after: Option<&Cursor>) -> Option<LogSource> {
        match (self.function.follow_log(task, after), &self.containers) {
            (None, Some(containers)) => containers.follow_log(task, after).await,
            (source, _) => source,
        }
    }

    /// Whether the instances of a worker that stops are to be placed elsewhere, or wait for it to come back.
    pub(crate) async fn end_with_worker(&self) -> bool {
        match &self.containers {
            Some(containers) => containers.end_with_worker().await,
            None => true,
        }
    }
}
