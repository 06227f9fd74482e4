//! What the languages for types and for scopes have in common: alternatives, each a thing or several, in parentheses or not.

use std::fmt::{Display, Formatter, Result as Written};

use crate::ParseError;
use crate::filter::MAX_STATEMENTS;
use crate::filter::cursor::Cursor;

/// What stands between alternatives.
const OR: [char; 2] = ['|', ','];

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

    pub(super) fn all(&self) -> impl Iterator<Item = &T> {
        self.groups.iter().flatten()
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

/// Reads `thing|(thing;thing),thing;thing,(thing|thing)`.
pub(super) fn parse<'a, T>(
    mut cursor: Cursor<'a>,
    mut thing: impl FnMut(&mut Cursor<'a>) -> Result<T, ParseError>,
) -> Result<Alternatives<T>, ParseError> {
    let source = cursor.rest().into();
    let mut groups = Vec::new();
    loop {
        groups.extend(part(&mut cursor, &mut thing)?);
        if groups.iter().map(|group| group.len()).sum::<usize>() > MAX_STATEMENTS {
            return Err(cursor.error(format!("more than {MAX_STATEMENTS} names")));
        }
        if !cursor.rest().starts_with(OR) {
            break;
        }
        cursor.step(1);
    }
    match cursor.next() {
        None => Ok(Alternatives { source, groups: groups.into() }),
        Some(found) => Err(cursor.error(format!("expected |, a comma or the end, found {found:?}"))),
    }
}

/// Reads a conjunction, or what stands in parentheses: a conjunction, or several alternatives.
fn part<'a, T>(
    cursor: &mut Cursor<'a>,
    thing: &mut impl FnMut(&mut Cursor<'a>) -> Result<T, ParseError>,
) -> Result<Vec<Box<[T]>>, ParseError> {
    cursor.skip_spaces();
    let grouped = cursor.eat("(");
    let mut things = vec![spaced(cursor, thing)?];
    let alternatives = grouped && cursor.rest().starts_with(OR);
    let separators = if alternatives { &OR[..] } else { &[';'] };
    while things.len() <= MAX_STATEMENTS && cursor.rest().starts_with(separators) {
        cursor.step(1);
        things.push(spaced(cursor, thing)?);
    }
    if grouped && !cursor.eat(")") {
        let joint = if alternatives { '|' } else { ';' };
        return Err(cursor.error(format!("expected {joint} or ) in parentheses")));
    }
    cursor.skip_spaces();
    Ok(match alternatives {
        true => things.into_iter().map(|thing| Box::from([thing])).collect(),
        false => vec![things.into()],
    })
}

fn spaced<'a, T>(
    cursor: &mut Cursor<'a>,
    thing: &mut impl FnMut(&mut Cursor<'a>) -> Result<T, ParseError>,
) -> Result<T, ParseError> {
    cursor.skip_spaces();
    let read = thing(cursor)?;
    cursor.skip_spaces();
    Ok(read)
}
