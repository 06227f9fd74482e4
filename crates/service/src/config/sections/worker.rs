//! The keys of workers.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::Secret;

/// `worker`.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Worker {
    /// `worker.host_ip`: where other services reach the worker's own port; default: `internal_hostip`.
    pub host_ip: Option<String>,
    /// `worker.http_port`: metrics, health and tasks that run inside the worker; default 0, any free port.
    pub http_port: u16,
    /// `worker.container_management`: `docker`, `kubernetes`, `mec`, or `function`; default: Docker when its engine answers,
    /// otherwise functions only.
    pub container_management: Option<String>,
    /// `worker.docker_host`: the Docker engine, `unix://<path>` or `tcp://<host>:<port>`; default `DOCKER_HOST`, else
    /// `unix:///var/run/docker.sock`.
    pub docker_host: Option<String>,
    /// `worker.capacity`: most task instances this node may run; default 10.
    pub capacity: u32,
    /// `worker.heartbeat_interval`: seconds; default 10.
    pub heartbeat_interval: u64,
    /// `worker.detection_duration`: heartbeats missed until a worker counts as dead; default 3.
    pub detection_duration: u64,
    /// `worker.container_autoremove`: whether a stopped container is removed at once; default true.
    pub container_autoremove: bool,
    /// `worker.start_actual_task`: false only reports tasks as running, for tests of scale; default true.
    pub start_actual_task: bool,
    /// `worker.app_namespace`: the Kubernetes namespace of tasks; default: the worker's own.
    pub app_namespace: Option<String>,
    /// `worker.edge_controller_port`: the port of a MEC platform's controller.
    pub edge_controller_port: Option<u16>,
    /// `worker.edge_address`: reported in the worker's profile.
    pub edge_address: Option<String>,
    /// `worker.cadvisor_port`: reported in the worker's profile.
    pub cadvisor_port: Option<u16>,
    /// `worker.registry`: the image registry to log in to.
    pub registry: Registry,
    /// `worker.kubernetes`: how task instances run as pods.
    pub kubernetes: Kubernetes,
}

impl Default for Worker {
    fn default() -> Self {
        Self {
            host_ip: None,
            http_port: 0,
            container_management: None,
            docker_host: None,
            capacity: 10,
            heartbeat_interval: 10,
            detection_duration: 3,
            container_autoremove: true,
            start_actual_task: true,
            app_namespace: None,
            edge_controller_port: None,
            edge_address: None,
            cadvisor_port: None,
            registry: Registry::default(),
            kubernetes: Kubernetes::default(),
        }
    }
}

/// `worker.registry`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Registry {
    /// `worker.registry.username`, or `FOGFLOW_REGISTRY_USERNAME[_FILE]`.
    pub username: Secret,
    /// `worker.registry.password`, or `FOGFLOW_REGISTRY_PASSWORD[_FILE]`.
    pub password: Secret,
    /// `worker.registry.email`.
    pub email: Option<String>,
    /// `worker.registry.serveraddress`.
    pub serveraddress: Option<String>,
}

/// `worker.kubernetes`: what task pods have in common; operator parameters of the same purpose win.
#[derive(Debug, Clone, Deserialize)]
#[serde(default)]
pub struct Kubernetes {
    /// `worker.kubernetes.stateful_set`: the StatefulSet this worker is a pod of. It owns the task instances, and its pods may
    /// take over each other's; default: none, the worker is alone.
    pub stateful_set: Option<String>,
    /// `worker.kubernetes.pool`: workers of one pool may take over each other's pods; no other pool in the namespace of the tasks
    /// may have the name; default: the name of the StatefulSet.
    pub pool: Option<String>,
    /// `worker.kubernetes.pull_policy`: `Always`, `IfNotPresent` or `Never`; default: the cluster's.
    pub pull_policy: Option<String>,
    /// `worker.kubernetes.image_pull_secrets`: names of Secrets in `worker.app_namespace`.
    pub image_pull_secrets: Vec<String>,
    /// `worker.kubernetes.node_selector`: labels a node must have.
    pub node_selector: BTreeMap<String, String>,
    /// `worker.kubernetes.tolerations`: objects as in a pod.
    pub tolerations: Vec<serde_json::Value>,
    /// `worker.kubernetes.affinity`: an object as in a pod.
    pub affinity: Option<serde_json::Value>,
    /// `worker.kubernetes.requests`: default `cpu` 50m, `memory` 64Mi.
    pub requests: BTreeMap<String, String>,
    /// `worker.kubernetes.limits`: default `cpu` 1, `memory` 256Mi.
    pub limits: BTreeMap<String, String>,
    /// `worker.kubernetes.run_as_user`: the user and group of a container; default 65532; `null` leaves it to the namespace.
    pub run_as_user: Option<i64>,
    /// `worker.kubernetes.service_account`: of task pods, which get no token of it; default: the namespace's.
    pub service_account: Option<String>,
    /// `worker.kubernetes.labels`: further labels of task pods.
    pub labels: BTreeMap<String, String>,
    /// `worker.kubernetes.not_ready_seconds`: how long a pod stays on a node that is not ready or out of reach; default 30.
    pub not_ready_seconds: i64,
}

impl Default for Kubernetes {
    fn default() -> Self {
        let quantities = |cpu: &str, memory: &str| {
            BTreeMap::from([("cpu".to_owned(), cpu.to_owned()), ("memory".to_owned(), memory.to_owned())])
        };
        Self {
            stateful_set: None,
            pool: None,
            pull_policy: None,
            image_pull_secrets: Vec::new(),
            node_selector: BTreeMap::new(),
            tolerations: Vec::new(),
            affinity: None,
            requests: quantities("50m", "64Mi"),
            limits: quantities("1", "256Mi"),
            run_as_user: Some(65_532),
            service_account: None,
            labels: BTreeMap::new(),
            not_ready_seconds: 30,
        }
    }
}
