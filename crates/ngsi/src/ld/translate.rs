//! The same entity in the names of another context (ETSI GS CIM 009, 4.3.6.6): what has names is said anew, values stay.

use serde_json::{Map, Value};

use super::{AttributeType, Context};

/// A member of an entity, of an attribute or of a sub-attribute, in the names of `to` instead of those of `from`.
#[must_use]
pub fn member(term: &str, value: &Value, from: &Context, to: &Context) -> (String, Value) {
    let name = from.expand(term);
    let value = match name.as_str() {
        "type" | "vocab" | "objectType" | "valueType" => names(value, from, to),
        "id" | "scope" => value.clone(),
        other if AttributeType::of_member(other).is_some() => value.clone(),
        _ => attribute(value, from, to),
    };
    (to.compact(&name).into_owned(), value)
}

fn names(value: &Value, from: &Context, to: &Context) -> Value {
    match value {
        Value::String(text) => to.compact(&from.expand(text)).into_owned().into(),
        Value::Array(items) => items.iter().map(|item| names(item, from, to)).collect(),
        other => other.clone(),
    }
}

/// An attribute with its members or a list of its instances. A value that stands alone is left as it is.
fn attribute(value: &Value, from: &Context, to: &Context) -> Value {
    match value {
        Value::Object(members) if has_members(members, from) => {
            members.iter().map(|(term, value)| member(term, value, from, to)).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(|item| attribute(item, from, to)).collect(),
        other => other.clone(),
    }
}

fn has_members(members: &Map<String, Value>, context: &Context) -> bool {
    members.keys().any(|term| {
        let name = context.expand(term);
        matches!(name.as_str(), "type" | "datasetId" | "observedAt" | "unitCode")
            || AttributeType::of_member(name.as_str()).is_some()
    })
}
