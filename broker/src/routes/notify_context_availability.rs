//! `POST /ngsi10/notifyContextAvailability`: discovery tells where entities of interest are.

use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use ngsi::json;
use ngsi::v1::ngsi9::NotifyContextAvailabilityRequest;

use crate::Shared;
use crate::answer::{self, Failure};
use crate::federation::{self, Recipient};

pub(super) async fn notify(State(broker): State<Shared>, body: Bytes) -> Result<Response, Failure> {
    let told: NotifyContextAvailabilityRequest = json::parse_object(&body)?;
    let completeness = json::parse_object(&body)?;
    let id = told.subscribe_id.clone();
    match federation::availability(&broker, told, &completeness).await {
        // What is for nobody is accepted too, or discovery would send it again.
        Recipient::Known | Recipient::Nobody => {
            Ok(answer::fixed("{\"responseCode\":{\"code\":200,\"reasonPhrase\":\"OK\"}}"))
        }
        Recipient::NotYet => Err(Failure::unavailable(format!("subscribeId: `{id}` is not known yet"))),
    }
}
