//! What identifiers, names, types and values may look like ("Field syntax restrictions" of NGSIv2, and the characters that its
//! reference implementation forbids everywhere).

use serde_json::Value;

use crate::ParseError;

/// The most characters of an identifier, a name or a type.
pub const MAX_LENGTH: usize = 256;
/// The type whose values may hold forbidden characters.
pub const UNRESTRICTED: &str = "TextUnrestricted";

const FORBIDDEN: &[char] = &['<', '>', '"', '\'', '=', ';', '(', ')'];
/// Attributes that a broker keeps itself. An entity may have its own of that name, which is shown instead.
pub const BUILTIN_ATTRIBUTES: [&str; 3] = ["dateCreated", "dateModified", "alterationType"];
/// Metadata that a broker keeps itself, the last two for notifications. As with attributes, those of a client are shown instead.
pub const BUILTIN_METADATA: [&str; 4] = ["dateCreated", "dateModified", "previousValue", "actionType"];

/// Checks an entity id, a type or a name that stands at `path`.
///
/// # Errors
/// One that is empty, too long, or has a character it may not have.
pub fn check_field(path: &str, text: &str) -> Result<(), ParseError> {
    if text.is_empty() {
        return Err(ParseError::new(path, "must not be empty"));
    }
    if text.len() > MAX_LENGTH {
        return Err(ParseError::new(path, format!("must have at most {MAX_LENGTH} characters")));
    }
    let forbidden_here =
        |c: char| !c.is_ascii_graphic() || matches!(c, '&' | '?' | '/' | '#') || FORBIDDEN.contains(&c);
    match text.chars().find(|c| forbidden_here(*c)) {
        None => Ok(()),
        Some(c) => Err(forbidden(path, c)),
    }
}

fn forbidden(path: &str, c: char) -> ParseError {
    ParseError::new(path, format!("must not contain the character {c:?}"))
}

/// Checks text that may hold anything but the characters that are forbidden everywhere.
///
/// # Errors
/// Names the character.
pub fn check_characters(path: &str, text: &str) -> Result<(), ParseError> {
    text.chars().find(|c| FORBIDDEN.contains(c)).map_or(Ok(()), |c| Err(forbidden(path, c)))
}

/// Checks the name of an attribute.
///
/// # Errors
/// As [`check_field`], and names that have a meaning of their own.
pub fn check_attribute_name(name: &str) -> Result<(), ParseError> {
    check_field("attribute name", name)?;
    if matches!(name, "id" | "type" | "geo:distance" | "*") {
        return Err(ParseError::new(name, "must not be the name of an attribute"));
    }
    Ok(())
}

/// Checks the name of a metadatum.
///
/// # Errors
/// As [`check_field`], and names that have a meaning of their own.
pub fn check_metadata_name(name: &str) -> Result<(), ParseError> {
    check_field("metadata name", name)?;
    if name == "*" {
        return Err(ParseError::new(name, "must not be the name of a metadatum"));
    }
    Ok(())
}

/// Checks the strings in a value.
///
/// # Errors
/// A forbidden character in one of them, or in the name of a member.
pub fn check_value(path: &str, value_type: &str, value: &str) -> Result<(), ParseError> {
    if value_type == UNRESTRICTED || !value.contains('"') {
        return Ok(());
    }
    let tree = serde_json::from_str(value).map_err(|error| ParseError::new(path, error.to_string()))?;
    match forbidden_in(&tree) {
        None => Ok(()),
        Some(c) => Err(forbidden(path, c)),
    }
}

fn forbidden_in(value: &Value) -> Option<char> {
    let in_text = |text: &str| text.chars().find(|c| FORBIDDEN.contains(c));
    match value {
        Value::String(text) => in_text(text),
        Value::Array(items) => items.iter().find_map(forbidden_in),
        Value::Object(members) => {
            members.iter().find_map(|(name, value)| in_text(name).or_else(|| forbidden_in(value)))
        }
        _ => None,
    }
}
