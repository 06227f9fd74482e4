//! Values in the form of NGSI-LD, whoever wrote them.

use std::borrow::Cow;

use super::attribute::Instance;
use super::{NULL, Object, Rendering, list, place, urn};
use crate::json::write_string;
use crate::ld::AttributeType;
use crate::ld::parse::{Annotation, check_fits};
use crate::{JsonText, date};

/// What stands for `null`, which JSON-LD has not (4.5.0).
const NULL_LITERAL: &str = "{\"@type\":\"@json\",\"@value\":null}";

/// A value with the type that it has in NGSI-LD.
pub(super) struct Value<'a> {
    pub(super) attribute_type: AttributeType,
    pub(super) json: Cow<'a, str>,
    /// The language of one text of several.
    pub(super) language: Option<String>,
}

/// The value of an instance. What other dialects declare with a type of NGSI-LD, but do not write in its form, is a Property.
pub(super) fn written<'a>(rendering: &Rendering<'_>, instance: &Instance<'a>) -> Value<'a> {
    if instance.is_gone() {
        return gone(AttributeType::of_value_type(instance.value_type));
    }
    if let Some(geometry) = place::geometry(instance) {
        return Value { attribute_type: AttributeType::GeoProperty, json: geometry, language: None };
    }
    let declared = AttributeType::named(instance.value_type).unwrap_or(AttributeType::Property);
    let value = instance.value;
    let plain = |attribute_type| Value { attribute_type, json: Cow::Borrowed(value.as_str()), language: None };
    match declared {
        AttributeType::Property | AttributeType::GeoProperty => property(value),
        AttributeType::Relationship | AttributeType::ListRelationship => related(declared, value),
        AttributeType::LanguageProperty => match (&rendering.languages, check_fits(declared, value)) {
            (Some(languages), Ok(())) => languages.choose(value).unwrap_or_else(|| plain(declared)),
            (None, Ok(())) => plain(declared),
            (_, Err(_)) => property(value),
        },
        AttributeType::VocabProperty if check_fits(declared, value).is_ok() => Value::names(rendering, value),
        AttributeType::JsonProperty => plain(declared),
        AttributeType::ListProperty if value.as_str().starts_with('[') => plain(declared),
        AttributeType::VocabProperty | AttributeType::ListProperty => property(value),
    }
}

/// What stands for the value of an instance that is gone (5.5.4).
fn gone<'a>(attribute_type: AttributeType) -> Value<'a> {
    let json = match attribute_type {
        AttributeType::LanguageProperty => format!("{{\"@none\":\"{NULL}\"}}"),
        AttributeType::ListProperty | AttributeType::ListRelationship => format!("[\"{NULL}\"]"),
        _ => format!("\"{NULL}\""),
    };
    Value { attribute_type, json: Cow::Owned(json), language: None }
}

fn property(value: &JsonText) -> Value<'_> {
    let json = if value.as_str() == "null" { NULL_LITERAL } else { value.as_str() };
    Value { attribute_type: AttributeType::Property, json: Cow::Borrowed(json), language: None }
}

/// Identifiers, each as the URI that the entity has in NGSI-LD.
fn related(declared: AttributeType, value: &JsonText) -> Value<'_> {
    if check_fits(declared, value).is_ok() {
        return Value { attribute_type: declared, json: Cow::Borrowed(value.as_str()), language: None };
    }
    let mut json = Vec::new();
    if let Some(id) = value.as_string().filter(|_| declared == AttributeType::Relationship) {
        write_string(&mut json, &urn(&id));
    } else if let Some(ids) = value.read::<Vec<String>>().filter(|ids| !ids.is_empty()) {
        list(&mut json, &ids, |out, id| write_string(out, &urn(id)));
    } else {
        return property(value);
    }
    Value { attribute_type: declared, json: text(json), language: None }
}

fn text<'a>(json: Vec<u8>) -> Cow<'a, str> {
    Cow::Owned(String::from_utf8(json).unwrap_or_default())
}

/// A member such as `unitCode`, as it stands without type. `None` for a value that other dialects gave it and NGSI-LD has no form for.
pub(super) fn annotation<'a>(
    rendering: &Rendering<'_>,
    annotation: Annotation,
    value: &'a JsonText,
) -> Option<Cow<'a, str>> {
    match annotation {
        Annotation::Text => {
            let json = value.as_str();
            (json.starts_with('"') && json != "\"\"").then_some(Cow::Borrowed(json))
        }
        Annotation::Time => {
            let time = date::parse(&value.as_string()?)?;
            Some(Cow::Owned(format!("\"{}\"", time.brief())))
        }
        Annotation::Names => {
            check_fits(AttributeType::VocabProperty, value).ok()?;
            Some(Value::names(rendering, value).json)
        }
    }
}

impl<'a> Value<'a> {
    /// One stored name, or a list of them, in the words of the reader.
    pub(super) fn names(rendering: &Rendering<'_>, value: &'a JsonText) -> Self {
        let compact = |out: &mut Vec<u8>, name: &str| write_string(out, &rendering.context.compact(&name.into()));
        let mut json = Vec::new();
        if let Some(name) = value.as_string() {
            compact(&mut json, &name);
        } else if let Some(names) = value.read::<Vec<String>>() {
            list(&mut json, &names, |out, name| compact(out, name));
        } else {
            json.extend_from_slice(value.as_str().as_bytes());
        }
        Self { attribute_type: AttributeType::VocabProperty, json: text(json), language: None }
    }

    /// Appends the value; the items of a list of Relationships as objects if they are to be `reified`.
    pub(super) fn write(&self, out: &mut Vec<u8>, reified: bool) {
        if self.attribute_type != AttributeType::ListRelationship || !reified {
            return out.extend_from_slice(self.json.as_bytes());
        }
        let uris: Vec<Cow<'_, str>> = serde_json::from_str(&self.json).unwrap_or_default();
        list(out, &uris, |out, uri| {
            let mut item = Object::open(out);
            write_string(item.member("object"), uri);
            item.close();
        });
    }

    /// Appends the value as it stands for the whole attribute in the simplified representation (4.5.4).
    pub(super) fn write_simplified(&self, out: &mut Vec<u8>) {
        match self.attribute_type {
            AttributeType::LanguageProperty | AttributeType::VocabProperty | AttributeType::JsonProperty => {
                let mut wrapper = Object::open(out);
                self.write(wrapper.member(self.attribute_type.member()), false);
                wrapper.close();
            }
            _ => self.write(out, false),
        }
    }
}
