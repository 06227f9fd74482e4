//! The grammar of `q` (ETSI GS CIM 009, 4.9).

use super::Vocabulary;
use super::path::{AttributePath, BuiltIn, End};
use super::words::{literal, pattern, quoted};
use crate::ParseError;
use crate::filter::cursor::Cursor;
use crate::filter::expression::Expression;
use crate::filter::operands::{items, order, ordered};
use crate::filter::statement::{Condition, Statement, Subject};
use crate::filter::{MAX_CRITERIA, MAX_NESTING, MAX_PATH, MAX_STATEMENTS};

pub(in crate::filter) struct Grammar<'a, 'v> {
    cursor: Cursor<'a>,
    vocabulary: &'v Vocabulary<'v>,
    statements: usize,
    nesting: usize,
}

impl<'a, 'v> Grammar<'a, 'v> {
    pub(in crate::filter) fn new(cursor: Cursor<'a>, vocabulary: &'v Vocabulary<'v>) -> Self {
        Self { cursor, vocabulary, statements: 0, nesting: 0 }
    }

    pub(in crate::filter) fn query(mut self) -> Result<Expression, ParseError> {
        let expression = self.alternatives()?;
        match self.cursor.next() {
            None => Ok(expression),
            Some(found) => Err(self.cursor.error(format!("expected ;, | or the end, found {found:?}"))),
        }
    }

    /// Paths to order by, and whether what is greatest comes first.
    pub(in crate::filter) fn order(mut self) -> Result<Vec<(AttributePath, bool)>, ParseError> {
        let mut criteria = Vec::new();
        loop {
            let (path, _) = self.path()?;
            let descending = self.cursor.eat(";desc");
            if !descending {
                self.cursor.eat(";asc");
            }
            criteria.push((path, descending));
            if criteria.len() > MAX_CRITERIA {
                return Err(self.cursor.error(format!("more than {MAX_CRITERIA} criteria")));
            }
            if !self.cursor.eat(",") {
                break;
            }
        }
        match self.cursor.next() {
            None => Ok(criteria),
            Some(found) => Err(self.cursor.error(format!("expected ;asc, ;desc, a comma or the end, found {found:?}"))),
        }
    }

    /// `;` binds tighter than `|`.
    fn alternatives(&mut self) -> Result<Expression, ParseError> {
        let mut alternatives = vec![self.conjunction()?];
        while self.cursor.eat("|") {
            alternatives.push(self.conjunction()?);
        }
        Ok(Expression::any(alternatives))
    }

    fn conjunction(&mut self) -> Result<Expression, ParseError> {
        let mut parts = vec![self.part()?];
        while self.cursor.eat(";") {
            parts.push(self.part()?);
        }
        Ok(Expression::all(parts))
    }

    fn part(&mut self) -> Result<Expression, ParseError> {
        self.cursor.skip_spaces();
        if !self.cursor.eat("(") {
            return self.statement().map(Expression::One);
        }
        if self.nesting == MAX_NESTING {
            return Err(self.cursor.error(format!("parentheses nested deeper than {MAX_NESTING}")));
        }
        self.nesting += 1;
        let inner = self.alternatives()?;
        self.nesting -= 1;
        if !self.cursor.eat(")") {
            return Err(self.cursor.error("a parenthesis is not closed"));
        }
        self.cursor.skip_spaces();
        Ok(inner)
    }

    fn statement(&mut self) -> Result<Statement, ParseError> {
        if self.statements == MAX_STATEMENTS {
            return Err(self.cursor.error(format!("more than {MAX_STATEMENTS} statements")));
        }
        self.statements += 1;
        let absent = self.cursor.eat("!");
        let (path, term) = self.path()?;
        let condition = if absent { Condition::Absent } else { self.condition(term)? };
        self.cursor.skip_spaces();
        match self.cursor.next() {
            Some(found) if absent && !ends(found) => {
                Err(self.cursor.error(format!("a statement that begins with ! ends after the path, found {found:?}")))
            }
            _ => Ok(Statement { subject: Subject::Attribute(path), condition }),
        }
    }

    /// The path, and whether values of its attribute are terms to be expanded.
    fn path(&mut self) -> Result<(AttributePath, bool), ParseError> {
        let start = self.cursor.at();
        let mut names = vec![self.name()?];
        while self.cursor.eat(".") {
            names.push(self.name()?);
        }
        let members = if self.cursor.eat("[") { Some(self.members()?) } else { None };
        self.cursor.skip_spaces();
        if names.len() + members.as_ref().map_or(0, Vec::len) > MAX_PATH {
            return Err(self.cursor.error_at(start, format!("a path of more than {MAX_PATH} parts")));
        }
        if self.cursor.next() == Some('{') {
            return Err(self.cursor.error("conditions on linked entities are not supported"));
        }
        let term = self.vocabulary.expand_values.contains(&names[0]);
        Ok((self.assemble(&names, members), term))
    }

    fn assemble(&self, names: &[&str], members: Option<Vec<Box<str>>>) -> AttributePath {
        let built_in = names.last().and_then(|name| BuiltIn::named(name)).filter(|_| members.is_none());
        let (names, end) = match (built_in, names) {
            (Some(built_in), [_]) => return AttributePath::Entity(built_in),
            (Some(built_in), [names @ .., _]) => (names, End::BuiltIn(built_in)),
            _ => (names, End::Value(members.unwrap_or_default().into())),
        };
        let mut names = names.iter().map(|name| (self.vocabulary.expand)(name));
        let name = names.next().unwrap_or_default();
        AttributePath::Attribute { name, sub_attributes: names.collect(), end }
    }

    fn name(&mut self) -> Result<&'a str, ParseError> {
        self.cursor.skip_spaces();
        let name = self.cursor.take_until(|rest| {
            rest.starts_with(|c: char| ".=!<>~;|,\"'()[]{}".contains(c) || c.is_whitespace() || c.is_control())
        });
        if name.is_empty() {
            return Err(self.cursor.error("expected the name of an attribute"));
        }
        Ok(name)
    }

    fn members(&mut self) -> Result<Vec<Box<str>>, ParseError> {
        let mut members = Vec::new();
        loop {
            let name = match quoted(&mut self.cursor)? {
                Some(name) => name,
                None => self.cursor.take_until(|rest| rest.starts_with(['.', ']'])).trim().to_owned(),
            };
            if name.is_empty() {
                return Err(self.cursor.error("expected the name of a member of the value, or a language"));
            }
            members.push(name.into());
            if self.cursor.eat("]") {
                return Ok(members);
            }
            if !self.cursor.eat(".") {
                return Err(self.cursor.error("a bracket is not closed"));
            }
        }
    }

    fn condition(&mut self, term: bool) -> Result<Condition, ParseError> {
        let cursor = &mut self.cursor;
        if cursor.next().is_none_or(ends) {
            return Ok(Condition::Present);
        }
        let vocabulary = self.vocabulary;
        let mut literal = |cursor: &mut Cursor<'a>| literal(cursor, vocabulary, term);
        if cursor.eat("==") {
            return items(cursor, &mut literal).map(Condition::Equal);
        }
        if cursor.eat("!=") {
            return items(cursor, &mut literal).map(Condition::Unequal);
        }
        if let Some(order) = order(cursor) {
            return Ok(Condition::Ordered(order, ordered(cursor, &mut literal)?));
        }
        if cursor.eat("~=") {
            return pattern(cursor).map(Condition::Pattern);
        }
        if cursor.eat("!~=") {
            return pattern(cursor).map(Condition::NotPattern);
        }
        Err(cursor.error("expected an operator (==, !=, <, <=, >, >=, ~=, !~=), ; or | after the path"))
    }
}

fn ends(found: char) -> bool {
    matches!(found, ';' | '|' | ')')
}
