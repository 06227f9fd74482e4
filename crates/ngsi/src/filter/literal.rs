//! What stands on the right-hand side of an operator, and how it compares to a value.

use std::cmp::Ordering;

use super::target::{Nature, Scalar};
use crate::{Name, Timestamp, date};

/// One value as a client writes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Null,
    Bool(bool),
    Number(f64),
    Text { text: Box<str>, quoted: bool, moment: Option<Moment>, term: Option<Name> },
}

/// A text as a point in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Moment {
    Instant(Timestamp),
    /// Microseconds of a day.
    OfDay(i64),
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
        Self::Text { text: text.into(), quoted, moment: Moment::read(text), term: None }
    }

    /// With the name, if there is one, that a text stands for among values that are terms.
    pub(super) fn meaning(mut self, name: impl FnOnce(&str) -> Option<Name>) -> Self {
        if let Self::Text { text, term, .. } = &mut self {
            *term = name(text);
        }
        self
    }

    /// Whether there are smaller and greater ones of its kind.
    pub(super) fn is_ordered(&self) -> bool {
        matches!(self, Self::Number(_) | Self::Text { .. })
    }

    pub(super) fn is_same_kind(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other) && self.is_date() == other.is_date()
    }

    fn is_date(&self) -> bool {
        matches!(self, Self::Text { moment: Some(_), quoted: false, .. })
    }

    /// How `value` stands to this literal; `None` when they are of different kinds.
    pub(super) fn order_of(&self, value: &Scalar<'_>) -> Option<Ordering> {
        match (self, value) {
            (Self::Null, Scalar::Null) => Some(Ordering::Equal),
            (Self::Bool(own), Scalar::Bool(value)) => Some(value.cmp(own)),
            (Self::Number(own), Scalar::Number(value)) => value.partial_cmp(own),
            (Self::Text { moment: Some(Moment::Instant(own)), .. }, Scalar::Instant(value)) => Some(value.cmp(own)),
            (Self::Text { text, term: Some(term), .. }, Scalar::Text { text: value, nature: Nature::Term }) => {
                Some(if *term == **value { Ordering::Equal } else { value.as_ref().cmp(text) })
            }
            (Self::Text { text, quoted, moment, .. }, Scalar::Text { text: value, nature }) => {
                let own = moment.filter(|_| *nature == Nature::Date || !*quoted);
                let order = own.and_then(|own| Moment::read(value)?.order_to(own));
                Some(order.unwrap_or_else(|| value.as_ref().cmp(text)))
            }
            _ => None,
        }
    }
}

impl Moment {
    fn read(text: &str) -> Option<Self> {
        date::parse(text).map(Self::Instant).or_else(|| date::parse_time(text).map(Self::OfDay))
    }

    fn order_to(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Instant(one), Self::Instant(other)) => Some(one.cmp(&other)),
            (Self::OfDay(one), Self::OfDay(other)) => Some(one.cmp(&other)),
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
