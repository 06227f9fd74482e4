//! Every message of the bus.

use ngsi::JsonText;
use serde::de::DeserializeOwned;

use crate::{
    DecodeError, DockerImage, InputChange, MasterProfile, ServiceIntent, TaskInfo, TaskInstance, TaskUpdate, WorkerId,
    WorkerProfile, WorkerReply, WorkerRequest,
};

/// The topics. A trailing dot is part of each: receivers bind `<topic>*`.
pub mod routing {
    use crate::WorkerId;

    /// From workers to masters: their profiles.
    pub const HEARTBEAT: &str = "heartbeat.";
    /// From workers to masters and the designer: what became of task instances.
    pub const TASK: &str = "task.";
    /// From the designer to masters: intents.
    pub const ORCHESTRATION: &str = "orchestration.";
    /// From masters to the designer: their profiles. From workers to the designer: answers.
    pub const DESIGNER: &str = "designer.";
    /// From masters to masters and the designer: which of them there are, and what each does (an addition of ours).
    pub const MASTER: &str = "master.";

    /// From a master to one worker: commands. From a designer to one worker: requests.
    #[must_use]
    pub fn worker(id: &WorkerId) -> String {
        format!("{id}.")
    }

    /// The binding key that receives everything sent to `topic`.
    #[must_use]
    pub fn binding(topic: &str) -> String {
        format!("{topic}*")
    }
}

macro_rules! messages {
    ($($(#[$doc:meta])* $variant:ident($payload:ty) = $name:literal,)*) => {
        /// A message, understood.
        #[derive(Debug, Clone, PartialEq)]
        pub enum Message {
            $($(#[$doc])* $variant($payload),)*
        }

        impl Message {
            /// The name of the type and the payload.
            pub(crate) fn encode(&self) -> serde_json::Result<(&'static str, serde_json::Value)> {
                match self {
                    $(Self::$variant(payload) => Ok(($name, serde_json::to_value(payload)?)),)*
                }
            }

            pub(crate) fn decode(message_type: &str, payload: &JsonText) -> Result<Self, DecodeError> {
                match message_type {
                    $($name => read(message_type, payload).map(Self::$variant),)*
                    other => Err(DecodeError::UnknownType(other.to_owned())),
                }
            }
        }
    };
}

messages! {
    /// A worker has started.
    WorkerJoin(WorkerProfile) = "WORKER_JOIN",
    /// A worker is alive; ours reports its task instances too.
    WorkerHeartbeat(WorkerProfile) = "WORKER_HEARTBEAT",
    /// A worker stops.
    WorkerLeave(WorkerProfile) = "WORKER_LEAVE",
    /// A task instance changed its status.
    TaskUpdate(TaskUpdate) = "TASK_UPDATE",
    /// A task instance can be reached in this way.
    TaskInfo(TaskInfo) = "TASK_INFO",
    /// An intent was submitted, changed or withdrawn.
    ServiceIntent(ServiceIntent) = "ServiceIntent",
    /// A master has started.
    MasterJoin(MasterProfile) = "MASTER_JOIN",
    /// A master stops.
    MasterLeave(MasterProfile) = "MASTER_LEAVE",
    /// A master is there, active or not (an addition of ours; others do not listen to its topic).
    MasterHeartbeat(MasterProfile) = "MASTER_HEARTBEAT",
    /// Start this task instance.
    AddTask(TaskInstance) = "ADD_TASK",
    /// End this task instance.
    RemoveTask(TaskInstance) = "REMOVE_TASK",
    /// Feed this entity too.
    AddInput(InputChange) = "ADD_INPUT",
    /// Feed this entity no more.
    RemoveInput(InputChange) = "REMOVE_INPUT",
    /// Fetch this image ahead of need.
    PrefetchImage(DockerImage) = "PREFETCH_IMAGE",
    /// Send a heartbeat now (an addition of ours; others ignore it).
    Report(ReportRequest) = "REPORT",
    /// A designer asks one worker for something (an addition of ours; others ignore it).
    WorkerRequest(WorkerRequest) = "WORKER_REQUEST",
    /// A worker answers (an addition of ours; others ignore it).
    WorkerReply(WorkerReply) = "WORKER_REPLY",
}

/// A master asks a worker for a heartbeat at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ReportRequest {
    /// The worker asked.
    #[serde(rename = "WorkerID", default)]
    pub worker_id: WorkerId,
}

fn read<T: DeserializeOwned>(message_type: &str, payload: &JsonText) -> Result<T, DecodeError> {
    let text = payload.as_str().as_bytes();
    let source = match ngsi::json::check_depth(text) {
        Err(source) => source,
        Ok(()) => match serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_slice(text)) {
            Ok(payload) => return Ok(payload),
            Err(error) => ngsi::ParseError::new(place(error.path()), error.inner().to_string()).within("PayLoad"),
        },
    };
    Err(DecodeError::Payload { message_type: message_type.to_owned(), source })
}

fn place(path: &serde_path_to_error::Path) -> String {
    if path.iter().next().is_none() { "$".to_owned() } else { path.to_string() }
}
