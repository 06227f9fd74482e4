//! The grammar of `q` and `mq` of NGSIv2.

use super::MAX_PATH;
use super::cursor::Cursor;
use super::literal::Literal;
use super::operands::{items, order, ordered};
use super::statement::{Condition, Pattern, Statement, Subject};
use super::target::Path;
use super::{Dialect, MAX_STATEMENTS};
use crate::ParseError;

pub(super) struct Grammar<'a> {
    cursor: Cursor<'a>,
    dialect: Dialect,
}

impl<'a> Grammar<'a> {
    pub(super) fn new(cursor: Cursor<'a>, dialect: Dialect) -> Self {
        Self { cursor, dialect }
    }

    /// All statements; one `;` after the last is let pass.
    pub(super) fn statements(mut self) -> Result<Vec<Statement>, ParseError> {
        let mut statements = vec![self.statement()?];
        while self.cursor.eat(";") {
            if self.cursor.rest().trim_start().is_empty() {
                return Ok(statements);
            }
            if statements.len() == MAX_STATEMENTS {
                return Err(self.cursor.error(format!("more than {MAX_STATEMENTS} statements")));
            }
            statements.push(self.statement()?);
        }
        Ok(statements)
    }

    fn statement(&mut self) -> Result<Statement, ParseError> {
        self.cursor.skip_spaces();
        if matches!(self.cursor.next(), None | Some(';')) {
            return Err(self.cursor.error("a statement is missing"));
        }
        let absent = self.cursor.eat("!");
        let path = self.path()?;
        let condition = if absent { Condition::Absent } else { condition(&mut self.cursor)? };
        self.cursor.skip_spaces();
        match self.cursor.next() {
            None | Some(';') => Ok(Statement { subject: Subject::Simple(path), condition }),
            Some(found) if absent => {
                Err(self.cursor.error(format!("a statement that begins with ! ends after the path, found {found:?}")))
            }
            Some(found) => Err(self.cursor.error(format!("expected ; or the end, found {found:?}"))),
        }
    }

    fn path(&mut self) -> Result<Path, ParseError> {
        let start = self.cursor.at();
        let mut parts = Vec::new();
        loop {
            if parts.len() == MAX_PATH {
                return Err(self.cursor.error(format!("a path of more than {MAX_PATH} parts")));
            }
            parts.push(part(&mut self.cursor)?);
            self.cursor.skip_spaces();
            if !self.cursor.eat(".") {
                break;
            }
        }
        self.assemble(parts).ok_or_else(|| {
            self.cursor.error_at(start, "a path of mq is an attribute and a metadatum, attribute.metadatum")
        })
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
}

fn part(cursor: &mut Cursor<'_>) -> Result<Box<str>, ParseError> {
    cursor.skip_spaces();
    if let Some(quoted) = quoted(cursor)? {
        return Ok(quoted.into());
    }
    let part = cursor.take_until(|rest| {
        rest.starts_with(|c: char| ".=!<>~:;'\"(),".contains(c) || c.is_whitespace() || c.is_control())
    });
    if part.is_empty() {
        return Err(cursor.error("expected the name of an attribute, or of a part of it"));
    }
    Ok(part.into())
}

fn condition(cursor: &mut Cursor<'_>) -> Result<Condition, ParseError> {
    if matches!(cursor.next(), None | Some(';')) {
        return Ok(Condition::Present);
    }
    if cursor.eat("==") || cursor.eat(":") {
        return items(cursor, &mut literal).map(Condition::Equal);
    }
    if cursor.eat("!=") {
        return items(cursor, &mut literal).map(Condition::Unequal);
    }
    if cursor.eat("~=") {
        return pattern(cursor).map(Condition::Pattern);
    }
    match order(cursor) {
        Some(order) => Ok(Condition::Ordered(order, ordered(cursor, &mut literal)?)),
        None => Err(cursor.error("expected an operator (==, :, !=, <, <=, >, >=, ~=) or ; after the path")),
    }
}

fn literal(cursor: &mut Cursor<'_>) -> Result<Literal, ParseError> {
    cursor.skip_spaces();
    if let Some(quoted) = quoted(cursor)? {
        cursor.skip_spaces();
        return Ok(Literal::quoted(quoted));
    }
    if cursor.rest().starts_with(['=', '<', '>', '~', '!', '"']) {
        return Err(cursor.error("a value that begins like this stands in single quotes, 'value'"));
    }
    let start = cursor.at();
    let word = cursor.take_until(|rest| rest.starts_with([',', ';']) || rest.starts_with("..")).trim_end();
    if word.is_empty() {
        return Err(cursor.error_at(start, "a value is missing; an empty text is written ''"));
    }
    Ok(Literal::bare(word))
}

fn pattern(cursor: &mut Cursor<'_>) -> Result<Pattern, ParseError> {
    cursor.skip_spaces();
    let start = cursor.at();
    let text = match quoted(cursor)? {
        Some(quoted) => quoted,
        None => cursor.take_until(|rest| rest.starts_with(';')).trim_end(),
    };
    cursor.pattern(start, text)
}

/// What stands in quotes here, if something does.
fn quoted<'a>(cursor: &mut Cursor<'a>) -> Result<Option<&'a str>, ParseError> {
    let Some(after) = cursor.rest().strip_prefix('\'') else { return Ok(None) };
    let Some((content, _)) = after.split_once('\'') else {
        return Err(cursor.error("a single quote is not closed"));
    };
    cursor.step(content.len() + 2);
    Ok(Some(content))
}
