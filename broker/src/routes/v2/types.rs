//! `/v2/types`: which types of entities there are in the system, with which attributes.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Path, State};
use axum::response::Response;
use http::HeaderMap;
use ngsi::Entity;
use ngsi::v1::EntityRef;
use ngsi::v1::ngsi9::ContextRegistration;
use ngsi::v2::write::{shown, type_of, typed_value};
use ngsi::v2::{DEFAULT_ENTITY_TYPE, Kind, place};
use serde::Serialize;

use super::answer::Failure;
use super::headers;
use super::list::{total, warn};
use super::params::Params;
use crate::federation::{self, BROKER_TYPE};
use crate::routes::request;
use crate::{Shared, answer};

/// Leaves out of which types the attributes are.
const NO_DETAIL: &str = "noAttrDetail";

/// What is known of one type.
#[derive(Default, Serialize)]
struct Known {
    attrs: BTreeMap<String, Types>,
    count: usize,
}

/// The types of an attribute's values.
#[derive(Default, Serialize)]
struct Types {
    types: BTreeSet<String>,
}

#[derive(Serialize)]
struct Listed<'a> {
    #[serde(rename = "type")]
    entity_type: &'a str,
    #[serde(flatten)]
    known: &'a Known,
}

pub(super) async fn list(
    State(broker): State<Shared>,
    headers: HeaderMap,
    params: Params,
) -> Result<Response, Failure> {
    let options = params.options(&["count", "values", NO_DETAIL])?;
    let page = params.page()?;
    let (mut types, problems) = survey(&broker, &headers, &EntityRef::pattern(".*")).await?;
    if options.has(NO_DETAIL) {
        types.values_mut().for_each(Known::leave_out_detail);
    }
    let mut names: Vec<_> = types.keys().map(String::as_str).collect();
    let count = names.len();
    page.cut(&mut names);
    let body = if options.has("values") {
        serde_json::to_vec(&names)
    } else {
        let listed = names.iter().filter_map(|name| Some(Listed { entity_type: name, known: types.get(*name)? }));
        serde_json::to_vec(&listed.collect::<Vec<_>>())
    };
    let mut response = written(body)?;
    if options.has("count") {
        total(&mut response, count);
    }
    warn(&mut response, &problems);
    Ok(response)
}

pub(super) async fn get(
    State(broker): State<Shared>,
    headers: HeaderMap,
    Path(entity_type): Path<String>,
    params: Params,
) -> Result<Response, Failure> {
    let options = params.options(&[NO_DETAIL])?;
    let reference = match entity_type.as_str() {
        DEFAULT_ENTITY_TYPE => EntityRef::pattern(".*"),
        given => EntityRef::of_type(given.into()),
    };
    let (mut types, problems) = survey(&broker, &headers, &reference).await?;
    let known = types.get_mut(&entity_type);
    let known =
        known.ok_or_else(|| Failure::new(Kind::NotFound, format!("there are no entities of type `{entity_type}`")))?;
    if options.has(NO_DETAIL) {
        known.leave_out_detail();
    }
    let mut response = written(serde_json::to_vec(known))?;
    warn(&mut response, &problems);
    Ok(response)
}

fn written(body: serde_json::Result<Vec<u8>>) -> Result<Response, Failure> {
    body.map(answer::json).map_err(|error| Failure::new(Kind::ServiceUnavailable, error.to_string()))
}

/// Looks at the entities here, and at what discovery knows of those of other brokers.
async fn survey(
    broker: &Shared,
    headers: &HeaderMap,
    reference: &EntityRef,
) -> Result<(BTreeMap<String, Known>, Vec<String>), Failure> {
    let paths = headers::paths(headers)?;
    let mut types = BTreeMap::new();
    let of_type = |entity: &Entity| reference.entity_type.is_empty() || entity.entity_type == reference.entity_type;
    let wanted = |entity: &Entity| of_type(entity) && paths.select(entity);
    let mut shard = 0;
    while let Some(entities) = broker.shards.page(shard) {
        entities.iter().filter(|entity| wanted(entity)).for_each(|entity| add(&mut types, entity));
        shard += 1;
        tokio::task::yield_now().await;
    }
    if request::is_from_broker(headers) || !paths.select_root() {
        return Ok((types, Vec::new()));
    }
    let (registrations, problems) = federation::registrations(broker, reference).await;
    registrations.iter().for_each(|registration| add_registration(&mut types, registration));
    Ok((types, problems))
}

fn add(types: &mut BTreeMap<String, Known>, entity: &Entity) {
    let known = types.entry(type_of(entity).to_owned()).or_default();
    known.count += 1;
    for attribute in shown(entity) {
        known.note(attribute.name.as_str(), typed_value(attribute).0);
    }
}

fn add_registration(types: &mut BTreeMap<String, Known>, registration: &ContextRegistration) {
    for entity in registration.entities.iter().filter(|entity| entity.entity_type != BROKER_TYPE) {
        let given = entity.entity_type.as_str();
        let known = types.entry(if given.is_empty() { DEFAULT_ENTITY_TYPE } else { given }.to_owned()).or_default();
        known.count += 1;
        let attributes = registration.attributes.iter().flatten();
        for attribute in attributes.clone() {
            known.note(attribute.name.as_str(), attribute.value_type.as_str());
        }
        let hidden = |name: &str| attributes.clone().any(|attribute| attribute.name == *name);
        for metadatum in registration.context_metadata.iter().flatten().filter(|m| !hidden(m.name.as_str())) {
            known.note(metadatum.name.as_str(), place::type_of_domain(metadatum.value_type.as_str()));
        }
    }
}

impl Known {
    fn leave_out_detail(&mut self) {
        self.attrs.values_mut().for_each(|attribute| attribute.types.clear());
    }

    fn note(&mut self, name: &str, value_type: &str) {
        if !self.attrs.get(name).is_some_and(|known| known.types.contains(value_type)) {
            self.attrs.entry(name.to_owned()).or_default().types.insert(value_type.to_owned());
        }
    }
}
