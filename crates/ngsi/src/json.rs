//! JSON kept as text, and the guarded entrance for JSON from outside.

use std::borrow::Cow;

use compact_str::CompactString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::ParseError;

/// How deeply arrays and objects may nest in a document from outside.
pub const MAX_DEPTH: usize = 64;
/// A number of fewer digits is no larger than the largest double.
const LONG_NUMBER: usize = 309;

/// One valid JSON value as the text it came in. Up to 24 bytes are held inline.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JsonText(CompactString);

impl JsonText {
    /// The JSON `null`.
    #[must_use]
    pub fn null() -> Self {
        Self(CompactString::const_new("null"))
    }

    /// A JSON string with `text` as its content.
    #[must_use]
    pub fn string(text: &str) -> Self {
        Self::from(serde_json::Value::String(text.to_owned()))
    }

    /// JSON that was written here.
    pub(crate) fn of_written(json: Vec<u8>) -> Self {
        String::from_utf8(json).map_or_else(|_| Self::null(), |json| Self(CompactString::from(json)))
    }

    /// The JSON text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The content, if this is a JSON string.
    #[must_use]
    pub fn as_string(&self) -> Option<String> {
        self.0.starts_with('"').then(|| serde_json::from_str(&self.0).ok()).flatten()
    }

    /// The value as a plain word: the content of a string, the JSON text of anything else.
    #[must_use]
    pub fn to_plain(&self) -> String {
        self.as_string().unwrap_or_else(|| self.0.to_string())
    }

    /// The value as a tree.
    #[must_use]
    pub fn to_value(&self) -> serde_json::Value {
        serde_json::from_str(&self.0).unwrap_or(serde_json::Value::Null)
    }

    /// The value read as `T`, if it has that shape.
    #[must_use]
    pub fn read<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.0).ok()
    }

    /// The value of member `name`, if this is an object that has it.
    #[must_use]
    pub fn member(&self, name: &str) -> Option<serde_json::Value> {
        match self.to_value() {
            serde_json::Value::Object(mut members) => members.remove(name),
            _ => None,
        }
    }
}

impl Default for JsonText {
    fn default() -> Self {
        Self::null()
    }
}

impl std::fmt::Debug for JsonText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<serde_json::Value> for JsonText {
    fn from(value: serde_json::Value) -> Self {
        Self(CompactString::from(value.to_string()))
    }
}

impl From<&RawValue> for JsonText {
    fn from(raw: &RawValue) -> Self {
        Self(CompactString::from(raw.get()))
    }
}

impl<'de> Deserialize<'de> for JsonText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(Self::from)
    }
}

impl Serialize for JsonText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let raw: &RawValue = serde_json::from_str(&self.0).map_err(serde::ser::Error::custom)?;
        raw.serialize(serializer)
    }
}

/// Parses a document from outside: bounded nesting, and an error that names the member.
///
/// # Errors
/// A [`ParseError`] whose path leads to the offending member.
pub fn parse<'de, T: Deserialize<'de>>(document: &'de [u8]) -> Result<T, ParseError> {
    check_depth(document)?;
    match serde_json::from_slice(document) {
        Ok(value) => Ok(value),
        Err(error) => Err(locate::<T>(document, &error)),
    }
}

/// [`parse`] for a document that is an object. A list would be taken for an object without members.
///
/// # Errors
/// As [`parse`].
pub fn parse_object<'de, T: Deserialize<'de>>(document: &'de [u8]) -> Result<T, ParseError> {
    if document.trim_ascii_start().starts_with(b"[") {
        return Err(ParseError::new("$", "must be an object, is a list"));
    }
    parse(document)
}

/// Refuses a document nested deeper than [`MAX_DEPTH`], before anything recurses into it, and one with a number that no double
/// holds (RFC 8259, 6): a value with such a number in it could be kept as text, but neither compared nor merged.
///
/// # Errors
/// A [`ParseError`] with the byte at which the bound is passed.
pub fn check_depth(document: &[u8]) -> Result<(), ParseError> {
    let mut depth = 0_usize;
    let mut in_string = false;
    let mut escaped = false;
    for (position, byte) in document.iter().enumerate() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(ParseError::new(
                        "$",
                        format!("nested deeper than {MAX_DEPTH} levels at byte {position}"),
                    ));
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'-' | b'0'..=b'9' if !goes_on(document, position) => check_number(document, position)?,
            _ => {}
        }
    }
    Ok(())
}

fn is_of_number(byte: &u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E')
}

/// Whether what stands at a position belongs to the number before it, which has been looked at as a whole.
fn goes_on(document: &[u8], position: usize) -> bool {
    position.checked_sub(1).is_some_and(|before| is_of_number(&document[before]))
}

fn check_number(document: &[u8], position: usize) -> Result<(), ParseError> {
    let length = document[position..].iter().take_while(|byte| is_of_number(byte)).count();
    let number = &document[position..position + length];
    if length < LONG_NUMBER && !number.iter().any(|byte| matches!(byte, b'e' | b'E')) {
        return Ok(());
    }
    match std::str::from_utf8(number).ok().and_then(|number| number.parse::<f64>().ok()) {
        Some(number) if number.is_infinite() => {
            Err(ParseError::new("$", format!("the number at byte {position} is larger than any double")))
        }
        _ => Ok(()),
    }
}

/// The slow second pass over a document that is known to be wrong, to say where.
fn locate<'de, T: Deserialize<'de>>(document: &'de [u8], first: &serde_json::Error) -> ParseError {
    let mut deserializer = serde_json::Deserializer::from_slice(document);
    match serde_path_to_error::deserialize::<_, T>(&mut deserializer) {
        Err(error) => {
            let path = error.path().to_string();
            // "?" stands for a member whose name has not ended.
            let path = if matches!(path.as_str(), "." | "?") { "$".to_owned() } else { path.replace(".?", "") };
            ParseError::new(path, in_words(&error.inner().to_string()))
        }
        Ok(_) => ParseError::new("$", first.to_string()),
    }
}

/// What a client wrote is an object; what we call it is nothing to the client.
fn in_words(problem: &str) -> String {
    let Some((before, after)) = problem.split_once("struct ") else { return problem.to_owned() };
    let rest = after.trim_start_matches(|letter: char| letter.is_alphanumeric() || letter == '_');
    format!("{before}an object{rest}")
}

/// For members whose absence and `null` both mean "the default": Go writes an empty list as `null`.
///
/// # Errors
/// Whatever the member's own type refuses.
pub fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// The content of a JSON string, borrowed unless it holds escapes; `None` for any other JSON.
pub(crate) fn string(json: &str) -> Option<Cow<'_, str>> {
    if !json.starts_with('"') {
        return None;
    }
    if json.contains('\\') {
        return serde_json::from_str(json).ok().map(Cow::Owned);
    }
    json.strip_prefix('"')?.strip_suffix('"').map(Cow::Borrowed)
}

/// A text, or a list of texts.
///
/// # Errors
/// It is neither.
pub fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a string or a list of strings")]
    enum Given {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Given::deserialize(deserializer)? {
        Given::One(text) => vec![text],
        Given::Many(texts) => texts,
    })
}

/// Appends `text` as a JSON string.
pub fn write_string(out: &mut Vec<u8>, text: &str) {
    let plain = text.bytes().all(|byte| byte >= 0x20 && byte != b'"' && byte != b'\\');
    if plain {
        out.push(b'"');
        out.extend_from_slice(text.as_bytes());
        out.push(b'"');
    } else if let Ok(escaped) = serde_json::to_string(text) {
        out.extend_from_slice(escaped.as_bytes());
    }
}
