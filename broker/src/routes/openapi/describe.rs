//! From tables of operations to OpenAPI.

use serde_json::{Map, Value, json};

/// One thing that can be asked.
pub(super) struct Operation {
    /// In lower case.
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    /// Query parameters.
    pub(super) parameters: &'static [&'static str],
    /// Media types of the body; none when there is no body.
    pub(super) body: &'static [&'static str],
    /// Status of answers, errors included.
    pub(super) answers: &'static [u16],
}

pub(super) const NONE: &[&str] = &[];
pub(super) const JSON: &[&str] = &["application/json"];
pub(super) const JSON_OR_TEXT: &[&str] = &["application/json", "text/plain"];
pub(super) const LINKED: &[&str] = &["application/json", "application/ld+json"];
pub(super) const MERGE: &[&str] = &["application/json", "application/ld+json", "application/merge-patch+json"];

/// A row of a table: method, path, summary, query parameters, media types of the body, status of answers.
pub(super) const fn operation(
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    parameters: &'static [&'static str],
    body: &'static [&'static str],
    answers: &'static [u16],
) -> Operation {
    Operation { method, path, summary, parameters, body, answers }
}

/// A document with all the operations.
pub(super) fn document(title: &str, parts: &[&[Operation]]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in parts.iter().flat_map(|part| part.iter()) {
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = described(operation);
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": title, "version": env!("CARGO_PKG_VERSION"), "license": { "name": "Apache-2.0" } },
        "paths": paths,
    })
}

fn described(operation: &Operation) -> Value {
    let parameter = |place: &str, name: &str| json!({ "name": name, "in": place, "required": place == "path", "schema": { "type": "string" } });
    let in_path = names_in(operation.path).map(|name| parameter("path", name));
    let in_query = operation.parameters.iter().map(|name| parameter("query", name));
    let answers =
        operation.answers.iter().map(|status| (status.to_string(), json!({ "description": reason(*status) })));
    let mut described = json!({
        "operationId": identifier(operation),
        "summary": operation.summary,
        "parameters": in_path.chain(in_query).collect::<Vec<_>>(),
        "responses": answers.collect::<Map<_, _>>(),
    });
    if !operation.body.is_empty() {
        let content = operation.body.iter().map(|media| ((*media).to_owned(), json!({ "schema": {} })));
        described["requestBody"] = json!({ "required": true, "content": content.collect::<Map<_, _>>() });
    }
    described
}

/// The names between braces.
fn names_in(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
}

fn identifier(operation: &Operation) -> String {
    let words = operation.path.split(['/', '{', '}', '-', '.']).filter(|word| !word.is_empty());
    std::iter::once(operation.method).chain(words).collect::<Vec<_>>().join("_")
}

fn reason(status: u16) -> &'static str {
    http::StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or_default()
}
