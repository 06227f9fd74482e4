//! What the query languages have in common behind an operator: lists, ranges, and values that are smaller or greater.

use super::cursor::Cursor;
use super::literal::{Item, Literal};
use super::statement::Order;
use crate::ParseError;

/// Reads the operator `<`, `<=`, `>` or `>=`, if one stands here.
pub(super) fn order(cursor: &mut Cursor<'_>) -> Option<Order> {
    let operators =
        [("<=", Order::LessOrEqual), (">=", Order::GreaterOrEqual), ("<", Order::Less), (">", Order::Greater)];
    operators.into_iter().find(|(text, _)| cursor.eat(text)).map(|(_, order)| order)
}

/// Reads values and ranges of values, separated by commas.
pub(super) fn items<'a>(
    cursor: &mut Cursor<'a>,
    literal: &mut dyn FnMut(&mut Cursor<'a>) -> Result<Literal, ParseError>,
) -> Result<Box<[Item]>, ParseError> {
    let mut items = vec![item(cursor, literal)?];
    while cursor.eat(",") {
        items.push(item(cursor, literal)?);
    }
    Ok(items.into())
}

fn item<'a>(
    cursor: &mut Cursor<'a>,
    literal: &mut dyn FnMut(&mut Cursor<'a>) -> Result<Literal, ParseError>,
) -> Result<Item, ParseError> {
    let least = literal(cursor)?;
    let range_at = cursor.at();
    if !cursor.eat("..") {
        return Ok(Item::Single(least));
    }
    let greatest = literal(cursor)?;
    if !least.is_ordered() || !least.is_same_kind(&greatest) {
        return Err(cursor.error_at(range_at, "a range goes from number to number, date to date or text to text"));
    }
    Ok(Item::Range(least, greatest))
}

/// Reads one value that has smaller and greater ones.
pub(super) fn ordered<'a>(
    cursor: &mut Cursor<'a>,
    literal: &mut dyn FnMut(&mut Cursor<'a>) -> Result<Literal, ParseError>,
) -> Result<Literal, ParseError> {
    cursor.skip_spaces();
    let start = cursor.at();
    let literal = literal(cursor)?;
    if !literal.is_ordered() {
        return Err(cursor.error_at(start, "only numbers, dates and texts are smaller or greater"));
    }
    if cursor.rest().starts_with(',') || cursor.rest().starts_with("..") {
        return Err(cursor.error("lists and ranges are for equality and inequality only"));
    }
    Ok(literal)
}
