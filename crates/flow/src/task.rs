//! Task instances: what a master commands and a worker runs.

use ngsi::v1::ContextAttribute;
use serde::{Deserialize, Serialize};

use crate::fnv::fnv64;
use crate::{Parameter, WorkerId, null_as_default};

ngsi::string_type! {
    /// The identifier of a task instance: `Task.<topology>.<task>.<hash>`.
    TaskId
}

/// A running copy of a task, for one group of input entities.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskInstance {
    /// `Task.<topology>.<task>.<hash>`.
    #[serde(rename = "ID")]
    pub id: TaskId,
    /// The topology.
    #[serde(default, deserialize_with = "null_as_default")]
    pub topology_name: String,
    /// The task in it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub task_name: String,
    /// The intent it serves.
    #[serde(rename = "ServiceIntentID", default, deserialize_with = "null_as_default")]
    pub service_intent_id: String,
    /// The operator it runs.
    #[serde(default, deserialize_with = "null_as_default")]
    pub operator_name: String,
    /// Kept as given.
    #[serde(default, deserialize_with = "null_as_default")]
    pub task_type: String,
    /// JavaScript that defines `exports.handler`, if any.
    #[serde(default, deserialize_with = "null_as_default")]
    pub function_code: String,
    /// `name:tag`; empty for a function.
    #[serde(default, deserialize_with = "null_as_default")]
    pub docker_image: String,
    /// Settings of the operator.
    #[serde(default, deserialize_with = "null_as_default")]
    pub parameters: Vec<Parameter>,
    /// The worker that is to run it.
    #[serde(rename = "WorkerID", default, deserialize_with = "null_as_default")]
    pub worker_id: WorkerId,
    /// Whether less urgent instances on the worker pause meanwhile.
    #[serde(default, deserialize_with = "null_as_default")]
    pub is_exclusive: bool,
    /// More is more urgent.
    #[serde(default, deserialize_with = "null_as_default")]
    pub priority_level: i64,
    /// `scheduled` in commands.
    #[serde(default, deserialize_with = "null_as_default")]
    pub status: String,
    /// The entities it reads.
    #[serde(default, deserialize_with = "null_as_default")]
    pub inputs: Vec<InputStream>,
    /// The entities it writes.
    #[serde(default, deserialize_with = "null_as_default")]
    pub outputs: Vec<OutputStream>,
    /// Rises with every change of the desired state; a command with a lower one than the worker knows is stale.
    /// 0 from a master of the original, which has none.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_zero")]
    pub generation: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// An entity that a task instance reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InputStream {
    /// Its type.
    #[serde(default, deserialize_with = "null_as_default")]
    pub r#type: String,
    /// Its identifier.
    #[serde(rename = "ID", default, deserialize_with = "null_as_default")]
    pub id: String,
    /// Which attributes; all when empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub attribute_list: Vec<String>,
}

/// An entity that a task instance writes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct OutputStream {
    /// Its type.
    #[serde(default, deserialize_with = "null_as_default")]
    pub r#type: String,
    /// Its identifier: `<entity_type>.<hash>.<n>`.
    #[serde(rename = "StreamID", default, deserialize_with = "null_as_default")]
    pub stream_id: String,
    /// Attributes it starts with.
    #[serde(default, deserialize_with = "null_as_default")]
    pub annotations: Vec<ContextAttribute>,
}

/// Payload of `ADD_INPUT` and `REMOVE_INPUT`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InputChange {
    /// The entity.
    pub input_stream: InputStream,
    /// The task instance.
    #[serde(rename = "TaskInstanceID")]
    pub task_instance_id: TaskId,
    /// The worker that runs it.
    #[serde(rename = "WorkerID", default, deserialize_with = "null_as_default")]
    pub worker_id: WorkerId,
    /// As [`TaskInstance::generation`].
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_zero")]
    pub generation: u64,
}

/// Payload of `TASK_UPDATE`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskUpdate {
    /// The task instance.
    #[serde(rename = "TaskID")]
    pub task_id: TaskId,
    /// The topology.
    #[serde(default, deserialize_with = "null_as_default")]
    pub topology_name: String,
    /// The task in it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub task_name: String,
    /// The intent it serves.
    #[serde(rename = "ServiceIntentID", default, deserialize_with = "null_as_default")]
    pub service_intent_id: String,
    /// What it does now.
    pub status: InstanceStatus,
    /// Why, when it failed or was refused.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The generation it runs at.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_zero")]
    pub generation: u64,
}

/// Payload of `TASK_INFO`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TaskInfo {
    /// The task instance.
    #[serde(rename = "TaskID")]
    pub task_id: TaskId,
    /// The topology.
    #[serde(default, deserialize_with = "null_as_default")]
    pub topology_name: String,
    /// The task in it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub task_name: String,
    /// The intent it serves.
    #[serde(rename = "ServiceIntentID", default, deserialize_with = "null_as_default")]
    pub service_intent_id: String,
    /// `refURL=…; containerID=…`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub info: String,
}

/// What a task instance does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum InstanceStatus {
    /// Commanded, not yet started.
    #[default]
    Scheduled,
    /// Being started: image pulled, container created.
    Starting,
    /// Running.
    Running,
    /// Held while an exclusive instance runs.
    Paused,
    /// Ended on command.
    Removed,
    /// Not startable, or keeps ending by itself; the reason says why. The worker goes on trying.
    Failed,
    /// Not admitted by the worker; to be placed elsewhere.
    Refused,
}

/// A task instance in a worker's heartbeat.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ReportedInstance {
    /// The instance as the worker knows it: identity, intent, inputs and outputs are filled in, the code is not.
    #[serde(rename = "ID")]
    pub id: TaskId,
    /// The topology.
    #[serde(default)]
    pub topology_name: String,
    /// The task in it.
    #[serde(default)]
    pub task_name: String,
    /// The intent it serves.
    #[serde(rename = "ServiceIntentID", default)]
    pub service_intent_id: String,
    /// What it does.
    #[serde(default)]
    pub status: InstanceStatus,
    /// Why, when it failed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The generation it runs at.
    #[serde(default)]
    pub generation: u64,
    /// A fingerprint of its inputs: [`ReportedInstance::fingerprint`].
    #[serde(default)]
    pub inputs: u64,
}

impl ReportedInstance {
    /// A fingerprint of a set of inputs, whatever their order: FNV-1a 64 over types, ids and attributes.
    #[must_use]
    pub fn fingerprint(inputs: &[InputStream]) -> u64 {
        let mut sorted: Vec<&InputStream> = inputs.iter().collect();
        sorted.sort();
        sorted.dedup();
        let texts = sorted.into_iter().flat_map(|input| {
            let names = input.attribute_list.iter().map(String::as_str);
            [input.r#type.as_str(), input.id.as_str()].into_iter().chain(names).chain(["\u{1}"])
        });
        // JSON numbers are exact only up to 2^53 in many readers.
        fnv64(texts.flat_map(|text| text.bytes().chain([0]))) >> 11
    }
}
