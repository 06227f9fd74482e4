//! Values that tests of several modules build.

use flow::{
    DockerImage, Engine, GroupBy, InputStreamConfig, Message, Operator, OutputStreamConfig, ReportedInstance,
    ServiceIntent, Task, TaskInstance, Topology, WorkerProfile,
};
use ngsi::{JsonText, Point, Timestamp};

use crate::{Effect, Event, Orchestrator, Registration, Settings, SubscriptionKey};

pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(1_000_000 + ms)
}

pub(crate) fn stream(selected_type: &str, groupby: &str) -> InputStreamConfig {
    let selected_type = selected_type.to_owned();
    InputStreamConfig { selected_type, groupby: GroupBy::from(groupby.to_owned()), ..Default::default() }
}

pub(crate) fn task(name: &str, inputs: &[InputStreamConfig], output: &str) -> Task {
    let output_streams = vec![OutputStreamConfig { entity_type: output.to_owned() }];
    Task { name: name.to_owned(), operator: "op".to_owned(), input_streams: inputs.to_vec(), output_streams }
}

pub(crate) fn topology(name: &str, tasks: Vec<Task>) -> Topology {
    let image = DockerImage { name: "fogflow/op".into(), tag: "v1".into(), ..Default::default() };
    let operator = Operator { name: "op".into(), dockerimages: vec![image], ..Default::default() };
    Topology { name: name.to_owned(), tasks, operators: vec![operator], ..Default::default() }
}

pub(crate) fn intent(id: &str, topology: &Topology) -> Event {
    let intent = ServiceIntent { id: id.to_owned(), topology: topology.name.clone(), ..Default::default() };
    Event::Intent { intent: Box::new(intent), topology: Box::new(topology.clone()) }
}

pub(crate) fn entity(id: &str, entity_type: &str, place: Option<(f64, f64)>) -> Registration {
    let location = place.map(|(latitude, longitude)| Point { latitude, longitude });
    Registration { id: id.into(), entity_type: entity_type.into(), location, ..Default::default() }
}

pub(crate) fn with_value(mut registration: Registration, name: &str, value: &str) -> Registration {
    registration.values.push((name.to_owned(), JsonText::string(value)));
    registration
}

pub(crate) fn worker(id: &str, capacity: u32, place: Option<(f64, f64)>) -> WorkerProfile {
    WorkerProfile {
        id: id.into(),
        location: place.map(|(latitude, longitude)| Point { latitude, longitude }),
        os: "linux".into(),
        hardware: "amd64".into(),
        capacity,
        engines: vec![Engine::Docker],
        instances: Some(Vec::new()),
        incarnation: 1,
        ..Default::default()
    }
}

pub(crate) fn reporting(mut profile: WorkerProfile, tasks: &[&TaskInstance]) -> Event {
    let report = |task: &&TaskInstance| ReportedInstance {
        id: task.id.clone(),
        service_intent_id: task.service_intent_id.clone(),
        status: flow::InstanceStatus::Running,
        generation: task.generation,
        inputs: ReportedInstance::fingerprint(&task.inputs),
        ..Default::default()
    };
    profile.instances = Some(tasks.iter().map(report).collect());
    Event::Worker(Box::new(profile))
}

/// An orchestrator with a clock and what it sent.
pub(crate) struct Bench {
    pub(crate) master: Orchestrator,
    pub(crate) ms: i64,
    pub(crate) keys: Vec<(String, SubscriptionKey)>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let (master, _) = Orchestrator::new(Settings::default(), Vec::new(), Vec::new(), at(0));
        Self { master, ms: 0, keys: Vec::new() }
    }

    /// Hands an event in; the commands in short form, `ADD id worker inputs`.
    pub(crate) fn handle(&mut self, event: Event) -> Vec<Message> {
        let effects = self.master.handle(event, at(self.ms));
        self.note(effects)
    }

    pub(crate) fn note(&mut self, effects: Vec<Effect>) -> Vec<Message> {
        let mut messages = Vec::new();
        for effect in effects {
            match effect {
                Effect::Subscribe { key, request } => {
                    self.keys.push((request.entities[0].entity_type.to_string(), key));
                    self.master.handle(Event::SnapshotBegun(key), at(self.ms));
                    let empty = Event::Snapshot { key, registrations: Vec::new(), last: true };
                    self.master.handle(empty, at(self.ms));
                }
                Effect::Send { message, .. } => messages.push(*message),
                _ => {}
            }
        }
        messages
    }

    #[expect(clippy::needless_pass_by_value, reason = "reads better where it is called")]
    pub(crate) fn available(&mut self, registration: Registration) -> Vec<Message> {
        let keys = self.keys_of(registration.entity_type.as_str());
        keys.into_iter()
            .flat_map(|key| self.handle(Event::Available { key, registrations: vec![registration.clone()] }))
            .collect()
    }

    pub(crate) fn unavailable(&mut self, id: &str, entity_type: &str) -> Vec<Message> {
        let keys = self.keys_of(entity_type);
        keys.into_iter().flat_map(|key| self.handle(Event::Unavailable { key, entities: vec![id.into()] })).collect()
    }

    fn keys_of(&self, entity_type: &str) -> Vec<SubscriptionKey> {
        self.keys.iter().filter(|(known, _)| known == entity_type).map(|(_, key)| *key).collect()
    }

    pub(crate) fn joins(&mut self, profile: WorkerProfile) -> Vec<Message> {
        self.handle(Event::WorkerJoined(Box::new(profile)))
    }

    pub(crate) fn passes(&mut self, ms: i64) -> Vec<Message> {
        self.ms += ms;
        self.handle(Event::Tick)
    }
}

pub(crate) fn added(messages: &[Message]) -> Vec<&TaskInstance> {
    messages.iter().filter_map(|m| if let Message::AddTask(task) = m { Some(task) } else { None }).collect()
}

pub(crate) fn removed(messages: &[Message]) -> Vec<&TaskInstance> {
    messages.iter().filter_map(|m| if let Message::RemoveTask(task) = m { Some(task) } else { None }).collect()
}
