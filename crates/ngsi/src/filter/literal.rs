//! What stands on the right-hand side of an operator, and how it compares to a value.

use std::cmp::Ordering;

use super::target::Scalar;
use crate::Timestamp;
use crate::date;

/// One value as a client writes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text { text: Box<str>, quoted: bool, instant: Option<Timestamp> },
}

/// One alternative of `==` and `!=`.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Item {
    Single(Literal),
    /// Both ends included.
    Range(Literal, Literal),
}

impl Literal {
    /// What a word without quotes means.
    pub(super) fn bare(text: &str) -> Self {
        match text {
            "null" => Self::Null,
            "true" => Self::Bool(true),
            "false" => Self::Bool(false),
            _ => number(text).map_or_else(|| Self::text(text, false), Self::Number),
        }
    }

    /// A word that stood in quotes.
    pub(super) fn quoted(text: &str) -> Self {
        Self::text(text, true)
    }

    fn text(text: &str, quoted: bool) -> Self {
        Self::Text { text: text.into(), quoted, instant: date::parse(text) }
    }

    /// Whether there are smaller and greater ones of its kind.
    pub(super) fn is_ordered(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Text { .. })
    }

    pub(super) fn is_same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.is_date() == other.is_date()
    }

    fn is_date(&self) -> bool {
        matches!(self, Self::Text { instant: Some(_), quoted: false, .. })
    }

    /// How `value` stands to this literal; `None` when they are of different kinds.
    pub(super) fn order_of(&self, value: &Scalar<'_>) -> Option<Ordering> {
        match (self, value) {
            (Self::Null, Scalar::Null) => Some(Ordering::Equal),
            (Self::Bool(own), Scalar::Bool(value)) => Some(value.cmp(own)),
            (Self::Number(own), Scalar::Number(value)) => value.partial_cmp(own),
            (Self::Text { instant, .. }, Scalar::Instant(value)) => instant.map(|own| value.cmp(&own)),
            (Self::Text { text, quoted, instant }, Scalar::Text { text: value, is_date }) => {
                let dates = instant.filter(|_| *is_date || !*quoted).zip(date::parse(value));
                Some(dates.map_or_else(|| value.as_ref().cmp(text), |(own, value)| value.cmp(&own)))
            }
            _ => None,
        }
    }
}

impl Item {
    pub(super) fn holds(&self, value: &Scalar<'_>) -> bool {
        match self {
            Self::Single(literal) => literal.order_of(value) == Some(Ordering::Equal),
            Self::Range(least, greatest) => {
                least.order_of(value).is_some_and(Ordering::is_ge)
                    && greatest.order_of(value).is_some_and(Ordering::is_le)
            }
        }
    }
}

/// Decimal notation only: Rust would also read `inf` and `nan`.
fn number(text: &str) -> Option<f64> {
    let decimal = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse().ok().filter(|value: &f64| decimal && value.is_finite())
}
