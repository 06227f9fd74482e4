//! Topologies: operators wired into tasks by the types of the entities they exchange.

use serde::{Deserialize, Serialize};

use crate::{Operator, null_as_default};

/// A data flow.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Topology {
    /// Its name, unique among topologies.
    pub name: String,
    /// What it does, for people.
    #[serde(default, deserialize_with = "null_as_default")]
    pub description: String,
    /// Its tasks.
    #[serde(default, deserialize_with = "null_as_default")]
    pub tasks: Vec<Task>,
    /// The operators its tasks use, filled in when it is read back from the designer.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub operators: Vec<Operator>,
}

impl Topology {
    /// The operator of that name, if it was filled in.
    #[must_use]
    pub fn operator(&self, name: &str) -> Option<&Operator> {
        self.operators.iter().find(|operator| operator.name == name)
    }
}

/// A task: an operator with what it reads and writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its name, unique in the topology.
    pub name: String,
    /// The operator it runs.
    pub operator: String,
    /// What it reads.
    #[serde(default, deserialize_with = "null_as_default")]
    pub input_streams: Vec<InputStreamConfig>,
    /// What it writes.
    #[serde(default, deserialize_with = "null_as_default")]
    pub output_streams: Vec<OutputStreamConfig>,
}

/// The entities a task reads, and how they are shared out over its instances.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct InputStreamConfig {
    /// The type of the entities.
    pub selected_type: String,
    /// Which of their attributes; `all`, or none named, means every one.
    #[serde(default, deserialize_with = "null_as_default")]
    pub selected_attributes: Vec<String>,
    /// How many instances share the entities.
    #[serde(default, deserialize_with = "null_as_default")]
    pub groupby: GroupBy,
    /// Whether only entities in the geoscope of the intent count.
    #[serde(default, deserialize_with = "null_as_default")]
    pub scoped: bool,
}

impl InputStreamConfig {
    /// The attributes to select; empty for all.
    #[must_use]
    pub fn attributes(&self) -> Vec<String> {
        let all = self.selected_attributes.iter().any(|name| name.eq_ignore_ascii_case("all"));
        if all { Vec::new() } else { self.selected_attributes.clone() }
    }
}

/// How entities of an input stream are grouped: one task instance for each group.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum GroupBy {
    /// One group in total.
    #[default]
    All,
    /// One group for each entity.
    EntityId,
    /// One group for each type.
    EntityType,
    /// One group for each value of that attribute or domain metadatum.
    Attribute(String),
}

impl From<String> for GroupBy {
    fn from(text: String) -> Self {
        match text.as_str() {
            "EntityID" => Self::EntityId,
            "EntityType" => Self::EntityType,
            "" | "ALL" | "all" => Self::All,
            _ => Self::Attribute(text),
        }
    }
}

impl From<GroupBy> for String {
    fn from(group_by: GroupBy) -> Self {
        group_by.as_str().to_owned()
    }
}

impl GroupBy {
    /// As the protocol writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::All => "ALL",
            Self::EntityId => "EntityID",
            Self::EntityType => "EntityType",
            Self::Attribute(name) => name,
        }
    }
}

/// The entities a task writes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OutputStreamConfig {
    /// Their type.
    pub entity_type: String,
}
