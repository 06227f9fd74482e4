//! The attribute paths of NGSI-LD: from an entity to sub-attributes, and into a value.

use crate::filter::target::{Nature, Target, member};
use crate::ld::AttributeType;
use crate::{Attribute, Entity, Metadata, Name, Timestamp, date};

/// The way from an entity to the values that a condition speaks of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::filter) enum AttributePath {
    /// To a time of the entity itself.
    Entity(BuiltIn),
    Attribute {
        /// As it is stored.
        name: Name,
        /// Names of sub-attributes as they are stored, outermost first.
        sub_attributes: Box<[Name]>,
        end: End,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::filter) enum End {
    /// The value, or what the names of members lead to in it, outermost first.
    Value(Box<[Box<str>]>),
    /// What the broker knows of the attribute.
    BuiltIn(BuiltIn),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::filter) enum BuiltIn {
    CreatedAt,
    ModifiedAt,
    DatasetId,
}

impl BuiltIn {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "createdAt" => Some(Self::CreatedAt),
            "modifiedAt" => Some(Self::ModifiedAt),
            "datasetId" => Some(Self::DatasetId),
            _ => None,
        }
    }
}

impl AttributePath {
    /// The attribute, and whether its whole value is meant; `None` when the path leads to what the broker knows of the entity.
    pub(in crate::filter) fn attribute(&self) -> Option<(&str, bool)> {
        match self {
            Self::Entity(_) => None,
            Self::Attribute { name, sub_attributes, end } => {
                let is_whole = sub_attributes.is_empty() && matches!(end, End::Value(members) if members.is_empty());
                Some((name.as_str(), is_whole))
            }
        }
    }

    /// Whether the test holds for one of the values: of several instances of an attribute each counts.
    pub(in crate::filter) fn any(&self, entity: &Entity, mut test: impl FnMut(&Target<'_>) -> bool) -> bool {
        match self {
            Self::Entity(built_in) => {
                let instant = match built_in {
                    BuiltIn::CreatedAt => entity.created_at,
                    BuiltIn::ModifiedAt => entity.modified_at,
                    BuiltIn::DatasetId => return false,
                };
                test(&Target::millis(instant))
            }
            Self::Attribute { name, sub_attributes, end } => entity
                .instances(name.as_str())
                .any(|attribute| target(attribute, sub_attributes, end).is_some_and(|target| test(&target))),
        }
    }
}

fn target<'a>(attribute: &'a Attribute, sub_attributes: &[Name], end: &End) -> Option<Target<'a>> {
    let sub_attribute = match sub_attributes.split_last() {
        None => None,
        Some((last, way)) => {
            let holder = way.iter().try_fold(&attribute.metadata, |list, name| Some(&find(list, name)?.metadata))?;
            Some(find(holder, last)?)
        }
    };
    match (end, sub_attribute) {
        (End::Value(members), None) => in_value(attribute.value.as_str(), attribute.value_type.as_str(), members),
        (End::Value(members), Some(sub)) => in_value(sub.value.as_str(), sub.value_type.as_str(), members),
        (End::BuiltIn(built_in), None) => built_in_of(attribute, *built_in),
        (End::BuiltIn(_), Some(_)) => None,
    }
}

fn find<'a>(metadata: &'a [Metadata], name: &Name) -> Option<&'a Metadata> {
    metadata.iter().find(|metadatum| metadatum.name == *name)
}

fn built_in_of(attribute: &Attribute, built_in: BuiltIn) -> Option<Target<'_>> {
    let instant: Timestamp = match built_in {
        BuiltIn::CreatedAt => attribute.created_at,
        BuiltIn::ModifiedAt => attribute.modified_at,
        BuiltIn::DatasetId if attribute.dataset_id.is_empty() => return None,
        BuiltIn::DatasetId => return Some(Target::Word(attribute.dataset_id.as_str())),
    };
    Some(Target::millis(instant))
}

fn in_value<'a>(text: &'a str, value_type: &str, members: &[Box<str>]) -> Option<Target<'a>> {
    let kind = AttributeType::of_value_type(value_type);
    match (kind, members) {
        (AttributeType::LanguageProperty, []) => return Some(Target::Languages(text)),
        (AttributeType::LanguageProperty, [all]) if **all == *"*" => return Some(Target::Languages(text)),
        (_, [_, ..]) => {
            let text = members.iter().try_fold(text, |text, name| member(text, name))?;
            return Some(Target::Json { text, nature: Nature::Plain });
        }
        _ => {}
    }
    let nature = match kind {
        AttributeType::Relationship | AttributeType::ListRelationship => Nature::Reference,
        AttributeType::VocabProperty => Nature::Term,
        _ if date::is_date(value_type) => Nature::Date,
        _ => return Some(typed_value(text).unwrap_or(Target::Json { text, nature: Nature::Plain })),
    };
    Some(Target::Json { text, nature })
}

/// The content of `{"@type": …, "@value": …}`.
fn typed_value(text: &str) -> Option<Target<'_>> {
    let value = member(text, "@value")?;
    let is_date = member(text, "@type").is_some_and(|name| name == "\"DateTime\"");
    Some(Target::Json { text: value, nature: if is_date { Nature::Date } else { Nature::Plain } })
}
