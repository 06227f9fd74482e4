//! The temporal query language (ETSI GS CIM 009, 4.11, 5.2.21): which instances are asked for.

use std::cmp::Ordering;

use super::Instance;
use crate::{ParseError, Timestamp, date};

/// Which time of an instance counts (4.8).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TimeProperty {
    /// When its value was observed.
    #[default]
    ObservedAt,
    /// When it was recorded.
    CreatedAt,
    /// When it was recorded or last amended.
    ModifiedAt,
    /// When the attribute was deleted.
    DeletedAt,
}

impl TimeProperty {
    const ALL: [Self; 4] = [Self::ObservedAt, Self::CreatedAt, Self::ModifiedAt, Self::DeletedAt];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ObservedAt => "observedAt",
            Self::CreatedAt => "createdAt",
            Self::ModifiedAt => "modifiedAt",
            Self::DeletedAt => "deletedAt",
        }
    }

    /// That time of an instance, if it has one.
    #[must_use]
    pub fn of(self, instance: &Instance) -> Option<Timestamp> {
        match self {
            Self::ObservedAt => instance.observed_at(),
            Self::CreatedAt => Some(instance.attribute.created_at),
            Self::ModifiedAt => Some(instance.attribute.modified_at),
            Self::DeletedAt => instance.deleted_at,
        }
    }
}

/// How the time must lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Before that time.
    Before(Timestamp),
    /// After that time.
    After(Timestamp),
    /// At the first time or later, and before the second.
    Between(Timestamp, Timestamp),
}

/// Which of the instances of an attribute are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// The time that counts.
    pub property: TimeProperty,
    /// How it must lie; anywhere when none is given.
    pub relation: Option<Relation>,
    /// How many of the latest instances of each attribute; all when none is given.
    pub last: Option<usize>,
}

impl Window {
    /// Reads `timeproperty`, `timerel`, `timeAt`, `endTimeAt` and `lastN`.
    ///
    /// # Errors
    /// With the name of the parameter that is wrong or missing.
    pub fn parse<'a>(param: impl Fn(&str) -> Option<&'a str>) -> Result<Self, ParseError> {
        let property = match param("timeproperty") {
            None => TimeProperty::default(),
            Some(name) => TimeProperty::ALL.into_iter().find(|property| property.name() == name).ok_or_else(|| {
                let problem = format!("must be observedAt, createdAt, modifiedAt or deletedAt, is {name:?}");
                ParseError::new("timeproperty", problem)
            })?,
        };
        Ok(Self { property, relation: relation(&param)?, last: param("lastN").map(last).transpose()? })
    }

    /// The time of an instance that counts: where none is asked for, one that has not got it stands where it was recorded.
    #[must_use]
    pub fn time(&self, instance: &Instance) -> Option<Timestamp> {
        let time = self.property.of(instance);
        if self.relation.is_none() { time.or(Some(instance.attribute.modified_at)) } else { time }
    }

    /// The times that lie right, in microseconds: from the first, before the second.
    #[must_use]
    pub fn bounds(&self) -> (Option<i64>, Option<i64>) {
        match self.relation {
            None => (None, None),
            Some(Relation::Before(time)) => (None, Some(time.as_micros())),
            Some(Relation::After(time)) => (Some(time.as_micros().saturating_add(1)), None),
            Some(Relation::Between(from, to)) => (Some(from.as_micros()), Some(to.as_micros())),
        }
    }

    /// Whether the time of an instance lies right.
    #[must_use]
    pub fn covers(&self, instance: &Instance) -> bool {
        let (from, to) = self.bounds();
        let lies_right = |time: Timestamp| {
            from.is_none_or(|from| time.as_micros() >= from) && to.is_none_or(|to| time.as_micros() < to)
        };
        self.time(instance).is_some_and(lies_right)
    }

    /// Whether the latest come first: where only the latest are asked for.
    #[must_use]
    pub fn is_backwards(&self) -> bool {
        self.last.is_some()
    }

    /// Which of two times comes first.
    #[must_use]
    pub fn compare_times(&self, one: Timestamp, other: Timestamp) -> Ordering {
        if self.is_backwards() { other.cmp(&one) } else { one.cmp(&other) }
    }

    /// Which of two instances comes first.
    #[must_use]
    pub fn compare(&self, one: &Instance, other: &Instance) -> Ordering {
        let key = |instance: &Instance| (self.time(instance), instance.number);
        if self.is_backwards() { key(other).cmp(&key(one)) } else { key(one).cmp(&key(other)) }
    }
}

fn relation<'a>(param: &impl Fn(&str) -> Option<&'a str>) -> Result<Option<Relation>, ParseError> {
    let Some(relation) = param("timerel") else {
        return match ["timeAt", "endTimeAt"].into_iter().find(|name| param(name).is_some()) {
            Some(name) => Err(ParseError::new(name, "needs timerel")),
            None => Ok(None),
        };
    };
    let time = |name: &str| match param(name) {
        None => Err(ParseError::new(name, format!("missing, timerel={relation} needs it"))),
        Some(text) => date::parse(text)
            .ok_or_else(|| ParseError::new(name, format!("must be a time such as 2030-01-31T12:00:00Z, is {text:?}"))),
    };
    let relation = match relation {
        "before" => Relation::Before(time("timeAt")?),
        "after" => Relation::After(time("timeAt")?),
        "between" => Relation::Between(time("timeAt")?, time("endTimeAt")?),
        other => {
            return Err(ParseError::new("timerel", format!("must be before, after or between, is {other:?}")));
        }
    };
    if let Relation::Between(from, to) = relation
        && to <= from
    {
        return Err(ParseError::new("endTimeAt", "must be later than timeAt"));
    }
    Ok(Some(relation))
}

fn last(text: &str) -> Result<usize, ParseError> {
    let wrong = || ParseError::new("lastN", format!("must be a whole number from 1, is {text:?}"));
    text.parse().ok().filter(|last| *last > 0).ok_or_else(wrong)
}
