//! Where an entity is, for geographical queries.

use geo::Coord;

use super::coordinates;
use super::shape::Shape;
use crate::geo::Circle;
use crate::v2::place;
use crate::{Attribute, AttributeKind, Entity, Location, Point};

/// A place of any dialect.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    Shape(Shape),
    Circle(Circle),
    Everywhere,
}

impl Place {
    /// Where NGSIv2 says that the entity is. Without such an attribute, the domain metadata say.
    pub(super) fn of(entity: &Entity) -> Option<Self> {
        match place::source(entity) {
            Some(attribute) => {
                coordinates::parse(attribute.value_type.as_str(), &attribute.value).ok()?.map(Self::Shape)
            }
            None => entity.location().map(Self::from),
        }
    }

    /// The place in an attribute of a geographic type, or in a domain metadatum.
    pub(super) fn of_attribute(attribute: &Attribute) -> Option<Self> {
        let (value_type, value) = (attribute.value_type.as_str(), &attribute.value);
        match attribute.kind {
            AttributeKind::Context => coordinates::parse(value_type, value).ok()?.map(Self::Shape),
            AttributeKind::Domain => Location::parse(value_type, value).ok()?.map(Self::from),
        }
    }

    pub(super) fn distance_m(&self, shape: &Shape) -> f64 {
        match self {
            Self::Shape(own) => shape.distance_m(own),
            Self::Circle(circle) => {
                let to_center = shape.distance_m(&Shape::point(coord(circle.center())));
                (to_center - circle.radius_m).max(0.0)
            }
            Self::Everywhere => 0.0,
        }
    }

    pub(super) fn intersects(&self, shape: &Shape) -> bool {
        match self {
            Self::Shape(own) => shape.intersects(own),
            Self::Circle(_) | Self::Everywhere => self.distance_m(shape) <= 0.0,
        }
    }

    pub(super) fn is_covered_by(&self, shape: &Shape) -> bool {
        match self {
            Self::Shape(own) => own.is_covered_by(shape),
            Self::Circle(circle) => {
                let center = coord(circle.center());
                shape.has_in_area(center) && shape.border_distance_m(center) >= circle.radius_m
            }
            Self::Everywhere => false,
        }
    }

    pub(super) fn covers(&self, shape: &Shape) -> bool {
        match self {
            Self::Shape(own) => shape.is_covered_by(own),
            Self::Circle(circle) => shape.vertices().all(|vertex| circle.contains(point(vertex))),
            Self::Everywhere => true,
        }
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        match location {
            Location::Point(point) => Self::Shape(Shape::point(coord(point))),
            Location::Polygon(polygon) => Self::Shape(Shape::area(polygon.vertices.into_iter().map(coord).collect())),
            Location::Circle(circle) => Self::Circle(circle),
            Location::Global => Self::Everywhere,
        }
    }
}

pub(super) fn coord(point: Point) -> Coord {
    Coord { x: point.longitude, y: point.latitude }
}

fn point(coord: Coord) -> Point {
    Point { latitude: coord.y, longitude: coord.x }
}
