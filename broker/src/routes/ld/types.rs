//! `/ngsi-ld/v1/types` and `/ngsi-ld/v1/attributes`: what kinds of entities and attributes there are (ETSI GS CIM 009, 5.7.5 to
//! 5.7.10, 6.25 to 6.28), here and at all other brokers.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Path, State};
use axum::response::Response;
use bytes::Bytes;
use http::Request;
use ngsi::ld::{AttributeType, Context, Kind};
use ngsi::{Entity, Name};
use serde::Deserialize;
use serde_json::{Value, json};
use service::http::path_segment;

use super::answer::Failure;
use super::call::Call;
use super::media;
use super::search::warn;
use crate::Shared;
use crate::federation::{self, Everywhere};

/// What is known of the entities of one type.
#[derive(Default)]
struct OfType {
    count: usize,
    attributes: BTreeMap<Name, BTreeSet<&'static str>>,
}

/// What is known of the attributes of one name.
#[derive(Default)]
struct OfAttribute {
    count: usize,
    types: BTreeSet<Name>,
    kinds: BTreeSet<&'static str>,
}

/// What another broker says of a type, an attribute, or one in the details of a type (5.2.25 to 5.2.28).
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Told {
    type_name: String,
    entity_count: usize,
    attribute_names: Vec<String>,
    attribute_details: Vec<Told>,
    attribute_name: String,
    attribute_count: usize,
    attribute_types: Vec<String>,
    type_names: Vec<String>,
}

impl Told {
    fn kinds(&self) -> impl Iterator<Item = &'static str> {
        self.attribute_types.iter().filter_map(|name| AttributeType::named(name).map(AttributeType::name))
    }
}

/// What other brokers say, and who did not answer.
async fn told(broker: &Shared, call: &Call, path: &str) -> (Vec<Told>, Vec<String>) {
    if call.is_local() {
        return Default::default();
    }
    let request = |url: &str| Request::get(format!("{url}/ngsi-ld/v1{path}"));
    let Everywhere { answers, mut problems } = federation::ask_everywhere(broker, request, &Bytes::new()).await;
    let mut told = Vec::new();
    for answer in answers {
        let is_list = answer.body.trim_ascii_start().starts_with(b"[");
        let read = match is_list {
            true => ngsi::json::parse(&answer.body),
            false => ngsi::json::parse(&answer.body).map(|one| vec![one]),
        };
        match read {
            Ok(some) => told.extend::<Vec<Told>>(some),
            Err(error) => problems.push(format!("{}: {error}", answer.url)),
        }
    }
    (told, problems)
}

/// A name in a path of another broker.
fn segment(context: &Context, name: &Name) -> String {
    path_segment(&context.iri(name))
}

pub(super) async fn list(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    let (told, problems) = told(&broker, &call, "/types?details=true&local=true").await;
    let types = types(&broker, &told).await;
    let describe = |(name, of_type): (&Name, &OfType)| {
        let names: Vec<_> = of_type.attributes.keys().map(|name| context.compact(name)).collect();
        json!({ "id": context.iri(name), "type": "EntityType", "typeName": context.compact(name), "attributeNames": names })
    };
    let listed = match call.params.flag("details")? {
        true => types.iter().map(describe).collect(),
        false => named("EntityTypeList", "typeList", types.keys(), &context),
    };
    answered(&broker, &call, &context, listed, &problems).await
}

async fn answered(
    broker: &Shared,
    call: &Call,
    context: &Context,
    value: Value,
    problems: &[String],
) -> Result<Response, Failure> {
    let mut response = media::answer(broker, call, context, value).await?;
    warn(&mut response, problems);
    Ok(response)
}

/// A list of names. It exists only as long as its answer, but has an identifier.
fn named<'a>(kind: &str, member: &str, names: impl Iterator<Item = &'a Name>, context: &Context) -> Value {
    let names: Vec<_> = names.map(|name| context.compact(name)).collect();
    json!({ "id": format!("urn:ngsi-ld:{kind}:{}", uuid::Uuid::new_v4()), "type": kind, member: names })
}

pub(super) async fn get(
    State(broker): State<Shared>,
    Path(name): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    let name = context.expand(&name);
    let path = format!("/types/{}?local=true", segment(&context, &name));
    let (told, problems) = told(&broker, &call, &path).await;
    let types = types(&broker, &told).await;
    let of_type = types.get(&name).ok_or_else(|| unknown("entities of type", &name))?;
    let details = of_type.attributes.iter().map(|(name, kinds)| {
        json!({ "id": context.iri(name), "type": "Attribute", "attributeName": context.compact(name), "attributeTypes": kinds })
    });
    let described = json!({
        "id": context.iri(&name),
        "type": "EntityTypeInfo",
        "typeName": context.compact(&name),
        "entityCount": of_type.count,
        "attributeDetails": details.collect::<Vec<_>>(),
    });
    answered(&broker, &call, &context, described, &problems).await
}

pub(super) async fn attributes(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    let (told, problems) = told(&broker, &call, "/attributes?details=true&local=true").await;
    let attributes = known_attributes(&broker, &told).await;
    let describe = |(name, of): (&Name, &OfAttribute)| {
        let types: Vec<_> = of.types.iter().map(|name| context.compact(name)).collect();
        json!({ "id": context.iri(name), "type": "Attribute", "attributeName": context.compact(name), "typeNames": types })
    };
    let listed = match call.params.flag("details")? {
        true => attributes.iter().map(describe).collect(),
        false => named("AttributeList", "attributeList", attributes.keys(), &context),
    };
    answered(&broker, &call, &context, listed, &problems).await
}

pub(super) async fn attribute(
    State(broker): State<Shared>,
    Path(name): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    let name = context.expand(&name);
    let path = format!("/attributes/{}?local=true", segment(&context, &name));
    let (told, problems) = told(&broker, &call, &path).await;
    let attributes = known_attributes(&broker, &told).await;
    let of = attributes.get(&name).ok_or_else(|| unknown("attributes named", &name))?;
    let types: Vec<_> = of.types.iter().map(|name| context.compact(name)).collect();
    let described = json!({
        "id": context.iri(&name),
        "type": "Attribute",
        "attributeName": context.compact(&name),
        "attributeCount": of.count,
        "attributeTypes": of.kinds,
        "typeNames": types,
    });
    answered(&broker, &call, &context, described, &problems).await
}

fn unknown(what: &str, name: &Name) -> Failure {
    Failure::new(Kind::ResourceNotFound, format!("there are no {what} `{name}`"))
}

/// The types here and elsewhere.
async fn types(broker: &Shared, told: &[Told]) -> BTreeMap<Name, OfType> {
    let core = Context::core();
    let mut types: BTreeMap<Name, OfType> = BTreeMap::new();
    for told in told {
        let of_type = types.entry(core.expand(&told.type_name)).or_default();
        of_type.count += told.entity_count;
        for name in &told.attribute_names {
            of_type.attributes.entry(core.expand(name)).or_default();
        }
        for detail in &told.attribute_details {
            let kinds = of_type.attributes.entry(core.expand(&detail.attribute_name)).or_default();
            kinds.extend(detail.kinds());
        }
    }
    visit(broker, |entity| {
        for name in entity.types() {
            let of_type = types.entry(name.clone()).or_default();
            of_type.count += 1;
            for attribute in entity.visible_attributes() {
                let kinds = of_type.attributes.entry(attribute.name.clone()).or_default();
                kinds.insert(AttributeType::of(attribute).name());
            }
        }
    })
    .await;
    types
}

/// The attributes here and elsewhere.
async fn known_attributes(broker: &Shared, told: &[Told]) -> BTreeMap<Name, OfAttribute> {
    let core = Context::core();
    let mut attributes: BTreeMap<Name, OfAttribute> = BTreeMap::new();
    for told in told {
        let of = attributes.entry(core.expand(&told.attribute_name)).or_default();
        of.count += told.attribute_count;
        of.kinds.extend(told.kinds());
        of.types.extend(told.type_names.iter().map(|name| core.expand(name)));
    }
    visit(broker, |entity| {
        for attribute in entity.visible_attributes() {
            let of = attributes.entry(attribute.name.clone()).or_default();
            of.count += 1;
            of.types.extend(entity.types().cloned());
            of.kinds.insert(AttributeType::of(attribute).name());
        }
    })
    .await;
    attributes
}

/// Looks at every entity, a shard at a time.
async fn visit(broker: &Shared, mut look: impl FnMut(&Entity)) {
    let mut shard = 0;
    while let Some(entities) = broker.shards.page(shard) {
        entities.iter().for_each(|entity| look(entity));
        shard += 1;
        tokio::task::yield_now().await;
    }
}
