//! The commands that tell a task in a container its surroundings: the content of `adminCfg`, later posted to `/admin`.

use flow::TaskInstance;
use serde::Serialize;

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "command")]
pub(crate) enum Command {
    #[serde(rename = "CONNECT_BROKER")]
    ConnectBroker {
        #[serde(rename = "brokerURL")]
        broker_url: String,
    },
    #[serde(rename = "SET_CORRELATORID")]
    SetCorrelatorId {
        #[serde(rename = "correlatorID")]
        correlator_id: String,
    },
    #[serde(rename = "SET_REFERENCE")]
    SetReference { url: String },
    #[serde(rename = "SET_OUTPUTS")]
    SetOutputs { r#type: String, id: String },
}

/// All commands for an instance; `broker` with `/ngsi10`.
pub(crate) fn commands(instance: &TaskInstance, broker: &str, reference: &str) -> Vec<Command> {
    let surroundings = [
        Command::ConnectBroker { broker_url: broker.to_owned() },
        Command::SetCorrelatorId { correlator_id: instance.id.to_string() },
        Command::SetReference { url: reference.to_owned() },
    ];
    let outputs = instance
        .outputs
        .iter()
        .map(|output| Command::SetOutputs { r#type: output.r#type.clone(), id: output.stream_id.clone() });
    surroundings.into_iter().chain(outputs).collect()
}
