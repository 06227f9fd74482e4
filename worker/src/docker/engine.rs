//! The engine as the worker uses it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bollard::query_parameters::{RemoveContainerOptions, StopContainerOptions};
use bollard::{API_DEFAULT_VERSION, Docker};
use flow::{TaskId, TaskInstance, WorkerId};
use parking_lot::Mutex;
use service::Node;
use tasks::{Address, Event, Run};
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::adopt::Found;
use super::images::Images;
use super::ports::Ports;
use super::settings::Settings;
use super::spec::container_name;
use super::watch;
use crate::broker::{BrokerClient, Nearest};
use crate::container::{Resources, ServiceEntity, commands, service_ports};
use crate::engine::StartError;

const DEFAULT_HOST: &str = "unix:///var/run/docker.sock";
const REQUEST_TIMEOUT_S: u64 = 120;
/// How long the worker's start waits to learn whether there is an engine.
const FIRST_ANSWER: Duration = Duration::from_millis(500);
/// Containers started at once.
const STARTING: usize = 8;
/// How long a container may take to end after SIGTERM.
const GRACE_S: i32 = 2;

pub(crate) struct DockerEngine {
    pub(super) node: Node,
    host: String,
    connection: OnceLock<Docker>,
    pub(super) settings: Settings,
    pub(super) nearest: Nearest,
    services: ServiceEntity,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) up: AtomicBool,
    /// The host as containers see it.
    pub(super) gateway: Mutex<Option<String>>,
    pub(super) ports: Ports,
    pub(super) images: Images,
    pub(super) slots: Semaphore,
    pub(super) containers: Mutex<HashMap<TaskId, Container>>,
    /// Containers of this worker's earlier life that nobody has asked for yet.
    pub(super) found: Mutex<HashMap<TaskId, Found>>,
}

/// A container that runs or is being started.
#[derive(Debug, Clone)]
pub(super) struct Container {
    pub(super) id: String,
    pub(super) run: Run,
    pub(super) port: u16,
    /// Every port on the host.
    pub(super) ports: Vec<u16>,
    /// The entity that tells where its services are.
    pub(super) service_entity: Option<String>,
    pub(super) since: Instant,
    /// Cancelled when it has ended by itself.
    pub(super) gone: CancellationToken,
}

impl DockerEngine {
    /// Connects; an engine that does not answer is tried again for as long as the worker runs.
    pub(crate) async fn start(
        node: Node,
        worker: WorkerId,
        nearest: Nearest,
        client: BrokerClient,
        events: mpsc::Sender<Event>,
    ) -> Arc<Self> {
        let engine = Arc::new(Self {
            host: host(node.config.worker.docker_host.as_deref()),
            connection: OnceLock::new(),
            settings: Settings::new(worker, &node.config),
            services: ServiceEntity { client, nearest: nearest.clone(), place: node.config.location },
            node,
            nearest,
            events,
            up: AtomicBool::new(false),
            gateway: Mutex::default(),
            ports: Ports::default(),
            images: Images::default(),
            slots: Semaphore::new(STARTING),
            containers: Mutex::default(),
            found: Mutex::default(),
        });
        if !matches!(tokio::time::timeout(FIRST_ANSWER, engine.appear()).await, Ok(Ok(()))) {
            tracing::info!("no Docker engine answers yet: only functions are run until one does");
        }
        let (watching, stop) = (engine.clone(), engine.node.shutdown.clone());
        engine.node.tasks.spawn(async move {
            stop.run_until_cancelled(watch::run(&watching)).await;
        });
        engine
    }

    /// The connection, which is made when it is first needed: a socket that is not there yet cannot be connected to.
    pub(super) fn docker(&self) -> Result<&Docker, bollard::errors::Error> {
        match self.connection.get() {
            Some(docker) => Ok(docker),
            None => {
                let docker = connect(&self.host)?;
                Ok(self.connection.get_or_init(|| docker))
            }
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// Makes the instance run in a container and waits until it listens.
    pub(crate) async fn run(&self, instance: &TaskInstance, run: Run) -> Result<Address, StartError> {
        let resources = Resources::of(instance).map_err(StartError::permanent)?;
        let services = service_ports(instance).map_err(StartError::permanent)?;
        let _slot = self.slots.acquire().await.map_err(|error| StartError::passing(error.to_string()))?;
        let found = self.adopt(instance, run).await;
        let adopted = found.is_some();
        let container = match found {
            Some(container) => container,
            None => self.launch(instance, run, resources, &services).await?,
        };
        self.wait_until_listening(&container).await?;
        if let Some(entity) = &container.service_entity {
            let ports: Vec<u16> = container.ports.iter().copied().filter(|port| *port != container.port).collect();
            self.services.register(instance, entity, &self.settings.host, &ports).await;
        }
        Ok(Address { reference: self.reference(container.port), container: container.id, adopted })
    }

    /// Ends and removes whatever container the instance has.
    pub(crate) async fn stop(&self, task: &TaskId) -> Result<(), StartError> {
        let docker = self.docker()?;
        let known = self.containers.lock().remove(task);
        let found = self.found.lock().remove(task);
        let name = container_name(&self.settings.worker, task);
        // A paused container does not hear SIGTERM; one that is not paused refuses this.
        let _ = docker.unpause_container(&name).await;
        let options = StopContainerOptions { t: Some(GRACE_S), signal: None };
        let stopped = absent_is_fine(docker.stop_container(&name, Some(options)).await);
        if let Err(error) = stopped {
            tracing::debug!(%task, %error, "the container does not stop: it is killed");
        }
        if self.settings.auto_remove {
            self.remove(&name).await?;
        } else {
            absent_is_fine(docker.stop_container(&name, None).await)
                .map_err(|error| StartError::passing(format!("container {name} cannot be stopped: {error}")))?;
        }
        let entity = known.as_ref().and_then(|c| c.service_entity.clone()).or(found.and_then(|f| f.service_entity));
        if let Some(entity) = entity {
            self.services.unregister(task, &entity).await;
        }
        if let Some(container) = known {
            self.ports.give_back(&container.ports);
        }
        self.forget_code(task);
        Ok(())
    }

    pub(super) async fn remove(&self, name: &str) -> Result<(), StartError> {
        let options = RemoveContainerOptions { force: true, v: true, link: false };
        absent_is_fine(self.docker()?.remove_container(name, Some(options)).await)
            .map_err(|error| StartError::passing(format!("container {name} cannot be removed: {error}")))
    }

    pub(crate) async fn pause(&self, task: &TaskId, paused: bool) {
        let Ok(docker) = self.docker() else { return };
        if !self.containers.lock().contains_key(task) {
            return;
        }
        let name = container_name(&self.settings.worker, task);
        let outcome = match paused {
            true => docker.pause_container(&name).await,
            false => docker.unpause_container(&name).await,
        };
        if let Err(error) = outcome {
            tracing::warn!(%task, paused, %error, "the container cannot be held or released");
        }
    }

    /// Posts the instance's surroundings to its container.
    pub(crate) async fn configure(&self, instance: &TaskInstance) {
        let Some(port) = self.containers.lock().get(&instance.id).map(|container| container.port) else { return };
        let reference = self.reference(port);
        let commands = commands(instance, &self.broker_for_containers().await, &reference);
        if let Err(error) = self.node.client.post_json(&format!("{reference}/admin"), &[], &commands).await {
            tracing::warn!(task = %instance.id, %error, "the container could not be told its outputs");
        }
    }

    pub(crate) async fn prefetch(&self, image: &str) -> Result<(), StartError> {
        self.images.ensure(self.docker()?, &self.settings, image).await
    }

    /// Where the container that has this port is reached.
    pub(super) fn reference(&self, port: u16) -> String {
        format!("http://{}:{port}", self.settings.host)
    }
}

fn host(configured: Option<&str>) -> String {
    let from_environment = std::env::var("DOCKER_HOST").ok();
    let host = configured.or(from_environment.as_deref()).filter(|host| !host.is_empty());
    host.unwrap_or(DEFAULT_HOST).to_owned()
}

fn connect(host: &str) -> Result<Docker, bollard::errors::Error> {
    if host.starts_with("unix://") || host.starts_with('/') {
        Docker::connect_with_socket(host, REQUEST_TIMEOUT_S, API_DEFAULT_VERSION)
    } else {
        Docker::connect_with_http(host, REQUEST_TIMEOUT_S, API_DEFAULT_VERSION)
    }
}

impl From<bollard::errors::Error> for StartError {
    fn from(error: bollard::errors::Error) -> Self {
        Self::passing(error.to_string())
    }
}

/// The HTTP status by which the engine refused.
pub(super) fn status_of(error: &bollard::errors::Error) -> Option<u16> {
    match error {
        bollard::errors::Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// Not there (404), not running (304) or already going (409) is what ending it was to achieve.
pub(super) fn absent_is_fine(outcome: Result<(), bollard::errors::Error>) -> Result<(), bollard::errors::Error> {
    match outcome {
        Err(error) if matches!(status_of(&error), Some(304 | 404 | 409)) => Ok(()),
        outcome => outcome,
    }
}
