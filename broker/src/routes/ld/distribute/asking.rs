//! Requests that ask one source for entities: by the parameters of a URL, or in a body (ETSI GS CIM 009, 5.7.2, 6.4 and 6.23).

use std::sync::Arc;

use context::sources::{Ask, Attributes, Selected};
use http::Method;
use ngsi::Name;
use ngsi::ld::Context;
use ngsi::registration::Operation;
use serde_json::{Map, Value};

use super::journey::Message;
use super::payload::Payload;
use super::retrieve::attrs;
use crate::sources::Registered;

/// Entities of one answer of a source.
pub(super) const PAGE: usize = 1_000;
/// Identifiers of one request.
const MAX_IDS: usize = 50;

/// One request to one source.
pub(super) struct One {
    pub(super) source: Arc<Registered>,
    pub(super) operation: Operation,
    /// One, unless it is sent in a body.
    selected: Vec<Selected>,
    pub(super) attributes: Attributes,
}

/// One request for all entities of which the same attributes are asked for.
pub(super) fn in_bodies(ask: Ask<Registered>) -> Vec<One> {
    let Ask { source, entities } = ask;
    let mut bodies: Vec<One> = Vec::new();
    for (selected, attributes) in entities {
        match bodies.iter_mut().find(|one| one.attributes == attributes) {
            Some(one) => one.selected.push(selected),
            None => {
                let (source, operation) = (source.clone(), Operation::QueryBatch);
                bodies.push(One { source, operation, selected: vec![selected], attributes });
            }
        }
    }
    bodies
}

/// Requests with not too many identifiers each.
pub(super) fn in_pieces(ask: Ask<Registered>, operation: Operation) -> impl Iterator<Item = One> {
    let Ask { source, entities } = ask;
    entities.into_iter().flat_map(move |(selected, attributes)| {
        let pieces: Vec<Vec<Name>> = match selected.ids.is_empty() {
            true => vec![Vec::new()],
            false => selected.ids.chunks(MAX_IDS).map(<[Name]>::to_vec).collect(),
        };
        let source = source.clone();
        pieces.into_iter().map(move |ids| One {
            source: source.clone(),
            operation,
            selected: vec![Selected { ids, ..selected.clone() }],
            attributes: attributes.clone(),
        })
    })
}

/// The request for one page: in a body, if there is one.
pub(super) fn asking<'a>(one: &One, language: &Context, body: Option<&'a Payload>, page: usize) -> Message<'a> {
    let (method, path, mut query) = match body {
        Some(_) => (Method::POST, "/entityOperations/query", Vec::new()),
        None => (Method::GET, "/entities", selecting(one, language)),
    };
    query.push(("options", "sysAttrs".to_owned()));
    query.push(("limit", PAGE.to_string()));
    if page > 0 {
        query.push(("offset", (page * PAGE).to_string()));
    }
    Message { method, path: path.to_owned(), query, payload: body }
}

/// The query in a body (5.2.23).
pub(super) fn query_body(one: &One, language: &Context) -> Map<String, Value> {
    let compact = |name: &Name| language.compact(name).into_owned();
    let selector = |Selected { ids, pattern, types }: &Selected| {
        let types = types.iter().map(compact).collect::<Vec<_>>().join(",");
        let mut selector = Map::new();
        selector.insert("type".to_owned(), if types.is_empty() { "*".into() } else { types.into() });
        match ids.as_slice() {
            [] if pattern.is_empty() => {}
            [] => drop(selector.insert("idPattern".to_owned(), pattern.as_str().into())),
            [id] => drop(selector.insert("id".to_owned(), id.as_str().into())),
            ids => drop(selector.insert("id".to_owned(), ids.iter().map(Name::as_str).collect())),
        }
        Value::Object(selector)
    };
    let mut body = Map::new();
    body.insert("type".to_owned(), "Query".into());
    body.insert("entities".to_owned(), one.selected.iter().map(selector).collect());
    let names: Vec<_> = one.attributes.names().iter().map(compact).collect();
    if !names.is_empty() {
        body.insert("attrs".to_owned(), names.into());
    }
    body
}

/// The parameters that say which entities and attributes are asked for.
fn selecting(one: &One, language: &Context) -> Vec<(&'static str, String)> {
    entities(one, language).into_iter().chain(attrs(&one.attributes, language)).collect()
}

/// The parameters that say which entities are meant.
pub(super) fn entities(one: &One, language: &Context) -> Vec<(&'static str, String)> {
    let list =
        |names: &[Name]| names.iter().map(|name| language.compact(name).into_owned()).collect::<Vec<_>>().join(",");
    let given = one.selected.iter().flat_map(|Selected { ids, pattern, types }| {
        let ids: Vec<&str> = ids.iter().map(Name::as_str).collect();
        [("type", list(types)), ("id", ids.join(",")), ("idPattern", pattern.clone())]
    });
    given.filter(|(_, value)| !value.is_empty()).collect()
}
