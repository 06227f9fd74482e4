//! Geometry of points, lines and areas: containment is planar in degrees, distances are great-circle metres.
//!
//! The predicates of a general topology library were rejected: they may panic on the self-intersecting areas that clients write.

use geo::line_intersection::{LineIntersection, line_intersection};
use geo::{Coord, Distance, Haversine, Intersects, Line, LineString, Polygon, Rect};

use super::sameness::{are_same, is_same_area, is_same_line};

/// What counts as on a border, in degrees; about a tenth of a millimetre.
const TOLERANCE: f64 = 1e-9;

/// Points, lines and areas that together are one place. `x` is the longitude.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Shape {
    /// Single points.
    pub points: Vec<Coord>,
    /// Lines of two or more vertices.
    pub lines: Vec<LineString>,
    /// Areas, with holes.
    pub areas: Vec<Polygon>,
}

impl Shape {
    /// One point.
    #[must_use]
    pub fn point(point: Coord) -> Self {
        Self { points: vec![point], ..Self::default() }
    }

    /// One line.
    #[must_use]
    pub fn line(vertices: Vec<Coord>) -> Self {
        Self { lines: vec![LineString(vertices)], ..Self::default() }
    }

    /// One area without holes.
    #[must_use]
    pub fn area(ring: Vec<Coord>) -> Self {
        Self { areas: vec![Polygon::new(LineString(ring), Vec::new())], ..Self::default() }
    }

    /// The rectangle between two opposite corners.
    #[must_use]
    pub fn rectangle(one: Coord, other: Coord) -> Self {
        Self { areas: vec![Rect::new(one, other).to_polygon()], ..Self::default() }
    }

    /// Every vertex.
    pub(super) fn vertices(&self) -> impl Iterator<Item = Coord> {
        self.points.iter().chain(self.line_strings().flat_map(|line| &line.0)).copied()
    }

    fn segments(&self) -> impl Iterator<Item = Line> {
        self.line_strings().flat_map(LineString::lines)
    }

    fn line_strings(&self) -> impl Iterator<Item = &LineString> {
        let rings = self.areas.iter().flat_map(|area| std::iter::once(area.exterior()).chain(area.interiors()));
        self.lines.iter().chain(rings)
    }

    /// Whether any part is common to both.
    #[must_use]
    pub fn intersects(&self, other: &Self) -> bool {
        self.vertices().any(|vertex| other.covers(vertex))
            || other.vertices().any(|vertex| self.covers(vertex))
            || self.segments().any(|own| other.segments().any(|segment| own.intersects(&segment)))
    }

    fn covers(&self, point: Coord) -> bool {
        self.points.contains(&point)
            || self.lines.iter().any(|line| line.intersects(&point))
            || self.areas.iter().any(|area| area.intersects(&point))
    }

    /// [`Self::covers`], forgiving what rounding does on a border.
    fn nearly_covers(&self, point: Coord) -> bool {
        self.covers(point) || self.segments().any(|segment| is_on(point, segment))
    }

    /// Whether all of it lies in `whole`. Borders belong to it.
    #[must_use]
    pub fn is_covered_by(&self, whole: &Self) -> bool {
        (self.areas.is_empty() || !whole.areas.is_empty())
            && self.vertices().all(|vertex| whole.nearly_covers(vertex))
            && self.segments().all(|segment| whole.pieces(segment).iter().all(|middle| whole.nearly_covers(*middle)))
            && !whole.holes().any(|hole| self.reaches_into(hole))
    }

    /// Whether part of a hole, which no border of this shape crosses, lies in an area.
    fn reaches_into(&self, hole: &LineString) -> bool {
        hole.0.iter().any(|vertex| self.has_inside(*vertex))
            || inner_point(hole).is_some_and(|point| self.has_inside(point))
    }

    fn has_inside(&self, point: Coord) -> bool {
        self.has_in_area(point) && !self.segments().any(|segment| is_on(point, segment))
    }

    fn holes(&self) -> impl Iterator<Item = &LineString> {
        self.areas.iter().flat_map(Polygon::interiors)
    }

    /// Whether both are points, lines or areas, have some of that kind in common, and each has some that the other has not.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let common = match (self.dimension(), other.dimension()) {
            (0, 0) => self.points.iter().any(|point| other.points.contains(point)),
            (1, 1) => {
                let is_along = |middle: &Coord| other.segments().any(|segment| is_on(*middle, segment));
                self.segments().any(|segment| other.pieces(segment).iter().any(is_along))
            }
            (2, 2) => self.runs_inside(other) || other.runs_inside(self),
            _ => false,
        };
        common && !self.is_covered_by(other) && !other.is_covered_by(self)
    }

    fn runs_inside(&self, other: &Self) -> bool {
        self.segments().any(|segment| other.pieces(segment).iter().any(|middle| other.has_inside(*middle)))
    }

    fn dimension(&self) -> u8 {
        match (self.lines.as_slice(), self.areas.as_slice()) {
            ([], []) => 0,
            (_, []) => 1,
            _ => 2,
        }
    }

    /// The middles of the pieces into which the lines and borders cut a segment: each is wholly inside or wholly outside.
    fn pieces(&self, segment: Line) -> Vec<Coord> {
        let mut cuts = vec![0.0, 1.0];
        for border in self.segments() {
            match line_intersection(segment, border) {
                Some(LineIntersection::SinglePoint { intersection, .. }) => {
                    cuts.push(fraction_at(intersection, segment));
                }
                Some(LineIntersection::Collinear { intersection }) => {
                    cuts.extend([fraction_at(intersection.start, segment), fraction_at(intersection.end, segment)]);
                }
                None => {}
            }
        }
        cuts.sort_by(f64::total_cmp);
        let middle = |piece: &[f64]| segment.start + segment.delta() * f64::midpoint(piece[0], piece[1]);
        cuts.windows(2).map(middle).collect()
    }

    /// Whether both consist of the same points, lines and areas.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        are_same(&self.points, &other.points, PartialEq::eq)
            && are_same(&self.lines, &other.lines, is_same_line)
            && are_same(&self.areas, &other.areas, is_same_area)
    }

    fn is_single(&self) -> bool {
        self.points.len() + self.lines.len() + self.areas.len() == 1
    }

    /// The shortest great-circle distance, in metres; zero when they touch.
    #[must_use]
    pub fn distance_m(&self, other: &Self) -> f64 {
        if let ([one], true, [two], true) = (&*self.points, self.is_single(), &*other.points, other.is_single()) {
            return between(*one, *two);
        }
        if self.intersects(other) {
            return 0.0;
        }
        let there = self.vertices().map(|vertex| other.border_distance_m(vertex));
        let back = other.vertices().map(|vertex| self.border_distance_m(vertex));
        there.chain(back).fold(f64::INFINITY, f64::min)
    }

    /// From `point` to the nearest of points, lines and borders, in metres.
    #[must_use]
    pub fn border_distance_m(&self, point: Coord) -> f64 {
        let points = self.points.iter().map(|own| between(point, *own));
        let segments = self.segments().map(|segment| segment_distance_m(point, segment));
        points.chain(segments).fold(f64::INFINITY, f64::min)
    }

    /// Whether `point` lies in an area, or on its border.
    #[must_use]
    pub fn has_in_area(&self, point: Coord) -> bool {
        self.areas.iter().any(|area| area.intersects(&point))
    }
}

fn between(one: Coord, two: Coord) -> f64 {
    Haversine.distance(geo::Point(one), geo::Point(two))
}

/// Where on the segment, from 0 to 1, the point nearest to `point` is.
fn fraction_at(point: Coord, segment: Line) -> f64 {
    let (along, way) = (segment.delta(), point - segment.start);
    let length_squared = along.x * along.x + along.y * along.y;
    if length_squared == 0.0 {
        return 0.0;
    }
    ((way.x * along.x + way.y * along.y) / length_squared).clamp(0.0, 1.0)
}

fn is_on(point: Coord, segment: Line) -> bool {
    let off = segment.start + segment.delta() * fraction_at(point, segment) - point;
    off.x.hypot(off.y) <= TOLERANCE
}

/// The nearest point is sought on the plane that touches the globe there: first at `point`, then halfway to what was found.
fn segment_distance_m(mut point: Coord, segment: Line) -> f64 {
    let middle = f64::midpoint(segment.start.x, segment.end.x);
    point.x -= ((point.x - middle) / 360.0).round() * 360.0;
    let first = nearest_at(point.y, point, segment);
    let second = nearest_at(f64::midpoint(point.y, first.y), point, segment);
    between(point, first).min(between(point, second))
}

fn nearest_at(latitude: f64, point: Coord, segment: Line) -> Coord {
    let scale = latitude.to_radians().cos();
    let scaled = |coord: Coord| Coord { x: coord.x * scale, y: coord.y };
    let fraction = fraction_at(scaled(point), Line::new(scaled(segment.start), scaled(segment.end)));
    segment.start + segment.delta() * fraction
}

/// A point inside a ring: in the middle of where a parallel of latitude between its two southernmost vertices first meets it.
fn inner_point(ring: &LineString) -> Option<Coord> {
    let south = ring.0.iter().map(|vertex| vertex.y).min_by(f64::total_cmp)?;
    let next = ring.0.iter().map(|vertex| vertex.y).filter(|y| *y > south).min_by(f64::total_cmp)?;
    let y = f64::midpoint(south, next);
    let crossed = ring.lines().filter(|line| (line.start.y > y) != (line.end.y > y));
    let mut meets: Vec<f64> =
        crossed.map(|line| line.start.x + line.delta().x * (y - line.start.y) / line.delta().y).collect();
    meets.sort_by(f64::total_cmp);
    match meets.as_slice() {
        [first, second, ..] => Some(Coord { x: f64::midpoint(*first, *second), y }),
        _ => None,
    }
}
