//! Where an entity is, for geographical queries.

use geo::Coord;

use super::coordinates;
use super::shape::Shape;
use crate::geo::Circle;
use crate::{Attribute, AttributeKind, Entity, Location, Point};

/// A place of any dialect.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    Shape(Shape),
    Circle(Circle),
    Everywhere,
}

impl Place {
    /// The place in the attribute of a `geo:` type. Of several the one with metadatum `defaultLocation` counts, failing that
    /// the one named `location`, failing that the first; attributes with metadatum `ignoreType` do not. Without any, the
    /// domain metadata say.
    pub(super) fn of(entity: &Entity) -> Option<Self> {
        match geo_attribute(entity) {
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

fn geo_attribute(entity: &Entity) -> Option<&Attribute> {
    let candidates = || entity.context_attributes().filter(|attribute| is_geographic(attribute));
    candidates()
        .find(|attribute| has_flag(attribute, "defaultLocation"))
        .or_else(|| candidates().find(|attribute| attribute.name == *"location"))
        .or_else(|| candidates().next())
}

fn is_geographic(attribute: &Attribute) -> bool {
    let kinds = ["geo:point", "geo:json", "geo:polygon", "geo:line", "geo:box"];
    kinds.contains(&attribute.value_type.as_str())
        && attribute.value.as_str() != "null"
        && !has_flag(attribute, "ignoreType")
}

fn has_flag(attribute: &Attribute, name: &str) -> bool {
    attribute.metadata.iter().any(|metadata| metadata.name == *name && metadata.value.as_str() == "true")
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
