//! Contexts that refer to other contexts.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::core::is_core_context;
use super::iri;
use super::terms::Active;
use crate::{ParseError, json};

/// The largest document that holds a context, in bytes.
pub const MAX_DOCUMENT: usize = 1024 * 1024;
/// How deeply documents may refer to documents.
const MAX_DEPTH: usize = 8;
/// The most references that one context may lead to, and the most items of a list.
const MAX_REFERENCES: usize = 64;

/// Why there is no [`Context`](super::Context).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ContextError {
    /// It is not one.
    Invalid(ParseError),
    /// It refers to documents that are not at hand.
    Missing(Vec<String>),
}

impl From<ParseError> for ContextError {
    fn from(error: ParseError) -> Self {
        Self::Invalid(error)
    }
}

/// What a document says under `@context`; cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document(Arc<Value>);

impl Document {
    /// Reads a document. What stands beside its member `@context` has no meaning.
    ///
    /// # Errors
    /// What is no JSON object with such a member, or is larger than [`MAX_DOCUMENT`].
    pub fn parse(text: &[u8]) -> Result<Self, ParseError> {
        if text.len() > MAX_DOCUMENT {
            return Err(ParseError::new("$", format!("is larger than {MAX_DOCUMENT} bytes")));
        }
        let mut members: Map<String, Value> = json::parse_object(text)?;
        let context = members.remove("@context").ok_or_else(|| ParseError::new("@context", "is missing"))?;
        Ok(Self(Arc::new(context)))
    }

    /// What the document says.
    #[must_use]
    pub fn context(&self) -> &Value {
        &self.0
    }

    /// A document that says the same and nothing else.
    #[must_use]
    pub fn to_json(&self) -> String {
        format!("{{\"@context\":{}}}", self.0)
    }
}

/// The reading of one context.
pub(super) struct Reader<'a> {
    pub(super) active: Active,
    documents: &'a dyn Fn(&str) -> Option<Document>,
    missing: Vec<String>,
    references: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(documents: &'a dyn Fn(&str) -> Option<Document>) -> Self {
        Self { active: Active::default(), documents, missing: Vec::new(), references: 0 }
    }

    /// Reads the context of a request.
    pub(super) fn read(mut self, context: &Value) -> Result<Active, ContextError> {
        self.value(context, &Place { name: "@context", url: None, depth: 0 })?;
        if self.missing.is_empty() { Ok(self.active) } else { Err(ContextError::Missing(self.missing)) }
    }

    fn value(&mut self, context: &Value, place: &Place<'_>) -> Result<(), ParseError> {
        let Value::Array(items) = context else { return self.item(context, place) };
        if items.len() > MAX_REFERENCES {
            return Err(ParseError::new(place.name, format!("has more than {MAX_REFERENCES} items")));
        }
        for (index, item) in items.iter().enumerate() {
            let name = format!("{}[{index}]", place.name);
            self.item(item, &Place { name: &name, ..*place })?;
        }
        Ok(())
    }

    fn item(&mut self, item: &Value, place: &Place<'_>) -> Result<(), ParseError> {
        match item {
            Value::Null => self.active.reset(),
            Value::String(reference) => self.reference(reference, place)?,
            Value::Object(members) => {
                match members.get("@import") {
                    Some(Value::String(reference)) => self.reference(reference, place)?,
                    Some(_) => return Err(ParseError::new(format!("{}.@import", place.name), "must be a URL")),
                    None => {}
                }
                self.active.add(members, place.name)?;
            }
            _ => return Err(ParseError::new(place.name, "must be a URL, an object or null")),
        }
        Ok(())
    }

    fn reference(&mut self, reference: &str, place: &Place<'_>) -> Result<(), ParseError> {
        let wrong = |problem: String| Err(ParseError::new(place.name, problem));
        let url = match place.url {
            _ if iri::is_http(reference) => Some(reference.to_owned()),
            Some(base) => iri::join(base, reference),
            None => None,
        };
        let Some(url) = url else { return wrong(format!("`{reference}` is not a URL of http or https")) };
        if is_core_context(&url) {
            self.active.use_core_vocabulary();
            if place.depth > 0 {
                self.active.end_with_core();
            }
            return Ok(());
        }
        self.references += 1;
        if self.references > MAX_REFERENCES {
            return wrong(format!("leads to more than {MAX_REFERENCES} other contexts"));
        }
        if place.depth >= MAX_DEPTH {
            return wrong(format!("leads through more than {MAX_DEPTH} other contexts, of which `{url}` is one"));
        }
        match (self.documents)(&url) {
            Some(document) => {
                let inside = Place { name: &format!("<{url}>"), url: Some(&url), depth: place.depth + 1 };
                self.value(document.context(), &inside)
            }
            None => {
                if !self.missing.contains(&url) {
                    self.missing.push(url);
                }
                Ok(())
            }
        }
    }
}

/// Where in which document a context stands.
struct Place<'a> {
    name: &'a str,
    url: Option<&'a str>,
    depth: usize,
}
