//! Bodies for sources: the part of what came that is for them, in their words.

use std::collections::BTreeMap;

use bytes::Bytes;
use context::sources::Attributes;
use ngsi::ld::{Context, translate};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::super::call::Call;

/// The members of an object as they came.
pub(in crate::routes::ld) type Members = BTreeMap<String, Box<RawValue>>;

/// What is sent.
pub(in crate::routes::ld) enum Payload {
    /// One entity, or attributes of one.
    Entity(Members),
    /// The members of one attribute.
    Attribute(Members),
    /// Entities, each with the context that its names are of.
    Entities(Vec<(Members, Context)>),
    /// Identifiers of entities.
    Ids(Vec<String>),
    /// A query, in the words of the source.
    Query(Map<String, Value>),
}

/// What a body says of the entity itself and of these attributes, without its context.
pub(in crate::routes::ld) fn restrict(body: &[u8], context: &Context, attributes: &Attributes) -> Option<Members> {
    let mut members: Members = serde_json::from_slice(body).ok()?;
    members.retain(|term, _| {
        let name = context.expand(term);
        term != "@context" && (matches!(name.as_str(), "id" | "type" | "scope") || attributes.has(&name))
    });
    Some(members)
}

impl Payload {
    /// The JSON, whose names are of the context `from`, with names of the context `to`, which is a member of it where `inline`.
    pub(super) fn written(&self, from: &Context, to: &Context, inline: bool) -> Bytes {
        let entity = |members: &Members, from: &Context| {
            let same = from.to_json() == to.to_json();
            let mut members = if same { members.clone() } else { translated(members, from, to) };
            if inline && let Ok(context) = RawValue::from_string(to.to_json().to_owned()) {
                members.insert("@context".to_owned(), context);
            }
            members
        };
        let written = match self {
            Self::Entity(members) | Self::Attribute(members) => serde_json::to_vec(&entity(members, from)),
            Self::Entities(all) => {
                serde_json::to_vec(&all.iter().map(|(members, from)| entity(members, from)).collect::<Vec<_>>())
            }
            Self::Ids(ids) => serde_json::to_vec(ids),
            Self::Query(query) if inline => {
                let mut query = query.clone();
                query.insert("@context".to_owned(), serde_json::from_str(to.to_json()).unwrap_or_default());
                serde_json::to_vec(&query)
            }
            Self::Query(query) => serde_json::to_vec(query),
        };
        written.unwrap_or_default().into()
    }
}

impl Payload {
    /// The JSON in the words of the request, and of its media type.
    pub(in crate::routes::ld) fn as_it_came(&self, call: &Call, context: &Context) -> Bytes {
        self.written(context, context, call.media_type() == "application/ld+json")
    }
}

fn translated(members: &Members, from: &Context, to: &Context) -> Members {
    let translated = members.iter().filter_map(|(term, value)| {
        let (term, value) = translate::member(term, &serde_json::from_str(value.get()).ok()?, from, to);
        Some((term, to_raw_value(&value).ok()?))
    });
    translated.collect()
}
