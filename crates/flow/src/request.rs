//! Requests to one worker and its answers (additions of ours; workers and designers of the original ignore them).
//!
//! They travel over the bus and not over HTTP, so that an edge node needs outbound connections only.

use ngsi::v1::ContextElement;
use ngsi::v1::ngsi10::{QueryContextRequest, SubscribeContextRequest};
use serde::{Deserialize, Serialize};

use crate::{Parameter, TaskId, WorkerId, null_as_default};

ngsi::string_type! {
    /// The identifier of a request to a worker, e.g. a UUID; its answers carry it too.
    RequestId
}

/// Payload of `WORKER_REQUEST`: `{"ID","From"}` and one of `Log`, `Restart`, `Try` and `End`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RequestMembers", into = "RequestMembers")]
pub struct WorkerRequest {
    /// Which request.
    pub id: RequestId,
    /// The id of who asks, usually a designer.
    pub from: String,
    /// What it asks for.
    pub order: WorkerOrder,
}

/// What a [`WorkerRequest`] asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum WorkerOrder {
    /// The log lines of a task instance, now and as they are written.
    Log(LogLease),
    /// Stop a task instance and start it again.
    Restart(TaskRef),
    /// Run a function once, on a sample entity.
    Try(TryOut),
    /// End the log lease with this id.
    End(RequestId),
    /// Something a newer designer asks for.
    Other,
}

/// Asks for log lines for a while. The same request sent again, with the same id, makes the while start anew.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct LogLease {
    /// The task instance.
    #[serde(rename = "TaskID")]
    pub task_id: TaskId,
    /// For how long new lines are sent; a worker grants at most [`LogLease::MOST_SECONDS`].
    #[serde(default, deserialize_with = "null_as_default")]
    pub seconds: u64,
}

impl LogLease {
    /// The longest lease.
    pub const MOST_SECONDS: u64 = 60;
}

/// Names a task instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskRef {
    /// The task instance.
    #[serde(rename = "TaskID")]
    pub task_id: TaskId,
}

/// A function to be tried on an entity. Nothing it asks for reaches a broker.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct TryOut {
    /// JavaScript that defines `exports.handler`.
    pub code: String,
    /// What the handler is called with.
    pub entity: ContextElement,
    /// The outputs of the imagined task.
    #[serde(default, deserialize_with = "null_as_default")]
    pub outputs: Vec<TryOutput>,
    /// The operator's settings; those that limit a function hold here too.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
}

/// An output entity of a try-out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TryOutput {
    /// Its identifier.
    #[serde(default, deserialize_with = "null_as_default")]
    pub id: String,
    /// Its type.
    #[serde(default, deserialize_with = "null_as_default")]
    pub r#type: String,
}

/// Payload of `WORKER_REPLY`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WorkerReply {
    /// The request it answers.
    #[serde(rename = "ID")]
    pub id: RequestId,
    /// Who answers.
    #[serde(default, deserialize_with = "null_as_default")]
    pub worker: WorkerId,
    /// Whether no other answer follows.
    #[serde(default, deserialize_with = "null_as_default")]
    pub last: bool,
    /// Log lines, oldest first.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<String>,
    /// Whether [`WorkerReply::lines`] replace what was sent before.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_false")]
    pub reset: bool,
    /// How the function fared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried: Option<TryReport>,
    /// Why the request was not, or is no longer, fulfilled; empty when it is.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub problem: String,
    /// Whether the worker has no such task instance.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_false")]
    pub not_found: bool,
}

/// What a function did with the sample entity: also the body of the designer's answer, so its members are in lower case.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TryReport {
    /// What went wrong; `None` when the function came to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<TryError>,
    /// The entities it published, as a task would send them; none when it failed.
    #[serde(default, deserialize_with = "null_as_default")]
    pub published: Vec<ContextElement>,
    /// What it wanted to know of the broker.
    #[serde(default, deserialize_with = "null_as_default")]
    pub queries: Vec<QueryContextRequest>,
    /// What else it wanted to be notified of.
    #[serde(default, deserialize_with = "null_as_default")]
    pub subscriptions: Vec<SubscribeContextRequest>,
    /// How many timers were still to fire at the end.
    #[serde(default, deserialize_with = "null_as_default")]
    pub timers: usize,
    /// What it wrote to its log.
    #[serde(default, deserialize_with = "null_as_default")]
    pub log: Vec<String>,
    /// How long it took.
    #[serde(default, deserialize_with = "null_as_default")]
    pub took_ms: u64,
}

/// Why a function failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TryError {
    /// What happened.
    #[serde(default, deserialize_with = "null_as_default")]
    pub message: String,
    /// The line in the function's code, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The column in that line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
}

/// [`WorkerRequest`] as it stands on the wire.
#[derive(Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RequestMembers {
    #[serde(rename = "ID")]
    id: RequestId,
    #[serde(default, deserialize_with = "null_as_default")]
    from: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log: Option<LogLease>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    restart: Option<TaskRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    r#try: Option<TryOut>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end: Option<RequestId>,
}

impl TryFrom<RequestMembers> for WorkerRequest {
    type Error = &'static str;

    fn try_from(members: RequestMembers) -> Result<Self, Self::Error> {
        let orders = [
            members.log.map(WorkerOrder::Log),
            members.restart.map(WorkerOrder::Restart),
            members.r#try.map(WorkerOrder::Try),
            members.end.map(WorkerOrder::End),
        ];
        let mut orders = orders.into_iter().flatten();
        let order = orders.next().unwrap_or(WorkerOrder::Other);
        match orders.next() {
            None => Ok(Self { id: members.id, from: members.from, order }),
            Some(_) => Err("only one of Log, Restart, Try and End is possible"),
        }
    }
}

impl From<WorkerRequest> for RequestMembers {
    fn from(request: WorkerRequest) -> Self {
        let members = Self { id: request.id, from: request.from, ..Self::default() };
        match request.order {
            WorkerOrder::Log(lease) => Self { log: Some(lease), ..members },
            WorkerOrder::Restart(task) => Self { restart: Some(task), ..members },
            WorkerOrder::Try(sample) => Self { r#try: Some(sample), ..members },
            WorkerOrder::End(lease) => Self { end: Some(lease), ..members },
            WorkerOrder::Other => members,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(flag: &bool) -> bool {
    !*flag
}
