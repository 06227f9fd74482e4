//! Identifiers of entities, of which several may bear the same.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::name::CompactString;

/// Stands on both sides of the number of a twin. No identifier from outside ends with it.
const MARK: char = '\u{1f}';
/// Hexadecimal digits of the number, so that keys are in the order of numbers.
const DIGITS: usize = 16;
/// Bytes that a twin has behind the text of its identifier.
const SUFFIX: usize = DIGITS + 2;

/// The identifier of a context entity.
///
/// In NGSIv2 entities of one identifier may differ in type and service path. The first of them has nothing but the text; each later
/// one, a twin, also has a number, which nobody outside sees. Equality and order are those of the [key](EntityId::key), so twins
/// follow the first in the order in which they came; what is written and compared with text is the text alone.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId(CompactString);

impl EntityId {
    /// The text, which twins share.
    #[must_use]
    pub fn as_str(&self) -> &str {
        if self.is_twin() { self.0.get(..self.0.len() - SUFFIX).unwrap_or_default() } else { &self.0 }
    }

    /// The text and the number: what no two entities share. Keys of the store are made of it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.0
    }

    /// The identifier of that [key](EntityId::key).
    #[must_use]
    pub fn from_key(key: &str) -> Self {
        let is_number = |digits: &str| digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'));
        let number = || {
            let at = key.len().checked_sub(SUFFIX)?;
            key.get(at..)?.strip_prefix(MARK)?.strip_suffix(MARK)
        };
        if key.ends_with(MARK) && number().is_some_and(is_number) { Self(key.into()) } else { Self::from(key) }
    }

    /// Whether another entity of the same text was there before.
    #[must_use]
    pub fn is_twin(&self) -> bool {
        self.0.as_bytes().last() == Some(&(MARK as u8))
    }

    /// The identifier for another entity of the same text, after this one.
    #[must_use]
    pub fn next(&self) -> Self {
        let (text, number) = (self.as_str(), self.number().wrapping_add(1));
        Self(compact_str::format_compact!("{text}{MARK}{number:0DIGITS$x}{MARK}"))
    }

    fn number(&self) -> u64 {
        let digits = self.0.get(self.as_str().len()..).unwrap_or_default().trim_matches(MARK);
        u64::from_str_radix(digits, 16).unwrap_or_default()
    }

    /// Whether the text is empty, which the wire formats use for "not given".
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&str> for EntityId {
    fn from(text: &str) -> Self {
        Self(text.trim_end_matches(MARK).into())
    }
}

impl From<String> for EntityId {
    fn from(text: String) -> Self {
        if text.ends_with(MARK) { Self::from(text.as_str()) } else { Self(text.into()) }
    }
}

impl Serialize for EntityId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for EntityId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Self(text) = Self(CompactString::deserialize(deserializer)?);
        Ok(if text.ends_with(MARK) { Self::from(text.as_str()) } else { Self(text) })
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.0.as_str(), f)
    }
}

/// As a key of maps: text alone finds the first.
impl Borrow<str> for EntityId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for EntityId {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for EntityId {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_share_the_text_and_follow_the_first() {
        let first = EntityId::from("Room1");
        let (twin, other, longer) = (first.next(), first.next().next(), EntityId::from("Room1!"));
        assert!(!first.is_twin() && twin.is_twin() && other.is_twin());
        assert!(first < twin && twin < other && other < longer);
        for id in [&first, &twin, &other] {
            assert_eq!((id.as_str(), id.to_string().as_str()), ("Room1", "Room1"));
            assert_eq!(serde_json::to_string(id).ok().as_deref(), Some("\"Room1\""));
            assert_eq!(EntityId::from_key(id.key()), *id);
        }
        let late = EntityId::from_key("Room1\u{1f}00000000000000ff\u{1f}");
        assert_eq!(late.next().key(), "Room1\u{1f}0000000000000100\u{1f}");
    }

    #[test]
    fn no_text_from_outside_makes_a_twin() {
        let key = EntityId::from("Room1").next().key().to_owned();
        let read = serde_json::to_string(&key).and_then(|json| serde_json::from_str::<EntityId>(&json));
        for id in [EntityId::from(key.as_str()), EntityId::from(key), read.unwrap_or_default()] {
            assert!(!id.is_twin() && id.key() != "Room1", "{id:?}");
        }
        for odd in ["\u{1f}", "é\u{1f}", "short\u{1f}\u{1f}", "Room1\u{1f}000000000000000G\u{1f}"] {
            assert!(!EntityId::from_key(odd).is_twin(), "{odd:?}");
        }
    }
}
