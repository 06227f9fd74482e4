//! What the worker keeps of pods and Deployments it watches.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus, Pod, PodCondition, PodStatus};

use super::names;

/// One life of a container: a pod, and how often it has been restarted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Incarnation {
    pub(super) pod: String,
    pub(super) restarts: i32,
}

impl std::fmt::Display for Incarnation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.pod, self.restarts)
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct PodView {
    pub(super) uid: String,
    pub(super) name: String,
    /// The name of the instance's objects.
    pub(super) object: String,
    pub(super) program: String,
    pub(super) node: String,
    pub(super) created: String,
    pub(super) deleting: bool,
    pub(super) ready: bool,
    /// Failed or succeeded: its containers will not start again.
    pub(super) finished: bool,
    pub(super) restarts: i32,
    pub(super) running: bool,
    /// Why its container does not run: reason and message.
    pub(super) waiting: Option<(String, String)>,
    /// How its container ended last.
    pub(super) ended: Option<Ending>,
    /// Why no node takes it.
    pub(super) unschedulable: Option<String>,
    /// Why it is to go or has gone: reason and message.
    pub(super) disruption: Option<(String, String)>,
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Ending {
    pub(super) reason: String,
    pub(super) exit_code: i32,
    pub(super) message: String,
}

impl PodView {
    /// `None` for a pod that is no task's.
    pub(super) fn of(pod: &Pod) -> Option<Self> {
        let metadata = &pod.metadata;
        let annotation =
            |name| metadata.annotations.as_ref().and_then(|all| all.get(name)).cloned().unwrap_or_default();
        let status = pod.status.clone().unwrap_or_default();
        let container = status.container_statuses.as_deref().unwrap_or_default().first().cloned().unwrap_or_default();
        let state = container.state.clone().unwrap_or_default();
        Some(Self {
            uid: metadata.uid.clone()?,
            name: metadata.name.clone()?,
            object: metadata.labels.as_ref()?.get(names::INSTANCE_LABEL)?.clone(),
            program: annotation(names::PROGRAM),
            node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()).unwrap_or_default(),
            created: metadata.creation_timestamp.as_ref().map(|time| time.0.to_string()).unwrap_or_default(),
            deleting: metadata.deletion_timestamp.is_some(),
            ready: condition(&status, "Ready").is_some_and(|condition| condition.status == "True"),
            finished: matches!(status.phase.as_deref(), Some("Failed" | "Succeeded")),
            restarts: container.restart_count,
            running: state.running.is_some(),
            waiting: state.waiting.map(|w| (w.reason.unwrap_or_default(), w.message.unwrap_or_default())),
            ended: last_ending(&container),
            unschedulable: unschedulable(&status),
            disruption: disruption(&status),
        })
    }

    pub(super) fn incarnation(&self) -> Incarnation {
        Incarnation { pod: self.uid.clone(), restarts: self.restarts }
    }
}

fn condition<'a>(status: &'a PodStatus, name: &str) -> Option<&'a PodCondition> {
    status.conditions.as_deref().unwrap_or_default().iter().find(|condition| condition.type_ == name)
}

fn last_ending(container: &ContainerStatus) -> Option<Ending> {
    let ended = |state: &Option<k8s_openapi::api::core::v1::ContainerState>| state.as_ref()?.terminated.clone();
    let ended: ContainerStateTerminated = ended(&container.state).or_else(|| ended(&container.last_state))?;
    Some(Ending {
        reason: ended.reason.unwrap_or_default(),
        exit_code: ended.exit_code,
        message: ended.message.unwrap_or_default(),
    })
}

fn unschedulable(status: &PodStatus) -> Option<String> {
    let condition = condition(status, "PodScheduled").filter(|condition| condition.status == "False")?;
    condition.message.clone()
}

/// Kubernetes says why it takes a pod away in a condition; the kubelet of a full node in the status.
fn disruption(status: &PodStatus) -> Option<(String, String)> {
    let target = condition(status, "DisruptionTarget").filter(|condition| condition.status == "True");
    let said = target.map(|condition| (condition.reason.clone(), condition.message.clone()));
    let (reason, message) = said.unwrap_or_else(|| (status.reason.clone(), status.message.clone()));
    Some((reason.filter(|reason| !reason.is_empty())?, message.unwrap_or_default()))
}

#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct DeploymentView {
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) deleting: bool,
    pub(super) task: String,
    pub(super) worker: String,
    pub(super) generation: u64,
    pub(super) program: String,
    pub(super) fed: String,
    pub(super) service_entity: Option<String>,
    /// Whether it is an object of a task at all, and of this pool.
    pub(super) pool: String,
    pub(super) replicas: i32,
    /// Why no pod can be made.
    pub(super) failure: Option<String>,
}

impl DeploymentView {
    pub(super) fn of(deployment: &Deployment) -> Option<Self> {
        let metadata = &deployment.metadata;
        let annotation = |name| metadata.annotations.as_ref().and_then(|all| all.get(name)).cloned();
        let text = |name| annotation(name).unwrap_or_default();
        let conditions = deployment.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
        let failing = conditions.iter().find(|c| c.type_ == "ReplicaFailure" && c.status == "True");
        Some(Self {
            name: metadata.name.clone()?,
            uid: metadata.uid.clone()?,
            deleting: metadata.deletion_timestamp.is_some(),
            task: text(names::TASK),
            worker: text(names::WORKER),
            generation: text(names::GENERATION).parse().unwrap_or_default(),
            program: text(names::PROGRAM),
            fed: text(names::FED),
            service_entity: annotation(names::SERVICE_ENTITY),
            pool: metadata.labels.as_ref().and_then(|all| all.get(names::POOL_LABEL)).cloned().unwrap_or_default(),
            replicas: deployment.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(1),
            failure: failing.map(|condition| condition.message.clone().unwrap_or_default()),
        })
    }
}
