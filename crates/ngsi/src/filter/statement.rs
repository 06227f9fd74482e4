//! One condition of a filter, compiled.

use std::cmp::Ordering;

use regex::Regex;

use super::literal::{Item, Literal};
use super::target::{Path, Scalar};
use crate::Entity;

/// One condition.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub(super) path: Path,
    pub(super) condition: Condition,
}

#[derive(Debug, Clone)]
pub(super) enum Condition {
    Present,
    Absent,
    Equal(Box<[Item]>),
    Unequal(Box<[Item]>),
    Ordered(Order, Literal),
    Pattern(Regex),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Order {
    fn accepts(self, order: Ordering) -> bool {
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
        let Some(target) = self.path.find(entity) else { return matches!(self.condition, Condition::Absent) };
        let listed = |items: &[Item]| target.any(|value| items.iter().any(|item| item.holds(value)));
        match &self.condition {
            Condition::Present => true,
            Condition::Absent => false,
            Condition::Equal(items) => listed(items),
            Condition::Unequal(items) => !listed(items),
            Condition::Ordered(order, literal) => {
                target.any(|value| literal.order_of(value).is_some_and(|found| order.accepts(found)))
            }
            Condition::Pattern(regex) => {
                target.any(|value| matches!(value, Scalar::Text { text, .. } if regex.is_match(text)))
            }
        }
    }
}
