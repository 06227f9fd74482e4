//! `/ngsi-ld/v1/types` and `/ngsi-ld/v1/attributes`: what kinds of entities and attributes there are (ETSI GS CIM 009, 5.7.5 to
//! 5.7.10, 6.25 to 6.28).

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::{Path, State};
use axum::response::Response;
use ngsi::ld::{AttributeType, Context, Kind};
use ngsi::{Entity, Name};
use serde_json::{Value, json};

use super::answer::Failure;
use super::call::Call;
use super::media;
use crate::Shared;

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

pub(super) async fn list(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    let types = types(&broker).await;
    let describe = |(name, of_type): (&Name, &OfType)| {
        let names: Vec<_> = of_type.attributes.keys().map(|name| context.compact(name)).collect();
        json!({ "id": context.iri(name), "type": "EntityType", "typeName": context.compact(name), "attributeNames": names })
    };
    let listed = match call.params.flag("details")? {
        true => types.iter().map(describe).collect(),
        false => named("EntityTypeList", "typeList", types.keys(), &context),
    };
    media::answer(&broker, &call, &context, listed).await
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
    let types = types(&broker).await;
    let of_type = types.get(&name).ok_or_else(|| unknown("entities of type", &name))?;
    let details = of_type.attributes.iter().map(|(name, kinds)| {
        json!({ "id": context.iri(name), "type": "Attribute", "attributeName": context.compact(name), "attributeTypes": kinds })
    });
    media::answer(
        &broker,
        &call,
        &context,
        json!({
            "id": context.iri(&name),
            "type": "EntityTypeInfo",
            "typeName": context.compact(&name),
            "entityCount": of_type.count,
            "attributeDetails": details.collect::<Vec<_>>(),
        }),
    )
    .await
}

pub(super) async fn attributes(State(broker): State<Shared>, call: Call) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    let attributes = known_attributes(&broker).await;
    let describe = |(name, of): (&Name, &OfAttribute)| {
        let types: Vec<_> = of.types.iter().map(|name| context.compact(name)).collect();
        json!({ "id": context.iri(name), "type": "Attribute", "attributeName": context.compact(name), "typeNames": types })
    };
    let listed = match call.params.flag("details")? {
        true => attributes.iter().map(describe).collect(),
        false => named("AttributeList", "attributeList", attributes.keys(), &context),
    };
    media::answer(&broker, &call, &context, listed).await
}

pub(super) async fn attribute(
    State(broker): State<Shared>,
    Path(name): Path<String>,
    call: Call,
) -> Result<Response, Failure> {
    let context = call.context(&broker, None).await?;
    let name = context.expand(&name);
    let attributes = known_attributes(&broker).await;
    let of = attributes.get(&name).ok_or_else(|| unknown("attributes named", &name))?;
    let types: Vec<_> = of.types.iter().map(|name| context.compact(name)).collect();
    media::answer(
        &broker,
        &call,
        &context,
        json!({
            "id": context.iri(&name),
            "type": "Attribute",
            "attributeName": context.compact(&name),
            "attributeCount": of.count,
            "attributeTypes": of.kinds,
            "typeNames": types,
        }),
    )
    .await
}

fn unknown(what: &str, name: &Name) -> Failure {
    Failure::new(Kind::ResourceNotFound, format!("there are no {what} `{name}`"))
}

async fn types(broker: &Shared) -> BTreeMap<Name, OfType> {
    let mut types: BTreeMap<Name, OfType> = BTreeMap::new();
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

async fn known_attributes(broker: &Shared) -> BTreeMap<Name, OfAttribute> {
    let mut attributes: BTreeMap<Name, OfAttribute> = BTreeMap::new();
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
