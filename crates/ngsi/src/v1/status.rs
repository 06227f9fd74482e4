//! The status that stands in every answer.

use serde::{Deserialize, Serialize};

/// `{"code","reasonPhrase","details"}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusCode {
    /// An HTTP status code; in availability notifications 201, 301 or 410.
    #[serde(default)]
    pub code: u16,
    /// The code in words.
    #[serde(rename = "reasonPhrase", default)]
    pub reason_phrase: String,
    /// What exactly happened.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub details: String,
}

impl StatusCode {
    /// 200 OK.
    #[must_use]
    pub fn ok() -> Self {
        Self::new(200, "OK", "")
    }

    /// Any status.
    #[must_use]
    pub fn new(code: u16, reason_phrase: &str, details: impl Into<String>) -> Self {
        Self { code, reason_phrase: reason_phrase.to_owned(), details: details.into() }
    }
}
