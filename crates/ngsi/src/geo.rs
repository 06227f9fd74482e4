//! Places on Earth: points, circles and polygons in WGS 84 degrees, distances in metres.
//!
//! Distances are great-circle distances on a sphere (the haversine formula). Polygon containment is planar in
//! degrees, as in the original protocol; a polygon must not cross the antimeridian.

use geo::{Contains, Distance, Haversine, Intersects};
use serde::{Deserialize, Serialize};

use crate::{JsonText, ParseError};

/// The most vertices a polygon may have.
pub const MAX_VERTICES: usize = 10_000;

/// A point, in degrees.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Point {
    /// Degrees north, -90 to 90.
    pub latitude: f64,
    /// Degrees east, -180 to 180.
    pub longitude: f64,
}

/// A disc on the globe.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Circle {
    /// Latitude of the centre, in degrees.
    #[serde(rename = "centerLatitude")]
    pub center_latitude: f64,
    /// Longitude of the centre, in degrees.
    #[serde(rename = "centerLongitude")]
    pub center_longitude: f64,
    /// Radius, in metres.
    #[serde(rename = "radius")]
    pub radius_m: f64,
}

/// An area inside a ring of vertices, which need not be closed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Polygon {
    /// The corners in order, at least three.
    pub vertices: Vec<Point>,
}

/// Where something is.
#[derive(Debug, Clone, PartialEq)]
pub enum Location {
    /// At a point.
    Point(Point),
    /// Somewhere in, or all over, a circle.
    Circle(Circle),
    /// Somewhere in, or all over, a polygon.
    Polygon(Polygon),
    /// Everywhere.
    Global,
}

impl Point {
    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the coordinate that is not a number in its range.
    pub fn validate(self) -> Result<Self, ParseError> {
        in_range("latitude", self.latitude, 90.0)?;
        in_range("longitude", self.longitude, 180.0)?;
        Ok(self)
    }

    /// Great-circle distance, in metres.
    #[must_use]
    pub fn distance_m(self, other: Self) -> f64 {
        Haversine.distance(self.into(), geo::Point::from(other))
    }
}

impl From<Point> for geo::Point {
    fn from(point: Point) -> Self {
        Self::new(point.longitude, point.latitude)
    }
}

fn in_range(name: &str, value: f64, bound: f64) -> Result<(), ParseError> {
    if value.is_finite() && value.abs() <= bound {
        return Ok(());
    }
    Err(ParseError::new(name, format!("must be a number from -{bound} to {bound}, is {value}")))
}

impl Circle {
    /// The centre.
    #[must_use]
    pub fn center(&self) -> Point {
        Point { latitude: self.center_latitude, longitude: self.center_longitude }
    }

    /// Checks the ranges.
    ///
    /// # Errors
    /// Names the member that is not a number in its range.
    pub fn validate(self) -> Result<Self, ParseError> {
        in_range("centerLatitude", self.center_latitude, 90.0)?;
        in_range("centerLongitude", self.center_longitude, 180.0)?;
        if self.radius_m.is_finite() && self.radius_m >= 0.0 {
            return Ok(self);
        }
        Err(ParseError::new("radius", format!("must be a number of metres, zero or more, is {}", self.radius_m)))
    }

    /// Whether `point` lies inside or on the edge.
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        self.center().distance_m(point) <= self.radius_m
    }
}

impl Polygon {
    /// Checks the number and the ranges of the vertices.
    ///
    /// # Errors
    /// Names the vertex that is not usable, or says how many there must be.
    pub fn validate(self) -> Result<Self, ParseError> {
        if self.vertices.len() < 3 || self.vertices.len() > MAX_VERTICES {
            let problem = format!("a polygon has 3 to {MAX_VERTICES} vertices, this one has {}", self.vertices.len());
            return Err(ParseError::new("vertices", problem));
        }
        for (index, vertex) in self.vertices.iter().enumerate() {
            vertex.validate().map_err(|error| error.within(&format!("vertices[{index}]")))?;
        }
        Ok(self)
    }

    /// Whether `point` lies inside or on the edge.
    #[must_use]
    pub fn contains(&self, point: Point) -> bool {
        self.to_geo().intersects(&geo::Point::from(point))
    }

    /// The mean of the vertices.
    #[must_use]
    pub fn center(&self) -> Point {
        let count = self.vertices.len().max(1) as f64;
        Point {
            latitude: self.vertices.iter().map(|v| v.latitude).sum::<f64>() / count,
            longitude: self.vertices.iter().map(|v| v.longitude).sum::<f64>() / count,
        }
    }

    fn to_geo(&self) -> geo::Polygon {
        let ring: geo::LineString = self.vertices.iter().map(|v| (v.longitude, v.latitude)).collect();
        geo::Polygon::new(ring, Vec::new())
    }
}

impl Location {
    /// A representative point; none for [`Location::Global`].
    #[must_use]
    pub fn center(&self) -> Option<Point> {
        match self {
            Self::Point(point) => Some(*point),
            Self::Circle(circle) => Some(circle.center()),
            Self::Polygon(polygon) => Some(polygon.center()),
            Self::Global => None,
        }
    }

    /// Whether any part of this place lies in `circle`.
    #[must_use]
    pub fn touches_circle(&self, circle: &Circle) -> bool {
        match self {
            Self::Point(point) => circle.contains(*point),
            Self::Circle(other) => other.center().distance_m(circle.center()) <= other.radius_m + circle.radius_m,
            Self::Polygon(polygon) => {
                polygon.contains(circle.center()) || polygon.vertices.iter().any(|vertex| circle.contains(*vertex))
            }
            Self::Global => true,
        }
    }

    /// Whether any part of this place lies in `polygon`.
    #[must_use]
    pub fn touches_polygon(&self, polygon: &Polygon) -> bool {
        match self {
            Self::Point(point) => polygon.contains(*point),
            Self::Circle(circle) => Self::Polygon(polygon.clone()).touches_circle(circle),
            Self::Polygon(other) => {
                let (one, two) = (polygon.to_geo(), other.to_geo());
                one.intersects(&two) || one.contains(&two)
            }
            Self::Global => true,
        }
    }

    /// Reads the place out of domain metadata given as (name, type, value).
    ///
    /// The metadatum named `location` counts; failing that the first of a geographic type. A value that is no valid
    /// place of its type counts as no place.
    pub fn of_metadata<'a>(metadata: impl Iterator<Item = (&'a str, &'a str, &'a JsonText)>) -> Option<Self> {
        let mut first = None;
        for (name, value_type, value) in metadata {
            let named = name.eq_ignore_ascii_case("location");
            if !named && first.is_some() {
                continue;
            }
            if let Ok(Some(place)) = Self::parse(value_type, value) {
                if named {
                    return Some(place);
                }
                first = Some(place);
            }
        }
        first
    }

    /// Reads a domain metadatum of type `point`, `circle`, `polygon` or `global`; `None` for other types.
    ///
    /// # Errors
    /// A value that is not a valid place of the declared type; the path starts at `value`.
    pub fn parse(value_type: &str, value: &JsonText) -> Result<Option<Self>, ParseError> {
        let is = |name: &str| value_type.eq_ignore_ascii_case(name);
        let place = match () {
            () if is("point") => shape::<Point>(value)?.validate().map(Self::Point),
            () if is("circle") => shape::<Circle>(value)?.validate().map(Self::Circle),
            () if is("polygon") => shape::<Polygon>(value)?.validate().map(Self::Polygon),
            () if is("global") => Ok(Self::Global),
            () => return Ok(None),
        };
        place.map(Some).map_err(|error| error.within("value"))
    }
}

fn shape<T: serde::de::DeserializeOwned>(value: &JsonText) -> Result<T, ParseError> {
    // Only what is wrong is read again, to say where.
    serde_json::from_str(value.as_str())
        .or_else(|_| crate::json::parse(value.as_str().as_bytes()))
        .map_err(|error| error.within("value"))
}
