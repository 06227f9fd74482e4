use axum::Json;
use axum::extract::{Path, State};
use bytes::Bytes;
use ngsi::v1::StatusCode;
use ngsi::v1::ngsi9::{AvailabilityRequest, SubscribeContextAvailabilityResponse};
use ngsi::v1::ngsi10::UnsubscribeContextRequest;
use ngsi::{ParseError, SubscriptionId};
use serde::Serialize;

use super::Shared;
use crate::refusal::Refusal;

pub(super) async fn subscribe(
    State(discovery): Shared,
    body: Bytes,
) -> Result<Json<SubscribeContextAvailabilityResponse>, Refusal> {
    let request: AvailabilityRequest = ngsi::json::parse_object(&body)?;
    let subscribe_id = SubscriptionId::from(uuid::Uuid::new_v4().to_string());
    discovery.subscribe(subscribe_id.clone(), request).await?;
    Ok(Json(SubscribeContextAvailabilityResponse { subscribe_id, error_code: StatusCode::ok() }))
}

/// Changes what a subscription selects; brokers of the original do so for NGSI-LD.
pub(super) async fn replace(
    State(discovery): Shared,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Json<SubscribeContextAvailabilityResponse>, Refusal> {
    let request: AvailabilityRequest = ngsi::json::parse_object(&body)?;
    let subscribe_id = checked(SubscriptionId::from(id))?;
    discovery.subscribe(subscribe_id.clone(), request).await?;
    Ok(Json(SubscribeContextAvailabilityResponse { subscribe_id, error_code: StatusCode::ok() }))
}

fn checked(id: SubscriptionId) -> Result<SubscriptionId, ParseError> {
    if id.is_empty() || id.as_str().len() > 1024 {
        return Err(ParseError::new("subscriptionId", "must be 1 to 1024 bytes long"));
    }
    Ok(id)
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
    let UnsubscribeContextRequest { subscription_id } = ngsi::json::parse_object(&body)?;
    let subscription_id = checked(subscription_id)?;
    discovery.unsubscribe(&subscription_id).await?;
    Ok(Json(Unsubscribed { subscription_id, status_code: StatusCode::new(200, "OK", "OK") }))
}
