//! The live workers, indexed so that placing an instance does not look at all of them.
//!
//! Only workers with room are in the indexes. Places are points on the unit sphere in an R-tree: chords order like great
//! circles, so the nearest come first, and the triangle inequality says when no later one can have a smaller sum.

use std::collections::{BTreeMap, BTreeSet};

use flow::{ReportedInstance, TaskId, WorkerId, WorkerProfile};
use ngsi::{Point, Timestamp};
use rstar::RTree;
use rstar::primitives::GeomWithData;

use crate::{Rejection, Requirements};

type Place = GeomWithData<[f64; 3], Spot>;
/// A worker after its load, in millionths of its capacity.
type Ranked = (u64, WorkerId);

/// A point as a key. Workers at one point share an entry of the tree: it would slow down with many equal ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Spot(u64, u64);

impl Spot {
    fn of(point: Point) -> Self {
        Self(point.latitude.to_bits(), point.longitude.to_bits())
    }

    fn point(self) -> Point {
        Point { latitude: f64::from_bits(self.0), longitude: f64::from_bits(self.1) }
    }
}

/// A worker as it is known.
#[derive(Debug, Default)]
pub(crate) struct Worker {
    /// What it said last, without its instances.
    pub(crate) profile: WorkerProfile,
    pub(crate) location: Option<Point>,
    /// Whether it reports instances.
    pub(crate) reports: bool,
    /// What it really has.
    pub(crate) reported: BTreeMap<TaskId, ReportedInstance>,
    /// What it is to have.
    pub(crate) planned: BTreeSet<TaskId>,
    /// When it was last told to remove what it should not have.
    pub(crate) removals: BTreeMap<TaskId, Timestamp>,
    /// Images it was asked to fetch.
    pub(crate) prefetched: BTreeSet<String>,
    pub(crate) backing_off: bool,
    deadline: Timestamp,
    indexed: Option<(u64, Option<Spot>)>,
}

impl Worker {
    fn load(&self) -> u64 {
        let planned = self.planned.len() as u64;
        if self.reports { planned } else { planned.max(self.profile.workload.into()) }
    }

    fn has_room(&self) -> bool {
        self.load() < u64::from(self.profile.capacity)
    }

    fn ratio(&self) -> u64 {
        self.load() * 1_000_000 / u64::from(self.profile.capacity.max(1))
    }

    fn rejection(&self, needs: &Requirements, excluded: &BTreeSet<WorkerId>) -> Result<(), Rejection> {
        needs.check(&self.profile)?;
        match () {
            () if excluded.contains(&self.profile.id) => Err(Rejection::Excluded),
            () if self.backing_off => Err(Rejection::BackingOff),
            () if !self.has_room() => Err(Rejection::Full { load: self.load(), capacity: self.profile.capacity }),
            () => Ok(()),
        }
    }
}

/// All live workers.
#[derive(Debug, Default)]
pub(crate) struct Fleet {
    workers: BTreeMap<WorkerId, Worker>,
    by_load: BTreeSet<Ranked>,
    /// Those at each point, and those without one.
    spots: BTreeMap<Option<Spot>, BTreeSet<Ranked>>,
    places: RTree<Place>,
    deadlines: BTreeSet<(Timestamp, WorkerId)>,
    backing_off: BTreeSet<(Timestamp, WorkerId)>,
}

impl Fleet {
    pub(crate) fn get(&self, id: &WorkerId) -> Option<&Worker> {
        self.workers.get(id)
    }

    /// For anything that does not change how full the worker is.
    pub(crate) fn get_mut(&mut self, id: &WorkerId) -> Option<&mut Worker> {
        self.workers.get_mut(id)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Worker> {
        self.workers.values()
    }

    pub(crate) fn len(&self) -> usize {
        self.workers.len()
    }

    /// Takes a worker's profile.
    pub(crate) fn hear(&mut self, profile: WorkerProfile, deadline: Timestamp, reports: bool) {
        let id = profile.id.clone();
        let worker = self.workers.entry(id.clone()).or_default();
        self.deadlines.remove(&(worker.deadline, id.clone()));
        self.deadlines.insert((deadline, id.clone()));
        worker.deadline = deadline;
        let known = |point: &Point| point.latitude != 0.0 || point.longitude != 0.0;
        worker.location = profile.location.filter(known).and_then(|point| point.validate().ok());
        worker.profile = profile;
        worker.reports |= reports;
        self.reindex(&id);
    }

    pub(crate) fn remove(&mut self, id: &WorkerId) -> Option<Worker> {
        let worker = self.workers.get_mut(id)?;
        worker.profile.capacity = 0;
        let deadline = worker.deadline;
        self.reindex(id);
        self.deadlines.remove(&(deadline, id.clone()));
        self.workers.remove(id)
    }

    /// Workers not heard of for too long.
    pub(crate) fn silent(&self, now: Timestamp) -> Vec<WorkerId> {
        self.deadlines.iter().take_while(|(deadline, _)| *deadline <= now).map(|(_, id)| id.clone()).collect()
    }

    /// Gives every worker more time to be heard.
    pub(crate) fn postpone(&mut self, by: std::time::Duration) {
        self.deadlines = std::mem::take(&mut self.deadlines).into_iter().map(|(at, id)| (at.after(by), id)).collect();
        self.workers.values_mut().for_each(|worker| worker.deadline = worker.deadline.after(by));
    }

    pub(crate) fn plan(&mut self, id: &WorkerId, task: &TaskId) {
        if let Some(worker) = self.workers.get_mut(id) {
            worker.planned.insert(task.clone());
            self.reindex(id);
        }
    }

    /// Whether the instance was planned there.
    pub(crate) fn unplan(&mut self, id: &WorkerId, task: &TaskId) -> bool {
        let removed = self.workers.get_mut(id).is_some_and(|worker| worker.planned.remove(task));
        if removed {
            self.reindex(id);
        }
        removed
    }

    pub(crate) fn back_off(&mut self, id: &WorkerId, until: Timestamp) {
        if let Some(worker) = self.workers.get_mut(id) {
            worker.backing_off = true;
            self.backing_off.insert((until, id.clone()));
            self.reindex(id);
        }
    }

    /// Ends the back-offs that are over; whether there were any.
    pub(crate) fn end_back_offs(&mut self, now: Timestamp) -> bool {
        let mut any = false;
        while self.backing_off.first().is_some_and(|(until, _)| *until <= now) {
            let Some((_, id)) = self.backing_off.pop_first() else { break };
            let still = self.backing_off.iter().any(|(_, other)| *other == id);
            if let Some(worker) = self.workers.get_mut(&id) {
                worker.backing_off = still;
                self.reindex(&id);
                any = true;
            }
        }
        any
    }

    fn reindex(&mut self, id: &WorkerId) {
        let Some(worker) = self.workers.get_mut(id) else { return };
        let open = worker.has_room() && !worker.backing_off;
        let wanted = open.then(|| (worker.ratio(), worker.location.map(Spot::of)));
        if worker.indexed == wanted {
            return;
        }
        if let Some((ratio, spot)) = std::mem::replace(&mut worker.indexed, wanted) {
            self.by_load.remove(&(ratio, id.clone()));
            self.leave_spot(spot, &(ratio, id.clone()));
        }
        if let Some((ratio, spot)) = wanted {
            self.by_load.insert((ratio, id.clone()));
            self.enter_spot(spot, (ratio, id.clone()));
        }
    }

    fn enter_spot(&mut self, spot: Option<Spot>, worker: Ranked) {
        let here = self.spots.entry(spot).or_default();
        if let (true, Some(spot)) = (here.is_empty(), spot) {
            self.places.insert(Place::new(on_sphere(spot.point()), spot));
        }
        here.insert(worker);
    }

    fn leave_spot(&mut self, spot: Option<Spot>, worker: &Ranked) {
        let Some(here) = self.spots.get_mut(&spot) else { return };
        here.remove(worker);
        if here.is_empty() {
            self.spots.remove(&spot);
            if let Some(spot) = spot {
                self.places.remove(&Place::new(on_sphere(spot.point()), spot));
            }
        }
    }

    /// The best worker with room: nearest to the inputs, then least loaded, then first by id.
    pub(crate) fn choose(
        &self,
        needs: &Requirements,
        inputs: &[Point],
        excluded: &BTreeSet<WorkerId>,
    ) -> Option<WorkerId> {
        let suits =
            |id: &WorkerId| self.workers.get(id).is_some_and(|worker| worker.rejection(needs, excluded).is_ok());
        let least_loaded = |ids: &BTreeSet<Ranked>| ids.iter().find(|(_, id)| suits(id)).cloned();
        let found = match centre(inputs) {
            None => least_loaded(&self.by_load),
            Some(centre) => {
                let nearest = self.nearest(centre, inputs, least_loaded);
                nearest.or_else(|| self.spots.get(&None).and_then(least_loaded))
            }
        };
        found.map(|(_, id)| id)
    }

    fn nearest(
        &self,
        centre: Point,
        inputs: &[Point],
        least_loaded: impl Fn(&BTreeSet<Ranked>) -> Option<Ranked>,
    ) -> Option<Ranked> {
        let spread: f64 = inputs.iter().map(|input| centre.distance_m(*input)).sum();
        let mut best: Option<(u64, Ranked)> = None;
        for place in self.places.nearest_neighbor_iter(&on_sphere(centre)) {
            let location = place.data.point();
            let least = inputs.len() as f64 * centre.distance_m(location) - spread;
            if best.as_ref().is_some_and(|(sum, _)| least > *sum as f64 + 1.0) {
                break;
            }
            let sum = total_m(location, inputs);
            if best.as_ref().is_some_and(|(best, _)| sum > *best) {
                continue;
            }
            let candidate = self.spots.get(&Some(place.data)).and_then(&least_loaded).map(|ranked| (sum, ranked));
            best = match (best, candidate) {
                (Some(best), Some(candidate)) => Some(best.min(candidate)),
                (best, candidate) => best.or(candidate),
            };
        }
        best.map(|(_, ranked)| ranked)
    }

    /// Why workers do not take an instance: the first `limit` of them, and how many others there are.
    pub(crate) fn rejections(
        &self,
        needs: &Requirements,
        excluded: &BTreeSet<WorkerId>,
        limit: usize,
    ) -> (Vec<(WorkerId, Rejection)>, usize) {
        let reason = |(id, worker): (&WorkerId, &Worker)| Some((id.clone(), worker.rejection(needs, excluded).err()?));
        let first: Vec<_> = self.workers.iter().filter_map(reason).take(limit).collect();
        let more = if first.len() < limit { 0 } else { self.workers.len() - limit };
        (first, more)
    }
}

/// The sum of distances, in whole metres.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of lengths; `as` saturates")]
pub(crate) fn total_m(place: Point, inputs: &[Point]) -> u64 {
    inputs.iter().map(|input| place.distance_m(*input)).sum::<f64>() as u64
}

fn on_sphere(point: Point) -> [f64; 3] {
    let (latitude, longitude) = (point.latitude.to_radians(), point.longitude.to_radians());
    [latitude.cos() * longitude.cos(), latitude.cos() * longitude.sin(), latitude.sin()]
}

/// A point amid the inputs; any would do, a central one makes the search short.
fn centre(inputs: &[Point]) -> Option<Point> {
    let first = *inputs.first()?;
    let sum =
        inputs.iter().map(|input| on_sphere(*input)).fold([0.0; 3], |s, p| [s[0] + p[0], s[1] + p[1], s[2] + p[2]]);
    let length = sum[0].hypot(sum[1]).hypot(sum[2]);
    if inputs.len() == 1 || length < 1e-9 {
        return Some(first);
    }
    let latitude = (sum[2] / length).clamp(-1.0, 1.0).asin().to_degrees();
    Some(Point { latitude, longitude: sum[1].atan2(sum[0]).to_degrees() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{at, worker};
    use proptest::prelude::*;

    fn points() -> impl Strategy<Value = Vec<(f64, f64)>> {
        let near = (0_u8..4, 0_u8..4).prop_map(|(a, b)| (f64::from(a) * 30.0 - 45.0, f64::from(b) * 89.0 - 178.0));
        prop::collection::vec(prop_oneof![near, (-90.0..90.0, -180.0..180.0)], 0..5)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn index_chooses_as_looking_at_all_would(
            workers in prop::collection::vec((prop::option::weighted(0.9, points()), 0_u32..4, 0_usize..4), 0..20),
            inputs in points(),
        ) {
            let mut fleet = Fleet::default();
            for (number, (place, capacity, planned)) in workers.into_iter().enumerate() {
                let place = place.and_then(|points| points.first().copied());
                let profile = worker(&format!("Worker.{number:02}"), capacity, place);
                let id = profile.id.clone();
                fleet.hear(profile, at(0), true);
                (0..planned).for_each(|task| fleet.plan(&id, &TaskId::from(format!("t{task}"))));
            }
            let inputs: Vec<Point> =
                inputs.into_iter().map(|(latitude, longitude)| Point { latitude, longitude }).collect();
            let needs = Requirements::of(&crate::fixtures::topology("t", Vec::new()).operators[0]);
            let open = fleet.workers.values().filter(|worker| worker.has_room());
            let rank = |worker: &Worker| {
                let sum = worker.location.map_or(u64::MAX, |location| total_m(location, &inputs));
                (if inputs.is_empty() { 0 } else { sum }, worker.ratio(), worker.profile.id.clone())
            };
            let expected = open.map(rank).min().map(|(_, _, id)| id);
            prop_assert_eq!(fleet.choose(&needs, &inputs, &BTreeSet::new()), expected);
        }
    }
}
