//! The scope query language (ETSI GS CIM 009, 4.19).

use super::selection::{Alternatives, parse};
use crate::filter::MAX_PATH;
use crate::filter::cursor::Cursor;
use crate::{Entity, ParseError};

/// A compiled `scopeQ`, such as `/Madrid/Gardens/#` or `(/Madrid/+;/CompanyA),/CompanyB`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScopeFilter(Alternatives<Branch>);

/// The scopes of one pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Branch {
    levels: Box<[Level]>,
    /// Whether all below it belong to it.
    whole: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Level {
    Any,
    Named(Box<str>),
}

impl ScopeFilter {
    /// Compiles `scopeQ`. The first `/` of a scope may be left out.
    ///
    /// # Errors
    /// The path is `scopeQ`; the problem says at which byte, and why.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        parse(Cursor::new(text, "scopeQ")?, branch).map(Self)
    }

    /// Whether the scopes of the entity are such; an entity without a scope never is.
    #[must_use]
    pub fn matches(&self, entity: &Entity) -> bool {
        self.0.holds(|branch| entity.scopes.iter().any(|scope| branch.holds(scope.as_str())))
    }
}

impl std::fmt::Display for ScopeFilter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl Branch {
    fn holds(&self, scope: &str) -> bool {
        let mut own = scope.trim_start_matches('/').split('/');
        let begins = self.levels.iter().all(|level| {
            own.next().is_some_and(|name| match level {
                Level::Any => true,
                Level::Named(wanted) => name == &**wanted,
            })
        });
        begins && (self.whole || own.next().is_none())
    }
}

fn branch(cursor: &mut Cursor<'_>) -> Result<Branch, ParseError> {
    let start = cursor.at();
    cursor.eat("/");
    let mut levels = Vec::new();
    loop {
        if cursor.eat("#") {
            return Ok(Branch { levels: levels.into(), whole: true });
        }
        if levels.len() == MAX_PATH {
            return Err(cursor.error_at(start, format!("a scope of more than {MAX_PATH} levels")));
        }
        levels.push(level(cursor)?);
        if !cursor.eat("/") {
            return Ok(Branch { levels: levels.into(), whole: false });
        }
    }
}

fn level(cursor: &mut Cursor<'_>) -> Result<Level, ParseError> {
    let name = cursor.take_until(|rest| rest.starts_with(|c: char| "/,;|()#".contains(c) || c.is_whitespace()));
    match name {
        "" => Err(cursor.error("expected the name of a level, + or, at the end, #")),
        "+" => Ok(Level::Any),
        name if name.contains('+') => Err(cursor.error("+ stands for a whole level")),
        name => Ok(Level::Named(name.into())),
    }
}
