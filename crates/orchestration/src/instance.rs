//! A desired task instance: what it reads, where it is to run, and what is known of it there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flow::{InputStream, InstanceStatus, ReportedInstance, TaskId, WorkerId};
use ngsi::{EntityId, Name, Point, Timestamp};

use crate::IntentId;
use crate::grouping::Combination;
use crate::plan::TaskPlan;

/// At most so many located inputs decide on a place.
const PLACING_INPUTS: usize = 64;

/// The highest generation: the last that all readers of JSON keep exactly.
pub(crate) const LAST_GENERATION: u64 = 1 << 53;

/// The generation after another.
pub(crate) fn next(generation: u64) -> u64 {
    generation.saturating_add(1).min(LAST_GENERATION)
}

/// An entity that an instance reads.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Input {
    pub(crate) entity_type: Name,
    pub(crate) location: Option<Point>,
    /// The input streams it comes in by, one bit each.
    pub(crate) streams: u32,
}

/// How an input differs from what was commanded last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum InputDelta {
    Added,
    Removed,
    Changed,
}

#[derive(Debug)]
pub(crate) struct Instance {
    pub(crate) id: TaskId,
    pub(crate) intent: IntentId,
    /// Index of the task in the topology.
    pub(crate) task: usize,
    pub(crate) plan: Arc<TaskPlan>,
    pub(crate) hash: String,
    pub(crate) values: Combination,
    pub(crate) level: i64,
    pub(crate) inputs: BTreeMap<EntityId, Input>,
    /// What of the inputs the worker has not been told yet.
    pub(crate) untold: BTreeMap<EntityId, (InputDelta, Name)>,
    pub(crate) worker: Option<WorkerId>,
    /// The worker it migrates from, until it runs on the new one.
    pub(crate) leaving: Option<WorkerId>,
    pub(crate) generation: u64,
    pub(crate) status: InstanceStatus,
    pub(crate) reason: String,
    /// The generation it was first commanded with where it is planned.
    pub(crate) placed_generation: u64,
    /// Whether it was adopted before all its inputs were known again.
    pub(crate) unverified: bool,
    /// Whether it has been seen running where it is planned.
    pub(crate) confirmed: bool,
    pub(crate) commanded_at: Timestamp,
    pub(crate) considered_at: Timestamp,
    pub(crate) failed_since: Option<Timestamp>,
    pub(crate) excluded: BTreeMap<WorkerId, Timestamp>,
}

impl Instance {
    /// Adds an entity that comes in by a stream, or notes its new place; whether its place has changed.
    pub(crate) fn join(
        &mut self,
        stream: usize,
        entity: &EntityId,
        entity_type: &Name,
        location: Option<Point>,
    ) -> bool {
        let bit = 1 << stream;
        let Some(input) = self.inputs.get_mut(entity) else {
            let input = Input { entity_type: entity_type.clone(), location, streams: bit };
            self.inputs.insert(entity.clone(), input);
            self.note(entity, InputDelta::Added, entity_type.clone());
            return false;
        };
        let moved = input.location != location;
        input.location = location;
        if input.streams & bit == 0 {
            let before = self.plan.attributes(input.streams);
            input.streams |= bit;
            if before != self.plan.attributes(input.streams) {
                self.note(entity, InputDelta::Changed, entity_type.clone());
            }
        }
        moved
    }

    /// Takes an entity out of a stream.
    pub(crate) fn leave(&mut self, stream: usize, entity: &EntityId) {
        let Some(input) = self.inputs.get_mut(entity) else { return };
        let before = input.streams;
        input.streams &= !(1 << stream);
        let (after, entity_type) = (input.streams, input.entity_type.clone());
        if after == 0 {
            self.inputs.remove(entity);
            self.note(entity, InputDelta::Removed, entity_type);
        } else if self.plan.attributes(before) != self.plan.attributes(after) {
            self.note(entity, InputDelta::Changed, entity_type);
        }
    }

    fn note(&mut self, entity: &EntityId, delta: InputDelta, entity_type: Name) {
        let merged = match (self.untold.remove(entity).map(|(before, _)| before), delta) {
            (None, delta) => Some(delta),
            (Some(InputDelta::Added), InputDelta::Removed) => None,
            (Some(InputDelta::Added), _) => Some(InputDelta::Added),
            (Some(_), InputDelta::Removed) => Some(InputDelta::Removed),
            (Some(_), _) => Some(InputDelta::Changed),
        };
        if let Some(delta) = merged {
            self.untold.insert(entity.clone(), (delta, entity_type));
        }
    }

    /// An input as commands name it.
    pub(crate) fn input_stream(&self, entity: &EntityId, input: &Input) -> InputStream {
        InputStream {
            r#type: input.entity_type.to_string(),
            id: entity.to_string(),
            attribute_list: self.plan.attributes(input.streams),
        }
    }

    /// Every input as commands name them.
    pub(crate) fn input_streams(&self) -> Vec<InputStream> {
        self.inputs.iter().map(|(entity, input)| self.input_stream(entity, input)).collect()
    }

    /// What the worker is to report of its inputs.
    pub(crate) fn fingerprint(&self) -> u64 {
        ReportedInstance::fingerprint(&self.input_streams())
    }

    /// The places that decide on a worker: those of the inputs, a sample of them when there are very many.
    pub(crate) fn places(&self) -> Vec<Point> {
        let step = self.inputs.len().div_ceil(PLACING_INPUTS).max(1);
        let located = self.inputs.values().filter_map(|input| input.location);
        if step == 1 { located.collect() } else { located.step_by(step).collect() }
    }

    /// Workers that are not to be tried again yet.
    pub(crate) fn excluded(&self, now: Timestamp) -> BTreeSet<WorkerId> {
        self.excluded.iter().filter(|(_, until)| **until > now).map(|(worker, _)| worker.clone()).collect()
    }

    /// Forgets what was known of it on a worker.
    pub(crate) fn unplace(&mut self) -> Option<WorkerId> {
        self.confirmed = false;
        self.failed_since = None;
        self.status = InstanceStatus::Scheduled;
        self.reason.clear();
        self.worker.take()
    }
}
