//! What discovery says of an entity.

use flow::GroupBy;
use ngsi::v1::EntityRef;
use ngsi::v1::ngsi9::ContextRegistration;
use ngsi::{EntityId, JsonText, Location, Name, Point};

/// An available entity.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Registration {
    /// Its identifier.
    pub id: EntityId,
    /// Its type.
    pub entity_type: Name,
    /// Where it is; no place when it has none or is everywhere.
    pub location: Option<Point>,
    /// Its domain metadata by name, and attributes that were fetched.
    pub values: Vec<(String, JsonText)>,
    /// The broker that has it.
    pub provider: String,
}

impl Registration {
    /// The entities of one registration, all with its metadata.
    #[must_use]
    pub fn of(registration: &ContextRegistration) -> Vec<Self> {
        let metadata = registration.context_metadata.as_deref().unwrap_or_default();
        let place = Location::of_metadata(metadata.iter().map(|m| (m.name.as_str(), m.value_type.as_str(), &m.value)));
        let location = place.and_then(|place| place.center());
        let values: Vec<_> = metadata.iter().map(|m| (m.name.to_string(), m.value.clone())).collect();
        let entity = |entity: &EntityRef| Self {
            id: entity.id.clone(),
            entity_type: entity.entity_type.clone(),
            location,
            values: values.clone(),
            provider: registration.providing_application.clone(),
        };
        registration.entities.iter().filter(|entity| !entity.id.is_empty()).map(entity).collect()
    }

    /// The group this entity falls in, as compact JSON; `None` when that value is not known.
    pub(crate) fn group(&self, group_by: &GroupBy) -> Option<JsonText> {
        match group_by {
            GroupBy::All => Some(JsonText::string("ALL")),
            GroupBy::EntityId => Some(JsonText::string(self.id.as_str())),
            GroupBy::EntityType => Some(JsonText::string(self.entity_type.as_str())),
            GroupBy::Attribute(name) => {
                self.values.iter().find(|(known, _)| known == name).map(|(_, value)| JsonText::from(value.to_value()))
            }
        }
    }
}
