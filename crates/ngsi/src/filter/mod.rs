//! Which entities a client asks for by what they hold: the Simple Query Language of NGSIv2 (`q`, `mq`), its geographical
//! queries (`georel`, `geometry`, `coords`) and its ordering of results (`orderBy`).
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

pub mod coordinates;
mod georel;
mod literal;
mod order;
mod place;
pub mod shape;
mod statement;
mod syntax;
mod target;

use crate::{Entity, ParseError};
pub use georel::{GeoFilter, MAX_COORDS};
pub use order::{MAX_CRITERIA, OrderBy, SortKey};
use statement::Statement;
use syntax::Cursor;

/// The longest `q` or `mq`, in bytes.
pub const MAX_LENGTH: usize = 8 * 1024;
/// The most statements of one filter.
pub const MAX_STATEMENTS: usize = 64;
/// The most statements of one filter that hold a pattern.
pub const MAX_PATTERNS: usize = 8;

/// A compiled `q` or `mq`: an entity must meet every statement.
///
/// It prints as it was given, which is what a subscription shows its owner.
#[derive(Debug, Clone)]
pub struct Filter {
    source: Box<str>,
    statements: Box<[Statement]>,
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

    fn parse(text: &str, dialect: Dialect) -> Result<Self, ParseError> {
        if text.len() > MAX_LENGTH {
            let problem = format!("longer than {MAX_LENGTH} bytes, it has {}", text.len());
            return Err(ParseError::new(dialect.parameter(), problem));
        }
        let statements = Cursor::new(text, dialect).statements()?;
        Ok(Self { source: text.into(), statements: statements.into() })
    }

    /// Whether the entity meets every statement.
    #[must_use]
    pub fn matches(&self, entity: &Entity) -> bool {
        self.statements.iter().all(|statement| statement.matches(entity))
    }
}

impl std::fmt::Display for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.source)
    }
}

impl PartialEq for Filter {
    fn eq(&self, other: &Self) -> bool {
        self.source == other.source
    }
}
