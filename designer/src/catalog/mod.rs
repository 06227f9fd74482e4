//! The metadata in memory, and every decision about a change to them: documents in, records and announcements out.

mod check;
mod device;
mod document;
mod fogfunction;
mod intent;
mod operator;
mod service;

use std::collections::BTreeMap;

use flow::{FogFunction, IntentAction, Operator, ServiceIntent, Topology};
use ngsi::ParseError;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub(crate) use device::{DeviceDocument, SubscriptionDocument};
pub(crate) use document::{Document, elements};
pub(crate) use service::Service;

use crate::records::{Kind, Record};

/// All metadata.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    pub(crate) operators: BTreeMap<String, Document<Operator>>,
    pub(crate) services: BTreeMap<String, Document<Service>>,
    pub(crate) fog_functions: BTreeMap<String, Document<FogFunction>>,
    pub(crate) intents: BTreeMap<String, Document<ServiceIntent>>,
    pub(crate) devices: BTreeMap<String, Value>,
    pub(crate) subscriptions: BTreeMap<String, Value>,
    pub(crate) withdrawn: BTreeMap<String, Document<Withdrawal>>,
}

/// An intent that was withdrawn: masters that were away then have to hear of it later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Withdrawal {
    /// Rises with each withdrawal.
    number: u64,
    pub(crate) intent: ServiceIntent,
}

/// Withdrawals remembered; the oldest is forgotten for a further one.
const MAX_WITHDRAWN: usize = 1_000;

/// What a request changes.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// What to store.
    pub(crate) records: Vec<Record>,
    /// What to tell the masters then.
    pub(crate) announcements: Vec<ServiceIntent>,
}

impl Changes {
    fn announce(&mut self, intent: &ServiceIntent, action: IntentAction) {
        self.announcements.push(ServiceIntent { action, ..intent.clone() });
    }
}

impl Catalog {
    /// Takes over a document from the disk.
    pub(crate) fn load(&mut self, kind: Kind, key: &str, document: Value) -> Result<(), ParseError> {
        self.apply_one(Record::set(kind, key, document))
    }

    /// Makes stored changes visible.
    pub(crate) fn apply(&mut self, records: Vec<Record>) -> Result<(), ParseError> {
        records.into_iter().try_for_each(|record| self.apply_one(record))
    }

    fn apply_one(&mut self, Record { kind, key, document }: Record) -> Result<(), ParseError> {
        match kind {
            Kind::Operator => set(&mut self.operators, key, document.map(Document::new).transpose()?),
            Kind::Service => set(&mut self.services, key, document.map(Document::new).transpose()?),
            Kind::FogFunction => set(&mut self.fog_functions, key, document.map(Document::new).transpose()?),
            Kind::Intent => set(&mut self.intents, key, document.map(Document::new).transpose()?),
            Kind::Withdrawn => set(&mut self.withdrawn, key, document.map(Document::new).transpose()?),
            Kind::Device => set(&mut self.devices, key, document),
            Kind::Subscription => set(&mut self.subscriptions, key, document),
        }
        Ok(())
    }

    /// The topology of that name, of a service or a fog function, as drawn.
    pub(crate) fn topology(&self, name: &str) -> Option<&Topology> {
        let of_service = self.services.get(name).map(|service| &service.value.topology);
        of_service.or_else(|| self.fog_functions.get(name).map(|function| &function.value.topology))
    }

    /// The topology with the operators it uses filled in.
    pub(crate) fn resolved(&self, name: &str) -> Option<Topology> {
        let mut topology = self.topology(name)?.clone();
        topology.operators = used(&topology).filter_map(|name| Some(self.operators.get(name)?.value.clone())).collect();
        Some(topology)
    }

    /// The document of the topology with the operators' documents filled in.
    pub(crate) fn topology_document(&self, name: &str) -> Option<Value> {
        let of_service = self.services.get(name).and_then(|service| service.json.get("topology"));
        let document =
            of_service.or_else(|| self.fog_functions.get(name).and_then(|function| function.json.get("topology")));
        let mut document = document?.clone();
        let operators = used(self.topology(name)?).filter_map(|name| Some(self.operators.get(name)?.json.clone()));
        document["operators"] = operators.collect();
        Some(document)
    }

    /// Every intent that is to be carried out.
    pub(crate) fn wanted(&self) -> impl Iterator<Item = &ServiceIntent> {
        let intents = self.intents.values().map(|document| &document.value);
        intents
            .chain(self.fog_functions.values().map(|f| &f.value).filter(|f| fogfunction::enabled(f)).map(|f| &f.intent))
    }

    /// The names of topologies, of services and fog functions alike.
    pub(crate) fn topologies(&self) -> impl Iterator<Item = &str> {
        self.services.keys().chain(self.fog_functions.keys()).map(String::as_str)
    }

    /// Announces the end of an intent, and remembers it.
    fn withdraw(&self, changes: &mut Changes, intent: &ServiceIntent) {
        let intent = ServiceIntent { action: IntentAction::Delete, topology_object: None, ..intent.clone() };
        let number = self.withdrawn.values().map(|before| before.value.number + 1).max().unwrap_or_default();
        if self.withdrawn.len() >= MAX_WITHDRAWN
            && let Some((oldest, _)) = self.withdrawn.iter().min_by_key(|(_, before)| before.value.number)
        {
            changes.records.push(Record::removed(Kind::Withdrawn, oldest));
        }
        if let Ok(document) = serde_json::to_value(Withdrawal { number, intent: intent.clone() }) {
            changes.records.push(Record::set(Kind::Withdrawn, &intent.id, document));
        }
        changes.announcements.push(intent);
    }

    /// Announces the intents on a topology again, since it or one of its operators has changed.
    fn announce_users(&self, changes: &mut Changes, concerned: impl Fn(&str) -> bool) {
        for intent in self.wanted().filter(|intent| concerned(&intent.topology)) {
            changes.announce(intent, IntentAction::Update);
        }
    }
}

fn set<T>(map: &mut BTreeMap<String, T>, key: String, value: Option<T>) {
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
}

/// The names of the operators a topology uses, each once.
fn used(topology: &Topology) -> impl Iterator<Item = &str> {
    let first =
        |(index, task): (usize, &flow::Task)| !topology.tasks[..index].iter().any(|t| t.operator == task.operator);
    topology.tasks.iter().enumerate().filter(move |entry| first(*entry)).map(|(_, task)| task.operator.as_str())
}

#[cfg(test)]
mod tests;
