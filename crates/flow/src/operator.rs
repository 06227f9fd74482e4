//! Operators: the programs that tasks run.

use serde::{Deserialize, Serialize};

use crate::null_as_default;

/// A program a task can run: container images, or the code of a function, or both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operator {
    /// Its name, unique among operators.
    pub name: String,
    /// What it does, for people.
    #[serde(default, deserialize_with = "null_as_default")]
    pub description: String,
    /// Settings handed to every instance.
    #[serde(default, deserialize_with = "null_as_default")]
    pub parameters: Vec<Parameter>,
    /// Container images, at most one for each hardware and operating system.
    #[serde(default, deserialize_with = "null_as_default")]
    pub dockerimages: Vec<DockerImage>,
    /// JavaScript that defines `exports.handler`; empty for a container image that brings its own code.
    #[serde(
        rename = "functionCode",
        alias = "FunctionCode",
        alias = "functioncode",
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub function_code: String,
}

/// A setting of an operator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name, e.g. `service_port`, `memory_mb` or `cpus`.
    pub name: String,
    /// Its value, always text.
    #[serde(default, deserialize_with = "null_as_default")]
    pub value: String,
}

/// A container image of an operator.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DockerImage {
    /// The operator it belongs to.
    #[serde(rename = "OperatorName", alias = "operater", default, deserialize_with = "null_as_default")]
    pub operator_name: String,
    /// Repository, with the registry if not the default one.
    pub name: String,
    /// Tag; `latest` when empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub tag: String,
    /// `X86` or `ARM`.
    #[serde(rename = "hwType", default, deserialize_with = "null_as_default")]
    pub hw_type: String,
    /// `Linux`.
    #[serde(rename = "osType", default, deserialize_with = "null_as_default")]
    pub os_type: String,
    /// Whether workers fetch it ahead of need.
    #[serde(default, deserialize_with = "null_as_default")]
    pub prefetched: bool,
}

impl DockerImage {
    /// `name:tag`.
    #[must_use]
    pub fn reference(&self) -> String {
        format!("{}:{}", self.name, if self.tag.is_empty() { "latest" } else { &self.tag })
    }

    /// Whether the image runs on a worker of that operating system (`linux`) and hardware (`amd64`, `arm64`, `arm`).
    ///
    /// An image that does not say suits all.
    #[must_use]
    pub fn suits(&self, os: &str, hardware: &str) -> bool {
        let wanted = if hardware.to_ascii_lowercase().starts_with("arm") { "ARM" } else { "X86" };
        (self.os_type.is_empty() || self.os_type.eq_ignore_ascii_case(os))
            && (self.hw_type.is_empty() || self.hw_type.eq_ignore_ascii_case(wanted))
    }
}
