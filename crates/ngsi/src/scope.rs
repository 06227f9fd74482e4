//! The `restriction` of queries and subscriptions: conditions on the place and the domain metadata of entities.

use serde::{Deserialize, Serialize};

use crate::geo::{Circle, Polygon};
use crate::json::null_as_default;
use crate::{JsonText, Location, ParseError, Point};

/// The most entities a `nearby` scope may ask for.
pub const MAX_NEARBY: usize = 10_000;

/// A scope as it stands in requests: `{"scopeType","scopeValue"}`; some clients write `type` and `value`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct OperationScope {
    /// `circle`, `polygon`, `nearby`, `global`, `stringQuery` or `simplegeolocation`.
    #[serde(rename = "scopeType", alias = "type", default, deserialize_with = "null_as_default")]
    pub scope_type: String,
    /// What that type of scope needs.
    #[serde(rename = "scopeValue", alias = "value", default)]
    pub scope_value: JsonText,
}

/// A restriction as it stands in requests: `{"scopes":[…]}`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Restriction {
    /// Conditions, all of which must hold.
    #[serde(default, deserialize_with = "null_as_default")]
    pub scopes: Vec<OperationScope>,
}

/// One understood condition.
#[derive(Debug, Clone, PartialEq)]
pub enum Scope {
    /// Some part of the entity lies in the circle.
    Circle(Circle),
    /// Some part of the entity lies in the polygon.
    Polygon(Polygon),
    /// The entity is among the `limit` nearest to `center`; every located entity is a candidate.
    Nearby {
        /// Where to measure from.
        center: Point,
        /// How many entities at most.
        limit: usize,
    },
    /// Everywhere: no condition.
    Global,
    /// Every named domain metadatum has the given value, compared as plain text.
    StringQuery(Vec<(String, String)>),
}

#[derive(Deserialize)]
struct Nearby {
    latitude: f64,
    longitude: f64,
    #[serde(default)]
    limit: Option<i64>,
}

#[derive(Deserialize)]
struct Corners {
    #[serde(rename = "nw_Corner")]
    north_west: String,
    #[serde(rename = "se_Corner")]
    south_east: String,
}

impl Restriction {
    /// Understands every scope.
    ///
    /// # Errors
    /// Names the scope and the member that is wrong, e.g. `scopes[0].scopeValue.radius`.
    pub fn parse(&self) -> Result<Vec<Scope>, ParseError> {
        self.scopes
            .iter()
            .enumerate()
            .map(|(index, scope)| scope.parse().map_err(|error| error.within(&format!("scopes[{index}]"))))
            .collect()
    }

    /// Whether nothing is asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.scopes.is_empty()
    }
}

impl OperationScope {
    /// Understands the scope; an empty type is [`Scope::Global`], and so is `local`, which existing pages offer without
    /// any place that it could be local to.
    ///
    /// # Errors
    /// An unknown type, or a value that is not what the type needs.
    pub fn parse(&self) -> Result<Scope, ParseError> {
        let scope = match self.scope_type.to_ascii_lowercase().as_str() {
            "" | "global" | "local" => Ok(Scope::Global),
            "circle" => self.value::<Circle>()?.validate().map(Scope::Circle),
            "polygon" => self.value::<Polygon>()?.validate().map(Scope::Polygon),
            "nearby" => self.value::<Nearby>()?.into_scope(),
            "stringquery" => string_query(&self.value::<String>()?),
            "simplegeolocation" => self.value::<Corners>()?.into_scope(),
            other => {
                return Err(ParseError::new("scopeType", format!("unknown type of scope `{other}`")));
            }
        };
        scope.map_err(|error| error.within("scopeValue"))
    }

    fn value<'a, T: Deserialize<'a>>(&'a self) -> Result<T, ParseError> {
        crate::json::parse(self.scope_value.as_str().as_bytes()).map_err(|error| error.within("scopeValue"))
    }
}

impl Nearby {
    fn into_scope(self) -> Result<Scope, ParseError> {
        let center = Point { latitude: self.latitude, longitude: self.longitude }.validate()?;
        let limit = usize::try_from(self.limit.unwrap_or(1))
            .map_err(|_| ParseError::new("limit", "must be a number of entities, zero or more"))?;
        Ok(Scope::Nearby { center, limit: limit.min(MAX_NEARBY) })
    }
}

impl Corners {
    fn into_scope(self) -> Result<Scope, ParseError> {
        let nw = corner(&self.north_west).map_err(|e| e.within("nw_Corner"))?;
        let se = corner(&self.south_east).map_err(|e| e.within("se_Corner"))?;
        let at = |latitude, longitude| Point { latitude, longitude };
        let vertices = vec![nw, at(nw.latitude, se.longitude), se, at(se.latitude, nw.longitude)];
        Ok(Scope::Polygon(Polygon { vertices }))
    }
}

fn corner(text: &str) -> Result<Point, ParseError> {
    let wrong = || ParseError::new("$", format!("must be `latitude,longitude`, is `{text}`"));
    let (latitude, longitude) = text.split_once(',').ok_or_else(wrong)?;
    Point {
        latitude: latitude.trim().parse().map_err(|_| wrong())?,
        longitude: longitude.trim().parse().map_err(|_| wrong())?,
    }
    .validate()
}

fn string_query(text: &str) -> Result<Scope, ParseError> {
    let conditions = text.split(';').filter(|part| !part.trim().is_empty()).map(|part| {
        let (name, value) = part
            .split_once('=')
            .ok_or_else(|| ParseError::new("$", format!("must be `name=value;name=value`, has `{part}`")))?;
        Ok((name.trim().to_owned(), value.trim().trim_matches('"').to_owned()))
    });
    conditions.collect::<Result<_, _>>().map(Scope::StringQuery)
}

impl Scope {
    /// Whether something at `location` with these domain metadata meets the condition.
    ///
    /// `metadata` looks a domain metadatum up by name. [`Scope::Nearby`] holds for everything located: choosing the
    /// nearest is up to the caller, who sees all candidates.
    #[must_use]
    pub fn matches(&self, location: Option<&Location>, metadata: &dyn Fn(&str) -> Option<String>) -> bool {
        match self {
            Self::Global => true,
            Self::Circle(circle) => location.is_some_and(|place| place.touches_circle(circle)),
            Self::Polygon(polygon) => location.is_some_and(|place| place.touches_polygon(polygon)),
            Self::Nearby { .. } => location.is_some_and(|place| place.center().is_some()),
            Self::StringQuery(conditions) => {
                conditions.iter().all(|(name, value)| metadata(name).as_deref() == Some(value.as_str()))
            }
        }
    }
}
