//! Which entities a query, subscription or registration speaks of.

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, Serialize};

use crate::json::null_as_default;
use crate::{Entity, EntityId, Name, ParseError};

/// The most memory one compiled pattern may take, in bytes.
const PATTERN_SIZE_LIMIT: usize = 256 * 1024;
/// How deeply groups may nest in a pattern.
const PATTERN_NEST_LIMIT: u32 = 32;
/// The longest pattern, in bytes.
const PATTERN_LENGTH_LIMIT: usize = 1024;

/// An `EntityId` element as it stands in requests: `{"id","type","isPattern"}`, every member optional.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct EntityRef {
    /// Identifier, or a regular expression over identifiers.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "EntityId::is_empty")]
    pub id: EntityId,
    /// Type, or a regular expression over types.
    #[serde(rename = "type", default, deserialize_with = "null_as_default", skip_serializing_if = "Name::is_empty")]
    pub entity_type: Name,
    /// Whether `id` and `type` are regular expressions.
    #[serde(rename = "isPattern", default, deserialize_with = "flag")]
    pub is_pattern: bool,
}

impl EntityRef {
    /// The one entity with this identifier.
    #[must_use]
    pub fn id(id: EntityId) -> Self {
        Self { id, entity_type: Name::default(), is_pattern: false }
    }

    /// Every entity whose identifier the regular expression finds something in.
    #[must_use]
    pub fn pattern(id: &str) -> Self {
        Self { id: EntityId::from(id), entity_type: Name::default(), is_pattern: true }
    }

    /// Every entity of exactly this type.
    #[must_use]
    pub fn of_type(entity_type: Name) -> Self {
        Self { id: EntityId::default(), entity_type, is_pattern: false }
    }
}

/// A boolean that older clients write as a string.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "true, false, \"true\" or \"false\"")]
    enum Flag {
        Bool(bool),
        Text(String),
        Null,
    }
    match Flag::deserialize(deserializer)? {
        Flag::Bool(value) => Ok(value),
        Flag::Text(text) => Ok(text.eq_ignore_ascii_case("true")),
        Flag::Null => Ok(false),
    }
}

/// How one of id and type is matched.
#[derive(Debug, Clone)]
pub enum Matcher {
    /// Anything.
    Any,
    /// Exactly this text.
    Exact(Name),
    /// A regular expression, unanchored.
    Pattern(Regex),
}

impl Matcher {
    fn exact(text: &str) -> Self {
        if text.is_empty() { Self::Any } else { Self::Exact(Name::from(text)) }
    }

    fn pattern(text: &str, member: &str) -> Result<Self, ParseError> {
        if text.is_empty() || text == ".*" {
            return Ok(Self::Any);
        }
        if text.len() > PATTERN_LENGTH_LIMIT {
            return Err(ParseError::new(member, format!("pattern longer than {PATTERN_LENGTH_LIMIT} bytes")));
        }
        RegexBuilder::new(text)
            .size_limit(PATTERN_SIZE_LIMIT)
            .dfa_size_limit(PATTERN_SIZE_LIMIT)
            .nest_limit(PATTERN_NEST_LIMIT)
            .build()
            .map(Self::Pattern)
            .map_err(|error| ParseError::new(member, format!("not a usable regular expression: {error}")))
    }

    /// Whether `text` is meant.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(expected) => expected == text,
            Self::Pattern(regex) => regex.is_match(text),
        }
    }
}

/// A compiled [`EntityRef`].
#[derive(Debug, Clone)]
pub struct EntitySelector {
    /// Condition on the identifier.
    pub id: Matcher,
    /// Condition on the type.
    pub entity_type: Matcher,
}

impl EntitySelector {
    /// Compiles a reference. With `isPattern` an id and type are unanchored regular expressions, without it they
    /// are compared as they are; either left empty selects all.
    ///
    /// # Errors
    /// A pattern that is malformed or would take too much memory; the path is `id` or `type`.
    pub fn compile(reference: &EntityRef) -> Result<Self, ParseError> {
        let (id, entity_type) = (reference.id.as_str(), reference.entity_type.as_str());
        if reference.is_pattern {
            Ok(Self { id: Matcher::pattern(id, "id")?, entity_type: Matcher::pattern(entity_type, "type")? })
        } else {
            Ok(Self { id: Matcher::exact(id), entity_type: Matcher::exact(entity_type) })
        }
    }

    /// Compiles a condition on the identifier and one on the type, each a text, any when it is empty, or else a pattern.
    ///
    /// # Errors
    /// As [`EntitySelector::compile`].
    pub fn of(id: (&str, Option<&str>), entity_type: (&str, Option<&str>)) -> Result<Self, ParseError> {
        let matcher = |(exact, pattern): (&str, Option<&str>), member: &str| match pattern {
            Some(pattern) => Matcher::pattern(pattern, member),
            None => Ok(Matcher::exact(exact)),
        };
        Ok(Self { id: matcher(id, "id")?, entity_type: matcher(entity_type, "type")? })
    }

    /// Compiles a list found in member `path` of a request.
    ///
    /// # Errors
    /// As [`EntitySelector::compile`], with a path such as `entities[2].id`.
    pub fn compile_all(path: &str, references: &[EntityRef]) -> Result<Vec<Self>, ParseError> {
        references
            .iter()
            .enumerate()
            .map(|(index, reference)| Self::compile(reference).map_err(|e| e.within(&format!("{path}[{index}]"))))
            .collect()
    }

    /// Whether the entity is selected, by any of its types.
    #[must_use]
    pub fn selects(&self, entity: &Entity) -> bool {
        self.id.matches(entity.id.as_str()) && entity.types().any(|name| self.entity_type.matches(name.as_str()))
    }

    /// Whether an entity of that id and type is selected.
    #[must_use]
    pub fn matches(&self, id: &str, entity_type: &str) -> bool {
        self.id.matches(id) && self.entity_type.matches(entity_type)
    }
}
