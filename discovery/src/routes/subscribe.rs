use axum::Json;
use axum::extract::State;
use bytes::Bytes;
use ngsi::SubscriptionId;
use ngsi::v1::StatusCode;
use ngsi::v1::ngsi9::{AvailabilityRequest, SubscribeContextAvailabilityResponse};
use ngsi::v1::ngsi10::UnsubscribeContextRequest;
use serde::Serialize;

use super::Shared;
use crate::refusal::Refusal;

pub(super) async fn subscribe(
    State(discovery): Shared,
    body: Bytes,
) -> Result<Json<SubscribeContextAvailabilityResponse>, Refusal> {
    let request: AvailabilityRequest = ngsi::json::parse(&body)?;
    let subscribe_id = discovery.subscribe(request).await?;
    Ok(Json(SubscribeContextAvailabilityResponse { subscribe_id, error_code: StatusCode::ok() }))
}

#[derive(Serialize)]
pub(super) struct Unsubscribed {
    #[serde(rename = "subscriptionId")]
    subscription_id: SubscriptionId,
    #[serde(rename = "statusCode")]
    status_code: StatusCode,
}

/// Ends a subscription; one that is not known has ended already.
pub(super) async fn unsubscribe(State(discovery): Shared, body: Bytes) -> Result<Json<Unsubscribed>, Refusal> {
    let UnsubscribeContextRequest { subscription_id } = ngsi::json::parse(&body)?;
    if subscription_id.is_empty() || subscription_id.as_str().len() > 1024 {
        return Err(ngsi::ParseError::new("subscriptionId", "must be 1 to 1024 bytes long").into());
    }
    discovery.unsubscribe(&subscription_id).await?;
    Ok(Json(Unsubscribed { subscription_id, status_code: StatusCode::new(200, "OK", "OK") }))
}
