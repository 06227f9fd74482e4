//! From a task instance to the description of its container.

use std::collections::HashMap;
use std::path::Path;

use bollard::models::RestartPolicyNameEnum;
use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType, PortBinding, RestartPolicy,
};
use flow::{TaskId, TaskInstance, WorkerId};
use tasks::program_fingerprint;

use crate::container::Resources;

pub(super) const WORKER_LABEL: &str = "fogflow.worker";
pub(super) const TASK_LABEL: &str = "fogflow.task";
pub(super) const PROGRAM_LABEL: &str = "fogflow.program";
pub(super) const PORT_LABEL: &str = "fogflow.port";
pub(super) const OUTPUTS_LABEL: &str = "fogflow.outputs";
pub(super) const SERVICE_LABEL: &str = "fogflow.service";

const CODE_PATH: &str = "/app/function.js";
const LOG_FILES: &str = "2";
const LOG_SIZE: &str = "5m";

/// What a container is given besides the instance.
pub(super) struct Surroundings<'a> {
    pub(super) worker: &'a WorkerId,
    /// The port it must listen on, published under the same number.
    pub(super) port: u16,
    /// `adminCfg` as JSON.
    pub(super) admin: String,
    /// Ports of services: in the container, and on the host.
    pub(super) services: &'a [(u16, u16)],
    /// The entity that tells where its services are, if it has any.
    pub(super) service_entity: Option<&'a str>,
    /// The file with its code, if any.
    pub(super) code: Option<&'a Path>,
}

/// The name of an instance's container: readable, unique for worker and task, at most 120 letters.
pub(super) fn container_name(worker: &WorkerId, task: &TaskId) -> String {
    let hash = format!("{worker}\n{task}")
        .bytes()
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    let readable: String =
        task.as_str().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(100).collect();
    format!("fogflow-{readable}-{hash:08x}")
}

/// What tells that a running container must be told its outputs anew.
pub(super) fn outputs_label(instance: &TaskInstance) -> String {
    let outputs: Vec<String> = instance.outputs.iter().map(|o| format!("{}={}", o.r#type, o.stream_id)).collect();
    outputs.join(";")
}

pub(super) fn container(
    instance: &TaskInstance,
    resources: Resources,
    around: &Surroundings<'_>,
) -> ContainerCreateBody {
    let published: Vec<(u16, u16)> =
        std::iter::once((around.port, around.port)).chain(around.services.iter().copied()).collect();
    let labels = [
        (WORKER_LABEL, around.worker.to_string()),
        (TASK_LABEL, instance.id.to_string()),
        ("fogflow.topology", instance.topology_name.clone()),
        ("fogflow.intent", instance.service_intent_id.clone()),
        ("fogflow.generation", instance.generation.to_string()),
        (PROGRAM_LABEL, program_fingerprint(instance).to_string()),
        (PORT_LABEL, around.port.to_string()),
        (OUTPUTS_LABEL, outputs_label(instance)),
        (SERVICE_LABEL, around.service_entity.unwrap_or_default().to_owned()),
    ];
    ContainerCreateBody {
        image: Some(instance.docker_image.clone()),
        env: Some(vec![format!("myport={}", around.port), format!("adminCfg={}", around.admin)]),
        labels: Some(labels.map(|(name, value)| (name.to_owned(), value)).into()),
        exposed_ports: Some(published.iter().map(|(inside, _)| format!("{inside}/tcp")).collect()),
        host_config: Some(host_config(resources, &published, around.code)),
        ..ContainerCreateBody::default()
    }
}

fn host_config(resources: Resources, published: &[(u16, u16)], code: Option<&Path>) -> HostConfig {
    let bindings = published.iter().map(|(inside, outside)| {
        let binding = PortBinding { host_ip: None, host_port: Some(outside.to_string()) };
        (format!("{inside}/tcp"), Some(vec![binding]))
    });
    let log_options = [("max-size", LOG_SIZE), ("max-file", LOG_FILES)];
    let log_options: HashMap<String, String> =
        log_options.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    HostConfig {
        port_bindings: Some(bindings.collect()),
        memory: resources.memory_bytes,
        memory_swap: resources.memory_bytes,
        nano_cpus: resources.nano_cpus,
        pids_limit: Some(resources.pids),
        security_opt: Some(vec!["no-new-privileges".to_owned()]),
        log_config: Some(HostConfigLogConfig { typ: Some("json-file".to_owned()), config: Some(log_options) }),
        restart_policy: Some(RestartPolicy { name: Some(RestartPolicyNameEnum::NO), maximum_retry_count: None }),
        mounts: code.map(|file| vec![code_mount(file)]),
        ..HostConfig::default()
    }
}

fn code_mount(file: &Path) -> Mount {
    Mount {
        typ: Some(MountType::BIND),
        source: Some(file.to_string_lossy().into_owned()),
        target: Some(CODE_PATH.to_owned()),
        read_only: Some(true),
        ..Mount::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn container_names_are_valid_and_differ() {
        let name = |worker: &str, task: &str| container_name(&worker.into(), &task.into());
        let long = "x".repeat(5_000);
        for task in ["Task.top.main.1", "Task.top/main 1", "Ä", "", long.as_str()] {
            let name = name("Worker.a", task);
            assert!(name.len() <= 120 && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'), "{name}");
        }
        assert_ne!(name("Worker.a", "t.1"), name("Worker.a", "t-1"));
        assert_ne!(name("Worker.a", "t.1"), name("Worker.b", "t.1"));
    }
}
