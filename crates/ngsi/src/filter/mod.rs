//! Which entities a client asks for by what they hold: the Simple Query Language of NGSIv2 (`q`, `mq`), its geographical
//! queries (`georel`, `geometry`, `coords`) and its ordering of results (`orderBy`); and the languages of NGSI-LD for the same, see [`ld`].
//!
//! Everything is compiled once and matched against entities whose values stay JSON text: a statement reads no more of
//! an entity than the value it speaks of. Building a tree of every value first was rejected, it would be most of the cost of
//! a query over many entities.
//!
//! Where the specification is silent:
//! - A list matches when one of its elements does, with every operator; `!=` matches when none equals.
//! - Two dates are compared as instants, whatever their time zones. A date in quotes is one only for an attribute of
//!   type `DateTime` or `ISO8601`; quotes elsewhere ask for the text.
//! - Values of different JSON types are never equal, and neither is the smaller.
//! - `dateCreated` and `dateModified`, of entities in `q` and of attributes in `mq`, are what the broker knows, to the
//!   millisecond, whatever attribute or metadatum has that name.

pub mod bounds;
pub mod coordinates;
mod cursor;
mod expression;
mod georel;
mod glimpse;
pub mod ld;
mod literal;
mod operands;
mod order;
mod place;
mod sameness;
pub mod shape;
mod statement;
mod syntax;
mod target;

use crate::{Entity, ParseError};
use cursor::Cursor;
use expression::Expression;
pub use georel::{GeoFilter, MAX_COORDS};
pub use glimpse::{Glance, Glimpse};
use ld::Vocabulary;
pub use order::{MAX_CRITERIA, OrderBy, SortKey};

/// The longest `q`, `mq`, `type` or `scopeQ`, in bytes.
pub const MAX_LENGTH: usize = 8 * 1024;
/// The most statements of one filter.
pub const MAX_STATEMENTS: usize = 64;
/// The most statements of one filter that hold a pattern.
pub const MAX_PATTERNS: usize = 8;
/// How deeply parentheses may nest.
pub const MAX_NESTING: usize = 16;
/// The most parts of a path, and levels of a scope.
const MAX_PATH: usize = 32;

/// A compiled `q` or `mq`.
///
/// It prints as it was given, which is what a subscription shows its owner.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    source: Box<str>,
    expression: Expression,
}

/// Where a path leads after the attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// `q`: into the value.
    Values,
    /// `mq`: to a metadatum, then into its value.
    Metadata,
}

impl Dialect {
    fn parameter(self) -> &'static str {
        match self {
            Self::Values => "q",
            Self::Metadata => "mq",
        }
    }
}

impl Filter {
    /// Compiles conditions on values of attributes, such as `temperature>40;brand.name=='a,b',c`.
    ///
    /// # Errors
    /// The path is `q`; the problem says at which byte, and why.
    pub fn parse_q(text: &str) -> Result<Self, ParseError> {
        Self::parse(text, Dialect::Values)
    }

    /// Compiles conditions on metadata, such as `temperature.accuracy<0.9`.
    ///
    /// # Errors
    /// The path is `mq`; the problem says at which byte, and why.
    pub fn parse_mq(text: &str) -> Result<Self, ParseError> {
        Self::parse(text, Dialect::Metadata)
    }

    /// Compiles a query of NGSI-LD (ETSI GS CIM 009, 4.9), such as `temperature>=20;(open==true|owner.since<2026-01-01)`.
    ///
    /// # Errors
    /// The path is `q`; the problem says at which byte, and why.
    pub fn parse_ld(text: &str, vocabulary: &Vocabulary<'_>) -> Result<Self, ParseError> {
        let expression = ld::Grammar::new(Cursor::new(text, "q")?, vocabulary).query()?;
        Ok(Self { source: text.into(), expression })
    }

    fn parse(text: &str, dialect: Dialect) -> Result<Self, ParseError> {
        let statements = syntax::Grammar::new(Cursor::new(text, dialect.parameter())?, dialect).statements()?;
        let expression = Expression::all(statements.into_iter().map(Expression::One).collect());
        Ok(Self { source: text.into(), expression })
    }

    /// Whether the entity is meant.
    #[must_use]
    pub fn matches(&self, entity: &Entity) -> bool {
        self.expression.matches(entity)
    }
}

impl std::fmt::Display for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.source)
    }
}
