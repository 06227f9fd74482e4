//! Places as NGSIv2 writes them: the Simple Location Format and GeoJSON.

use std::borrow::Cow;

use geo::{Coord, LineString, Polygon};
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::shape::Shape;
use crate::geo::MAX_VERTICES;
use crate::json::string;
use crate::{JsonText, ParseError, Point};

/// How deeply a GeoJSON feature may be wrapped: collection, feature, geometry.
const MAX_WRAPPING: usize = 3;

/// The place in the value of an attribute of type `geo:point`, `geo:line`, `geo:box`, `geo:polygon` or `geo:json`; `None` for
/// other types, and for `null`, which is no place yet.
///
/// # Errors
/// A value that is not a place of that type; the path starts at `value`.
pub fn parse(value_type: &str, value: &JsonText) -> Result<Option<Shape>, ParseError> {
    let Some(kind) = value_type.strip_prefix("geo:").filter(|_| value.as_str() != "null") else { return Ok(None) };
    let shape = match kind {
        "json" => geojson(value.as_str(), MAX_WRAPPING),
        "point" => match string(value.as_str()) {
            Some(pair) => coordinate(&pair).map(Shape::point),
            None => Err("must be a string \"latitude, longitude\"".to_owned()),
        },
        "line" | "box" | "polygon" => pairs(value).and_then(|pairs| build(kind, pairs)),
        _ => return Ok(None),
    };
    shape.map(Some).map_err(|problem| ParseError::new("value", problem))
}

fn pairs(value: &JsonText) -> Result<Vec<Coord>, String> {
    let pairs: Vec<Cow<'_, str>> =
        serde_json::from_str(value.as_str()).map_err(|_| "must be a list of strings \"latitude, longitude\"")?;
    pairs.iter().map(|pair| coordinate(pair)).collect()
}

/// Reads `latitude,longitude`.
pub(super) fn coordinate(pair: &str) -> Result<Coord, String> {
    let malformed = || format!("must be latitude, longitude, is {pair:?}");
    let (latitude, longitude) = pair.split_once(',').ok_or_else(malformed)?;
    let number = |text: &str| text.trim().parse::<f64>().map_err(|_| malformed());
    on_earth(number(longitude)?, number(latitude)?)
}

fn on_earth(longitude: f64, latitude: f64) -> Result<Coord, String> {
    let point = Point { latitude, longitude }.validate().map_err(|error| error.to_string())?;
    Ok(Coord { x: point.longitude, y: point.latitude })
}

/// A shape of the Simple Location Format from its coordinates.
pub(super) fn build(kind: &str, vertices: Vec<Coord>) -> Result<Shape, String> {
    match (kind, vertices.as_slice()) {
        ("point", [point]) => Ok(Shape::point(*point)),
        ("point", _) => Err(format!("a point is one pair of coordinates, not {}", vertices.len())),
        ("line", _) => line(vertices).map(|line| Shape { lines: vec![line], ..Shape::default() }),
        ("box", [one, other]) if one.x != other.x && one.y != other.y => Ok(Shape::rectangle(*one, *other)),
        ("box", _) => Err("a box is its lower and its upper corner, which differ in latitude and longitude".to_owned()),
        ("polygon", _) => ring(vertices).map(|ring| Shape::area(ring.0)),
        _ => Err(format!("must be point, line, polygon or box, is {kind:?}")),
    }
}

fn line(vertices: Vec<Coord>) -> Result<LineString, String> {
    if vertices.len() < 2 || vertices.len() > MAX_VERTICES {
        return Err(format!("a line has 2 to {MAX_VERTICES} pairs of coordinates, this one has {}", vertices.len()));
    }
    Ok(LineString(vertices))
}

fn ring(vertices: Vec<Coord>) -> Result<LineString, String> {
    if vertices.len() < 4 || vertices.len() > MAX_VERTICES {
        return Err(format!("a polygon has 4 to {MAX_VERTICES} pairs of coordinates, this one has {}", vertices.len()));
    }
    if vertices.first() != vertices.last() {
        return Err("the last pair of coordinates of a polygon is the first again".to_owned());
    }
    Ok(LineString(vertices))
}

#[derive(serde::Deserialize)]
struct GeoJson<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    coordinates: Option<&'a RawValue>,
    #[serde(borrow)]
    geometry: Option<&'a RawValue>,
    #[serde(borrow)]
    features: Option<Vec<&'a RawValue>>,
}

fn geojson(text: &str, wrapping: usize) -> Result<Shape, String> {
    let object: GeoJson<'_> = serde_json::from_str(text).map_err(|error| format!("not a GeoJSON object: {error}"))?;
    if let Some(inner) = object.wrapped()? {
        let wrapping = wrapping.checked_sub(1).ok_or("GeoJSON features do not nest")?;
        return geojson(inner, wrapping);
    }
    let coordinates = object.coordinates.ok_or("a GeoJSON geometry has coordinates")?.get();
    let shape = geometry(&object.kind, coordinates)?;
    match shape.vertices().take(MAX_VERTICES + 1).count() {
        0 => Err("a GeoJSON geometry has coordinates".to_owned()),
        count if count > MAX_VERTICES => Err(format!("more than {MAX_VERTICES} positions")),
        _ => Ok(shape),
    }
}

impl<'a> GeoJson<'a> {
    /// The geometry of a feature, or the feature of a collection of one.
    fn wrapped(&self) -> Result<Option<&'a str>, String> {
        match (&*self.kind, self.geometry, self.features.as_deref()) {
            ("Feature", Some(geometry), _) => Ok(Some(geometry.get())),
            ("Feature", None, _) => Err("a GeoJSON feature has a geometry".to_owned()),
            ("FeatureCollection", _, Some([feature])) => Ok(Some(feature.get())),
            ("FeatureCollection", _, _) => Err("a GeoJSON feature collection holds one feature".to_owned()),
            _ => Ok(None),
        }
    }
}

/// A GeoJSON geometry from its type and coordinates.
pub(super) fn geometry(kind: &str, coordinates: &str) -> Result<Shape, String> {
    match kind {
        "Point" => Ok(Shape::point(read::<Position>(coordinates)?.0)),
        "MultiPoint" => Ok(Shape { points: positions(read(coordinates)?), ..Shape::default() }),
        "LineString" => lines(vec![read(coordinates)?]),
        "MultiLineString" => lines(read(coordinates)?),
        "Polygon" => areas(vec![read(coordinates)?]),
        "MultiPolygon" => areas(read(coordinates)?),
        _ => Err(format!("{kind:?} is not a GeoJSON geometry that can be searched")),
    }
}

fn read<'a, T: Deserialize<'a>>(coordinates: &'a str) -> Result<T, String> {
    serde_json::from_str(coordinates).map_err(|error| format!("coordinates: {error}"))
}

fn lines(lines: Vec<Vec<Position>>) -> Result<Shape, String> {
    let lines = lines.into_iter().map(|vertices| line(positions(vertices))).collect::<Result<_, _>>()?;
    Ok(Shape { lines, ..Shape::default() })
}

fn areas(areas: Vec<Vec<Vec<Position>>>) -> Result<Shape, String> {
    let areas = areas.into_iter().map(area).collect::<Result<_, _>>()?;
    Ok(Shape { areas, ..Shape::default() })
}

fn area(rings: Vec<Vec<Position>>) -> Result<Polygon, String> {
    let mut rings = rings.into_iter().map(|vertices| ring(positions(vertices)));
    let exterior = rings.next().ok_or("a polygon has a ring of coordinates")??;
    Ok(Polygon::new(exterior, rings.collect::<Result<_, _>>()?))
}

fn positions(positions: Vec<Position>) -> Vec<Coord> {
    positions.into_iter().map(|position| position.0).collect()
}

/// `[longitude, latitude]`, perhaps with an altitude.
struct Position(Coord);

impl<'de> Deserialize<'de> for Position {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(PositionVisitor)
    }
}

struct PositionVisitor;

impl<'de> Visitor<'de> for PositionVisitor {
    type Value = Position;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a position [longitude, latitude]")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<Position, A::Error> {
        let mut next = |index| numbers.next_element()?.ok_or_else(|| serde::de::Error::invalid_length(index, &self));
        let (longitude, latitude) = (next(0)?, next(1)?);
        while numbers.next_element::<IgnoredAny>()?.is_some() {}
        on_earth(longitude, latitude).map(Position).map_err(serde::de::Error::custom)
    }
}
