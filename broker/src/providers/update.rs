//! Updates of attributes that providers have.

use std::collections::BTreeMap;
use std::sync::Arc;

use context::Edit;
use futures_util::future::join_all;
use http::StatusCode;
use ngsi::v2::{AttributeInput, Kind, Problem};
use ngsi::{JsonText, Name};
use serde::Serialize;

use super::exchange::Refused;
use super::{Provider, Request, legacy};
use crate::broker::Broker;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Update<'a> {
    action_type: &'static str,
    entities: [UpdatedEntity<'a>; 1],
}

#[derive(Serialize)]
struct UpdatedEntity<'a> {
    id: &'a str,
    #[serde(rename = "type", skip_serializing_if = "str::is_empty")]
    entity_type: &'a str,
    #[serde(flatten)]
    attributes: BTreeMap<&'a str, Written<'a>>,
}

#[derive(Serialize)]
struct Written<'a> {
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    value_type: Option<&'a str>,
    value: &'a JsonText,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<&'a str, Written<'a>>,
}

/// How providers fared with the attributes of an edit.
#[derive(Default)]
pub(crate) struct Provided {
    /// These have been updated.
    pub(crate) done: Vec<Name>,
    /// The first that a provider did not update.
    pub(crate) failed: Option<Problem>,
}

/// Passes the attributes of an edit on to the providers that have them.
pub(crate) async fn provide(broker: &Broker, edit: &Edit, request: &Request) -> Provided {
    let told = shares(broker, edit, request).into_iter().map(|(provider, share)| async move {
        let names: Vec<_> = share.attributes.iter().map(|attribute| attribute.name.clone()).collect();
        (names, tell(broker, request, &provider, &share).await)
    });
    let mut provided = Provided::default();
    for (names, outcome) in join_all(told).await {
        match outcome {
            Ok(()) => provided.done.extend(names),
            // It has it not, whatever was registered.
            Err(Refused { status: Some(StatusCode::NOT_FOUND), .. }) => {}
            Err(refused) => {
                let kind = match refused.status {
                    Some(status) => Kind::of_status(status.as_u16()),
                    None => Kind::ServiceUnavailable,
                };
                provided.failed.get_or_insert(Problem::new(kind, refused.problem));
            }
        }
    }
    provided
}

/// Each attribute goes to the first provider that has it.
fn shares(broker: &Broker, edit: &Edit, request: &Request) -> Vec<(Arc<Provider>, Edit)> {
    let now = service::now();
    let registry = broker.providers.registry.read();
    let takes_part = |provider: &&Arc<Provider>| {
        let mode = provider.provision.record.registration.provider.supported_forwarding_mode;
        mode.takes_updates() && provider.provision.is_active(now) && request.paths.have(&provider.provision.path)
    };
    let candidates: Vec<_> = registry.of_entity(edit.id.as_str()).filter(takes_part).collect();
    let mut shares: BTreeMap<&str, (Arc<Provider>, Edit)> = BTreeMap::new();
    for attribute in &edit.attributes {
        let provides = |provider: &&&Arc<Provider>| {
            provider.provision.provides(edit.id.as_str(), edit.entity_type.as_str(), &attribute.name)
        };
        if let Some(provider) = candidates.iter().find(provides) {
            let empty = || ((*provider).clone(), Edit { attributes: Vec::new(), ..edit.clone() });
            shares.entry(provider.id()).or_insert_with(empty).1.attributes.push(attribute.clone());
        }
    }
    shares.into_values().collect()
}

async fn tell(broker: &Broker, request: &Request, provider: &Provider, edit: &Edit) -> Result<(), Refused> {
    if provider.provision.record.registration.provider.legacy_forwarding {
        return legacy::update(broker, request, provider, edit).await;
    }
    let attributes = edit.attributes.iter().map(|attribute| (attribute.name.as_str(), written(attribute))).collect();
    let entity = UpdatedEntity { id: edit.id.as_str(), entity_type: edit.entity_type.as_str(), attributes };
    let unwritable = |error: serde_json::Error| Refused { status: None, problem: error.to_string() };
    let body = serde_json::to_vec(&Update { action_type: "update", entities: [entity] }).map_err(unwritable)?;
    request.send(broker, provider, "/op/update", body).await.map(drop)
}

fn written(attribute: &AttributeInput) -> Written<'_> {
    let metadata = attribute.metadata.iter().map(|metadatum| {
        let value_type = Some(metadatum.value_type.as_str()).filter(|given| !given.is_empty());
        (metadatum.name.as_str(), Written { value_type, value: &metadatum.value, metadata: BTreeMap::new() })
    });
    let value_type = attribute.value_type.as_ref().map(Name::as_str);
    Written { value_type, value: &attribute.value, metadata: metadata.collect() }
}
