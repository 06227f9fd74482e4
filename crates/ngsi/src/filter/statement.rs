//! One condition of a filter, compiled.

use std::cmp::Ordering;

use regex::Regex;

use super::ld::AttributePath;
use super::literal::{Item, Literal};
use super::target::{Path, Target};
use crate::Entity;

/// One condition.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Statement {
    pub(super) subject: Subject,
    pub(super) condition: Condition,
}

/// What a condition speaks of.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Subject {
    /// In NGSIv2.
    Simple(Path),
    /// In NGSI-LD.
    Attribute(AttributePath),
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Condition {
    Present,
    Absent,
    Equal(Box<[Item]>),
    Unequal(Box<[Item]>),
    Ordered(Order, Literal),
    Pattern(Pattern),
    /// There is a text, and none of them has the pattern.
    NotPattern(Pattern),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A regular expression; two are the same when their texts are.
#[derive(Debug, Clone)]
pub(super) struct Pattern(pub(super) Regex);

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_str() == other.0.as_str()
    }
}

impl Order {
    pub(super) fn accepts(self, order: Ordering) -> bool {
        match self {
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Statement {
    pub(super) fn matches(&self, entity: &Entity) -> bool {
        match self.condition {
            Condition::Absent => !self.subject.any(entity, |_| true),
            _ => self.subject.any(entity, |target| self.condition.holds(target)),
        }
    }
}

impl Subject {
    fn any(&self, entity: &Entity, mut test: impl FnMut(&Target<'_>) -> bool) -> bool {
        match self {
            Self::Simple(path) => path.find(entity).is_some_and(|target| test(&target)),
            Self::Attribute(path) => path.any(entity, test),
        }
    }
}

impl Condition {
    fn holds(&self, target: &Target<'_>) -> bool {
        let listed = |items: &[Item]| target.any(|value| items.iter().any(|item| item.holds(value)));
        match self {
            Self::Present => true,
            Self::Absent => false,
            Self::Equal(items) => listed(items),
            Self::Unequal(items) => !listed(items),
            _ if target.is_reference() => false,
            Self::Ordered(order, literal) => {
                target.any(|value| literal.order_of(value).is_some_and(|found| order.accepts(found)))
            }
            Self::Pattern(pattern) => pattern.is_in(target),
            Self::NotPattern(pattern) => target.any(|value| value.text().is_some()) && !pattern.is_in(target),
        }
    }
}

impl Pattern {
    fn is_in(&self, target: &Target<'_>) -> bool {
        target.any(|value| value.text().is_some_and(|text| self.0.is_match(text)))
    }
}
