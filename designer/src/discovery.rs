//! What the designer asks discovery.

use axum::body::Bytes;
use http::{Response, StatusCode};
use ngsi::Point;
use ngsi::v1::EntityRef;
use ngsi::v1::ngsi9::{AvailabilityRequest, DiscoverContextAvailabilityResponse};
use serde::Deserialize;
use serde_json::Value;
use service::http::{ClientError, path_segment};

use crate::live::Heard;
use crate::refusal::chain;
use crate::state::Designer;

/// A type and how many entities have it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct TypeCount {
    #[serde(rename = "type")]
    pub(crate) name: String,
    pub(crate) entities: u64,
}

/// All types with their counts; `None` when discovery is away or does not count.
pub(crate) async fn counts(designer: &Designer) -> Option<Vec<TypeCount>> {
    serde_json::from_value(fetch(designer, "/etype?counts=true").await?).ok()
}

/// How many entities of a type there are; `None` when discovery cannot say, or they are too many to be listed.
pub(crate) async fn count(designer: &Designer, name: &str) -> Option<u64> {
    if let Some(counts) = counts(designer).await {
        return Some(counts.iter().find(|count| count.name == name).map_or(0, |count| count.entities));
    }
    listed(designer, name).await
}

/// How many entities of a type discovery lists.
pub(crate) async fn listed(designer: &Designer, name: &str) -> Option<u64> {
    let url = format!("{}/ngsi9/discoverContextAvailability", designer.node.config.discovery_url());
    let request =
        AvailabilityRequest { entities: vec![EntityRef::of_type(name.into())], ..AvailabilityRequest::default() };
    let answer = answered(designer.node.client.post_json(&url, &[], &request).await, &url)?;
    let found: DiscoverContextAvailabilityResponse = serde_json::from_slice(answer.body()).ok()?;
    let responses = found.context_registration_responses.iter();
    Some(responses.map(|response| response.context_registration.entities.len() as u64).sum())
}

/// The brokers that discovery knows.
pub(crate) async fn brokers(designer: &Designer) -> Vec<Heard> {
    let brokers = fetch(designer, "/ngsi9/broker").await.and_then(|map| map.as_object().cloned()).unwrap_or_default();
    brokers.into_iter().filter_map(|(_, broker)| serde_json::from_value(broker).ok()).collect()
}

/// Where a broker stands.
pub(crate) async fn place(designer: &Designer, broker: &str) -> Option<Point> {
    let registration = fetch(designer, &format!("/ngsi9/registration/{}", path_segment(broker))).await?;
    serde_json::from_value(registration.get("MetadataList")?.get("location")?.get("value")?.clone()).ok()
}

/// What discovery answers at a path, if it does.
pub(crate) async fn fetch(designer: &Designer, path: &str) -> Option<Value> {
    let url = format!("{}{path}", designer.node.config.discovery_url());
    let answer = answered(designer.node.client.get(&url).await, &url)?;
    serde_json::from_slice(answer.body()).ok()
}

/// An answer that is one.
pub(crate) fn answered(answer: Result<Response<Bytes>, ClientError>, url: &str) -> Option<Response<Bytes>> {
    match answer {
        Ok(answer) if answer.status() == StatusCode::OK => Some(answer),
        Ok(answer) => {
            tracing::debug!(url, status = answer.status().as_u16(), "no information");
            None
        }
        Err(error) => {
            tracing::debug!(url, error = %chain(&error), "no information");
            None
        }
    }
}
