//! From a task instance to the description of its container.

use std::collections::HashMap;
use std::path::Path;

use bollard::models::RestartPolicyNameEnum;
use bollard::models::{
    ContainerCreateBody, HostConfig, HostConfigLogConfig, Mount, MountType, PortBinding, RestartPolicy,
};
use flow::{TaskId, TaskInstance, WorkerId};
use tasks::program_fingerprint;

pub(super) const WORKER_LABEL: &str = "fogflow.worker";
pub(super) const TASK_LABEL: &str = "fogflow.task";
pub(super) const PROGRAM_LABEL: &str = "fogflow.program";
pub(super) const PORT_LABEL: &str = "fogflow.port";
pub(super) const OUTPUTS_LABEL: &str = "fogflow.outputs";
pub(super) const SERVICE_LABEL: &str = "fogflow.service";

const CODE_PATH: &str = "/app/function.js";
const MIB: i64 = 1024 * 1024;
const DEFAULT_PIDS: i64 = 1024;
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

/// What operator parameters grant a container.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Resources {
    /// `memory_mb`: all its memory, swap included; unlimited when `None`.
    pub(super) memory_bytes: Option<i64>,
    /// `cpus`: processors' worth of time.
    pub(super) nano_cpus: Option<i64>,
    /// `pids`: processes and threads.
    pub(super) pids: i64,
}

impl Resources {
    /// # Errors
    /// Names the parameter that is not a number in its range.
    pub(super) fn of(instance: &TaskInstance) -> Result<Self, String> {
        let mut resources = Self { memory_bytes: None, nano_cpus: None, pids: DEFAULT_PIDS };
        for parameter in &instance.parameters {
            let number = |least: f64, most: f64| {
                let number =
                    parameter.value.trim().parse::<f64>().ok().filter(|number| (least..=most).contains(number));
                let (name, value) = (&parameter.name, &parameter.value);
                number
                    .ok_or_else(|| format!("parameter `{name}` must be a number from {least} to {most}, is `{value}`"))
            };
            match parameter.name.as_str() {
                // The engine refuses less than 6 MiB.
                "memory_mb" => resources.memory_bytes = Some(whole(number(6.0, 1_048_576.0)?) * MIB),
                "cpus" => resources.nano_cpus = Some(whole(number(0.01, 1_024.0)? * 1e9)),
                "pids" => resources.pids = whole(number(1.0, 65_536.0)?),
                _ => {}
            }
        }
        Ok(resources)
    }
}

#[expect(clippy::cast_possible_truncation, reason = "callers have checked the range")]
fn whole(number: f64) -> i64 {
    number as i64
}

/// The ports of `service_port` parameters, `p1;p2`.
pub(super) fn service_ports(instance: &TaskInstance) -> Result<Vec<u16>, String> {
    let parameters = instance.parameters.iter().filter(|parameter| parameter.name == "service_port");
    let texts =
        parameters.flat_map(|parameter| parameter.value.split(';')).map(str::trim).filter(|text| !text.is_empty());
    let ports = texts.map(|text| {
        let port = text.parse().ok().filter(|port| *port != 0);
        port.ok_or_else(|| format!("parameter `service_port` must be ports such as `8080;8081`, has `{text}`"))
    });
    ports.collect()
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
#[expect(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn instance(parameters: &[(&str, &str)]) -> TaskInstance {
        let parameter = |(name, value): &(&str, &str)| flow::Parameter { name: (*name).into(), value: (*value).into() };
        TaskInstance { parameters: parameters.iter().map(parameter).collect(), ..TaskInstance::default() }
    }

    #[test]
    fn parameters_limit_resources() {
        let resources = Resources::of(&instance(&[("memory_mb", "64"), ("cpus", "0.5"), ("pids", "20")])).unwrap();
        assert_eq!(resources, Resources { memory_bytes: Some(64 * MIB), nano_cpus: Some(500_000_000), pids: 20 });
        for (name, value) in [("memory_mb", "1"), ("cpus", "NaN"), ("pids", "many"), ("memory_mb", "inf")] {
            assert!(Resources::of(&instance(&[(name, value)])).unwrap_err().contains(name));
        }
    }

    #[test]
    fn service_ports_are_separated_by_semicolons() {
        assert_eq!(service_ports(&instance(&[("service_port", "80; 81;")])).unwrap(), [80, 81]);
        for wrong in ["0", "http", "70000", "80;x"] {
            assert!(service_ports(&instance(&[("service_port", wrong)])).is_err(), "{wrong}");
        }
    }

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
