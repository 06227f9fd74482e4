//! Geographical queries: `georel`, `geometry` and `coords`.

use super::coordinates::{build, coordinate};
use super::place::{Place, coord};
use super::shape::Shape;
use crate::{Entity, ParseError};

/// The most pairs of coordinates in `coords`.
pub const MAX_COORDS: usize = 256;

/// A compiled geographical query: how the place of an entity must relate to a reference shape.
#[derive(Debug, Clone, PartialEq)]
pub struct GeoFilter {
    relation: Relation,
    reference: Shape,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Relation {
    Near { min_m: f64, max_m: f64 },
    CoveredBy,
    Intersects,
    Equals,
    Disjoint,
}

impl GeoFilter {
    /// Compiles `georel` (such as `near;maxDistance:1000`), `geometry` (`point`, `line`, `polygon`, `box`) and `coords`
    /// (`latitude,longitude;…`).
    ///
    /// # Errors
    /// The path is the parameter that is wrong.
    pub fn parse(georel: &str, geometry: &str, coords: &str) -> Result<Self, ParseError> {
        let relation = Relation::parse(georel).map_err(|problem| ParseError::new("georel", problem))?;
        if !["point", "line", "polygon", "box"].contains(&geometry) {
            return Err(ParseError::new("geometry", format!("must be point, line, polygon or box, is {geometry:?}")));
        }
        let reference = reference(geometry, coords).map_err(|problem| ParseError::new("coords", problem))?;
        Ok(Self { relation, reference })
    }

    /// Whether the entity is where the query asks. An entity without a place is nowhere.
    #[must_use]
    pub fn matches(&self, entity: &Entity) -> bool {
        let Some(place) = Place::of(entity) else { return false };
        match self.relation {
            Relation::Near { min_m, max_m } => (min_m..=max_m).contains(&self.distance_to(&place)),
            Relation::CoveredBy => self.covers(&place),
            Relation::Intersects => self.intersects(&place),
            Relation::Disjoint => !self.intersects(&place),
            Relation::Equals => matches!(place, Place::Shape(shape) if shape.is_same_as(&self.reference)),
        }
    }

    /// How far the nearest parts of the entity and of the reference shape are from each other, in metres; `None` for an
    /// entity without a place.
    #[must_use]
    pub fn distance_m(&self, entity: &Entity) -> Option<f64> {
        Place::of(entity).map(|place| self.distance_to(&place))
    }

    fn distance_to(&self, place: &Place) -> f64 {
        match place {
            Place::Shape(shape) => self.reference.distance_m(shape),
            Place::Circle(circle) => {
                let to_center = self.reference.distance_m(&Shape::point(coord(circle.center())));
                (to_center - circle.radius_m).max(0.0)
            }
            Place::Everywhere => 0.0,
        }
    }

    fn intersects(&self, place: &Place) -> bool {
        match place {
            Place::Shape(shape) => self.reference.intersects(shape),
            Place::Circle(_) | Place::Everywhere => self.distance_to(place) <= 0.0,
        }
    }

    fn covers(&self, place: &Place) -> bool {
        match place {
            Place::Shape(shape) => shape.is_covered_by(&self.reference),
            Place::Circle(circle) => {
                let center = coord(circle.center());
                self.reference.has_in_area(center) && self.reference.border_distance_m(center) >= circle.radius_m
            }
            Place::Everywhere => false,
        }
    }
}

fn reference(geometry: &str, coords: &str) -> Result<Shape, String> {
    let count = coords.split(';').count();
    if count > MAX_COORDS {
        return Err(format!("more than {MAX_COORDS} pairs of coordinates"));
    }
    build(geometry, coords.split(';').map(coordinate).collect::<Result<_, _>>()?)
}

impl Relation {
    fn parse(text: &str) -> Result<Self, String> {
        let mut words = text.split(';').map(str::trim);
        let relation = match words.next().unwrap_or_default() {
            "near" => return Self::near(words),
            "coveredBy" => Self::CoveredBy,
            "intersects" => Self::Intersects,
            "equals" => Self::Equals,
            "disjoint" => Self::Disjoint,
            other => return Err(format!("must be near, coveredBy, intersects, equals or disjoint, is {other:?}")),
        };
        match words.next() {
            None => Ok(relation),
            Some(word) => Err(format!("only near has modifiers, found {word:?}")),
        }
    }

    fn near<'a>(modifiers: impl Iterator<Item = &'a str>) -> Result<Self, String> {
        let (mut min_m, mut max_m) = (None, None);
        for modifier in modifiers {
            let (name, distance) = modifier.split_once(':').unwrap_or((modifier, ""));
            let bound = match name {
                "minDistance" => &mut min_m,
                "maxDistance" => &mut max_m,
                _ => return Err(format!("the modifiers of near are maxDistance and minDistance, found {modifier:?}")),
            };
            if bound.replace(metres(name, distance)?).is_some() {
                return Err(format!("{name} is given twice"));
            }
        }
        if min_m.is_none() && max_m.is_none() {
            return Err("near has maxDistance:metres, minDistance:metres or both".to_owned());
        }
        Ok(Self::Near { min_m: min_m.unwrap_or(0.0), max_m: max_m.unwrap_or(f64::INFINITY) })
    }
}

fn metres(name: &str, text: &str) -> Result<f64, String> {
    let distance = text.trim().parse().ok().filter(|metres: &f64| metres.is_finite() && *metres >= 0.0);
    distance.ok_or_else(|| format!("{name} must be a number of metres, zero or more, is {text:?}"))
}
