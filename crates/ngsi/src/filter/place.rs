//! Where an entity is, for geographical queries.

use geo::Coord;

use super::coordinates;
use super::shape::Shape;
use crate::geo::Circle;
use crate::{Attribute, Entity, Location, Point};

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
