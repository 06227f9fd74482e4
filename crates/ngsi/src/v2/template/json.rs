//! JSON with macros in its strings. It is taken apart once, and stays the text that it is: members keep their order.

use super::{Facts, Template};
use crate::json::write_string;
use crate::{JsonText, Name};

/// A JSON document with macros.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JsonTemplate(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    /// Text of the document.
    Raw(String),
    /// A string that is a macro and nothing else: what the macro stands for keeps its JSON type.
    Value(Name),
    /// A string with macros in it.
    Text(Template),
}

impl JsonTemplate {
    /// Understands a document. Names of members are no place for macros.
    #[must_use]
    pub fn new(document: &JsonText) -> Self {
        let text = document.as_str();
        let mut parts = Vec::new();
        let mut done = 0;
        let mut at = 0;
        while let Some(start) = text[at..].find('"').map(|offset| at + offset) {
            let end = end_of_string(text, start);
            let literal = &text[start..end];
            let is_name = text[end..].trim_start().starts_with(':');
            if !is_name && literal.contains("${") {
                parts.push(Part::Raw(text[done..start].to_owned()));
                parts.push(Self::string(literal));
                done = end;
            }
            at = end;
        }
        parts.push(Part::Raw(text[done..].to_owned()));
        Self(parts)
    }

    fn string(literal: &str) -> Part {
        let template = Template::new(&serde_json::from_str::<String>(literal).unwrap_or_default());
        match template.only_macro() {
            Some(name) => Part::Value(name.clone()),
            None => Part::Text(template),
        }
    }

    /// The document, with `null` for a macro that stands for nothing.
    #[must_use]
    pub fn render(&self, facts: &Facts<'_>) -> Vec<u8> {
        let mut out = Vec::new();
        for part in &self.0 {
            match part {
                Part::Raw(text) => out.extend_from_slice(text.as_bytes()),
                Part::Value(name) => {
                    let value = facts.value(name.as_str()).unwrap_or_default();
                    out.extend_from_slice(value.as_str().as_bytes());
                }
                Part::Text(template) => write_string(&mut out, &template.render(facts)),
            }
        }
        out
    }
}

/// Behind the string that begins at `start`, in valid JSON.
fn end_of_string(text: &str, start: usize) -> usize {
    let mut escaped = false;
    for (offset, byte) in text.bytes().enumerate().skip(start + 1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return offset + 1,
            _ => {}
        }
    }
    text.len()
}
