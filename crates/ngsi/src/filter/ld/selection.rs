//! What the languages for types and for scopes have in common: alternatives, each a thing or several in parentheses.

use std::fmt::{Display, Formatter, Result as Written};

use crate::ParseError;
use crate::filter::MAX_STATEMENTS;
use crate::filter::cursor::Cursor;

/// One of these must hold, each of which is a conjunction of at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Alternatives<T> {
    source: Box<str>,
    groups: Box<[Box<[T]>]>,
}

impl<T> Alternatives<T> {
    pub(super) fn holds(&self, has: impl Fn(&T) -> bool) -> bool {
        self.groups.iter().any(|group| group.iter().all(&has))
    }

    pub(super) fn leading(&self) -> impl Iterator<Item = &T> {
        self.groups.iter().filter_map(|group| group.first())
    }

    pub(super) fn is_list(&self) -> bool {
        self.groups.iter().all(|group| group.len() == 1)
    }
}

impl<T> Display for Alternatives<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Written {
        f.write_str(&self.source)
    }
}

/// Reads `thing|(thing;thing),thing`.
pub(super) fn parse<'a, T>(
    mut cursor: Cursor<'a>,
    mut thing: impl FnMut(&mut Cursor<'a>) -> Result<T, ParseError>,
) -> Result<Alternatives<T>, ParseError> {
    let source = cursor.rest().into();
    let (mut groups, mut count) = (Vec::new(), 0);
    loop {
        let group = group(&mut cursor, &mut thing)?;
        count += group.len();
        groups.push(group);
        if count > MAX_STATEMENTS {
            return Err(cursor.error(format!("more than {MAX_STATEMENTS} names")));
        }
        if !cursor.eat("|") && !cursor.eat(",") {
            break;
        }
    }
    match cursor.next() {
        None => Ok(Alternatives { source, groups: groups.into() }),
        Some(';') => Err(cursor.error("\"and\" stands in parentheses, (one;other)")),
        Some(found) => Err(cursor.error(format!("expected |, a comma or the end, found {found:?}"))),
    }
}

fn group<'a, T>(
    cursor: &mut Cursor<'a>,
    thing: &mut impl FnMut(&mut Cursor<'a>) -> Result<T, ParseError>,
) -> Result<Box<[T]>, ParseError> {
    cursor.skip_spaces();
    let grouped = cursor.eat("(");
    let mut things = Vec::new();
    loop {
        cursor.skip_spaces();
        things.push(thing(cursor)?);
        cursor.skip_spaces();
        if !grouped || things.len() > MAX_STATEMENTS || !cursor.eat(";") {
            break;
        }
    }
    if grouped && !cursor.eat(")") {
        return Err(cursor.error("expected ; or ) in parentheses"));
    }
    cursor.skip_spaces();
    Ok(things.into())
}
