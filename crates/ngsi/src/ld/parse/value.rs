//! What may stand for the value of each type of attribute.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use super::{Nulls, names};
use crate::filter::coordinates;
use crate::json::string;
use crate::ld::{AttributeType, Context};
use crate::members::Members;
use crate::{JsonText, ParseError};

/// What stands for what is to be deleted.
pub const NULL: &str = "urn:ngsi-ld:null";
/// JSON-LD has no `null`, but this literal of it (4.5.0).
const NULL_LITERAL: (&str, &str) = ("@json", "null");

/// The most items of a Relationship, a VocabProperty or a list.
const MAX_ITEMS: usize = 10_000;

/// Whether the JSON is the string [`NULL`].
pub(super) fn is_null(value: &RawValue) -> bool {
    value.get().trim_matches('"') == NULL && value.get().starts_with('"')
}

/// Whether the value of an attribute of that type says that the attribute is to be deleted.
pub(super) fn deletes(attribute_type: AttributeType, value: &RawValue) -> bool {
    if is_null(value) {
        return true;
    }
    match attribute_type {
        AttributeType::LanguageProperty => {
            let members = Members::of_text(value.get());
            members.is_some_and(|m| matches!(m.0.as_slice(), [(key, value)] if key == "@none" && is_null(value)))
        }
        AttributeType::ListProperty | AttributeType::ListRelationship => {
            let items: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_default();
            matches!(items.as_slice(), [only] if is_null(only))
        }
        _ => false,
    }
}

/// Any JSON but `null`, `None` for what is to be deleted.
pub(super) fn plain(value: &RawValue, nulls: Nulls) -> Result<Option<JsonText>, ParseError> {
    if is_null(value) {
        return match nulls {
            Nulls::Refused => Err(nothing_to_delete("$")),
            _ => Ok(None),
        };
    }
    if is_null_literal(value.get()) {
        return Ok(Some(JsonText::null()));
    }
    if looks_like_geometry(value.get()) {
        return geo(value, nulls).map(Some);
    }
    check_nulls(value.get(), nulls)?;
    Ok(Some(JsonText::from(value)))
}

fn nothing_to_delete(path: &str) -> ParseError {
    ParseError::new(path, format!("must not be {NULL}: there is nothing to delete"))
}

fn is_null_literal(json: &str) -> bool {
    let Some(members) = Members::of_text(json).filter(|members| members.0.len() == 2) else { return false };
    let member = |name: &str| members.0.iter().find(|(member, _)| member == name).map(|(_, value)| value.get());
    member("@type").map(|text| text.trim_matches('"')) == Some(NULL_LITERAL.0)
        && member("@value") == Some(NULL_LITERAL.1)
}

/// Refuses `null` in a value, and [`NULL`] unless it is for a merge.
fn check_nulls(json: &str, nulls: Nulls) -> Result<(), ParseError> {
    if !json.contains("null") {
        return Ok(());
    }
    let tree: Value = serde_json::from_str(json).map_err(|error| ParseError::new("$", error.to_string()))?;
    check_tree(&tree, nulls)
}

fn check_tree(value: &Value, nulls: Nulls) -> Result<(), ParseError> {
    match value {
        Value::Null => Err(ParseError::new("$", "must not be null, which JSON-LD has not")),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .try_for_each(|(index, item)| check_tree(item, nulls).map_err(|error| error.within(&format!("[{index}]")))),
        Value::Object(members) => members.iter().try_for_each(|(name, value)| match value.as_str() {
            Some(NULL) if nulls != Nulls::InValues => Err(nothing_to_delete(name)),
            _ => check_tree(value, nulls).map_err(|error| error.within(name)),
        }),
        _ => Ok(()),
    }
}

/// Whether there is a geometry of that name. Collections are none (4.7.1).
fn is_geometry(name: &str) -> bool {
    matches!(name, "Point" | "MultiPoint" | "LineString" | "MultiLineString" | "Polygon" | "MultiPolygon")
}

pub(super) fn names_geometry(value: &RawValue) -> bool {
    string(value.get()).is_some_and(|name| is_geometry(&name))
}

/// Whether the JSON is an object that says to be a geometry, right or wrong.
pub(in crate::ld) fn looks_like_geometry(json: &str) -> bool {
    let Some(members) = Members::of_text(json) else { return false };
    let has = |name: &str| members.0.iter().find(|(member, _)| member == name).map(|(_, value)| *value);
    has("coordinates").is_some() && has("type").is_some_and(names_geometry)
}

/// A geometry, or the text of one (4.7.2).
pub(super) fn geo(value: &RawValue, nulls: Nulls) -> Result<JsonText, ParseError> {
    let value = JsonText::from(value);
    let unwrapped = value.as_string().and_then(|text| serde_json::from_str::<JsonText>(&text).ok());
    let value = unwrapped.unwrap_or(value);
    // A merge may name some members only.
    if nulls != Nulls::InValues || looks_like_geometry(value.as_str()) {
        check_geometry(&value)?;
    }
    Ok(value)
}

fn check_geometry(value: &JsonText) -> Result<(), ParseError> {
    if !looks_like_geometry(value.as_str()) {
        return Err(ParseError::new("$", "must be a GeoJSON geometry, with type and coordinates"));
    }
    let place = coordinates::parse("geo:json", value).map_err(|error| ParseError::new("$", error.problem))?;
    place.map(drop).ok_or_else(|| ParseError::new("$", "must be a GeoJSON geometry"))
}

/// A URI, or a list of them.
pub(super) fn object(value: &RawValue) -> Result<JsonText, ParseError> {
    let value = JsonText::from(value);
    check_uris(&value, true)?;
    Ok(value)
}

fn check_uris(value: &JsonText, may_be_one: bool) -> Result<(), ParseError> {
    if let Some(text) = string(value.as_str()).filter(|_| may_be_one) {
        return names::check_uri("$", &text);
    }
    let wanted = if may_be_one { "must be a URI, or a list of URIs" } else { "must be a list of URIs" };
    let items: Vec<Cow<'_, str>> = serde_json::from_str(value.as_str()).map_err(|_| ParseError::new("$", wanted))?;
    check_count(items.len())?;
    items.iter().enumerate().try_for_each(|(index, text)| names::check_uri(&format!("[{index}]"), text))
}

fn check_count(count: usize) -> Result<(), ParseError> {
    match count {
        0 => Err(ParseError::new("$", "must not be empty")),
        count if count > MAX_ITEMS => Err(ParseError::new("$", format!("has more than {MAX_ITEMS} items"))),
        _ => Ok(()),
    }
}

/// URIs, each alone or as `{"object": …}`; they are stored alone.
pub(super) fn objects(value: &RawValue) -> Result<JsonText, ParseError> {
    #[derive(serde::Deserialize)]
    #[serde(untagged)]
    enum Item {
        Alone(String),
        Wrapped { object: String },
    }
    let wrong = |_| ParseError::new("$", "must be a list of URIs, each alone or as {\"object\": …}");
    let items: Vec<Item> = serde_json::from_str(value.get()).map_err(wrong)?;
    let uris: Vec<Value> = items
        .into_iter()
        .map(|item| {
            Value::from(match item {
                Item::Alone(uri) | Item::Wrapped { object: uri } => uri,
            })
        })
        .collect();
    let value = JsonText::from(Value::Array(uris));
    check_uris(&value, false)?;
    Ok(value)
}

/// Strings or lists of strings by language (4.6.5).
pub(super) fn language_map(value: &RawValue, nulls: Nulls) -> Result<JsonText, ParseError> {
    let value = JsonText::from(value);
    check_languages(&value)?;
    check_nulls(value.as_str(), nulls)?;
    Ok(value)
}

fn check_languages(value: &JsonText) -> Result<(), ParseError> {
    let members = Members::of_text(value.as_str())
        .ok_or_else(|| ParseError::new("$", "must be an object of strings by language"))?;
    for (language, text) in &members.0 {
        if !names::is_language(language) {
            return Err(ParseError::new(&**language, "is no language tag, such as en or fr-CH, and not @none"));
        }
        let is_text = serde_json::from_str::<Cow<'_, str>>(text.get()).is_ok()
            || serde_json::from_str::<Vec<Cow<'_, str>>>(text.get()).is_ok();
        if !is_text {
            return Err(ParseError::new(&**language, "must be a string or a list of strings"));
        }
    }
    Ok(())
}

/// A name or a list of them, as they are stored.
pub(super) fn vocab(context: &Context, path: &str, value: &RawValue) -> Result<JsonText, ParseError> {
    let terms = names::texts(path, value, MAX_ITEMS)?;
    let mut expanded = terms.iter().map(|term| Value::from(context.expand(term).as_str()));
    let value = match value.get().starts_with('[') {
        true => Value::Array(expanded.collect()),
        false => expanded.next().unwrap_or_default(),
    };
    Ok(JsonText::from(value))
}

/// A list of values, which may be empty.
pub(super) fn list(value: &RawValue, nulls: Nulls) -> Result<JsonText, ParseError> {
    if !value.get().starts_with('[') {
        return Err(ParseError::new("$", "must be a list"));
    }
    check_nulls(value.get(), nulls)?;
    Ok(JsonText::from(value))
}

/// Checks a stored value against the type of its attribute. A path of `$` is the value itself.
pub(in crate::ld) fn check_fits(attribute_type: AttributeType, value: &JsonText) -> Result<(), ParseError> {
    let json = value.as_str();
    match attribute_type {
        AttributeType::Property | AttributeType::JsonProperty => Ok(()),
        AttributeType::GeoProperty => check_geometry(value),
        AttributeType::Relationship => check_uris(value, true),
        AttributeType::ListRelationship => check_uris(value, false),
        AttributeType::LanguageProperty => check_languages(value),
        AttributeType::VocabProperty => {
            let is_text = json.starts_with('"') || value.read::<Vec<String>>().is_some();
            if is_text { Ok(()) } else { Err(ParseError::new("$", "must be a name or a list of names")) }
        }
        AttributeType::ListProperty if json.starts_with('[') => Ok(()),
        AttributeType::ListProperty => Err(ParseError::new("$", "must be a list")),
    }
}
