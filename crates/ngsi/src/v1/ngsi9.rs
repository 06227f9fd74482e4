//! The requests and answers of NGSI-9, the availability interface of discovery.

use serde::{Deserialize, Serialize};

use super::{ContextMetadata, EntityRef, Restriction, StatusCode};
use crate::json::null_as_default;
use crate::selector::flag;
use crate::{Name, SubscriptionId};

/// Code of a notification with the registrations that match at subscription time.
pub const AVAILABLE_AT_SUBSCRIPTION: u16 = 201;
/// Code of a notification about registrations created or updated since.
pub const AVAILABLE: u16 = 301;
/// Code of a notification about registrations that are gone.
pub const UNAVAILABLE: u16 = 410;

/// `POST /ngsi9/registerContext`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterContextRequest {
    /// What is available.
    #[serde(rename = "contextRegistrations", default, deserialize_with = "null_as_default")]
    pub context_registrations: Vec<ContextRegistration>,
    /// ISO 8601 duration; `0` removes the registrations.
    #[serde(default, deserialize_with = "null_as_default")]
    pub duration: String,
    /// The identifier of an earlier registration.
    #[serde(
        rename = "registrationId",
        default,
        deserialize_with = "null_as_default",
        skip_serializing_if = "String::is_empty"
    )]
    pub registration_id: String,
}

/// Entities that one provider makes available.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextRegistration {
    /// Whom it is about.
    #[serde(default, deserialize_with = "null_as_default")]
    pub entities: Vec<EntityRef>,
    /// Their attributes; `None` when the sender did not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<Vec<RegistrationAttribute>>,
    /// Their domain metadata; `None` when the sender did not say.
    #[serde(rename = "contextMetadata", default, skip_serializing_if = "Option::is_none")]
    pub context_metadata: Option<Vec<ContextMetadata>>,
    /// The base URL of the broker that holds them, with `/ngsi10`.
    #[serde(rename = "providingApplication", default, deserialize_with = "null_as_default")]
    pub providing_application: String,
}

/// An attribute in a registration: `{"name","type","isDomain"}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RegistrationAttribute {
    /// Its name.
    #[serde(default, deserialize_with = "null_as_default")]
    pub name: Name,
    /// The declared type of its value.
    #[serde(rename = "type", default, deserialize_with = "null_as_default")]
    pub value_type: Name,
    /// Whether it stands for a whole attribute domain.
    #[serde(rename = "isDomain", default, deserialize_with = "flag")]
    pub is_domain: bool,
}

/// Answer of `registerContext`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RegisterContextResponse {
    /// The duration granted.
    #[serde(default)]
    pub duration: String,
    /// The identifier of the registration.
    #[serde(rename = "registrationId", default)]
    pub registration_id: String,
    /// How it fared.
    #[serde(rename = "errorCode", default)]
    pub error_code: StatusCode,
}

/// `POST /ngsi9/discoverContextAvailability`; with a `reference` also `subscribeContextAvailability`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AvailabilityRequest {
    /// Which entities.
    #[serde(default, deserialize_with = "null_as_default")]
    pub entities: Vec<EntityRef>,
    /// Attributes that must be registered; none when empty.
    #[serde(default, deserialize_with = "null_as_default")]
    pub attributes: Vec<Name>,
    /// Where they must be, and what must be said of them.
    #[serde(default, deserialize_with = "null_as_default")]
    pub restriction: Restriction,
    /// The URL to notify, used exactly as given.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "String::is_empty")]
    pub reference: String,
}

/// Answer of `discoverContextAvailability`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscoverContextAvailabilityResponse {
    /// The matches.
    #[serde(rename = "contextRegistrationResponses", default, deserialize_with = "null_as_default")]
    pub context_registration_responses: Vec<ContextRegistrationResponse>,
    /// How it fared.
    #[serde(rename = "errorCode", default)]
    pub error_code: StatusCode,
}

/// One match.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextRegistrationResponse {
    /// What is available, and where.
    #[serde(rename = "contextRegistration", default)]
    pub context_registration: ContextRegistration,
    /// How it fared.
    #[serde(rename = "errorCode", default)]
    pub error_code: StatusCode,
}

/// Answer of `subscribeContextAvailability`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscribeContextAvailabilityResponse {
    /// The identifier of the new subscription.
    #[serde(rename = "subscribeId", default)]
    pub subscribe_id: SubscriptionId,
    /// How it fared.
    #[serde(rename = "errorCode", default)]
    pub error_code: StatusCode,
}

/// What discovery sends to the `reference` of a subscription.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotifyContextAvailabilityRequest {
    /// The subscription that is served.
    #[serde(rename = "subscribeId", default, deserialize_with = "null_as_default")]
    pub subscribe_id: SubscriptionId,
    /// The registrations concerned.
    #[serde(rename = "contextRegistrationResponses", default, deserialize_with = "null_as_default")]
    pub context_registration_responses: Vec<ContextRegistrationResponse>,
    /// [`AVAILABLE_AT_SUBSCRIPTION`], [`AVAILABLE`] or [`UNAVAILABLE`].
    #[serde(rename = "errorCode", default)]
    pub error_code: StatusCode,
    /// Whether the parts `1..=parts` together name everything available: what an earlier notification named and no
    /// part does is gone. A part 1 begins anew. An extension; the original sends no such member.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub snapshot: bool,
    /// Which part of a snapshot this is, from 1; otherwise 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub part: usize,
    /// How many parts the snapshot has; otherwise 0.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub parts: usize,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
