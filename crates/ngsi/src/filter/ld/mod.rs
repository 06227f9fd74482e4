//! The query languages of NGSI-LD (ETSI GS CIM 009): the grammar of `q`, types of entities, scopes.
//!
//! `q` (4.9) is compiled by [`Filter::parse_ld`](super::Filter::parse_ld). Beyond the standard, `!path` asks for absence, `createdAt` and `modifiedAt` alone are
//! the entity's own, a value that needs no quotes may go without, and a list matches every operator when one of its elements does.
//! Patterns match anywhere in a text. `jsonKeys` need no attention: values are kept as they came, and compared so.
//! Conditions on linked entities (`sensor{humidity}`) are refused.

mod path;
mod scope;
mod selection;
mod syntax;
mod types;
mod words;

pub(super) use path::AttributePath;
pub use scope::ScopeFilter;
pub(super) use syntax::Grammar;
pub use types::TypeFilter;

use crate::Name;

/// What the words of a query stand for.
#[derive(Clone, Copy)]
pub struct Vocabulary<'a> {
    /// The stored name of a term or IRI, by the request's `@context`.
    pub expand: &'a dyn Fn(&str) -> Name,
    /// `expandValues`: the attributes, as the request names them, whose values in the query are terms of the `@context`.
    pub expand_values: &'a [&'a str],
}

impl std::fmt::Debug for Vocabulary<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vocabulary").field("expand_values", &self.expand_values).finish_non_exhaustive()
    }
}
