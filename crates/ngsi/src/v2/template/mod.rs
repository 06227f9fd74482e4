//! Macros in custom notifications: `${id}`, `${type}`, `${service}`, `${servicePath}`, `${authToken}` and `${attribute}`.

mod json;
mod patch;

use std::borrow::Cow;

pub use json::JsonTemplate;
pub use patch::Patch;
use percent_encoding::percent_decode_str;

use super::write::{attribute, type_of, typed_value};
use crate::{Entity, JsonText, Name};

/// What macros stand for.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The entity that is notified.
    pub entity: &'a Entity,
    /// The tenant.
    pub service: &'a str,
    /// The path of the entity.
    pub service_path: &'a str,
    /// The token that the update brought.
    pub auth_token: &'a str,
    /// Whether attributes that the entity does not have are `null`, not nothing.
    pub covered: bool,
}

impl Facts<'_> {
    /// The value behind a name. An attribute hides what else has its name, except for `id` and `type`.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<JsonText> {
        match name {
            "id" => return Some(JsonText::string(self.entity.id.as_str())),
            "type" => return Some(JsonText::string(type_of(self.entity))),
            _ => {}
        }
        if let Some(found) = attribute(self.entity, name) {
            return Some(typed_value(found).1.into_owned());
        }
        match name {
            "service" => Some(JsonText::string(self.service)),
            "servicePath" => Some(JsonText::string(self.service_path)),
            "authToken" => Some(JsonText::string(self.auth_token)),
            _ => self.covered.then(JsonText::null),
        }
    }
}

/// Text with macros.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Template(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Macro(Name),
}

impl Template {
    /// Understands text. A `${` that nothing closes is text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, inside)) = rest.split_once("${") {
            let Some((name, after)) = inside.split_once('}') else { break };
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Macro(Name::from(name.trim())));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Self(parts)
    }

    /// Text in which macros have no meaning.
    #[must_use]
    pub fn fixed(text: &str) -> Self {
        Self(vec![Part::Text(text.to_owned())])
    }

    /// Understands percent-encoded text. What macros stand for is not decoded.
    #[must_use]
    pub fn decoded(text: &str) -> Self {
        let mut template = Self::new(text);
        for part in &mut template.0 {
            if let Part::Text(text) = part {
                *text = percent_decode_str(text).decode_utf8_lossy().into_owned();
            }
        }
        template
    }

    /// Whether it is nothing but one macro.
    fn only_macro(&self) -> Option<&Name> {
        match self.0.as_slice() {
            [Part::Macro(name)] => Some(name),
            _ => None,
        }
    }

    /// Whether it begins with a macro.
    #[must_use]
    pub fn begins_with_macro(&self) -> bool {
        matches!(self.0.first(), Some(Part::Macro(_)))
    }

    /// The text, with nothing in the place of what is not known.
    #[must_use]
    pub fn render(&self, facts: &Facts<'_>) -> String {
        self.render_with(facts, |value| value.into())
    }

    /// [`Template::render`] with `escape` applied to what macros stand for.
    #[must_use]
    pub fn render_with(&self, facts: &Facts<'_>, escape: impl Fn(&str) -> Cow<'_, str>) -> String {
        let mut out = String::new();
        for part in &self.0 {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Macro(name) => {
                    let value = facts.value(name.as_str()).map(|value| value.to_plain()).unwrap_or_default();
                    out.push_str(&escape(&value));
                }
            }
        }
        out
    }
}
