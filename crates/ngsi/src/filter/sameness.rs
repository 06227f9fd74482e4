//! When lines, areas and collections of them are the same.

use geo::{Coord, LineString, Polygon};

pub(super) fn is_same_line(one: &LineString, two: &LineString) -> bool {
    one == two || (one.0.len() == two.0.len() && one.0.iter().eq(two.0.iter().rev()))
}

pub(super) fn is_same_area(one: &Polygon, two: &Polygon) -> bool {
    let is_same = |one: &LineString, two: &LineString| is_same_ring(&one.0, &two.0);
    is_same(one.exterior(), two.exterior()) && are_same(one.interiors(), two.interiors(), is_same)
}

/// Whether both hold the same, in whatever order.
pub(super) fn are_same<T>(one: &[T], two: &[T], is_same: impl Fn(&T, &T) -> bool) -> bool {
    one.len() == two.len()
        && one.iter().all(|item| two.iter().any(|twin| is_same(item, twin)))
        && two.iter().all(|item| one.iter().any(|twin| is_same(item, twin)))
}

/// Rings are the same wherever they begin and whichever way they run.
fn is_same_ring(one: &[Coord], two: &[Coord]) -> bool {
    let ([one @ .., _], [two @ .., _]) = (one, two) else { return one == two };
    let turns = |turn: usize| one.iter().cycle().skip(turn).take(one.len());
    one.len() == two.len() && (0..one.len()).any(|turn| turns(turn).eq(two.iter()) || turns(turn).eq(two.iter().rev()))
}
