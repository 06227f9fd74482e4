//! Context elements of NGSI-10.

use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Element {
    #[serde(rename = "entityId", default)]
    pub(crate) entity: EntityId,
    #[serde(default)]
    pub(crate) attributes: Vec<Attribute>,
    #[serde(rename = "domainMetadata", default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) metadata: Vec<Attribute>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct EntityId {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) r#type: String,
    #[serde(rename = "isPattern", default)]
    pub(crate) is_pattern: Value,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Attribute {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) r#type: String,
    #[serde(default)]
    pub(crate) value: Value,
}

/// Body of `POST /notifyContext`.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Notification {
    #[serde(rename = "contextResponses", default)]
    pub(crate) responses: Vec<Response>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Response {
    #[serde(rename = "contextElement")]
    pub(crate) element: Element,
}

impl Attribute {
    pub(crate) fn new(name: &str, r#type: &str, value: impl Into<Value>) -> Self {
        Self { name: name.to_owned(), r#type: r#type.to_owned(), value: value.into() }
    }
}

impl Element {
    pub(crate) fn attribute(&self, name: &str) -> Option<&Value> {
        self.attributes.iter().find(|attribute| attribute.name == name).map(|attribute| &attribute.value)
    }

    pub(crate) fn metadatum(&self, name: &str) -> Option<&Value> {
        self.metadata.iter().find(|metadatum| metadatum.name == name).map(|metadatum| &metadatum.value)
    }
}
