//! The latest numbers of attributes, enough for a small chart: a point a second, a few dozen an attribute, in memory.
//!
//! A database of time series is what a subscriber builds. Here an update pays for it, so a series is a ring of numbers.

use std::collections::{BTreeMap, VecDeque};

use hashbrown::{Equivalent, HashMap};
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

/// Series by entity and attribute, and by when they were last added to. It grows until [`History::drop_oldest`].
#[derive(Debug, Default)]
pub struct History {
    series: HashMap<Key, Series>,
    by_age: BTreeMap<Age, Key>,
    next: u64,
}

/// When a series was last added to; of equal times the one begun earlier is older.
type Age = (Timestamp, u64);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    entity: EntityId,
    attribute: Name,
}

/// A [`Key`] to look up with: it hashes the same.
#[derive(Hash)]
struct KeyRef<'a> {
    entity: &'a str,
    attribute: &'a str,
}

impl Equivalent<Key> for KeyRef<'_> {
    fn equivalent(&self, key: &Key) -> bool {
        key.entity == *self.entity && key.attribute == *self.attribute
    }
}

#[derive(Debug)]
struct Series {
    age: Age,
    points: VecDeque<(Timestamp, f64)>,
}

impl History {
    /// Adds a number; of one second of the clock the last counts. Whether a series began.
    pub fn record(&mut self, entity: &EntityId, attribute: &Name, at: Timestamp, value: f64) -> bool {
        let key = KeyRef { entity: entity.as_str(), attribute: attribute.as_str() };
        if let Some(series) = self.series.get_mut(&key) {
            series.add(at, value);
            if let Some(key) = self.by_age.remove(&series.age) {
                series.age.0 = at;
                self.by_age.insert(series.age, key);
            }
            return false;
        }
        let key = Key { entity: entity.clone(), attribute: attribute.clone() };
        let age = (at, self.next);
        self.next += 1;
        self.by_age.insert(age, key.clone());
        self.series.insert(key, Series { age, points: VecDeque::from([(at, value)]) });
        true
    }

    /// Forgets an attribute; whether there was a series of it.
    pub fn forget(&mut self, entity: &str, attribute: &str) -> bool {
        let series = self.series.remove(&KeyRef { entity, attribute });
        series.is_some_and(|series| self.by_age.remove(&series.age).is_some())
    }

    /// Forgets the series that was not added to for the longest; whether there was one.
    pub fn drop_oldest(&mut self) -> bool {
        let oldest = self.by_age.pop_first();
        oldest.is_some_and(|(_, key)| self.series.remove(&key).is_some())
    }

    /// When the series that was not added to for the longest was added to.
    #[must_use]
    pub fn oldest(&self) -> Option<Timestamp> {
        self.by_age.first_key_value().map(|(age, _)| age.0)
    }

    /// What is kept of an attribute, oldest first.
    pub fn points(&self, entity: &str, attribute: &str) -> impl Iterator<Item = (Timestamp, f64)> {
        let series = self.series.get(&KeyRef { entity, attribute });
        series.into_iter().flat_map(|series| series.points.iter().copied())
    }
}

impl Series {
    fn add(&mut self, at: Timestamp, value: f64) {
        let second = |time: Timestamp| time.as_micros().div_euclid(SECOND_US);
        if self.points.back().is_some_and(|(last, _)| second(*last) == second(at)) {
            self.points.pop_back();
        } else if self.points.len() >= MAX_POINTS {
            self.points.pop_front();
        }
        self.points.push_back((at, value));
    }
}
