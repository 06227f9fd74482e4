//! Places of any dialect as geometries of GeoJSON (RFC 7946).

use std::borrow::Cow;

use geo::{Coord, LineString, Polygon};
use serde::Serialize;
use serde_json::{Value, json};

use super::attribute::Instance;
use crate::filter::coordinates;
use crate::filter::shape::Shape;
use crate::ld::parse::looks_like_geometry;
use crate::v2::place::is_geo;
use crate::{JsonText, Location, Point};

/// The geometry that is the value of an instance; of a circle its centre. `None` for what is no place.
pub(super) fn geometry<'a>(instance: &Instance<'a>) -> Option<Cow<'a, str>> {
    if instance.is_domain {
        return of_location(&Location::parse(instance.value_type, instance.value).ok()??).map(Cow::Owned);
    }
    if !is_geo(instance.value_type) {
        return None;
    }
    if instance.value_type == "geo:json" && looks_like_geometry(instance.value.as_str()) {
        return Some(Cow::Borrowed(instance.value.as_str()));
    }
    of_declared(instance.value_type, instance.value).map(Cow::Owned)
}

fn of_declared(value_type: &str, value: &JsonText) -> Option<String> {
    let shape = coordinates::parse(value_type, value).ok()??;
    of_shape(&shape)
}

/// A geometry as it is written.
#[derive(Serialize)]
struct Geometry<C> {
    coordinates: C,
    #[serde(rename = "type")]
    kind: &'static str,
}

fn of_location(place: &Location) -> Option<String> {
    if let Location::Polygon(polygon) = place {
        let ring: Vec<_> = polygon.vertices.iter().chain(polygon.vertices.first()).map(position_of).collect();
        return serde_json::to_string(&Geometry { coordinates: [ring], kind: "Polygon" }).ok();
    }
    let coordinates = position_of(&place.center()?);
    serde_json::to_string(&Geometry { coordinates, kind: "Point" }).ok()
}

fn position_of(point: &Point) -> [f64; 2] {
    [point.longitude, point.latitude]
}

fn of_shape(shape: &Shape) -> Option<String> {
    let (kind, coordinates) = match (shape.points.as_slice(), shape.lines.as_slice(), shape.areas.as_slice()) {
        ([point], [], []) => ("Point", json!(position(point))),
        (points, [], []) if !points.is_empty() => ("MultiPoint", points.iter().map(|p| json!(position(p))).collect()),
        ([], [line], []) => ("LineString", positions(line)),
        ([], lines, []) if !lines.is_empty() => ("MultiLineString", lines.iter().map(positions).collect()),
        ([], [], [area]) => ("Polygon", rings(area)),
        ([], [], areas) if !areas.is_empty() => ("MultiPolygon", areas.iter().map(rings).collect()),
        _ => return None,
    };
    serde_json::to_string(&Geometry { coordinates, kind }).ok()
}

fn position(coord: &Coord) -> [f64; 2] {
    [coord.x, coord.y]
}

fn positions(line: &LineString) -> Value {
    line.0.iter().map(|coord| json!(position(coord))).collect()
}

fn rings(area: &Polygon) -> Value {
    std::iter::once(area.exterior()).chain(area.interiors()).map(positions).collect()
}
