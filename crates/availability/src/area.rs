//! Places as points and boxes in the space around the unit sphere.
//!
//! Boxes only choose candidates and may be too large; [`ngsi::Scope::matches`] decides.

use ngsi::geo::{Circle, Polygon};
use ngsi::{Location, Point, Scope};
use rstar::{AABB, PointDistance, RTreeObject};

/// Mean radius of the Earth, in metres, as the haversine distance of `ngsi` uses it.
const EARTH_RADIUS_M: f64 = 6_371_008.8;
/// What rounding may cost, in radii of the Earth (6 mm).
const SLACK: f64 = 1e-9;
/// How far entities that share a place are set apart, in radii of the Earth (6 µm).
const SPREAD: f64 = 1e-12;

pub(crate) type Vector = [f64; 3];

/// An entry of an R-tree.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Located {
    center: Vector,
    extent: f64,
    pub(crate) slot: u32,
}

impl Located {
    /// The entry of what is at `location`; none for something everywhere.
    ///
    /// Entries that share a place are set apart by a few micrometres, so that removing one does not search them all.
    pub(crate) fn new(location: &Location, slot: u32) -> Option<Self> {
        let mut center = vector(location.center()?);
        let mut scatter = u64::from(slot).wrapping_add(1);
        for coordinate in &mut center {
            scatter = scatter.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(29);
            *coordinate += SPREAD * (f64::from((scatter >> 48) as u16) / f64::from(u16::MAX) - 0.5);
        }
        Some(Self { center, extent: chord(radius(location)), slot })
    }
}

impl RTreeObject for Located {
    type Envelope = AABB<Vector>;

    fn envelope(&self) -> Self::Envelope {
        around(self.center, self.extent)
    }
}

impl PointDistance for Located {
    fn distance_2(&self, point: &Vector) -> f64 {
        self.center.iter().zip(point).map(|(a, b)| (a - b) * (a - b)).sum()
    }
}

/// The box that holds everything a scope may select, and its size; none if the scope does not speak of an area.
pub(crate) fn bounds(scope: &Scope) -> Option<(f64, AABB<Vector>)> {
    let (center, radius) = match scope {
        Scope::Circle(circle) => (circle.center(), angle(circle.radius_m)),
        Scope::Polygon(polygon) => (polygon.center(), reach(polygon)),
        Scope::Nearby { .. } | Scope::Global | Scope::StringQuery(_) => return None,
    };
    Some((radius, around(vector(center), chord(radius) + SLACK)))
}

/// A point of the unit sphere.
pub(crate) fn vector(point: Point) -> Vector {
    let (latitude, longitude) = (point.latitude.to_radians(), point.longitude.to_radians());
    [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
}

fn around(center: Vector, extent: f64) -> AABB<Vector> {
    AABB::from_corners(center.map(|c| c - extent), center.map(|c| c + extent))
}

fn radius(location: &Location) -> f64 {
    match location {
        Location::Circle(Circle { radius_m, .. }) => angle(*radius_m),
        Location::Polygon(polygon) => reach(polygon),
        Location::Point(_) | Location::Global => 0.0,
    }
}

fn angle(distance_m: f64) -> f64 {
    distance_m / EARTH_RADIUS_M
}

/// The straight line through the Earth under an arc.
fn chord(angle: f64) -> f64 {
    2.0 * (angle.min(std::f64::consts::PI) / 2.0).sin()
}

/// An angle no point of the polygon is further from its centre than.
///
/// The sides are straight in degrees, not on the sphere, so corners need not be the furthest points. But going along the
/// meridian and then along the parallel is never shorter than the arc, and that sum is greatest at a corner.
fn reach(polygon: &Polygon) -> f64 {
    let center = polygon.center();
    let detour = |v: &Point| (v.latitude - center.latitude).abs() + (v.longitude - center.longitude).abs();
    polygon.vertices.iter().map(detour).fold(0.0, f64::max).to_radians()
}
