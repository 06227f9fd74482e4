//! The temporal evolution of entities (ETSI GS CIM 009, 4.5.6 to 4.5.9, 4.5.19, 4.11, 5.2.20, 5.2.21): what was recorded of
//! attributes, which of it a query asks for, and how it is written.

mod aggregated;
mod duration;
mod window;

pub use aggregated::{Aggregated, Method};
pub use duration::Duration;
pub use window::{Relation, TimeProperty, Window};

use std::collections::HashSet;
use std::mem;

use crate::{Attribute, Entity, Name, Timestamp, date};

/// What the identifiers of instances begin with.
const INSTANCE: &str = "urn:ngsi-ld:instance:";

/// One state of one attribute, as it was recorded (5.2.5, `instanceId`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// Which of the instances of its attribute it is. Numbers rise in the order of recording.
    pub number: u64,
    /// The attribute as it was. It was created when it was recorded, and modified when the record was last amended.
    pub attribute: Attribute,
    /// When the attribute was deleted, if that is what was recorded.
    pub deleted_at: Option<Timestamp>,
}

impl Instance {
    /// Its identifier, a URI.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{INSTANCE}{:016x}", self.number)
    }

    /// The number in the identifier of an instance; `None` for any other text.
    #[must_use]
    pub fn number_in(id: &str) -> Option<u64> {
        let digits = id.strip_prefix(INSTANCE).filter(|digits| digits.len() == 16)?;
        u64::from_str_radix(digits, 16).ok()
    }

    /// When its value was observed, as its sub-attribute `observedAt` says.
    #[must_use]
    pub fn observed_at(&self) -> Option<Timestamp> {
        let said = self.attribute.metadata.iter().find(|metadatum| metadatum.name == *"observedAt")?;
        date::parse(&said.value.as_string()?)
    }

    /// Whether both are states of the same instance of the same attribute.
    #[must_use]
    pub fn is_of_series(&self, other: &Self) -> bool {
        self.attribute.name == other.attribute.name && self.attribute.dataset_id == other.attribute.dataset_id
    }
}

/// Whose evolution was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// The entity as it last was, without its attributes.
    pub entity: Entity,
    /// When it was deleted, if it does not exist any more.
    pub deleted_at: Option<Timestamp>,
}

/// What was recorded of one entity, or the part of it that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evolution {
    /// Of whom.
    pub subject: Subject,
    /// States of its attributes: those of one attribute and data set together, in the order of the [`Window`].
    pub instances: Vec<Instance>,
    /// One state of each attribute of which all that is asked for lies beyond the part of time that is answered.
    pub beyond: Vec<Instance>,
}

impl Evolution {
    /// Takes out the states that lie beyond the part of time that is answered.
    pub fn cut(&mut self, is_within: impl Fn(&Instance) -> bool) {
        let (within, beyond) = mem::take(&mut self.instances).into_iter().partition(is_within);
        self.instances = within;
        self.beyond.extend(one_of_each_other(beyond, &self.instances));
    }

    /// The recorded states by attribute and data set.
    pub fn series(&self) -> impl Iterator<Item = &[Instance]> {
        self.instances.chunk_by(Instance::is_of_series)
    }

    /// An entity that has every state as an instance of its attribute, for filters: one that an instance meets is met.
    #[must_use]
    pub fn as_entity(&self) -> Entity {
        let present = self.instances.iter().filter(|instance| instance.deleted_at.is_none());
        let attributes = present.map(|instance| instance.attribute.clone()).collect();
        Entity { attributes, ..self.subject.entity.clone() }
    }
}

/// One state of each attribute of which there is none among others. Those of one attribute stand together.
#[must_use]
pub fn one_of_each_other(mut states: Vec<Instance>, others: &[Instance]) -> Vec<Instance> {
    states.dedup_by(|one, other| one.attribute.name == other.attribute.name);
    let names: HashSet<&Name> =
        others.chunk_by(Instance::is_of_series).map(|series| &series[0].attribute.name).collect();
    states.retain(|state| !names.contains(&state.attribute.name));
    states
}
