//! `POST /ngsi10/unsubscribeContext`.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use ngsi::json;
use ngsi::v1::ngsi10::UnsubscribeContextRequest;

use crate::Shared;
use crate::answer::{self, Failure};

pub(super) async fn unsubscribe(State(broker): State<Shared>, body: Bytes) -> Result<Response, Failure> {
    let request: UnsubscribeContextRequest = json::parse_object(&body)?;
    let known = broker.unsubscribe(&request.subscription_id).await?;
    let (status, details) = if known { (StatusCode::OK, "") } else { (StatusCode::NOT_FOUND, "no such subscription") };
    let mut out = b"{\"subscriptionId\":".to_vec();
    json::write_string(&mut out, request.subscription_id.as_str());
    out.extend_from_slice(b",\"statusCode\":");
    answer::write_status(&mut out, status, details);
    out.push(b'}');
    Ok(answer::json(out))
}
