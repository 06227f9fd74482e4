//! The form of every message on the bus: `{"Type","RoutingKey","From","PayLoad"}`.

use ngsi::{JsonText, ParseError};
use serde::{Deserialize, Serialize};

use crate::Message;

/// A message with its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// What kind of message, e.g. `ADD_TASK`.
    #[serde(rename = "Type")]
    pub message_type: String,
    /// The topic, with its trailing dot.
    #[serde(rename = "RoutingKey", default)]
    pub routing_key: String,
    /// The id of the sender.
    #[serde(rename = "From", default)]
    pub from: String,
    /// The content (the capital L is part of the protocol).
    #[serde(rename = "PayLoad", default)]
    pub payload: JsonText,
}

/// A message that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// Not one of the types of the protocol: to be ignored.
    #[error("unknown message type `{0}`")]
    UnknownType(String),
    /// The payload is not what its type requires.
    #[error("{message_type} is not usable")]
    Payload {
        /// The type of the message.
        message_type: String,
        /// What is wrong with it, and where.
        #[source]
        source: ParseError,
    },
}

impl Envelope {
    /// Wraps a message.
    ///
    /// # Errors
    /// A payload that cannot be written as JSON, e.g. a coordinate that is not a number.
    pub fn new(routing_key: impl Into<String>, from: impl Into<String>, message: &Message) -> serde_json::Result<Self> {
        let (message_type, payload) = message.encode()?;
        Ok(Self {
            message_type: message_type.to_owned(),
            routing_key: routing_key.into(),
            from: from.into(),
            payload: JsonText::from(payload),
        })
    }

    /// Parses the body of a message.
    ///
    /// # Errors
    /// Names the member that is not usable.
    pub fn parse(body: &[u8]) -> Result<Self, ParseError> {
        ngsi::json::parse(body)
    }

    /// Understands the payload.
    ///
    /// # Errors
    /// A type that the protocol does not have, or a payload that does not fit its type.
    pub fn message(&self) -> Result<Message, DecodeError> {
        Message::decode(&self.message_type, &self.payload)
    }
}
