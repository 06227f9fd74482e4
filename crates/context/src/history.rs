//! The latest numbers of attributes, enough for a small chart: a point a second, a few dozen an attribute, in memory.
//!
//! A database of time series is what a subscriber builds. Here an update pays for it, so a series is a ring of numbers.

use std::collections::{BTreeMap, VecDeque};

use hashbrown::HashMap;
use ngsi::{Attribute, EntityId, Name, Timestamp};

/// The most points kept of one attribute.
pub const MAX_POINTS: usize = 64;

const SECOND_US: i64 = 1_000_000;
/// Types whose values older clients write as strings.
const NUMERIC_TYPES: [&str; 4] = ["float", "integer", "number", "double"];

/// The value of an attribute as a number: a JSON number, or a string that holds one and is declared to.
#[must_use]
pub fn number(attribute: &Attribute) -> Option<f64> {
    let text = attribute.value.as_str();
    let text = match text.as_bytes().first()? {
        b'-' | b'0'..=b'9' => text,
        b'"' if is_numeric(attribute.value_type.as_str()) => text.trim_matches('"').trim(),
        _ => return None,
    };
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn is_numeric(value_type: &str) -> bool {
    NUMERIC_TYPES.iter().any(|name| value_type.eq_ignore_ascii_case(name))
}

/// Series by entity, and by when they were last added to. It grows until [`History::drop_oldest`].
#[derive(Debug, Default)]
pub struct History {
    entities: HashMap<EntityId, Vec<Series>>,
    by_age: BTreeMap<Age, (EntityId, Name)>,
    next: u64,
}

/// The second in which a series was last added to; of equal times the one begun earlier is older.
type Age = (Timestamp, u64);

#[derive(Debug)]
struct Series {
    attribute: Name,
    age: Age,
    points: VecDeque<(Timestamp, f64)>,
}

impl History {
    /// Adds numbers of attributes of an entity; of one second of the clock the last counts. `may_begin` is asked for each attribute
    /// that has no series yet.
    pub fn record<'a>(
        &mut self,
        entity: &EntityId,
        at: Timestamp,
        numbers: impl Iterator<Item = (&'a Name, f64)>,
        mut may_begin: impl FnMut() -> bool,
    ) {
        let Self { entities, by_age, next } = self;
        let mut known = entities.get_mut(entity);
        let mut begun = Vec::new();
        for (attribute, value) in numbers {
            if let Some(series) = known.as_deref_mut().and_then(|known| find(known, attribute)) {
                if series.add(at, value)
                    && let Some(key) = by_age.remove(&series.age)
                {
                    series.age.0 = at;
                    by_age.insert(series.age, key);
                }
            } else if may_begin() {
                let age = (at, *next);
                *next += 1;
                by_age.insert(age, (entity.clone(), attribute.clone()));
                begun.push(Series { attribute: attribute.clone(), age, points: VecDeque::from([(at, value)]) });
            }
        }
        if !begun.is_empty() {
            match known {
                Some(known) => known.append(&mut begun),
                None => drop(entities.insert(entity.clone(), begun)),
            }
        }
    }

    /// Forgets an attribute of the entity of that [key](EntityId::key); whether there was a series of it.
    pub fn forget(&mut self, entity: &str, attribute: &str) -> bool {
        let age = self.remove(entity, attribute);
        age.is_some_and(|age| self.by_age.remove(&age).is_some())
    }

    /// Forgets the series that was not added to for the longest; whether there was one.
    pub fn drop_oldest(&mut self) -> bool {
        let oldest = self.by_age.pop_first();
        oldest.is_some_and(|(_, (entity, attribute))| self.remove(entity.key(), attribute.as_str()).is_some())
    }

    /// When the series that was not added to for the longest was added to: the first time in that second.
    #[must_use]
    pub fn oldest(&self) -> Option<Timestamp> {
        self.by_age.first_key_value().map(|(age, _)| age.0)
    }

    /// What is kept of an attribute of the entity of that [key](EntityId::key), oldest first.
    pub fn points(&self, entity: &str, attribute: &str) -> impl Iterator<Item = (Timestamp, f64)> {
        let all = self.entities.get(entity).into_iter().flatten();
        let series = all.filter(move |series| series.attribute == *attribute);
        series.flat_map(|series| series.points.iter().copied())
    }

    fn remove(&mut self, entity: &str, attribute: &str) -> Option<Age> {
        let all = self.entities.get_mut(entity)?;
        let series = all.swap_remove(all.iter().position(|series| series.attribute == *attribute)?);
        if all.is_empty() {
            self.entities.remove(entity);
        }
        Some(series.age)
    }
}

fn find<'a>(all: &'a mut [Series], attribute: &Name) -> Option<&'a mut Series> {
    all.iter_mut().find(|series| series.attribute == *attribute)
}

impl Series {
    /// Whether a second has begun.
    fn add(&mut self, at: Timestamp, value: f64) -> bool {
        let second = |time: Timestamp| time.as_micros().div_euclid(SECOND_US);
        if let Some(last) = self.points.back_mut().filter(|(last, _)| second(*last) == second(at)) {
            *last = (at, value);
            return false;
        }
        if self.points.len() >= MAX_POINTS {
            self.points.pop_front();
        }
        self.points.push_back((at, value));
        true
    }
}
