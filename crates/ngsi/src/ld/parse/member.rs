//! What the members of an attribute are.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::value;
use crate::Name;
use crate::ld::{AttributeType, Context};
use crate::members::Members;

/// A member of an object.
pub(in crate::ld) struct Member<'a> {
    /// As it is written.
    pub(in crate::ld) term: Cow<'a, str>,
    /// As it is stored.
    pub(in crate::ld) name: Name,
    pub(in crate::ld) value: &'a RawValue,
}

/// The members of valid JSON, if it is an object.
pub(in crate::ld) fn members<'a>(context: &Context, json: &'a str) -> Option<Vec<Member<'a>>> {
    Some(of_pairs(context, Members::of_text(json)?.0))
}

pub(super) fn of_pairs<'a>(context: &Context, pairs: Vec<(Cow<'a, str>, &'a RawValue)>) -> Vec<Member<'a>> {
    pairs.into_iter().map(|(term, value)| Member { name: context.expand(&term), term, value }).collect()
}

/// Whether an object is an attribute with members, not a value (4.5.2.3): it has a type, or a member that only attributes have.
pub(in crate::ld) fn is_reified(members: &[Member<'_>]) -> bool {
    members.iter().any(|member| match member.name.as_str() {
        // A typed value of JSON-LD is a value.
        "type" if member.term.starts_with('@') => false,
        "type" => !value::names_geometry(member.value) || !members.iter().any(|other| other.term == "coordinates"),
        "datasetId" => true,
        name => AttributeType::of_member(name).is_some() || Annotation::named(name).is_some(),
    })
}

/// Whether a broker writes the member and does not read it.
pub(super) fn is_read_only(name: &str) -> bool {
    matches!(name, "createdAt" | "modifiedAt" | "deletedAt" | "instanceId" | "lang" | "entity" | "entityList")
        || matches!(name, "previousValue" | "previousObject" | "previousLanguageMap" | "previousVocab" | "previousJson")
        || matches!(name, "previousValueList" | "previousObjectList")
}

/// Whether a sub-attribute cannot have that name, as it is that of something else.
pub(in crate::ld) fn is_taken(name: &str) -> bool {
    matches!(name, "" | "id" | "type" | "scope" | "datasetId")
        || is_read_only(name)
        || AttributeType::of_member(name).is_some()
}

/// A member of an attribute whose value stands alone, without type (4.5.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ld) enum Annotation {
    /// A string.
    Text,
    /// A time.
    Time,
    /// A name, or a list of them.
    Names,
}

impl Annotation {
    /// The one of that name.
    pub(in crate::ld) fn named(name: &str) -> Option<Self> {
        match name {
            "unitCode" | "entityIdSealed" | "entityTypeSealed" => Some(Self::Text),
            "observedAt" | "expiresAt" => Some(Self::Time),
            "objectType" | "valueType" => Some(Self::Names),
            _ => None,
        }
    }

    /// The type under which it is stored.
    pub(in crate::ld) fn value_type(self) -> &'static str {
        match self {
            Self::Text | Self::Names => "Text",
            Self::Time => "DateTime",
        }
    }
}
