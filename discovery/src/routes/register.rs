use availability::parse_registrations;
use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use ngsi::ParseError;
use ngsi::v1::ngsi9::{RegisterContextRequest, RegisterContextResponse};
use ngsi::v1::{StatusCode, parse_duration};

use super::Shared;
use crate::refusal::Refusal;

pub(super) async fn register(State(discovery): Shared, body: Bytes) -> Result<Json<RegisterContextResponse>, Refusal> {
    let mut request: RegisterContextRequest = ngsi::json::parse_object(&body)?;
    let duration = std::mem::take(&mut request.duration);
    let mut registration_id = std::mem::take(&mut request.registration_id);
    let removes = removes(&duration)?;
    let changes = parse_registrations(request)?;
    if removes {
        discovery.unregister(changes).await?;
    } else {
        discovery.register(changes).await?;
    }
    if registration_id.is_empty() {
        registration_id = uuid::Uuid::new_v4().to_string();
    }
    Ok(Json(RegisterContextResponse { duration, registration_id, error_code: StatusCode::ok() }))
}

/// A duration of zero removes; any other is granted as it came.
fn removes(duration: &str) -> Result<bool, ParseError> {
    if duration.is_empty() {
        return Ok(false);
    }
    match parse_duration(duration) {
        Some(duration) => Ok(duration.is_zero()),
        None => Err(ParseError::new("duration", "must be an ISO 8601 duration such as PT10M, or 0 to remove")),
    }
}
