//! Which entities a list or a query of NGSIv2 speaks of, as the references that every broker understands.

use super::DEFAULT_ENTITY_TYPE;
use crate::selector::EntityRef;
use crate::{EntityId, Name, ParseError};

/// The most references one request comes to.
const MAX_REFERENCES: usize = 10_000;

/// A choice of identifiers or of types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice<'a> {
    /// All.
    Any,
    /// One of these.
    OneOf(Vec<&'a str>),
    /// What the regular expression finds something in.
    Pattern(&'a str),
}

impl<'a> Choice<'a> {
    /// The choice that `name` and `namePattern` make, of which at most one may be given.
    ///
    /// # Errors
    /// Both are given.
    pub fn new(name: &str, exact: Vec<&'a str>, pattern: Option<&'a str>) -> Result<Self, ParseError> {
        match (exact.is_empty(), pattern) {
            (true, None) => Ok(Self::Any),
            (true, Some(pattern)) => Ok(Self::Pattern(pattern)),
            (false, None) => Ok(Self::OneOf(exact)),
            (false, Some(_)) => Err(ParseError::new(name, format!("{name} and {name}Pattern exclude one another"))),
        }
    }

    fn to_pattern(&self) -> String {
        match self {
            Self::Any => ".*".to_owned(),
            Self::Pattern(pattern) => (*pattern).to_owned(),
            Self::OneOf(exact) => {
                let escaped: Vec<_> = exact.iter().map(|text| regex::escape(text)).collect();
                let untyped = if exact.contains(&DEFAULT_ENTITY_TYPE) { "?" } else { "" };
                format!("^(?:{}){untyped}$", escaped.join("|"))
            }
        }
    }
}

/// The references that select what has one of the identifiers and one of the types. `Thing` is also the type of those
/// that have none.
///
/// # Errors
/// More combinations than a request may have.
#[expect(clippy::needless_pass_by_value, reason = "a choice is made for one list of references")]
pub fn references(id: Choice<'_>, entity_type: Choice<'_>) -> Result<Vec<EntityRef>, ParseError> {
    let exact = |id: &str, entity_type: &str| EntityRef {
        id: EntityId::from(id),
        entity_type: Name::from(entity_type),
        is_pattern: false,
    };
    match (&id, &entity_type) {
        (Choice::OneOf(ids), Choice::Any) => Ok(ids.iter().map(|id| exact(id, "")).collect()),
        (Choice::Any, Choice::OneOf(types)) if !types.contains(&DEFAULT_ENTITY_TYPE) => {
            Ok(types.iter().map(|entity_type| exact("", entity_type)).collect())
        }
        (Choice::OneOf(ids), Choice::OneOf(types)) if !types.contains(&DEFAULT_ENTITY_TYPE) => {
            if ids.len() * types.len() > MAX_REFERENCES {
                return Err(ParseError::new("id", format!("more than {MAX_REFERENCES} combinations with type")));
            }
            Ok(ids.iter().flat_map(|id| types.iter().map(|entity_type| exact(id, entity_type))).collect())
        }
        _ => Ok(vec![EntityRef {
            id: EntityId::from(id.to_pattern()),
            entity_type: Name::from(entity_type.to_pattern()),
            is_pattern: true,
        }]),
    }
}
