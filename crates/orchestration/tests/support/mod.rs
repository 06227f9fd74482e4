//! What the plan is, computed anew from everything that is known: the reference for the incremental one.

#![allow(dead_code, reason = "each test uses a part")]

use std::collections::{BTreeMap, BTreeSet};

use flow::{
    DockerImage, Engine, GroupBy, InputStreamConfig, Operator, OutputStreamConfig, ServiceIntent, Task, Topology,
    WorkerProfile,
};
use ngsi::{JsonText, Point};
use orchestration::{Registration, group_hash};

/// An entity of the tests.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Thing {
    pub(crate) id: u8,
    pub(crate) kind: u8,
    pub(crate) city: u8,
    pub(crate) place: Option<u8>,
}

pub(crate) const KINDS: [&str; 3] = ["A", "B", "C"];

pub(crate) fn point(place: u8) -> Point {
    Point { latitude: f64::from(place % 10) * 3.0 - 14.0, longitude: f64::from(place / 10) * 5.0 - 60.0 }
}

impl Thing {
    /// One of each identity.
    pub(crate) fn all() -> Vec<Self> {
        let of_kind = |kind| (0..4).map(move |id| Self { id, kind, city: 0, place: None });
        (0..3).flat_map(of_kind).collect()
    }

    pub(crate) fn name(&self) -> String {
        format!("{}{}", KINDS[usize::from(self.kind)], self.id)
    }

    pub(crate) fn entity_type(&self) -> &'static str {
        KINDS[usize::from(self.kind)]
    }

    pub(crate) fn city(&self) -> JsonText {
        JsonText::string(&format!("city{}", self.city))
    }

    pub(crate) fn registration(&self) -> Registration {
        Registration {
            id: self.name().as_str().into(),
            entity_type: self.entity_type().into(),
            location: self.place.map(point),
            values: vec![("city".to_owned(), self.city())],
            provider: String::new(),
        }
    }

    fn group(&self, group_by: &GroupBy) -> JsonText {
        match group_by {
            GroupBy::All => JsonText::string("ALL"),
            GroupBy::EntityId => JsonText::string(&self.name()),
            GroupBy::EntityType => JsonText::string(self.entity_type()),
            GroupBy::Attribute(_) => self.city(),
        }
    }
}

fn stream(selected_type: &str, groupby: &str) -> InputStreamConfig {
    let groupby = GroupBy::from(groupby.to_owned());
    InputStreamConfig { selected_type: selected_type.to_owned(), groupby, ..Default::default() }
}

fn narrowed(mut stream: InputStreamConfig, attribute: &str) -> InputStreamConfig {
    stream.selected_attributes = vec![attribute.to_owned()];
    stream
}

/// Topologies with all forms of grouping.
pub(crate) fn topology(index: u8) -> Topology {
    let tasks: Vec<(&str, Vec<InputStreamConfig>)> = match index % 4 {
        0 => vec![("each", vec![stream("A", "EntityID")]), ("all", vec![stream("A", "ALL")])],
        1 => vec![("pair", vec![stream("A", "EntityID"), stream("B", "ALL")])],
        2 => vec![("city", vec![stream("A", "city"), stream("B", "city"), stream("C", "EntityType")])],
        _ => vec![("same", vec![stream("C", "city"), narrowed(stream("C", "city"), "speed"), stream("B", "EntityID")])],
    };
    let image = DockerImage { name: "op".into(), ..Default::default() };
    let operator = Operator { name: "op".into(), dockerimages: vec![image], ..Default::default() };
    let task = |(name, input_streams): (&str, Vec<InputStreamConfig>)| Task {
        name: name.to_owned(),
        operator: "op".into(),
        input_streams,
        output_streams: vec![OutputStreamConfig { entity_type: "Out".into() }],
    };
    let tasks = tasks.into_iter().map(task).collect();
    Topology { name: format!("t{}", index % 4), tasks, operators: vec![operator], ..Default::default() }
}

pub(crate) fn intent(index: u8) -> ServiceIntent {
    ServiceIntent { id: format!("i{index}"), topology: topology(index).name, ..Default::default() }
}

pub(crate) fn worker(name: &str, capacity: u32, place: Option<u8>) -> WorkerProfile {
    WorkerProfile {
        id: name.into(),
        location: place.map(point),
        os: "linux".into(),
        hardware: "amd64".into(),
        capacity,
        engines: vec![Engine::Docker],
        incarnation: 1,
        ..Default::default()
    }
}

/// The instances of one intent: id and the ids of the inputs.
pub(crate) type Plan = BTreeMap<String, BTreeSet<String>>;

/// `salted`: whether an earlier intent on the topology has the plain ids.
pub(crate) fn plan(intent: &ServiceIntent, topology: &Topology, salted: bool, things: &[Thing]) -> Plan {
    let mut plan = Plan::new();
    for task in &topology.tasks {
        let key = |s: &InputStreamConfig| format!("{}-{}", s.selected_type, s.groupby.as_str());
        let keys: BTreeSet<String> = task.input_streams.iter().map(key).collect();
        let mut combinations: Vec<(Vec<JsonText>, BTreeSet<String>)> = vec![Default::default()];
        for name in &keys {
            let streams: Vec<_> = task.input_streams.iter().filter(|s| key(s) == *name).collect();
            let of = |s: &InputStreamConfig, thing: &Thing| thing.entity_type() == s.selected_type;
            let values: BTreeSet<JsonText> =
                things.iter().filter(|t| of(streams[0], t)).map(|t| t.group(&streams[0].groupby)).collect();
            let mut longer = Vec::new();
            for value in values {
                let members = things.iter().filter(|t| of(streams[0], t) && t.group(&streams[0].groupby) == value);
                let members: Vec<String> = members.map(Thing::name).collect();
                for (combination, inputs) in &combinations {
                    let mut combination = combination.clone();
                    combination.push(value.clone());
                    longer.push((combination, inputs.iter().chain(&members).cloned().collect()));
                }
            }
            combinations = longer;
        }
        for (combination, inputs) in combinations {
            let hash = group_hash(&combination, if salted { &intent.id } else { "" });
            plan.insert(format!("Task.{}.{}.{hash}", topology.name, task.name), inputs);
        }
    }
    plan
}
