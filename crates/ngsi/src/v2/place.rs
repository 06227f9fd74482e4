//! Places between NGSIv2, where they are values of attributes, and NGSI-10, where they are domain metadata.

use serde_json::{Value, json};

use crate::geo::Polygon;
use crate::{Attribute, AttributeKind, Entity, JsonText, Location, Metadata, ParseError, Point};

/// The attribute that says where an entity is, and the domain metadatum of NGSI-10 that says the same.
pub const LOCATION: &str = "location";

/// Whether values of this type are places.
#[must_use]
pub fn is_geo(value_type: &str) -> bool {
    matches!(value_type, "geo:point" | "geo:line" | "geo:box" | "geo:polygon" | "geo:json")
}

/// The metadatum that makes a value of a geographic type a value like any other.
pub const IGNORE_TYPE: &str = "ignoreType";

/// Whether the attribute is a place where the entity may be: not one that is `null`, or that has [`IGNORE_TYPE`].
#[must_use]
pub fn is_place(attribute: &Attribute) -> bool {
    is_geo(attribute.value_type.as_str())
        && attribute.value.as_str() != "null"
        && !says(&attribute.metadata, IGNORE_TYPE).unwrap_or(false)
}

/// Whether a metadatum is `true`; `None` when it is not there.
#[must_use]
pub fn says(metadata: &[Metadata], name: &str) -> Option<bool> {
    metadata.iter().find(|metadatum| metadatum.name == *name).map(|metadatum| metadatum.value.as_str() == "true")
}

/// The attribute by which NGSIv2 says where the entity is. Of several places, which only NGSI-LD makes, it is the one with the
/// metadatum `defaultLocation`, failing that the one named `location`, failing that the first.
#[must_use]
pub fn source(entity: &Entity) -> Option<&Attribute> {
    let places = || entity.context_attributes().filter(|attribute| is_place(attribute));
    places()
        .find(|place| says(&place.metadata, "defaultLocation") == Some(true))
        .or_else(|| places().find(|place| place.name == *LOCATION))
        .or_else(|| places().next())
}

/// The place that a value of a geographic type stands for; `None` for other types and for `null`.
///
/// What NGSI-10 has no word for (lines, collections of places) is the box around it.
///
/// # Errors
/// A value that is not what its type says.
pub fn parse(value_type: &str, value: &JsonText) -> Result<Option<Location>, ParseError> {
    if !is_geo(value_type) || value.as_str() == "null" {
        return Ok(None);
    }
    let wrong = |problem: &str| ParseError::new("value", format!("is no {value_type}: {problem}"));
    let place = match value_type {
        "geo:point" => {
            Location::Point(corner(&value.to_value()).ok_or_else(|| wrong("must be `latitude, longitude`"))?)
        }
        "geo:json" => return geojson(&value.to_value()).map(Some).map_err(|problem| wrong(&problem)),
        _ => {
            let corners = corners(&value.to_value()).ok_or_else(|| wrong("must be a list of `latitude, longitude`"))?;
            match value_type {
                "geo:line" if corners.len() >= 2 => Location::Polygon(box_around(&corners)),
                "geo:box" if corners.len() == 2 && corners[0] != corners[1] => Location::Polygon(box_around(&corners)),
                "geo:polygon" if corners.len() >= 4 && corners.first() == corners.last() => {
                    Location::Polygon(ring(corners))
                }
                "geo:polygon" => return Err(wrong("must have at least four corners, the last like the first")),
                "geo:line" => return Err(wrong("must have at least two corners")),
                _ => return Err(wrong("must have two different corners")),
            }
        }
    };
    if let Location::Polygon(polygon) = &place {
        polygon.clone().validate().map_err(|error| wrong(&error.to_string()))?;
    }
    Ok(Some(place))
}

fn corner(value: &Value) -> Option<Point> {
    let (latitude, longitude) = value.as_str()?.split_once(',')?;
    let point = Point { latitude: latitude.trim().parse().ok()?, longitude: longitude.trim().parse().ok()? };
    point.validate().ok()
}

fn corners(value: &Value) -> Option<Vec<Point>> {
    value.as_array()?.iter().map(corner).collect()
}

/// A closed ring as NGSI-10 has it, without the last corner.
fn ring(mut corners: Vec<Point>) -> Polygon {
    corners.pop();
    Polygon { vertices: corners }
}

fn box_around(corners: &[Point]) -> Polygon {
    let reach = |number: fn(&Point) -> f64| {
        let (low, high) = (f64::INFINITY, f64::NEG_INFINITY);
        corners.iter().map(number).fold((low, high), |(low, high), n| (low.min(n), high.max(n)))
    };
    let ((south, north), (west, east)) = (reach(|corner| corner.latitude), reach(|corner| corner.longitude));
    let at = |latitude, longitude| Point { latitude, longitude };
    Polygon { vertices: vec![at(south, west), at(south, east), at(north, east), at(north, west)] }
}

/// The geometry of a GeoJSON `Feature`, or of the only one in a `FeatureCollection`: all that is kept of it.
#[must_use]
pub fn geometry(value_type: &str, value: JsonText) -> JsonText {
    if value_type != "geo:json" || !value.as_str().contains("\"Feature") {
        return value;
    }
    let mut tree = value.to_value();
    if tree["type"] == "FeatureCollection" && tree["features"].as_array().is_some_and(|features| features.len() == 1) {
        tree = tree["features"][0].take();
    }
    match tree.get_mut("geometry").map(Value::take) {
        Some(geometry) if tree["type"] == "Feature" => geometry.into(),
        _ => value,
    }
}

fn geojson(value: &Value) -> Result<Location, String> {
    let coordinates = value.get("coordinates").ok_or("coordinates: missing")?;
    let kind = value.get("type").and_then(Value::as_str).ok_or("type: missing")?;
    let mut found = Vec::new();
    let depth = match kind {
        "Point" => 0,
        "LineString" | "MultiPoint" => 1,
        "Polygon" | "MultiLineString" => 2,
        "MultiPolygon" => 3,
        _ => return Err(format!("type: `{kind}` is no geometry")),
    };
    positions(coordinates, depth, &mut found)?;
    match (kind, found.as_slice()) {
        ("Point", [point]) => Ok(Location::Point(*point)),
        ("LineString", [_]) | (_, []) => Err("coordinates: too few".to_owned()),
        ("Polygon", _) => {
            let mut outer = Vec::new();
            positions(&coordinates[0], 1, &mut outer)?;
            if outer.len() < 4 || outer.first() != outer.last() {
                return Err("coordinates: a ring has at least four corners, the last like the first".to_owned());
            }
            let polygon = ring(outer).validate().map_err(|error| format!("coordinates: {error}"))?;
            Ok(Location::Polygon(polygon))
        }
        _ => Ok(Location::Polygon(box_around(&found))),
    }
}

/// Appends the positions of nested lists, which are `[longitude, latitude]` at the innermost.
fn positions(value: &Value, depth: u8, found: &mut Vec<Point>) -> Result<(), String> {
    let items = value.as_array().ok_or("coordinates: must be a list")?;
    if depth > 0 {
        return items.iter().try_for_each(|item| positions(item, depth - 1, found));
    }
    let number = |index: usize| items.get(index).and_then(Value::as_f64);
    let (Some(longitude), Some(latitude)) = (number(0), number(1)) else {
        return Err("coordinates: a position is [longitude, latitude]".to_owned());
    };
    found.push(Point { latitude, longitude }.validate().map_err(|error| format!("coordinates: {error}"))?);
    Ok(())
}

/// Type and value of the domain metadatum that says the same in NGSI-10.
#[must_use]
pub fn to_domain(place: &Location) -> (&'static str, JsonText) {
    match place {
        Location::Point(point) => ("point", json!(point).into()),
        Location::Circle(circle) => ("circle", json!(circle).into()),
        Location::Polygon(polygon) => ("polygon", json!(polygon).into()),
        Location::Global => ("global", JsonText::string("")),
    }
}

/// The type that the domain metadata of a type have in NGSIv2.
#[must_use]
pub fn type_of_domain(value_type: &str) -> &str {
    match value_type.to_ascii_lowercase().as_str() {
        "point" => "geo:point",
        "polygon" => "geo:polygon",
        _ => value_type,
    }
}

/// Type and value in the simple location format; `None` for what it has no word for, and for what is no place.
#[must_use]
pub fn to_simple(attribute: &Attribute) -> Option<(&'static str, JsonText)> {
    if attribute.kind == AttributeKind::Context {
        return None;
    }
    match Location::parse(attribute.value_type.as_str(), &attribute.value).ok()?? {
        Location::Point(point) => {
            let mut json = Vec::with_capacity(48);
            write_corner(&mut json, &point);
            Some(("geo:point", JsonText::of_written(json)))
        }
        Location::Polygon(polygon) => {
            let mut json = vec![b'['];
            for corner in &polygon.vertices {
                write_corner(&mut json, corner);
                json.push(b',');
            }
            write_corner(&mut json, polygon.vertices.first()?);
            json.push(b']');
            Some(("geo:polygon", JsonText::of_written(json)))
        }
        Location::Circle(_) | Location::Global => None,
    }
}

/// Appends `"latitude, longitude"`.
fn write_corner(json: &mut Vec<u8>, corner: &Point) {
    json.push(b'"');
    write_degrees(json, corner.latitude);
    json.extend_from_slice(b", ");
    write_degrees(json, corner.longitude);
    json.push(b'"');
}

/// Appends a number with as many digits as it needs, and without an exponent.
fn write_degrees(json: &mut Vec<u8>, degrees: f64) {
    let start = json.len();
    let written = serde_json::to_writer(&mut *json, &degrees).is_ok();
    if !written || json[start..].contains(&b'e') {
        json.truncate(start);
        json.extend_from_slice(degrees.to_string().as_bytes());
    } else if json.ends_with(b".0") {
        json.truncate(json.len() - 2);
    }
}
