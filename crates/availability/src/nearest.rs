//! The entities of several types in order of their distance from a point.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use crate::area::{Located, Vector};
use crate::types::EntityType;

type Lane<'a> = Box<dyn Iterator<Item = (&'a Located, f64)> + 'a>;

/// Merges the nearest neighbours of every type. A type is looked into only once its box is the nearest thing left.
pub(crate) struct Nearest<'a> {
    origin: Vector,
    types: Vec<&'a EntityType>,
    lanes: Vec<Option<Lane<'a>>>,
    next: BinaryHeap<Reverse<Step>>,
}

#[derive(PartialEq)]
struct Step {
    distance_2: f64,
    lane: usize,
    slot: Option<u32>,
}

impl Eq for Step {}

impl PartialOrd for Step {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Step {
    fn cmp(&self, other: &Self) -> Ordering {
        let ahead = self.distance_2.total_cmp(&other.distance_2);
        ahead.then_with(|| (self.slot, self.lane).cmp(&(other.slot, other.lane)))
    }
}

impl<'a> Nearest<'a> {
    pub(crate) fn new(origin: Vector, types: Vec<&'a EntityType>) -> Self {
        let unopened = types.iter().enumerate().filter(|(_, entry)| entry.places.size() > 0).map(|(lane, entry)| {
            let distance_2 = entry.places.root().envelope().distance_2(&origin);
            Reverse(Step { distance_2, lane, slot: None })
        });
        let next = unopened.collect();
        let lanes = types.iter().map(|_| None).collect();
        Self { origin, types, lanes, next }
    }

    fn advance(&mut self, lane: usize) {
        let iterator = self.lanes[lane].get_or_insert_with(|| {
            let tree = &self.types[lane].places;
            Box::new(tree.nearest_neighbor_iter_with_distance_2(&self.origin))
        });
        if let Some((located, distance_2)) = iterator.next() {
            self.next.push(Reverse(Step { distance_2, lane, slot: Some(located.slot) }));
        }
    }
}

impl Iterator for Nearest<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        loop {
            let Reverse(step) = self.next.pop()?;
            self.advance(step.lane);
            if let Some(slot) = step.slot {
                return Some(slot);
            }
        }
    }
}
