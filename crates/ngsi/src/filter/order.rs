//! Ordering of results: `orderBy`.

use std::cmp::{Ordering, Reverse};

use super::cursor::Cursor;
use super::georel::GeoFilter;
use super::ld::{AttributePath, Grammar, Vocabulary};
use super::target::{Nature, Path, Scalar, Target};
use crate::{Entity, EntityId, Name, ParseError, Timestamp, date};

/// The most criteria of one `orderBy`.
pub const MAX_CRITERIA: usize = 16;
/// The longest criterion, in bytes.
const MAX_CRITERION_LENGTH: usize = 256;

/// A compiled `orderBy`: criteria, the later ones for ties of the earlier.
///
/// Values of different types are ordered as the reference implementation documents it: null and missing, numbers and dates,
/// texts, objects, lists, booleans. Entities that are alike in everything are ordered by id and type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderBy {
    criteria: Box<[Criterion]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Criterion {
    field: Field,
    descending: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Field {
    Id,
    Type,
    Distance,
    Attribute(Path),
    Linked(AttributePath),
}

impl OrderBy {
    /// Compiles names of attributes, `id`, `type`, `dateCreated`, `dateModified` and `geo:distance`, separated by commas; `!` before
    /// one reverses it.
    ///
    /// # Errors
    /// The path is `orderBy`.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.split(',').count() > MAX_CRITERIA {
            return Err(ParseError::new("orderBy", format!("more than {MAX_CRITERIA} criteria")));
        }
        let criteria = text.split(',').map(Criterion::parse).collect::<Result<_, _>>();
        criteria.map(|criteria| Self { criteria }).map_err(|problem| ParseError::new("orderBy", problem))
    }

    /// Compiles `orderBy` of NGSI-LD: paths as in `q`, `id` and `type`, separated by commas, with `;desc` behind one that is reversed.
    ///
    /// # Errors
    /// The path is `orderBy`; the problem says at which byte, and why.
    pub fn parse_ld(text: &str, vocabulary: &Vocabulary<'_>) -> Result<Self, ParseError> {
        let criteria = Grammar::new(Cursor::new(text, "orderBy")?, vocabulary).order()?.into_iter();
        let criteria = criteria.map(|(path, descending)| Criterion { field: Field::linked(path), descending });
        Ok(Self { criteria: criteria.collect() })
    }

    /// Whether a geographical query must say distance from where.
    #[must_use]
    pub fn needs_reference(&self) -> bool {
        self.criteria.iter().any(|criterion| criterion.field == Field::Distance)
    }

    /// What an entity is sorted by; `reference` says where distances are measured from.
    #[must_use]
    pub fn key(&self, entity: &Entity, reference: Option<&GeoFilter>) -> SortKey {
        SortKey {
            ranks: self.criteria.iter().map(|criterion| criterion.rank(entity, reference)).collect(),
            id: entity.id.clone(),
            entity_type: entity.entity_type.clone(),
        }
    }
}

impl Field {
    fn linked(path: AttributePath) -> Self {
        match path.attribute() {
            Some(("id", true)) => Self::Id,
            Some(("type", true)) => Self::Type,
            _ => Self::Linked(path),
        }
    }
}

impl Criterion {
    fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (descending, name) = text.strip_prefix('!').map_or((false, text), |name| (true, name));
        if name.is_empty() || name.len() > MAX_CRITERION_LENGTH {
            return Err(format!("a criterion has 1 to {MAX_CRITERION_LENGTH} bytes, found {}", name.len()));
        }
        let field = match name {
            "id" => Field::Id,
            "type" => Field::Type,
            "geo:distance" => Field::Distance,
            _ => Field::Attribute(Path { attribute: name.into(), metadata: None, members: [].into() }),
        };
        Ok(Self { field, descending })
    }

    fn rank(&self, entity: &Entity, reference: Option<&GeoFilter>) -> Rank {
        let value = match &self.field {
            Field::Id => Value::Text(entity.id.as_str().into()),
            Field::Type => Value::Text(entity.entity_type.as_str().into()),
            Field::Distance => {
                let distance = reference.and_then(|reference| reference.distance_m(entity));
                Value::number(distance.unwrap_or(f64::INFINITY))
            }
            Field::Attribute(path) => path.find(entity).map_or(Value::Null, |target| Value::of(&target)),
            Field::Linked(path) => {
                let mut first = Value::Null;
                path.any(entity, |target| {
                    first = Value::of(target);
                    true
                });
                first
            }
        };
        if self.descending { Rank::Descending(Reverse(value)) } else { Rank::Ascending(value) }
    }
}

/// The place of an entity in an order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortKey {
    ranks: Box<[Rank]>,
    id: EntityId,
    entity_type: Name,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    Ascending(Value),
    Descending(Reverse<Value>),
}

/// Smallest kind first.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Null,
    Number(Total),
    Text(Box<str>),
    Object(Box<str>),
    List(Box<str>),
    Bool(bool),
}

impl Value {
    fn number(number: f64) -> Self {
        // Minus zero becomes zero.
        Self::Number(Total(number + 0.0))
    }

    fn instant(instant: Timestamp) -> Self {
        Self::number(instant.as_micros() as f64 / 1e6)
    }

    fn of(target: &Target<'_>) -> Self {
        match *target {
            Target::Instant(instant) => Self::instant(instant),
            Target::Word(text) => Self::Text(text.into()),
            Target::Languages(text) => Self::Object(text.into()),
            Target::Json { text, nature } => match Scalar::read(text, nature) {
                Scalar::Null => Self::Null,
                Scalar::Bool(value) => Self::Bool(value),
                Scalar::Number(value) => Self::number(value),
                Scalar::Instant(instant) => Self::instant(instant),
                Scalar::Text { text, nature } => match date::parse(&text).filter(|_| nature == Nature::Date) {
                    Some(instant) => Self::instant(instant),
                    None => Self::Text(text.into()),
                },
                Scalar::Composite if text.starts_with('[') => Self::List(text.into()),
                Scalar::Composite => Self::Object(text.into()),
            },
        }
    }
}

/// A number that is never NaN.
#[derive(Debug, Clone, Copy)]
struct Total(f64);

impl Ord for Total {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Total {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Total {}
