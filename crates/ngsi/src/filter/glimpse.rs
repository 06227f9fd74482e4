//! What is known of a value in eight bytes: enough to say of most entities, without looking at them, that a filter does not
//! match.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use super::Filter;
use super::expression::Expression;
use super::literal::{Item, Literal};
use super::statement::{Condition, Order, Statement, Subject};
use super::target::{Nature, Scalar};
use crate::ld::AttributeType;
use crate::{Attribute, Entity};

/// What is known of an attribute of one entity: a number as its bits, everything else as one that is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Glimpse(u64);

/// No JSON number has these bits.
const NO_NUMBER: u64 = 0x7ff8_0000_0000_0000;
const TEXT: u64 = 0xfff8_0000_0000_0000;
const ABSENT: Glimpse = Glimpse(NO_NUMBER | 1);
const UNKNOWN: Glimpse = Glimpse::UNKNOWN;
const FALSE: Glimpse = Glimpse(NO_NUMBER | 3);
const TRUE: Glimpse = Glimpse(NO_NUMBER | 4);

impl Glimpse {
    /// That whoever wants to know has to look.
    pub const UNKNOWN: Self = Self(NO_NUMBER | 2);

    /// Of the attribute with that name, as dialects without domain metadata see it.
    #[must_use]
    pub fn of(entity: &Entity, name: &str) -> Self {
        let mut instances = entity.attributes.iter().filter(|attribute| attribute.name == *name);
        match (instances.next(), instances.next()) {
            (None, _) => ABSENT,
            (Some(only), None) if only.dataset_id.is_empty() => Self::of_only(only),
            _ => UNKNOWN,
        }
    }

    fn of_only(attribute: &Attribute) -> Self {
        match AttributeType::of_value_type(attribute.value_type.as_str()) {
            AttributeType::Property | AttributeType::Relationship => {}
            _ => return UNKNOWN,
        }
        match Scalar::read(attribute.value.as_str(), Nature::Plain) {
            Scalar::Number(number) => Self(number.to_bits()),
            Scalar::Bool(value) => {
                if value {
                    TRUE
                } else {
                    FALSE
                }
            }
            Scalar::Text { text, .. } => Self::of_text(&text),
            _ => UNKNOWN,
        }
    }

    fn of_text(text: &str) -> Self {
        Self(TEXT | FixedState::default().hash_one(text))
    }

    fn is_text(self) -> bool {
        self.0 & TEXT == TEXT
    }

    /// The value, if it is more than a trace of it.
    fn scalar(self) -> Option<Scalar<'static>> {
        match self {
            TRUE | FALSE => Some(Scalar::Bool(self == TRUE)),
            _ => Some(f64::from_bits(self.0)).filter(|number| !number.is_nan()).map(Scalar::Number),
        }
    }
}

/// A filter that looks at columns of glimpses instead of entities.
#[derive(Debug)]
pub struct Glance<'a>(Step<'a>);

#[derive(Debug)]
enum Step<'a> {
    Unknown,
    One { condition: &'a Condition, is_whole: bool, column: &'a [Glimpse] },
    All(Vec<Step<'a>>),
    Any(Vec<Step<'a>>),
}

impl Filter {
    /// The attributes that it speaks of, some perhaps more than once.
    #[must_use]
    pub fn attributes(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.expression.name_attributes(&mut names);
        names
    }

    /// The same filter over the columns that there are: glimpses of an attribute, each entity at one place in all of them.
    pub fn glance<'a>(&'a self, column: &dyn Fn(&str) -> Option<&'a [Glimpse]>) -> Glance<'a> {
        Glance(self.expression.glance(column))
    }
}

impl Glance<'_> {
    /// Whether the entity at that place has to be looked at: `false` when the filter cannot match it.
    #[must_use]
    pub fn may_match(&self, place: usize) -> bool {
        self.0.may_match(place)
    }
}

impl Expression {
    fn name_attributes<'a>(&'a self, names: &mut Vec<&'a str>) {
        match self {
            Self::One(statement) => names.extend(statement.subject.attribute().map(|(name, _)| name)),
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.name_attributes(names)),
        }
    }

    fn glance<'a>(&'a self, column: &dyn Fn(&str) -> Option<&'a [Glimpse]>) -> Step<'a> {
        let steps = |parts: &'a [Self]| parts.iter().map(|part| part.glance(column)).collect();
        match self {
            Self::One(statement) => statement.glance(column).unwrap_or(Step::Unknown),
            Self::All(parts) => Step::All(steps(parts)),
            Self::Any(parts) => Step::Any(steps(parts)),
        }
    }
}

impl Statement {
    fn glance<'a>(&'a self, column: &dyn Fn(&str) -> Option<&'a [Glimpse]>) -> Option<Step<'a>> {
        let (name, is_whole) = self.subject.attribute()?;
        Some(Step::One { condition: &self.condition, is_whole, column: column(name)? })
    }
}

impl Subject {
    /// The attribute that it leads to, and whether its whole value is meant.
    fn attribute(&self) -> Option<(&str, bool)> {
        match self {
            Self::Simple(path) => path.attribute(),
            Self::Attribute(path) => path.attribute(),
        }
    }
}

impl Step<'_> {
    fn may_match(&self, place: usize) -> bool {
        match self {
            Self::Unknown => true,
            Self::One { condition, is_whole, column } => match column.get(place) {
                None | Some(&UNKNOWN) => true,
                Some(&ABSENT) => matches!(condition, Condition::Absent),
                Some(glimpse) => !is_whole || condition.may_hold(*glimpse),
            },
            Self::All(steps) => steps.iter().all(|step| step.may_match(place)),
            Self::Any(steps) => steps.iter().any(|step| step.may_match(place)),
        }
    }
}

impl Condition {
    /// Of an attribute that is there.
    fn may_hold(&self, glimpse: Glimpse) -> bool {
        match self {
            Self::Present => true,
            Self::Absent => false,
            Self::Equal(items) => items.iter().any(|item| item.may_hold(glimpse)),
            Self::Unequal(items) => glimpse.scalar().is_none_or(|scalar| !items.iter().any(|item| item.holds(&scalar))),
            Self::Ordered(order, literal) => literal.may_stand(*order, glimpse),
            Self::Pattern(_) | Self::NotPattern(_) => glimpse.is_text(),
        }
    }
}

impl Item {
    fn may_hold(&self, glimpse: Glimpse) -> bool {
        match (glimpse.scalar(), self) {
            (Some(scalar), _) => self.holds(&scalar),
            // Of a moment there are several texts, and of a term two.
            (None, Self::Single(Literal::Text { text, moment: None, term: None, .. })) => {
                Glimpse::of_text(text) == glimpse
            }
            (None, Self::Single(literal) | Self::Range(literal, _)) => matches!(literal, Literal::Text { .. }),
        }
    }
}

impl Literal {
    fn may_stand(&self, order: Order, glimpse: Glimpse) -> bool {
        match glimpse.scalar() {
            Some(scalar) => self.order_of(&scalar).is_some_and(|found| order.accepts(found)),
            None => matches!(self, Self::Text { .. }),
        }
    }
}
