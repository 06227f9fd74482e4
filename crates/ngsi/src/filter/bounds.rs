//! Boxes around places, by which an index finds candidates before anything is compared exactly.

use geo::Coord;

use super::georel::{GeoFilter, Relation};
use super::place::{Place, coord};
use super::shape::Shape;
use crate::v2::place::is_geo;
use crate::{Attribute, AttributeKind, Entity};

/// The radius of the globe, in metres; somewhat less than the one that distances are measured with.
const RADIUS_M: f64 = 6_370_000.0;
/// What is added to each side for the sake of rounding, in degrees.
const MARGIN: f64 = 1e-6;

/// A box between meridians and parallels, in degrees; it does not cross the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// The least latitude.
    pub south: f64,
    /// The least longitude.
    pub west: f64,
    /// The greatest latitude.
    pub north: f64,
    /// The greatest longitude.
    pub east: f64,
}

/// What surrounds every place that an entity has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Extent {
    /// It has none.
    Nowhere,
    /// One box.
    Within(Bounds),
    /// No one box would do.
    Anywhere,
}

impl GeoFilter {
    /// Boxes that the extent of every entity that is meant meets; `None` when that may be everywhere.
    #[must_use]
    pub fn bounds(&self) -> Option<Vec<Bounds>> {
        let reference = Bounds::of(&self.reference)?;
        match self.relation {
            Relation::Disjoint => None,
            Relation::Near { max_m, .. } if max_m.is_infinite() => None,
            Relation::Near { max_m, .. } => Some(reference.around(max_m)),
            Relation::CoveredBy | Relation::Contains | Relation::Intersects | Relation::Overlaps | Relation::Equals => {
                Some(reference.around(0.0))
            }
        }
    }
}

impl Extent {
    /// The extent of an entity, of all places in all dialects.
    #[must_use]
    pub fn of(entity: &Entity) -> Self {
        let places = entity.attributes.iter().filter(|attribute| may_be_place(attribute));
        places.filter_map(Place::of_attribute).map(|place| Self::of_place(&place)).fold(Self::Nowhere, Self::and)
    }

    fn of_place(place: &Place) -> Self {
        match place {
            Place::Shape(shape) => Bounds::of(shape).map_or(Self::Nowhere, Self::Within),
            Place::Circle(circle) => {
                let center = Bounds::of(&Shape::point(coord(circle.center())));
                match center.map(|center| center.around(circle.radius_m)).as_deref() {
                    Some([bounds]) => Self::Within(*bounds),
                    _ => Self::Anywhere,
                }
            }
            Place::Everywhere => Self::Anywhere,
        }
    }

    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nowhere, it) | (it, Self::Nowhere) => it,
            (Self::Within(one), Self::Within(other)) => Self::Within(one.and(other)),
            (Self::Anywhere, _) | (_, Self::Anywhere) => Self::Anywhere,
        }
    }
}

/// Whether the attribute may say where the entity is.
#[must_use]
pub fn may_be_place(attribute: &Attribute) -> bool {
    attribute.kind == AttributeKind::Domain || is_geo(attribute.value_type.as_str())
}

impl Bounds {
    fn of(shape: &Shape) -> Option<Self> {
        shape.vertices().map(Self::point).reduce(Self::and)
    }

    fn point(Coord { x, y }: Coord) -> Self {
        Self { south: y, west: x, north: y, east: x }
    }

    fn and(self, other: Self) -> Self {
        Self {
            south: self.south.min(other.south),
            west: self.west.min(other.west),
            north: self.north.max(other.north),
            east: self.east.max(other.east),
        }
    }

    /// Whether some point is common to both.
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        self.south <= other.north && other.south <= self.north && self.west <= other.east && other.west <= self.east
    }

    /// What is no farther away than so many metres.
    fn around(self, metres: f64) -> Vec<Self> {
        let angle = metres / RADIUS_M;
        let (south, north) = (self.south - angle.to_degrees() - MARGIN, self.north + angle.to_degrees() + MARGIN);
        let farthest_north = self.north.abs().max(self.south.abs()).to_radians();
        // The meridians that touch the circle around the point that is nearest to a pole.
        let reach = angle.sin() / farthest_north.cos();
        let sideways =
            if south <= -90.0 || north >= 90.0 || reach >= 1.0 { 360.0 } else { reach.asin().to_degrees() + MARGIN };
        let (south, north) = (south.max(-90.0), north.min(90.0));
        let (west, east) = (self.west - sideways, self.east + sideways);
        let part = |west, east| Self { south, west, north, east };
        if east - west >= 360.0 {
            vec![part(-180.0, 180.0)]
        } else if west < -180.0 {
            vec![part(-180.0, east), part(west + 360.0, 180.0)]
        } else if east > 180.0 {
            vec![part(west, 180.0), part(-180.0, east - 360.0)]
        } else {
            vec![part(west, east)]
        }
    }
}
