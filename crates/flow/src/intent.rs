//! Intents: what a user wants of a topology; and fog functions, a topology of one task with its intent.

use ngsi::scope::OperationScope;
use serde::{Deserialize, Serialize};

use crate::{Operator, Parameter, Topology, null_as_default};

/// The wish to have a topology run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceIntent {
    /// `ServiceIntent.<uuid>`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub id: String,
    /// The name of the topology.
    pub topology: String,
    /// `ASYN` or `SYN`.
    #[serde(default, deserialize_with = "null_as_default")]
    pub stype: String,
    /// What to optimise for, kept as given.
    #[serde(default, deserialize_with = "null_as_default")]
    pub qos: String,
    /// How urgent.
    #[serde(default, deserialize_with = "null_as_default")]
    pub priority: Priority,
    /// Where: applied to the input streams that are `scoped`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub geoscope: Option<OperationScope>,
    /// Settings for the instances of all its tasks, in place of those of the same name that their operators have (an
    /// addition of ours; others ignore it).
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// What happened to it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub action: IntentAction,
    /// The topology itself, where the sender knows it.
    #[serde(rename = "TopologyObject", default, skip_serializing_if = "Option::is_none")]
    pub topology_object: Option<Topology>,
}

impl ServiceIntent {
    /// The settings of an operator's instances for this intent.
    #[must_use]
    pub fn parameters_of(&self, operator: &Operator) -> Vec<Parameter> {
        let stated = |parameter: &&Parameter| self.parameters.iter().any(|own| own.name == parameter.name);
        let others = operator.parameters.iter().filter(|parameter| !stated(parameter));
        others.chain(&self.parameters).cloned().collect()
    }
}

/// How urgent an intent is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Priority {
    /// Whether less urgent tasks on the same worker pause meanwhile.
    #[serde(default, deserialize_with = "null_as_default")]
    pub exclusive: bool,
    /// More is more urgent.
    #[serde(default, deserialize_with = "null_as_default")]
    pub level: i64,
}

/// What happened to an intent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum IntentAction {
    /// It was submitted, or is announced again.
    #[default]
    Add,
    /// It was changed.
    Update,
    /// It was withdrawn.
    Delete,
}

/// One task that runs wherever its input appears.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FogFunction {
    /// Its name, unique among fog functions.
    pub name: String,
    /// Its topology, of one task.
    pub topology: Topology,
    /// The intent made for it.
    pub intent: ServiceIntent,
    /// The drawing in the designer, kept as it came.
    #[serde(default)]
    pub designboard: ngsi::JsonText,
    /// Whether it runs.
    #[serde(default, deserialize_with = "null_as_default")]
    pub status: FogFunctionStatus,
}

/// Whether a fog function runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FogFunctionStatus {
    /// It does.
    #[default]
    Enabled,
    /// It does not.
    Disabled,
}
