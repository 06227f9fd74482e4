//! From an instance to a started container.

use std::path::PathBuf;
use std::time::Instant;

use bollard::query_parameters::CreateContainerOptions;
use flow::{TaskId, TaskInstance};
use tasks::Run;
use tokio_util::sync::CancellationToken;

use super::engine::{Container, DockerEngine, status_of};
use super::spec::{Surroundings, container, container_name};
use crate::container::{Resources, commands, service_entity_id};
use crate::engine::StartError;

/// A port found free may be taken by another process before the container has it.
const ATTEMPTS: usize = 5;

enum Refused {
    PortTaken,
    For(StartError),
}

impl From<StartError> for Refused {
    fn from(error: StartError) -> Self {
        Self::For(error)
    }
}

impl DockerEngine {
    pub(super) async fn launch(
        &self,
        instance: &TaskInstance,
        run: Run,
        resources: Resources,
        services: &[u16],
    ) -> Result<Container, StartError> {
        let broker = self.broker_for_containers().await;
        let code = self.write_code(instance).map_err(|error| StartError::passing(error.to_string()))?;
        for _ in 0..ATTEMPTS {
            match self.try_launch(instance, run, resources, services, &broker, code.as_deref()).await {
                Ok(container) => return Ok(container),
                Err(Refused::PortTaken) => {}
                Err(Refused::For(error)) => return Err(error),
            }
        }
        Err(StartError::passing("the ports found free were taken by others each time"))
    }

    async fn try_launch(
        &self,
        instance: &TaskInstance,
        run: Run,
        resources: Resources,
        services: &[u16],
        broker: &str,
        code: Option<&std::path::Path>,
    ) -> Result<Container, Refused> {
        let ports = self.take_ports(services)?;
        let services: Vec<(u16, u16)> = services.iter().copied().zip(ports[1..].iter().copied()).collect();
        let commands = commands(instance, broker, &self.reference(ports[0]));
        let admin = serde_json::to_string(&commands).map_err(|error| StartError::permanent(error.to_string()))?;
        let service_entity = (!services.is_empty()).then(|| service_entity_id(instance));
        let around = Surroundings {
            worker: &self.settings.worker,
            port: ports[0],
            admin,
            services: &services,
            service_entity: service_entity.as_deref(),
            code,
        };
        let outcome = self.create_and_start(instance, run, resources, &around, &ports).await;
        if outcome.is_err() {
            self.containers.lock().remove(&instance.id);
            self.ports.give_back(&ports);
        }
        outcome
    }

    /// The port of the task, and one for each service: of the same number if it is free.
    fn take_ports(&self, services: &[u16]) -> Result<Vec<u16>, StartError> {
        let mut ports = Vec::with_capacity(1 + services.len());
        for preferred in std::iter::once(None).chain(services.iter().copied().map(Some)) {
            match self.ports.take(preferred) {
                Ok(port) => ports.push(port),
                Err(error) => {
                    self.ports.give_back(&ports);
                    return Err(StartError::passing(format!("no port for the container: {error}")));
                }
            }
        }
        Ok(ports)
    }

    async fn create_and_start(
        &self,
        instance: &TaskInstance,
        run: Run,
        resources: Resources,
        around: &Surroundings<'_>,
        ports: &[u16],
    ) -> Result<Container, Refused> {
        let name = container_name(&self.settings.worker, &instance.id);
        let id = self.create(instance, resources, around, &name).await?;
        let container = Container {
            id: id.clone(),
            run,
            port: around.port,
            ports: ports.to_vec(),
            service_entity: around.service_entity.map(str::to_owned),
            since: Instant::now(),
            gone: CancellationToken::new(),
        };
        self.containers.lock().insert(instance.id.clone(), container.clone());
        let Err(error) = self.docker().map_err(StartError::from)?.start_container(&id, None).await else {
            return Ok(container);
        };
        self.containers.lock().remove(&instance.id);
        self.remove(&name).await?;
        let reason = error.to_string();
        if reason.contains("port is already allocated") || reason.contains("address already in use") {
            return Err(Refused::PortTaken);
        }
        Err(StartError::passing(format!("the container does not start: {reason}")).into())
    }

    /// Creates the container; fetches the image if it is missing, and removes a remainder of the same name.
    async fn create(
        &self,
        instance: &TaskInstance,
        resources: Resources,
        around: &Surroundings<'_>,
        name: &str,
    ) -> Result<String, StartError> {
        let mut reason = String::new();
        for _ in 0..3 {
            let options = CreateContainerOptions { name: Some(name.to_owned()), platform: String::new() };
            let error =
                match self.docker()?.create_container(Some(options), container(instance, resources, around)).await {
                    Ok(created) => return Ok(created.id),
                    Err(error) => error,
                };
            reason = error.to_string();
            match status_of(&error) {
                Some(404) => self.images.ensure(self.docker()?, &self.settings, &instance.docker_image).await?,
                Some(409) => self.remove(name).await?,
                Some(400) => return Err(StartError::permanent(reason)),
                _ => break,
            }
        }
        Err(StartError::passing(format!("the container cannot be created: {reason}")))
    }

    /// Writes the code where it is mounted from: readable by whoever the container runs as, its directory only by us.
    fn write_code(&self, instance: &TaskInstance) -> anyhow::Result<Option<PathBuf>> {
        if instance.function_code.is_empty() {
            return Ok(None);
        }
        use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
        let directory = &self.settings.code_dir;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let file = self.code_file(&instance.id);
        let draft = file.with_extension("draft");
        std::fs::write(&draft, &instance.function_code)?;
        std::fs::set_permissions(&draft, std::fs::Permissions::from_mode(0o444))?;
        std::fs::rename(&draft, &file)?;
        Ok(Some(file))
    }

    pub(super) fn forget_code(&self, task: &TaskId) {
        let file = self.code_file(task);
        if let Err(error) = std::fs::remove_file(&file)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(file = %file.display(), %error, "the code of a task stays behind");
        }
    }

    fn code_file(&self, task: &TaskId) -> PathBuf {
        self.settings.code_dir.join(format!("{}.js", container_name(&self.settings.worker, task)))
    }
}
