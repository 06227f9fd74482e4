//! Names, identifiers, types and scopes.

use serde_json::value::RawValue;

use super::{NULL, Nulls};
use crate::ld::Context;
use crate::{Name, ParseError};

/// The longest name, identifier or scope, in bytes.
pub const MAX_NAME: usize = 2048;
/// The most types of an entity.
pub const MAX_TYPES: usize = 64;
/// The most scopes of an entity.
pub const MAX_SCOPES: usize = 64;

/// Whether a text is an absolute URI or IRI, by its form: a scheme, a colon, and nothing that no IRI has (RFC 3987).
#[must_use]
pub fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.'))
        && !rest.is_empty()
        && !rest
            .bytes()
            .any(|b| b <= b' ' || matches!(b, b'<' | b'>' | b'"' | b'{' | b'}' | b'|' | b'\\' | b'^' | b'`' | 0x7f))
        && (rest.is_ascii() || !rest.chars().any(|c| c.is_whitespace() || c.is_control()))
}

/// Whether a text is a language tag by its form, such as `fr-CH`, or `@none` (4.6.5).
#[must_use]
pub fn is_language(text: &str) -> bool {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric());
    text == "@none" || text.split('-').all(is_part)
}

/// Reads a string.
pub(super) fn text(path: &str, value: &RawValue) -> Result<String, ParseError> {
    let text: String = serde_json::from_str(value.get()).map_err(|_| ParseError::new(path, "must be a string"))?;
    match text.len() {
        0 => Err(ParseError::new(path, "must not be empty")),
        length if length > MAX_NAME => Err(ParseError::new(path, format!("is longer than {MAX_NAME} bytes"))),
        _ => Ok(text),
    }
}

/// Reads a URI.
pub(super) fn uri(path: &str, value: &RawValue) -> Result<String, ParseError> {
    let text = text(path, value)?;
    check_uri(path, &text)?;
    Ok(text)
}

/// Checks that a text is a URI, and not the one for what is deleted.
pub(super) fn check_uri(path: &str, text: &str) -> Result<(), ParseError> {
    if text.len() > MAX_NAME || !is_uri(text) || text == NULL {
        return Err(ParseError::new(path, format!("must be a URI, such as urn:ngsi-ld:Car:1, is {text:?}")));
    }
    Ok(())
}

/// The data set of an instance: a URI, or `@none` for the default one.
pub(super) fn data_set(text: &str) -> Result<Name, ParseError> {
    if text == "@none" {
        return Ok(Name::default());
    }
    check_uri("datasetId", text).map(|()| Name::from(text))
}

/// Reads one string, or a list of them.
pub(super) fn texts(path: &str, value: &RawValue, most: usize) -> Result<Vec<String>, ParseError> {
    if !value.get().starts_with('[') {
        return Ok(vec![text(path, value)?]);
    }
    let items: Vec<&RawValue> =
        serde_json::from_str(value.get()).map_err(|error| ParseError::new(path, error.to_string()))?;
    if items.len() > most {
        return Err(ParseError::new(path, format!("has more than {most} items")));
    }
    items.iter().enumerate().map(|(index, item)| text(&format!("{path}[{index}]"), item)).collect()
}

/// The types of an entity: at least one, none twice.
pub(super) fn types(context: &Context, value: &RawValue) -> Result<Vec<Name>, ParseError> {
    let mut types = Vec::new();
    for term in texts("type", value, MAX_TYPES)? {
        check_term("type", &term)?;
        let name = context.expand(&term);
        check_expanded("type", &term, &name)?;
        if matches!(name.as_str(), "id" | "type") {
            return Err(ParseError::new("type", format!("{term:?} stands for @{name}, which is no type")));
        }
        if !types.contains(&name) {
            types.push(name);
        }
    }
    match types.is_empty() {
        true => Err(ParseError::new("type", "must not be empty")),
        false => Ok(types),
    }
}

/// The scopes of an entity, each beginning with `/` (4.18).
pub(super) fn scopes(value: &RawValue, nulls: Nulls) -> Result<Vec<Name>, ParseError> {
    let given = texts("scope", value, MAX_SCOPES)?;
    if nulls != Nulls::Refused && given.iter().all(|scope| scope == NULL) {
        return Ok(Vec::new());
    }
    let mut scopes = Vec::with_capacity(given.len());
    for scope in given {
        let levels = scope.strip_prefix('/').unwrap_or(&scope);
        let is_level = |level: &str| {
            level.starts_with(char::is_alphabetic) && level.chars().all(|c| c.is_alphanumeric() || c == '_')
        };
        if !levels.split('/').all(is_level) {
            let problem = format!("must be of the form /Madrid/Gardens, with letters, digits and _, is {scope:?}");
            return Err(ParseError::new("scope", problem));
        }
        let name = Name::from(format!("/{levels}"));
        if !scopes.contains(&name) {
            scopes.push(name);
        }
    }
    Ok(scopes)
}

/// Checks the name of a type or an attribute (4.6.2). Beyond the letters, numbers and `_` of the standard it may have `-` and `.`,
/// which are usual in the other dialects.
pub(in crate::ld) fn check_term(path: &str, term: &str) -> Result<(), ParseError> {
    if term == NULL {
        return Err(ParseError::new(path, format!("must not be {NULL}")));
    }
    if term.is_empty() || term.len() > MAX_NAME {
        return Err(ParseError::new(path, format!("a name has 1 to {MAX_NAME} bytes")));
    }
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    match term.chars().find(|c| !plain(*c)) {
        None => Ok(()),
        Some(_) if is_uri(term) => Ok(()),
        Some(wrong) => Err(ParseError::new(path, format!("the name {term:?} has the character {wrong:?}"))),
    }
}

/// The name of an attribute, unless it is that of something else.
pub(super) fn attribute(term: &str, name: Name) -> Result<Name, ParseError> {
    match name.as_str() {
        "id" | "type" | "scope" | "datasetId" | "instanceId" | "observedAt" => {
            Err(ParseError::new(term, "is not the name of an attribute"))
        }
        _ => check_expanded(term, term, &name).map(|()| name),
    }
}

/// Checks what a context makes of a name: it is written as it is where no context has a term for it, and must be a name then.
fn check_expanded(path: &str, term: &str, name: &Name) -> Result<(), ParseError> {
    if *name == *term {
        return Ok(());
    }
    check_term(path, name.as_str()).map_err(|error| {
        ParseError::new(path, format!("the name {term:?} is {:?} by its @context: {}", name.as_str(), error.problem))
    })
}
