//! `/ngsi-ld/v1/sourceNotifications`: where sources outside notify this broker on behalf of subscribers of ours.

use axum::extract::{Path, State};
use axum::response::Response;
use http::header::LINK;
use ngsi::ld::Kind;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::answer::{Failure, no_content, unsaved};
use super::call::Call;
use crate::Shared;

/// A notification (5.3.1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notification<'a> {
    subscription_id: String,
    #[serde(borrow)]
    data: Vec<&'a RawValue>,
    #[serde(rename = "@context", borrow)]
    context: Option<&'a RawValue>,
}

pub(super) async fn notify(
    State(broker): State<Shared>,
    Path(address): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    let told: Notification<'_> = call.object(false)?;
    // Before a dot is the tenant, which the request is at already.
    let key = address.rsplit_once('.').map_or(address.as_str(), |(_, key)| key);
    let Some(addressee) = broker.addressee(key, &told.subscription_id) else {
        let problem = format!("subscriptionId: `{}` serves no subscription of this broker", told.subscription_id);
        return Err(Failure::new(Kind::ResourceNotFound, problem));
    };
    let context = match told.context.is_some() || call.headers.contains_key(LINK) {
        true => call.context(&broker, told.context).await?,
        false => broker.language_of(&addressee).await?,
    };
    let _room = broker.admit(call.body.len()).await;
    broker.relay(&addressee, &told.data, &context).await.map_err(unsaved)?;
    Ok(no_content())
}
