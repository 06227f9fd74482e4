use std::sync::Arc;

use ngsi::v1::ContextMetadata;
use ngsi::v1::ngsi9::RegistrationAttribute;
use ngsi::{EntityId, Location, Name};

use crate::change::{attributes_weight, metadata_weight};

/// What is known of one entity: an immutable snapshot, cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// The entity.
    pub id: EntityId,
    /// Its type; empty when nobody said.
    pub entity_type: Name,
    /// The attributes its provider has.
    pub attributes: Arc<[RegistrationAttribute]>,
    /// Its domain metadata.
    pub metadata: Arc<[ContextMetadata]>,
    /// The broker that holds it, as it named itself.
    pub provider: Arc<str>,
}

impl Registration {
    /// Where the entity is, as its metadata say.
    #[must_use]
    pub fn location(&self) -> Option<Location> {
        Location::of_metadata(self.metadata.iter().map(|m| (m.name.as_str(), m.value_type.as_str(), &m.value)))
    }

    /// About how many bytes it takes as JSON.
    #[must_use]
    pub fn weight(&self) -> usize {
        let names = self.id.as_str().len() + self.entity_type.as_str().len() + self.provider.len();
        192 + names + attributes_weight(Some(&self.attributes)) + metadata_weight(&self.metadata)
    }

    /// A domain metadatum as a plain word.
    pub(crate) fn plain(&self, name: &str) -> Option<String> {
        self.metadata.iter().find(|metadatum| metadatum.name == *name).map(|metadatum| metadatum.value.to_plain())
    }
}
