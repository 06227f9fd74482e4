//! A document as it came, next to what it means.

use ngsi::ParseError;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::refusal::Refusal;

/// A document and its understood form.
#[derive(Debug, Clone)]
pub(crate) struct Document<T> {
    pub(crate) json: Value,
    pub(crate) value: T,
}

impl<T: DeserializeOwned> Document<T> {
    /// Understands the document.
    pub(crate) fn new(json: Value) -> Result<Self, ParseError> {
        let value = ngsi::json::parse(json.to_string().as_bytes()).map_err(name_the_missing)?;
        Ok(Self { json, value })
    }
}

/// The parser names the object in which a member is missing; clients want the member.
fn name_the_missing(error: ParseError) -> ParseError {
    let member = error.problem.strip_prefix("missing field `").and_then(|rest| rest.split_once('`'));
    match member.map(|(member, _)| member.to_owned()) {
        Some(member) if error.path == "$" => ParseError::new(member, "is missing"),
        Some(member) => ParseError::new(member, "is missing").within(&error.path),
        None => error,
    }
}

/// The objects of a request body that is a list of them, or a single one, each with its path.
pub(crate) fn elements(body: &[u8]) -> Result<Vec<(String, Value)>, ParseError> {
    if !body.trim_ascii_start().starts_with(b"[") {
        return Ok(vec![(String::new(), object(body)?)]);
    }
    let texts: Vec<&RawValue> = ngsi::json::parse(body)?;
    let element = |(index, text): (usize, &RawValue)| {
        let path = format!("[{index}]");
        object(text.get().as_bytes()).map(|value| (path.clone(), value)).map_err(|error| error.within(&path))
    };
    texts.into_iter().enumerate().map(element).collect()
}

/// A JSON object.
pub(crate) fn object(text: &[u8]) -> Result<Value, ParseError> {
    let value: Value = ngsi::json::parse(text)?;
    if value.is_object() { Ok(value) } else { Err(ParseError::new("$", "must be a JSON object")) }
}

/// Gives an error found in an element the element's path.
pub(crate) fn at(path: &str) -> impl Fn(ParseError) -> Refusal {
    move |error| Refusal::Invalid(if path.is_empty() { error } else { error.within(path) })
}
