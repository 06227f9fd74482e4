//! `POST /ngsi10/notifyContext`: another broker notifies this one on behalf of a subscriber of ours.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderMap;
use ngsi::json;
use ngsi::v1::ngsi10::NotifyContextRequest;

use super::request;
use crate::Shared;
use crate::answer::{self, Failure};
use crate::federation::{self, Recipient};

const ACCEPTED: &str = "{\"responseCode\":{}}";

pub(super) async fn notify(State(broker): State<Shared>, headers: HeaderMap, body: Bytes) -> Result<Response, Failure> {
    let told: NotifyContextRequest = json::parse_object(&body)?;
    if told.context_responses.is_empty() {
        return Ok(answer::fixed(ACCEPTED));
    }
    let id = told.subscription_id.clone();
    let _room = broker.admit(body.len()).await;
    match federation::relay(&broker, told).await? {
        Recipient::Known => Ok(answer::fixed(ACCEPTED)),
        Recipient::NotYet => Err(Failure::unavailable(format!("subscriptionId: `{id}` is not known yet"))),
        // The original broker would not understand; ours drops the subscription.
        Recipient::Nobody if !request::is_from_broker(&headers) => Ok(answer::fixed(ACCEPTED)),
        Recipient::Nobody => {
            Err(Failure::not_found(format!("subscriptionId: `{id}` serves no subscription of this broker")))
        }
    }
}
