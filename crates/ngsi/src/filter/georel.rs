//! Geographical queries: `georel`, `geometry`, and `coords` of NGSIv2 or `coordinates` of NGSI-LD.

use super::coordinates::{self, build, coordinate};
use super::place::Place;
use super::shape::Shape;
use crate::json::check_depth;
use crate::v2::place::LOCATION;
use crate::{Entity, Name, ParseError};

/// The most pairs of coordinates in `coords`, and positions in `coordinates`.
pub const MAX_COORDS: usize = 256;

/// The geometries of NGSI-LD.
const GEOMETRIES: [&str; 6] = ["Point", "MultiPoint", "LineString", "MultiLineString", "Polygon", "MultiPolygon"];

/// A compiled geographical query: how the place of an entity must relate to a reference shape.
#[derive(Debug, Clone, PartialEq)]
pub struct GeoFilter {
    pub(super) relation: Relation,
    pub(super) reference: Shape,
    /// The attribute that holds the place, as it is stored; of NGSIv2 there is one in an entity.
    property: Option<Name>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Relation {
    Near { min_m: f64, max_m: f64 },
    CoveredBy,
    Contains,
    Intersects,
    Overlaps,
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
        Ok(Self { relation, reference, property: None })
    }

    /// Compiles `georel` (such as `near;maxDistance==1000`), `geometry` and `coordinates` of GeoJSON (RFC 7946), and the stored
    /// name of `geoproperty`, `location` when it is empty (ETSI GS CIM 009, 4.10).
    ///
    /// # Errors
    /// The path is the parameter that is wrong.
    pub fn parse_ld(georel: &str, geometry: &str, coordinates: &str, property: Name) -> Result<Self, ParseError> {
        let relation = Relation::parse_ld(georel).map_err(|problem| ParseError::new("georel", problem))?;
        if !GEOMETRIES.contains(&geometry) {
            let problem = format!("must be one of {}, is {geometry:?}", GEOMETRIES.join(", "));
            return Err(ParseError::new("geometry", problem));
        }
        check_depth(coordinates.as_bytes()).map_err(|error| ParseError::new("coordinates", error.problem))?;
        let reference = coordinates::geometry(geometry, coordinates)
            .and_then(|shape| match shape.vertices().take(MAX_COORDS + 1).count() {
                0 => Err("a geometry has coordinates".to_owned()),
                count if count > MAX_COORDS => Err(format!("more than {MAX_COORDS} positions")),
                _ => Ok(shape),
            })
            .map_err(|problem| ParseError::new("coordinates", problem))?;
        let property = if property.is_empty() { Name::from(LOCATION) } else { property };
        Ok(Self { relation, reference, property: Some(property) })
    }

    /// Whether the entity is where the query asks; of several places one is enough. An entity without a place is nowhere.
    #[must_use]
    pub fn matches(&self, entity: &Entity) -> bool {
        self.places(entity).any(|place| self.holds(&place))
    }

    fn places<'a>(&'a self, entity: &'a Entity) -> impl Iterator<Item = Place> + 'a {
        let named = self.property.as_ref().map(|name| entity.instances(name.as_str()).filter_map(Place::of_attribute));
        let only = if self.property.is_none() { Place::of(entity) } else { None };
        named.into_iter().flatten().chain(only)
    }

    fn holds(&self, place: &Place) -> bool {
        match self.relation {
            Relation::Near { min_m, max_m } => (min_m..=max_m).contains(&place.distance_m(&self.reference)),
            Relation::CoveredBy => place.is_covered_by(&self.reference),
            Relation::Contains => place.covers(&self.reference),
            Relation::Intersects => place.intersects(&self.reference),
            Relation::Disjoint => !place.intersects(&self.reference),
            Relation::Overlaps => matches!(place, Place::Shape(shape) if shape.overlaps(&self.reference)),
            Relation::Equals => matches!(place, Place::Shape(shape) if shape.is_same_as(&self.reference)),
        }
    }

    /// How far the nearest parts of the entity and of the reference shape are from each other, in metres; `None` for an
    /// entity without a place.
    #[must_use]
    pub fn distance_m(&self, entity: &Entity) -> Option<f64> {
        self.places(entity).map(|place| place.distance_m(&self.reference)).min_by(f64::total_cmp)
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
        let (relation, modifiers) = text.split_once(';').map_or((text, None), |(name, rest)| (name, Some(rest)));
        let relation = match relation.trim() {
            "near" => return Self::near(modifiers, ":"),
            "coveredBy" => Self::CoveredBy,
            "intersects" => Self::Intersects,
            "equals" => Self::Equals,
            "disjoint" => Self::Disjoint,
            other => return Err(format!("must be near, coveredBy, intersects, equals or disjoint, is {other:?}")),
        };
        relation.unmodified(modifiers)
    }

    fn parse_ld(text: &str) -> Result<Self, String> {
        let (relation, modifiers) = text.split_once(';').map_or((text, None), |(name, rest)| (name, Some(rest)));
        let relation = match relation.trim() {
            "near" => return Self::near(modifiers, "=="),
            "within" => Self::CoveredBy,
            "contains" => Self::Contains,
            "overlaps" => Self::Overlaps,
            "intersects" => Self::Intersects,
            "equals" => Self::Equals,
            "disjoint" => Self::Disjoint,
            other => {
                let known = "near, within, contains, overlaps, intersects, equals or disjoint";
                return Err(format!("must be {known}, is {other:?}"));
            }
        };
        relation.unmodified(modifiers)
    }

    fn unmodified(self, modifiers: Option<&str>) -> Result<Self, String> {
        match modifiers {
            None => Ok(self),
            Some(word) => Err(format!("only near has modifiers, found {word:?}")),
        }
    }

    fn near(modifiers: Option<&str>, separator: &str) -> Result<Self, String> {
        let (mut min_m, mut max_m) = (None, None);
        for modifier in modifiers.into_iter().flat_map(|modifiers| modifiers.split(';')).map(str::trim) {
            let (name, distance) = modifier.split_once(separator).unwrap_or((modifier, ""));
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
            return Err(format!("near has maxDistance{separator}metres, minDistance{separator}metres or both"));
        }
        Ok(Self::Near { min_m: min_m.unwrap_or(0.0), max_m: max_m.unwrap_or(f64::INFINITY) })
    }
}

fn metres(name: &str, text: &str) -> Result<f64, String> {
    let distance = text.trim().parse().ok().filter(|metres: &f64| metres.is_finite() && *metres >= 0.0);
    distance.ok_or_else(|| format!("{name} must be a number of metres, zero or more, is {text:?}"))
}
