//! Values and patterns of `q`.

use super::Vocabulary;
use crate::ParseError;
use crate::filter::cursor::Cursor;
use crate::filter::literal::Literal;
use crate::filter::statement::Pattern;

/// A value; `term` says that it is a word of the `@context`, as every IRI is.
pub(super) fn literal(cursor: &mut Cursor<'_>, vocabulary: &Vocabulary<'_>, term: bool) -> Result<Literal, ParseError> {
    cursor.skip_spaces();
    let start = cursor.at();
    let literal = if let Some(text) = quoted(cursor)? {
        Literal::quoted(&text)
    } else {
        if cursor.next().is_some_and(|found| "=<>~!'[{(".contains(found)) {
            return Err(cursor.error("a value that begins like this stands in double quotes, \"value\""));
        }
        let word = cursor.take_until(|rest| rest.starts_with([',', ';', '|', ')']) || rest.starts_with(".."));
        if word.trim().is_empty() {
            return Err(cursor.error_at(start, "a value is missing; an empty text is written \"\""));
        }
        Literal::bare(word.trim_end())
    };
    cursor.skip_spaces();
    Ok(literal.meaning(|text| (term || text.contains(':')).then(|| (vocabulary.expand)(text))))
}

/// A JSON string, if one stands here.
pub(super) fn quoted(cursor: &mut Cursor<'_>) -> Result<Option<String>, ParseError> {
    let Some(length) = quoted_length(cursor)? else { return Ok(None) };
    let start = cursor.at();
    let text = cursor.step(length);
    serde_json::from_str(text).map(Some).map_err(|error| cursor.error_at(start, format!("not a JSON string: {error}")))
}

fn quoted_length(cursor: &Cursor<'_>) -> Result<Option<usize>, ParseError> {
    let Some(content) = cursor.rest().strip_prefix('"') else { return Ok(None) };
    match unescaped(content, |c| c == '"') {
        Some(end) => Ok(Some(end + 2)),
        None => Err(cursor.error("a double quote is not closed")),
    }
}

/// Where the first character that ends the text and has no backslash before it stands.
fn unescaped(text: &str, mut ends: impl FnMut(char) -> bool) -> Option<usize> {
    let mut escaped = false;
    text.char_indices()
        .find(|(_, c)| {
            let plain = !escaped;
            escaped = plain && *c == '\\';
            plain && !escaped && ends(*c)
        })
        .map(|(at, _)| at)
}

/// In quotes, in which only `\"` is an escape; or up to a `;`, `|` or `)` that is not inside its own parentheses or brackets.
pub(super) fn pattern(cursor: &mut Cursor<'_>) -> Result<Pattern, ParseError> {
    cursor.skip_spaces();
    let start = cursor.at();
    if let Some(length) = quoted_length(cursor)? {
        let text = cursor.step(length);
        return cursor.pattern(start, &text[1..length - 1].replace("\\\"", "\""));
    }
    let rest = cursor.rest();
    let (mut depth, mut bracket) = (0_usize, false);
    let end = unescaped(rest, |c| {
        match c {
            '[' => bracket = true,
            ']' => bracket = false,
            '(' if !bracket => depth += 1,
            ')' if !bracket && depth > 0 => depth -= 1,
            ';' | '|' | ')' if !bracket && depth == 0 => return true,
            _ => {}
        }
        false
    });
    let text = cursor.step(end.unwrap_or(rest.len()));
    cursor.pattern(start, text.trim_end())
}
