//! The vocabulary of orchestration: operators, topologies, intents, task instances and worker profiles, and the
//! messages of the message bus that carry them.
//!
//! Names and letter case are those of the FogFlow protocol; members the original does not know are optional, so both
//! sides can be of either kind.

mod envelope;
mod fnv;
mod intent;
mod message;
mod operator;
mod request;
mod task;
mod topology;
mod worker;

pub use envelope::{DecodeError, Envelope};
pub use fnv::{fnv32, fnv64};
pub use intent::{FogFunction, FogFunctionStatus, IntentAction, Priority, ServiceIntent};
pub use message::{Message, ReportRequest, routing};
pub use operator::{DockerImage, Operator, Parameter};
pub use request::{
    LogLease, RequestId, TaskRef, TryError, TryOut, TryOutput, TryReport, WorkerOrder, WorkerReply, WorkerRequest,
};
pub use task::{
    InputChange, InputStream, InstanceStatus, OutputStream, ReportedInstance, TaskId, TaskInfo, TaskInstance,
    TaskUpdate,
};
pub use topology::{GroupBy, InputStreamConfig, OutputStreamConfig, Task, Topology};
pub use worker::{Engine, MasterProfile, MasterRole, WorkerId, WorkerProfile};

/// For members whose absence and `null` both mean "the default": Go writes an empty list as `null`.
pub use ngsi::json::null_as_default;
