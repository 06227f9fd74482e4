//! Statements joined by "and" and "or".

use super::statement::Statement;
use crate::Entity;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expression {
    One(Statement),
    All(Box<[Expression]>),
    Any(Box<[Expression]>),
}

impl Expression {
    pub(super) fn all(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 { parts.swap_remove(0) } else { Self::All(parts.into()) }
    }

    pub(super) fn any(mut parts: Vec<Self>) -> Self {
        if parts.len() == 1 { parts.swap_remove(0) } else { Self::Any(parts.into()) }
    }

    pub(super) fn matches(&self, entity: &Entity) -> bool {
        match self {
            Self::One(statement) => statement.matches(entity),
            Self::All(parts) => parts.iter().all(|part| part.matches(entity)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(entity)),
        }
    }
}
