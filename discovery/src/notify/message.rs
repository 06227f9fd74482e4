//! The notification on the wire.

use std::ops::Range;

use availability::Registration;
use ngsi::v1::ngsi9::RegistrationAttribute;
use ngsi::v1::{ContextMetadata, EntityRef, StatusCode};
use serde::Serialize;

use super::outbox::MAX_BATCH_BYTES;

/// The most registrations in one part of a snapshot.
pub(super) const MAX_PART: usize = 1_000;

/// [`ngsi::v1::ngsi9::NotifyContextAvailabilityRequest`] written from what is borrowed.
#[derive(Serialize)]
struct Notification<'a> {
    #[serde(rename = "subscribeId")]
    subscription: &'a str,
    #[serde(rename = "contextRegistrationResponses")]
    responses: Vec<RegistrationResponse<'a>>,
    #[serde(rename = "errorCode")]
    error_code: StatusCode,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    part: Option<Part>,
}

/// Which part of a snapshot.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Part {
    snapshot: bool,
    part: usize,
    parts: usize,
}

#[derive(Serialize)]
struct RegistrationResponse<'a> {
    #[serde(rename = "contextRegistration")]
    registration: ContextRegistration<'a>,
    #[serde(rename = "errorCode")]
    error_code: StatusCode,
}

#[derive(Serialize)]
struct ContextRegistration<'a> {
    entities: [EntityRef; 1],
    attributes: &'a [RegistrationAttribute],
    #[serde(rename = "contextMetadata")]
    metadata: &'a [ContextMetadata],
    #[serde(rename = "providingApplication")]
    provider: &'a str,
}

/// One notification; a response an entity, with its attributes and metadata.
pub(super) fn notification(subscription: &str, code: u16, what: &[Registration], part: Option<Part>) -> Vec<u8> {
    let responses = what.iter().map(response).collect();
    let error_code = StatusCode::new(code, "OK", "");
    // These types have no map keys but strings, so writing them as JSON cannot fail.
    serde_json::to_vec(&Notification { subscription, responses, error_code, part }).unwrap_or_default()
}

fn response(registration: &Registration) -> RegistrationResponse<'_> {
    let (id, entity_type) = (registration.id.clone(), registration.entity_type.clone());
    RegistrationResponse {
        registration: ContextRegistration {
            entities: [EntityRef { id, entity_type, is_pattern: false }],
            attributes: &registration.attributes,
            metadata: &registration.metadata,
            provider: &registration.provider,
        },
        error_code: StatusCode::ok(),
    }
}

/// Divides a snapshot into parts of bounded size, at least one.
pub(super) fn parts(what: &[Registration]) -> Vec<(Part, Range<usize>)> {
    let mut ranges = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (position, registration) in what.iter().enumerate() {
        bytes += registration.weight();
        if position > start && (position - start >= MAX_PART || bytes > MAX_BATCH_BYTES) {
            ranges.push(start..position);
            (start, bytes) = (position, registration.weight());
        }
    }
    ranges.push(start..what.len());
    let count = ranges.len();
    let numbered = ranges.into_iter().enumerate();
    numbered.map(|(index, range)| (Part { snapshot: true, part: index + 1, parts: count }, range)).collect()
}
