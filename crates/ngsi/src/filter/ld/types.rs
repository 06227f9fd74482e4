//! The entity type selection language (ETSI GS CIM 009, 4.17).

use super::selection::{Alternatives, parse};
use crate::filter::cursor::Cursor;
use crate::{Entity, Name, ParseError};

/// Compiled types, such as `Building|House` or `(Home;Vehicle),Motorhome`: an entity has all the types of one alternative,
/// and perhaps others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeFilter(Alternatives<Name>);

impl TypeFilter {
    /// Compiles the types; `expand` gives the stored name of a term or IRI.
    ///
    /// # Errors
    /// The path is `type`; the problem says at which byte, and why.
    pub fn parse(text: &str, expand: &dyn Fn(&str) -> Name) -> Result<Self, ParseError> {
        let name = |cursor: &mut Cursor<'_>| {
            let name = cursor.take_until(|rest| {
                rest.starts_with(|c: char| ",;|()<>\"'".contains(c) || c.is_whitespace() || c.is_control())
            });
            if name.is_empty() { Err(cursor.error("expected the name of a type")) } else { Ok(expand(name)) }
        };
        parse(Cursor::new(text, "type")?, name).map(Self)
    }

    /// Whether the entity has the types of one alternative.
    #[must_use]
    pub fn matches(&self, entity: &Entity) -> bool {
        self.0.holds(|name| entity.types().any(|own| own == name))
    }

    /// One type of each alternative: an entity that is meant has one of these.
    pub fn leading(&self) -> impl Iterator<Item = &Name> {
        self.0.leading()
    }

    /// All the types that it names: part of an entity that is meant may be registered by any of these.
    pub fn named(&self) -> impl Iterator<Item = &Name> {
        self.0.all()
    }

    /// Whether it names one type after the other, without "and".
    #[must_use]
    pub fn is_list(&self) -> bool {
        self.0.is_list()
    }
}

impl std::fmt::Display for TypeFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
