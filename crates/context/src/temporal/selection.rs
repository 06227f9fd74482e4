//! Which part of what was recorded is answered: bounded, and cut at one instant for all attributes, so that nothing falls between
//! one answer and the next (ETSI GS CIM 009, 6.3.10).

use std::mem;

use ngsi::Timestamp;
use ngsi::ld::temporal::{Evolution, Instance, Relation, Window, one_of_each_other};

/// Takes the instances of one entity, those of one series after one another, and keeps the first that the window covers.
#[derive(Debug)]
pub struct Selection {
    window: Window,
    most: usize,
    series: Vec<Instance>,
    kept: Vec<Instance>,
    /// The first state of each attribute.
    firsts: Vec<Instance>,
    cut: bool,
}

/// What a [`Selection`] has kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selected {
    /// By attribute and data set, in the order of the window.
    pub instances: Vec<Instance>,
    /// The time of the last that was kept, when there was more than may be kept. Of that time and before all are there.
    pub horizon: Option<Timestamp>,
    /// One of each attribute of which none was kept.
    pub beyond: Vec<Instance>,
}

impl Selection {
    /// Keeps at most so many, but all of the very first time.
    #[must_use]
    pub fn new(window: Window, most: usize) -> Self {
        Self { window, most, series: Vec::new(), kept: Vec::new(), firsts: Vec::new(), cut: false }
    }

    /// Takes an instance.
    pub fn add(&mut self, instance: Instance) {
        if !self.window.covers(&instance) {
            return;
        }
        if self.series.last().is_some_and(|last| !last.is_of_series(&instance)) {
            self.close_series();
        }
        if self.firsts.last().is_none_or(|last| last.attribute.name != instance.attribute.name) {
            self.firsts.push(instance.clone());
        }
        self.series.push(instance);
        if let Some(last) = self.window.last
            && self.series.len() / 2 > last
        {
            keep_first(&mut self.series, last, &self.window);
        }
        if self.window.last.is_none() && self.series.len() > self.most {
            self.close_series();
        }
    }

    /// What was kept.
    #[must_use]
    pub fn finish(mut self) -> Selected {
        self.close_series();
        let window = self.window;
        self.kept.sort_unstable_by(|one, other| window.compare(one, other));
        let horizon =
            if self.cut || self.kept.len() > self.most { cut(&mut self.kept, self.most, &window) } else { None };
        let series = |instance: &Instance| (instance.attribute.name.clone(), instance.attribute.dataset_id.clone());
        self.kept.sort_by_cached_key(series);
        let beyond = horizon.map(|_| one_of_each_other(self.firsts, &self.kept)).unwrap_or_default();
        Selected { instances: self.kept, horizon, beyond }
    }

    fn close_series(&mut self) {
        let mut series = mem::take(&mut self.series);
        if let Some(last) = self.window.last {
            keep_first(&mut series, last, &self.window);
        }
        self.kept.append(&mut series);
        // One more than may be kept is kept, to see whether a time ends there.
        if self.kept.len() / 2 > self.most {
            self.cut = true;
            keep_first_times(&mut self.kept, self.most, &self.window);
        }
    }
}

fn keep_first(instances: &mut Vec<Instance>, most: usize, window: &Window) {
    if most < instances.len() {
        instances.select_nth_unstable_by(most, |one, other| window.compare(one, other));
        instances.truncate(most);
    }
}

/// Keeps one more than so many, and in any case all of the very first time.
fn keep_first_times(instances: &mut Vec<Instance>, most: usize, window: &Window) {
    if most >= instances.len() {
        return;
    }
    let (before, last, _) = instances.select_nth_unstable_by(most, |one, other| window.compare(one, other));
    let last = window.time(last);
    if before.iter().all(|instance| window.time(instance) == last) {
        instances.retain(|instance| window.time(instance) == last);
    } else {
        instances.truncate(most.saturating_add(1));
    }
}

/// Cuts sorted instances between two times; the last time left.
fn cut(instances: &mut Vec<Instance>, most: usize, window: &Window) -> Option<Timestamp> {
    let first_out = window.time(instances.get(most)?);
    let first = window.time(instances.first()?);
    if first == first_out {
        instances.retain(|instance| window.time(instance) == first);
        return first;
    }
    let length = instances.iter().take(most).rposition(|instance| window.time(instance) != first_out)? + 1;
    instances.truncate(length);
    instances.last().and_then(|last| window.time(last))
}

/// The part of the range that an answer covers, in the order of the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Covered {
    /// Where it begins.
    pub from: Timestamp,
    /// Where it ends.
    pub to: Timestamp,
}

/// Leaves what one answer may hold of several evolutions, each with its horizon. What was covered, if that is not all there is.
pub fn bound(evolutions: &mut [(Evolution, Option<Timestamp>)], window: &Window, most: usize) -> Option<Covered> {
    let mut horizon = evolutions.iter().filter_map(|(_, horizon)| *horizon).min_by(|a, b| window.compare_times(*a, *b));
    keep_within(evolutions, window, horizon);
    let instances = || evolutions.iter().flat_map(|(evolution, _)| &evolution.instances);
    if instances().count() > most {
        let mut times: Vec<_> = instances().filter_map(|instance| window.time(instance)).collect();
        times.sort_unstable_by(|one, other| window.compare_times(*one, *other));
        let beyond = times.get(most).copied();
        let within = times.iter().take(most).rev().find(|time| Some(**time) != beyond).or(times.first()).copied();
        horizon = within;
        keep_within(evolutions, window, horizon);
    }
    horizon?;
    let times = evolutions.iter().flat_map(|(evolution, _)| &evolution.instances);
    let times: Vec<_> = times.filter_map(|instance| window.time(instance)).collect();
    let nearest = times.iter().copied().min_by(|one, other| window.compare_times(*one, *other))?;
    let from = match (window.relation, window.is_backwards()) {
        (Some(Relation::After(from) | Relation::Between(from, _)), false)
        | (Some(Relation::Before(from) | Relation::Between(_, from)), true) => from,
        _ => nearest,
    };
    Some(Covered { from, to: horizon? })
}

fn keep_within(evolutions: &mut [(Evolution, Option<Timestamp>)], window: &Window, horizon: Option<Timestamp>) {
    let Some(horizon) = horizon else { return };
    let is_within =
        |instance: &Instance| window.time(instance).is_some_and(|time| window.compare_times(time, horizon).is_le());
    for (evolution, _) in evolutions {
        evolution.cut(is_within);
    }
}
