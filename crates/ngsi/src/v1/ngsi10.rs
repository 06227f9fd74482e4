//! The requests and answers of NGSI-10, the context interface of a broker.

use serde::{Deserialize, Serialize};

use super::{ContextElement, EntityRef, Restriction, StatusCode};
use crate::json::null_as_default;
use crate::{JsonText, Name, ParseError, SubscriptionId};

/// `POST /ngsi10/updateContext`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct UpdateContextRequest {
    /// The elements to apply, in order.
    #[serde(rename = "contextElements", default, deserialize_with = "null_as_default")]
    pub context_elements: Vec<ContextElement>,
    /// What to do with them; existing clients leave it out and mean `UPDATE`.
    #[serde(rename = "updateAction", default)]
    pub update_action: UpdateAction,
}

/// What an update does with its elements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum UpdateAction {
    /// Set what is named; create the entity when it is not known yet.
    #[default]
    Update,
    /// The same as `Update`.
    Append,
    /// Remove the named attributes, or the whole entity when none is named or none would be left.
    Delete,
}

impl<'de> Deserialize<'de> for UpdateAction {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?.unwrap_or_default();
        match text.to_ascii_uppercase().as_str() {
            "" | "UPDATE" => Ok(Self::Update),
            "APPEND" => Ok(Self::Append),
            "DELETE" => Ok(Self::Delete),
            _ => Err(serde::de::Error::custom(format!("must be UPDATE, APPEND or DELETE, is `{text}`"))),
        }
    }
}

impl UpdateContextRequest {
    /// Checks every element. No element at all is valid and does nothing: existing clients send it.
    ///
    /// # Errors
    /// Names the member, e.g. `contextElements[3].entityId.id`.
    pub fn validate(&self) -> Result<(), ParseError> {
        for (index, element) in self.context_elements.iter().enumerate() {
            element.validate().map_err(|error| error.within(&format!("contextElements[{index}]")))?;
        }
        Ok(())
    }
}

/// `POST /ngsi10/queryContext`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QueryContextRequest {
    /// Which entities.
    #[serde(default, deserialize_with = "null_as_default")]
    pub entities: Vec<EntityRef>,
    /// Which of their attributes; all when empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub attributes: Vec<Name>,
    /// Where they must be, and what must be said of them.
    #[serde(default, deserialize_with = "null_as_default")]
    pub restriction: Restriction,
}

/// `POST /ngsi10/subscribeContext`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscribeContextRequest {
    /// Which entities.
    #[serde(default, deserialize_with = "null_as_default")]
    pub entities: Vec<EntityRef>,
    /// Which attributes to send; all when empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub attributes: Vec<Name>,
    /// Whom to notify: a base URL.
    #[serde(default, deserialize_with = "null_as_default")]
    pub reference: String,
    /// Where they must be, and what must be said of them.
    #[serde(default, deserialize_with = "null_as_default")]
    pub restriction: Restriction,
    /// ISO 8601 duration after which the subscription ends; for ever when empty.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub duration: String,
    /// On which changes to notify.
    #[serde(
        rename = "notifyConditions",
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "Vec::is_empty"
    )]
    pub notify_conditions: Vec<NotifyCondition>,
    /// ISO 8601 duration: the shortest time between two notifications.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub throttling: String,
}

/// `{"type":"ONCHANGE","condValues":[attribute names]}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyCondition {
    /// `ONCHANGE`, `ONTIMEINTERVAL` or `ONVALUE`.
    #[serde(rename = "type", default, deserialize_with = "null_as_default")]
    pub condition_type: String,
    /// The attributes of which a change counts; any when empty.
    #[serde(rename = "condValues", default, deserialize_with = "null_as_default")]
    pub cond_values: Vec<Name>,
    /// A further restriction, kept as it came.
    #[serde(default, skip_serializing_if = "is_null")]
    pub restriction: JsonText,
}

fn is_null(value: &JsonText) -> bool {
    *value == JsonText::null()
}

/// `{"subscribeResponse":{"subscriptionId"},"subscribeError":{…}}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscribeContextResponse {
    /// The identifier.
    #[serde(rename = "subscribeResponse", default)]
    pub subscribe_response: SubscribeResponse,
    /// Empty but for the identifier when all is well.
    #[serde(rename = "subscribeError", default)]
    pub subscribe_error: SubscribeError,
}

/// Part of [`SubscribeContextResponse`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscribeResponse {
    /// The identifier of the new subscription.
    #[serde(rename = "subscriptionId", default)]
    pub subscription_id: SubscriptionId,
}

/// Part of [`SubscribeContextResponse`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscribeError {
    /// The identifier again.
    #[serde(rename = "subscriptionId", default)]
    pub subscription_id: SubscriptionId,
    /// What went wrong, if anything.
    #[serde(rename = "errorCode", default)]
    pub error_code: StatusCode,
}

/// `POST /ngsi10/unsubscribeContext`, also that of NGSI-9.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnsubscribeContextRequest {
    /// The subscription to end.
    #[serde(rename = "subscriptionId")]
    pub subscription_id: SubscriptionId,
}

/// `POST …/notifyContext`: what a broker sends to a subscriber.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NotifyContextRequest {
    /// The subscription that is served.
    #[serde(rename = "subscriptionId", default, deserialize_with = "null_as_default")]
    pub subscription_id: SubscriptionId,
    /// Who sends it.
    #[serde(default, deserialize_with = "null_as_default")]
    pub originator: String,
    /// The entities; one without attributes has been deleted.
    #[serde(rename = "contextResponses", default, deserialize_with = "null_as_default")]
    pub context_responses: Vec<ContextElementResponse>,
}

/// One element of an answer or notification.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContextElementResponse {
    /// The entity.
    #[serde(rename = "contextElement")]
    pub context_element: ContextElement,
    /// How it fared.
    #[serde(rename = "statusCode", default)]
    pub status_code: StatusCode,
    /// What led to it, as one broker of ours tells another; not a member of NGSI-10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<JsonText>,
    /// The entity with all that it has, as one broker of ours tells another that asked for it; not a member of NGSI-10.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entity: Option<JsonText>,
}

/// The answer of `queryContext` and `updateContext`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ContextResponses {
    /// One entry an entity.
    #[serde(rename = "contextResponses", default, deserialize_with = "null_as_default")]
    pub context_responses: Vec<ContextElementResponse>,
    /// How the whole request fared.
    #[serde(rename = "errorCode", default, deserialize_with = "null_as_default")]
    pub error_code: StatusCode,
}
