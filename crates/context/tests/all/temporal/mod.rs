//! Recorded evolutions against evaluators that take the definitions word by word.
#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

mod aggregate;
mod selection;
mod steps;

use ngsi::ld::temporal::{Instance, Subject};
use ngsi::{Attribute, AttributeKind, Entity, EntityId, JsonText, Metadata, Name, Timestamp};

pub(crate) fn at(second: i64) -> Timestamp {
    Timestamp::from_millis(second * 1_000)
}

/// Recorded one second after the other, and observed at a second, or not.
pub(crate) fn instance(name: &str, number: u64, observed: Option<i64>, value: &str) -> Instance {
    let recorded = at(i64::try_from(number).unwrap());
    let observed_at = |second: i64| {
        let time = JsonText::string(&at(second).to_string());
        Metadata::new(Name::from("observedAt"), Name::from("DateTime"), time)
    };
    let attribute = Attribute {
        name: Name::from(name),
        kind: AttributeKind::Context,
        dataset_id: Name::default(),
        value_type: Name::default(),
        value: JsonText::from(serde_json::from_str::<serde_json::Value>(value).unwrap()),
        metadata: observed.map(observed_at).into_iter().collect(),
        created_at: recorded,
        modified_at: recorded,
    };
    Instance { number, attribute, deleted_at: None }
}

pub(crate) fn subject(id: &str) -> Subject {
    Subject { entity: Entity::new(EntityId::from(id), Name::from("Car"), at(0)), deleted_at: None }
}
