//! Finding the value that a path speaks of, reading no more JSON than it takes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::json::string;
use crate::{Attribute, AttributeKind, Entity, Timestamp, date};

/// The way from an entity to a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) attribute: Box<str>,
    /// The metadatum of the attribute; none when the attribute's own value is meant.
    pub(super) metadata: Option<Box<str>>,
    /// Names of members, outermost first.
    pub(super) members: Box<[Box<str>]>,
}

/// What a path leads to.
#[derive(Debug)]
pub(super) enum Target<'a> {
    Json {
        text: &'a str,
        nature: Nature,
    },
    /// A `languageMap`: its values.
    Languages(&'a str),
    Word(&'a str),
    Instant(Timestamp),
}

/// What the declared type says of texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    Plain,
    Date,
    /// A name of a vocabulary.
    Term,
    /// An identifier of an entity.
    Reference,
}

/// A value that can be compared.
#[derive(Debug)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text {
        text: Cow<'a, str>,
        nature: Nature,
    },
    Instant(Timestamp),
    /// An object, or a list in a list.
    Composite,
}

impl Path {
    /// The attribute, and whether its whole value is meant; `None` when the path leads to what the broker knows of the entity.
    pub(super) fn attribute(&self) -> Option<(&str, bool)> {
        let is_built_in = self.metadata.is_none() && matches!(&*self.attribute, "dateCreated" | "dateModified");
        let is_whole = self.metadata.is_none() && self.members.is_empty();
        (!is_built_in).then_some((&*self.attribute, is_whole))
    }

    pub(super) fn find<'a>(&self, entity: &'a Entity) -> Option<Target<'a>> {
        match &self.metadata {
            None => self.in_value(entity),
            Some(name) => self.in_metadata(attribute(entity, &self.attribute)?, name),
        }
    }

    fn in_value<'a>(&self, entity: &'a Entity) -> Option<Target<'a>> {
        match &*self.attribute {
            "dateCreated" => self.built_in(entity.created_at),
            "dateModified" => self.built_in(entity.modified_at),
            name => {
                let attribute = attribute(entity, name)?;
                self.descend(attribute.value.as_str(), attribute.value_type.as_str())
            }
        }
    }

    fn in_metadata<'a>(&self, attribute: &'a Attribute, name: &str) -> Option<Target<'a>> {
        match name {
            "dateCreated" => self.built_in(attribute.created_at),
            "dateModified" => self.built_in(attribute.modified_at),
            name => {
                let metadata = attribute.metadata.iter().find(|metadata| metadata.name == *name)?;
                self.descend(metadata.value.as_str(), metadata.value_type.as_str())
            }
        }
    }

    fn built_in(&self, instant: Timestamp) -> Option<Target<'static>> {
        self.members.is_empty().then(|| Target::millis(instant))
    }

    fn descend<'a>(&self, text: &'a str, value_type: &str) -> Option<Target<'a>> {
        let is_date = self.members.is_empty() && date::is_date(value_type);
        let text = self.members.iter().try_fold(text, |text, name| member(text, name))?;
        Some(Target::Json { text, nature: if is_date { Nature::Date } else { Nature::Plain } })
    }
}

/// Clients of dialects without domain metadata see them as attributes.
pub(super) fn attribute<'a>(entity: &'a Entity, name: &str) -> Option<&'a Attribute> {
    entity.attribute(AttributeKind::Context, name).or_else(|| entity.attribute(AttributeKind::Domain, name))
}

impl<'a> Target<'a> {
    /// What the broker knows: clients see milliseconds, and write back what they saw.
    pub(super) fn millis(instant: Timestamp) -> Self {
        Self::Instant(Timestamp::from_millis(instant.as_micros().div_euclid(1_000)))
    }

    pub(super) fn is_reference(&self) -> bool {
        matches!(self, Self::Json { nature: Nature::Reference, .. })
    }

    /// Whether the test holds for the value, or for an element if it is a list.
    pub(super) fn any(&self, mut test: impl FnMut(&Scalar<'a>) -> bool) -> bool {
        match *self {
            Self::Instant(instant) => test(&Scalar::Instant(instant)),
            Self::Word(text) => test(&Scalar::Text { text: text.into(), nature: Nature::Plain }),
            Self::Json { text, nature } => any_in(text, nature, &mut test),
            Self::Languages(text) => {
                members(text).into_iter().any(|(_, value)| any_in(value.get(), Nature::Plain, &mut test))
            }
        }
    }
}

fn any_in<'a>(text: &'a str, nature: Nature, test: &mut impl FnMut(&Scalar<'a>) -> bool) -> bool {
    if !text.starts_with('[') {
        return test(&Scalar::read(text, nature));
    }
    let elements: Vec<&RawValue> = serde_json::from_str(text).unwrap_or_default();
    elements.iter().any(|element| test(&Scalar::read(element.get(), nature)))
}

impl<'a> Scalar<'a> {
    /// Reads valid JSON.
    pub(super) fn read(json: &'a str, nature: Nature) -> Self {
        match json.as_bytes().first() {
            Some(b'"') => string(json).map_or(Self::Composite, |text| Self::Text { text, nature }),
            Some(b'{' | b'[') | None => Self::Composite,
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'n') => Self::Null,
            Some(_) => json.parse().map_or(Self::Composite, Self::Number),
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text { text, .. } => Some(text),
            _ => None,
        }
    }
}

/// All members, if `json` is an object.
fn members(json: &str) -> BTreeMap<Cow<'_, str>, &RawValue> {
    serde_json::from_str(json).unwrap_or_default()
}

/// The text of a member, if `json` is an object that has it.
pub(super) fn member<'a>(json: &'a str, name: &str) -> Option<&'a str> {
    if !json.starts_with('{') {
        return None;
    }
    serde_json::Deserializer::from_str(json).deserialize_map(MemberNamed(name)).ok()?.map(RawValue::get)
}

struct MemberNamed<'n>(&'n str);

impl<'de> Visitor<'de> for MemberNamed<'_> {
    type Value = Option<&'de RawValue>;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut found = None;
        while let Some(Key(key)) = members.next_key()? {
            if key == self.0 {
                found = Some(members.next_value()?);
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }
}

/// Borrowed unless it holds escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
