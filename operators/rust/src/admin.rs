//! What the worker tells the task of its surroundings.

use serde::Deserialize;

use crate::element::EntityId;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The broker, with `/ngsi10`.
    pub(crate) broker: Option<String>,
    /// Sent with every update, so that the task does not hear itself.
    pub(crate) correlator: String,
    /// Type and id of the entities to write.
    pub(crate) outputs: Vec<(String, String)>,
}

#[derive(Deserialize)]
struct Command {
    command: String,
    #[serde(rename = "brokerURL", default)]
    broker_url: Option<String>,
    #[serde(rename = "correlatorID", default)]
    correlator_id: Option<String>,
    #[serde(default)]
    r#type: String,
    #[serde(default)]
    id: String,
}

impl Settings {
    /// The entity to write: the first one.
    pub(crate) fn output(&self) -> Option<EntityId> {
        let (kind, id) = self.outputs.first()?;
        Some(EntityId { id: id.clone(), r#type: kind.clone(), is_pattern: false.into() })
    }

    /// Applies a JSON list of commands; those it does not know are ignored, outputs replace earlier ones.
    pub(crate) fn apply(&mut self, commands: &str) -> serde_json::Result<()> {
        if commands.is_empty() {
            return Ok(());
        }
        let commands: Vec<Command> = serde_json::from_str(commands)?;
        if commands.iter().any(|command| command.command == "SET_OUTPUTS") {
            self.outputs.clear();
        }
        for command in commands {
            match command.command.as_str() {
                "CONNECT_BROKER" => self.broker = command.broker_url,
                "SET_CORRELATORID" => self.correlator = command.correlator_id.unwrap_or_default(),
                "SET_OUTPUTS" => self.outputs.push((command.r#type, command.id)),
                _ => {}
            }
        }
        Ok(())
    }
}
