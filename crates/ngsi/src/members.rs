//! The members of a JSON object, read no deeper than that.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::ParseError;

/// The members of an object in their order.
pub struct Members<'a>(pub(crate) Vec<(Cow<'a, str>, &'a RawValue)>);

/// Borrowed unless it holds escapes.
#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((Key(name), value)) = map.next_entry::<Key<'de>, &RawValue>()? {
                    members.push((name, value));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Reader).map(Self)
    }
}

impl<'a> Members<'a> {
    /// Those of a value that stands at `path`.
    pub(crate) fn of(path: &str, value: &'a RawValue) -> Result<Self, ParseError> {
        Self::of_text(value.get()).ok_or_else(|| ParseError::new(path, "must be an object"))
    }

    /// Those of valid JSON, if it is an object.
    pub(crate) fn of_text(json: &'a str) -> Option<Self> {
        json.starts_with('{').then(|| serde_json::from_str(json).ok()).flatten()
    }

    /// Takes a member out. Of equal ones the last counts.
    pub fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().rposition(|(member, _)| member == name).map(|index| self.0[index].1);
        self.0.retain(|(member, _)| member != name);
        found
    }

    /// Takes out a member that must be a string.
    pub(crate) fn take_text(&mut self, name: &str, path: &str) -> Result<Option<String>, ParseError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        serde_json::from_str(value.get()).map(Some).map_err(|_| ParseError::new(path, "must be a string"))
    }

    /// What has not been taken.
    ///
    /// # Errors
    /// Names a member that should not be there.
    pub fn finish(self, path: &str) -> Result<(), ParseError> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(ParseError::new(path, format!("has no member `{name}`"))),
        }
    }
}
