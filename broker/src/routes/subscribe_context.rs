//! `POST /ngsi10/subscribeContext`.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use context::{Record, Request, Subscription};
use http::HeaderMap;
use ngsi::v1::ngsi10::SubscribeContextRequest;
use ngsi::{SubscriptionId, json};
use tokio::sync::oneshot;

use super::request;
use crate::Shared;
use crate::answer::{self, Failure};

pub(super) async fn subscribe(
    State(broker): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Failure> {
    let request: SubscribeContextRequest = json::parse_object(&body)?;
    let id = SubscriptionId::from(uuid::Uuid::new_v4().to_string());
    let delivery = request::delivery(&headers);
    let created_at = service::now();
    let request = Request::Ngsi10(Box::new(request));
    let record = Record { id: id.clone(), request, delivery, created_at, initialised: false };
    let (written, answered) = oneshot::channel::<()>();
    broker.subscribe(Subscription::compile(record)?, answered).await?;
    let mut out = b"{\"subscribeResponse\":{\"subscriptionId\":".to_vec();
    json::write_string(&mut out, id.as_str());
    out.extend_from_slice(b"},\"subscribeError\":{\"subscriptionId\":");
    json::write_string(&mut out, id.as_str());
    out.extend_from_slice(b",\"errorCode\":{}}}");
    Ok(answer::json_holding(out, written))
}
