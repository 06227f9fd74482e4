//! `POST /ngsi10/notifyContext`: another broker notifies this one on behalf of a subscriber of ours.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use ngsi::json;
use ngsi::v1::ngsi10::NotifyContextRequest;

use crate::Shared;
use crate::answer::{self, Failure};
use crate::federation::{self, Recipient};

pub(super) async fn notify(State(broker): State<Shared>, body: Bytes) -> Result<Response, Failure> {
    let told: NotifyContextRequest = json::parse(&body)?;
    let id = told.subscription_id.clone();
    let _room = broker.ledger.admit(body.len()).await;
    match federation::relay(&broker, told).await? {
        Recipient::Known => Ok(answer::fixed("{\"responseCode\":{}}")),
        Recipient::NotYet => Err(Failure::unavailable(format!("subscriptionId: `{id}` is not known yet"))),
        Recipient::Nobody => {
            Err(Failure::not_found(format!("subscriptionId: `{id}` serves no subscription of this broker")))
        }
    }
}
