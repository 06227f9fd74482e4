//! NGSI-9 as a client.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use ngsi::v1::ContextMetadata;
use ngsi::v1::ngsi9::{
    AvailabilityRequest, ContextRegistration, DiscoverContextAvailabilityResponse, SubscribeContextAvailabilityResponse,
};
use ngsi::v1::ngsi10::UnsubscribeContextRequest;
use ngsi::{EntityId, SubscriptionId};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use service::http::path_segment;

use crate::state::Master;

/// A registration as `GET /ngsi9/registration/{id}` shows it.
#[derive(Debug, Deserialize)]
struct Shown {
    #[serde(rename = "MetadataList", default, deserialize_with = "ngsi::json::null_as_default")]
    metadata: BTreeMap<String, ContextMetadata>,
}

/// Subscribes; notifications go to `request.reference`.
pub(crate) async fn subscribe(master: &Master, request: &AvailabilityRequest) -> anyhow::Result<SubscriptionId> {
    let answer: SubscribeContextAvailabilityResponse = post(master, "subscribeContextAvailability", request).await?;
    let code = answer.error_code.code;
    ensure!(code == 0 || code == 200, "discovery answers {code} {}", answer.error_code.details);
    ensure!(!answer.subscribe_id.is_empty(), "discovery gives no `subscribeId`");
    Ok(answer.subscribe_id)
}

/// Ends a subscription.
pub(crate) async fn unsubscribe(master: &Master, id: &SubscriptionId) -> anyhow::Result<()> {
    let request = UnsubscribeContextRequest { subscription_id: id.clone() };
    post::<_, serde::de::IgnoredAny>(master, "unsubscribeContextAvailability", &request).await.map(drop)
}

/// Whether anything matches now.
pub(crate) async fn finds_any(master: &Master, request: &AvailabilityRequest) -> anyhow::Result<bool> {
    let found = ask(master, "discoverContextAvailability?limit=1", request).await?;
    Ok(found.iter().any(|registration| !registration.entities.is_empty()))
}

/// What matches now.
pub(crate) async fn discover(
    master: &Master,
    request: &AvailabilityRequest,
) -> anyhow::Result<Vec<ContextRegistration>> {
    ask(master, "discoverContextAvailability", request).await
}

async fn ask(master: &Master, call: &str, request: &AvailabilityRequest) -> anyhow::Result<Vec<ContextRegistration>> {
    let request = AvailabilityRequest { reference: String::new(), ..request.clone() };
    let answer: DiscoverContextAvailabilityResponse = post(master, call, &request).await?;
    Ok(answer.context_registration_responses.into_iter().map(|response| response.context_registration).collect())
}

/// Whether discovery still has a subscription.
pub(crate) async fn has_subscription(master: &Master, id: &SubscriptionId) -> anyhow::Result<bool> {
    let url = format!("{}/ngsi9/subscription/{}", master.node.config.discovery_url(), path_segment(id.as_str()));
    let answer = master.node.client.get(&url).await?;
    let status = answer.status();
    ensure!(status.is_success() || status == http::StatusCode::NOT_FOUND, "GET {url}: {status}");
    Ok(status.is_success() && !matches!(answer.body().trim_ascii(), b"" | b"null"))
}

/// The domain metadata of an entity; none when it is not registered any more.
pub(crate) async fn metadata(master: &Master, id: &EntityId) -> anyhow::Result<Vec<ContextMetadata>> {
    let _turn = master.questions.acquire().await?;
    let url = format!("{}/ngsi9/registration/{}", master.node.config.discovery_url(), path_segment(id.as_str()));
    let answer = master.node.client.get(&url).await?;
    if answer.status() == http::StatusCode::NOT_FOUND {
        return Ok(Vec::new());
    }
    ensure!(answer.status().is_success(), "GET {url}: {}", answer.status());
    let shown: Option<Shown> = ngsi::json::parse(answer.body())?;
    let named = |(name, metadatum): (String, ContextMetadata)| match metadatum.name.is_empty() {
        true => ContextMetadata { name: name.into(), ..metadatum },
        false => metadatum,
    };
    Ok(shown.map(|shown| shown.metadata.into_iter().map(named).collect()).unwrap_or_default())
}

async fn post<B: serde::Serialize, A: DeserializeOwned>(master: &Master, call: &str, body: &B) -> anyhow::Result<A> {
    let url = format!("{}/ngsi9/{call}", master.node.config.discovery_url());
    let answer = master.node.client.post_json(&url, &[], body).await?;
    ensure!(answer.status().is_success(), "POST {url}: {}", answer.status());
    ngsi::json::parse(answer.body()).with_context(|| format!("POST {url}"))
}
