//! The grammar of `q` and `mq`.

use regex::{Regex, RegexBuilder};

use super::literal::{Item, Literal};
use super::statement::{Condition, Order, Statement};
use super::target::Path;
use super::{Dialect, MAX_PATTERNS, MAX_STATEMENTS};
use crate::ParseError;

/// The longest pattern, in bytes.
const MAX_PATTERN_LENGTH: usize = 1024;
/// The most memory one compiled pattern may take, in bytes.
const PATTERN_SIZE_LIMIT: usize = 256 * 1024;
/// How deeply groups may nest in a pattern.
const PATTERN_NEST_LIMIT: u32 = 32;
/// The most parts of a path.
const MAX_PATH: usize = 32;

/// A reader of the text, left to right.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    dialect: Dialect,
    patterns: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Self {
        Self { text, at: 0, dialect, patterns: 0 }
    }

    /// All statements; one `;` after the last is let pass.
    pub(super) fn statements(mut self) -> Result<Vec<Statement>, ParseError> {
        let mut statements = vec![self.statement()?];
        while self.eat(";") {
            if self.rest().trim_start().is_empty() {
                return Ok(statements);
            }
            if statements.len() == MAX_STATEMENTS {
                return Err(self.error(format!("more than {MAX_STATEMENTS} statements")));
            }
            statements.push(self.statement()?);
        }
        Ok(statements)
    }

    fn statement(&mut self) -> Result<Statement, ParseError> {
        self.skip_spaces();
        if self.rest().is_empty() || self.rest().starts_with(';') {
            return Err(self.error("a statement is missing"));
        }
        let absent = self.eat("!");
        let path = self.path()?;
        let condition = if absent { Condition::Absent } else { self.condition()? };
        self.skip_spaces();
        match self.rest().chars().next() {
            None | Some(';') => Ok(Statement { path, condition }),
            Some(found) if absent => {
                Err(self.error(format!("a statement that begins with ! ends after the path, found {found:?}")))
            }
            Some(found) => Err(self.error(format!("expected ; or the end, found {found:?}"))),
        }
    }

    fn path(&mut self) -> Result<Path, ParseError> {
        let start = self.at;
        let mut parts = Vec::new();
        loop {
            if parts.len() == MAX_PATH {
                return Err(self.error(format!("a path of more than {MAX_PATH} parts")));
            }
            parts.push(self.part()?);
            self.skip_spaces();
            if !self.eat(".") {
                break;
            }
        }
        self.assemble(parts)
            .ok_or_else(|| self.error_at(start, "a path of mq is an attribute and a metadatum, attribute.metadatum"))
    }

    fn assemble(&self, parts: Vec<Box<str>>) -> Option<Path> {
        let mut parts = parts.into_iter();
        let attribute = parts.next()?;
        let metadata = match self.dialect {
            Dialect::Values => None,
            Dialect::Metadata => Some(parts.next()?),
        };
        Some(Path { attribute, metadata, members: parts.collect() })
    }

    fn part(&mut self) -> Result<Box<str>, ParseError> {
        self.skip_spaces();
        if let Some(quoted) = self.quoted()? {
            return Ok(quoted.into());
        }
        let part = self.take_until(|rest| {
            rest.starts_with(|c: char| ".=!<>~:;'\"(),".contains(c) || c.is_whitespace() || c.is_control())
        });
        if part.is_empty() {
            return Err(self.error("expected the name of an attribute, or of a part of it"));
        }
        Ok(part.into())
    }

    fn condition(&mut self) -> Result<Condition, ParseError> {
        if self.rest().is_empty() || self.rest().starts_with(';') {
            return Ok(Condition::Present);
        }
        if self.eat("==") || self.eat(":") {
            return self.items().map(Condition::Equal);
        }
        if self.eat("!=") {
            return self.items().map(Condition::Unequal);
        }
        if self.eat("~=") {
            return self.pattern().map(Condition::Pattern);
        }
        match self.order() {
            Some(order) => Ok(Condition::Ordered(order, self.ordered_literal()?)),
            None => Err(self.error("expected an operator (==, :, !=, <, <=, >, >=, ~=) or ; after the path")),
        }
    }

    fn order(&mut self) -> Option<Order> {
        let operators =
            [("<=", Order::LessOrEqual), (">=", Order::GreaterOrEqual), ("<", Order::Less), (">", Order::Greater)];
        operators.into_iter().find(|(text, _)| self.eat(text)).map(|(_, order)| order)
    }

    fn items(&mut self) -> Result<Box<[Item]>, ParseError> {
        let mut items = vec![self.item()?];
        while self.eat(",") {
            items.push(self.item()?);
        }
        Ok(items.into())
    }

    fn item(&mut self) -> Result<Item, ParseError> {
        let least = self.literal()?;
        let range_at = self.at;
        if !self.eat("..") {
            return Ok(Item::Single(least));
        }
        let greatest = self.literal()?;
        if !least.is_ordered() || !least.is_same_kind(&greatest) {
            return Err(self.error_at(range_at, "a range goes from number to number, date to date or text to text"));
        }
        Ok(Item::Range(least, greatest))
    }

    fn ordered_literal(&mut self) -> Result<Literal, ParseError> {
        self.skip_spaces();
        let start = self.at;
        let literal = self.literal()?;
        if !literal.is_ordered() {
            return Err(self.error_at(start, "only numbers, dates and texts are smaller or greater"));
        }
        if self.rest().starts_with(',') || self.rest().starts_with("..") {
            return Err(self.error("lists and ranges are for ==, : and != only"));
        }
        Ok(literal)
    }

    fn literal(&mut self) -> Result<Literal, ParseError> {
        self.skip_spaces();
        if let Some(quoted) = self.quoted()? {
            self.skip_spaces();
            return Ok(Literal::quoted(quoted));
        }
        if self.rest().starts_with(['=', '<', '>', '~', '!', '"']) {
            return Err(self.error("a value that begins like this stands in single quotes, 'value'"));
        }
        let start = self.at;
        let word = self.take_until(|rest| rest.starts_with([',', ';']) || rest.starts_with("..")).trim_end();
        if word.is_empty() {
            return Err(self.error_at(start, "a value is missing; an empty text is written ''"));
        }
        Ok(Literal::bare(word))
    }

    fn pattern(&mut self) -> Result<Regex, ParseError> {
        self.skip_spaces();
        let start = self.at;
        let text = match self.quoted()? {
            Some(quoted) => quoted,
            None => self.take_until(|rest| rest.starts_with(';')).trim_end(),
        };
        self.patterns += 1;
        if text.is_empty() {
            return Err(self.error_at(start, "a pattern is missing"));
        }
        if self.patterns > MAX_PATTERNS {
            return Err(self.error_at(start, format!("more than {MAX_PATTERNS} patterns")));
        }
        compile(text).map_err(|problem| self.error_at(start, problem))
    }

    /// What stands in quotes here, if something does.
    fn quoted(&mut self) -> Result<Option<&'a str>, ParseError> {
        let Some(after) = self.rest().strip_prefix('\'') else { return Ok(None) };
        let Some((content, _)) = after.split_once('\'') else {
            return Err(self.error("a single quote is not closed"));
        };
        self.at += content.len() + 2;
        Ok(Some(content))
    }

    fn take_until(&mut self, ends: impl Fn(&str) -> bool) -> &'a str {
        let rest = self.rest();
        let length = rest.char_indices().map(|(at, _)| at).find(|at| ends(&rest[*at..])).unwrap_or(rest.len());
        self.at += length;
        &rest[..length]
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn skip_spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn error(&self, problem: impl AsRef<str>) -> ParseError {
        self.error_at(self.at, problem)
    }

    fn error_at(&self, at: usize, problem: impl AsRef<str>) -> ParseError {
        ParseError::new(self.dialect.parameter(), format!("at byte {at}: {}", problem.as_ref()))
    }
}

fn compile(pattern: &str) -> Result<Regex, String> {
    if pattern.len() > MAX_PATTERN_LENGTH {
        return Err(format!("a pattern longer than {MAX_PATTERN_LENGTH} bytes"));
    }
    RegexBuilder::new(pattern)
        .size_limit(PATTERN_SIZE_LIMIT)
        .dfa_size_limit(PATTERN_SIZE_LIMIT)
        .nest_limit(PATTERN_NEST_LIMIT)
        .build()
        .map_err(|error| format!("not a usable regular expression: {error}"))
}
