//! Workers and masters as they describe themselves on the bus.

use ngsi::Point;
use serde::{Deserialize, Serialize};

use crate::{ReportedInstance, null_as_default};

ngsi::string_type! {
    /// The identifier of a worker: `Worker.<site>`.
    WorkerId
}

/// What a worker says of itself.
///
/// The members after `edge_address` are additions of ours; a worker of the original sends none of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct WorkerProfile {
    /// `Worker.<site>`.
    pub id: WorkerId,
    /// Where it stands; `None` when it does not know. The original writes 0, 0 then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Point>,
    /// Its place as a geohash, if it has one.
    #[serde(default, deserialize_with = "null_as_default")]
    pub geohash_id: String,
    /// `linux`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub os: String,
    /// `amd64`, `arm64` or `arm`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub hardware: String,
    /// The most task instances it may run.
    #[serde(default, deserialize_with = "null_as_default")]
    pub capacity: u32,
    /// The task instances it runs.
    #[serde(default, deserialize_with = "null_as_default")]
    pub workload: u32,
    /// The port of its container statistics, if any.
    #[serde(rename = "CAdvisorPort", default, deserialize_with = "null_as_default")]
    pub cadvisor_port: u16,
    /// The address at which its tasks are reached.
    #[serde(rename = "EdgeAddress", default, deserialize_with = "null_as_default")]
    pub edge_address: String,
    /// What it can run; empty from a worker of the original, which runs containers.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub engines: Vec<Engine>,
    /// Every task instance it has, in a heartbeat; `None` from a worker that does not report them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instances: Option<Vec<ReportedInstance>>,
    /// A number that rises with every start of the worker.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_zero")]
    pub incarnation: u64,
    /// After how many seconds of silence it counts as dead; 0 when it does not say.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "is_zero")]
    pub silence_limit_s: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A way to run task instances.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Engine {
    /// Containers of a Docker engine.
    Docker,
    /// Pods of a Kubernetes cluster.
    Kubernetes,
    /// Functions inside the worker.
    Function,
    /// Something a newer worker has.
    #[serde(other)]
    Other,
}

/// What a master says of itself: `{"id","location","agent"}`.
///
/// The members after `agent` are additions of ours; a master of the original sends none of them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MasterProfile {
    /// `Master.<site>`.
    pub id: String,
    /// Where it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<Point>,
    /// The URL of its NGSI agent.
    #[serde(default, deserialize_with = "null_as_default")]
    pub agent: String,
    /// The URL of its REST interface.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub rest: String,
    /// Whether it is the one that acts; `None` from a master of the original, which always does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<MasterRole>,
}

/// What a master does at present, of several that serve one system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MasterRole {
    /// It decides and commands.
    Active,
    /// It takes over when the active one is gone.
    Standby,
    /// Something a newer master knows.
    #[serde(other)]
    Other,
}
