//! Entities with all that they have, between brokers of ours: NGSI-10 has no words for data sets, several types, scopes, metadata of
//! metadata and times.
//!
//! Who wants them so says it with the header [`ENTITY_FORM`] of its subscription, which others ignore. NGSI-LD was rejected as the
//! form: it has no words for domain metadata and for the types of values of the other dialects.

use ngsi::json::MAX_DEPTH;
use ngsi::{Attribute, AttributeKind, Entity, EntityId, JsonText, Metadata, Name, Timestamp};
use serde::{Deserialize, Serialize};

/// The header of a subscription that asks for the form, and its value.
pub(crate) const ENTITY_FORM: &str = "entity-form";
pub(crate) const WHOLE: &str = "whole";

/// The member `entity` of an element of a notification; times are microseconds since 1970.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToldEntity {
    id: EntityId,
    /// All types, the first one first.
    types: Vec<Name>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    scopes: Vec<Name>,
    attributes: Vec<ToldAttribute>,
    created_at: Timestamp,
    modified_at: Timestamp,
}

/// An attribute; what NGSI-10 knows of it has the names that it has there.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToldAttribute {
    name: Name,
    #[serde(rename = "type", default)]
    value_type: Name,
    #[serde(default)]
    value: JsonText,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    metadata: Vec<ToldMetadatum>,
    #[serde(default, skip_serializing_if = "is_empty")]
    dataset_id: Name,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    domain: bool,
    #[serde(default)]
    created_at: Option<Timestamp>,
    #[serde(default)]
    modified_at: Option<Timestamp>,
}

#[derive(Serialize, Deserialize)]
struct ToldMetadatum {
    name: Name,
    #[serde(rename = "type", default)]
    value_type: Name,
    #[serde(default)]
    value: JsonText,
    /// Of which metadatum before it in the list it is one: so JSON does not nest as deeply as metadata do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    of: Option<usize>,
}

fn is_empty(name: &Name) -> bool {
    name.is_empty()
}

/// The entity as the JSON of the member `entity`.
pub(crate) fn tell(entity: &Entity) -> Vec<u8> {
    let told = ToldEntity {
        id: entity.id.clone(),
        types: entity.types().cloned().collect(),
        scopes: entity.scopes.clone(),
        attributes: entity.attributes.iter().map(ToldAttribute::from).collect(),
        created_at: entity.created_at,
        modified_at: entity.modified_at,
    };
    serde_json::to_vec(&told).unwrap_or_else(|_| b"null".to_vec())
}

/// The entity that another broker tells so; `None` for anything else.
pub(super) fn understand(told: &JsonText) -> Option<Entity> {
    let told: ToldEntity = told.read()?;
    let mut types = told.types.into_iter();
    let mut entity = Entity::new(told.id, types.next().unwrap_or_default(), told.created_at);
    entity.more_types = types.collect();
    entity.scopes = told.scopes;
    entity.modified_at = told.modified_at;
    entity.attributes = told.attributes.into_iter().map(|one| one.into_attribute(told.modified_at)).collect();
    Some(entity)
}

impl From<&Attribute> for ToldAttribute {
    fn from(attribute: &Attribute) -> Self {
        let mut metadata = Vec::new();
        flatten(&mut metadata, &attribute.metadata, None);
        Self {
            name: attribute.name.clone(),
            value_type: attribute.value_type.clone(),
            value: attribute.value.clone(),
            metadata,
            dataset_id: attribute.dataset_id.clone(),
            domain: attribute.kind == AttributeKind::Domain,
            created_at: Some(attribute.created_at),
            modified_at: Some(attribute.modified_at),
        }
    }
}

impl ToldAttribute {
    /// The attribute; where its times are not told they are `now`.
    pub(super) fn into_attribute(self, now: Timestamp) -> Attribute {
        Attribute {
            name: self.name,
            kind: if self.domain { AttributeKind::Domain } else { AttributeKind::Context },
            dataset_id: self.dataset_id,
            value_type: self.value_type,
            value: self.value,
            metadata: nested(self.metadata),
            created_at: self.created_at.unwrap_or(now),
            modified_at: self.modified_at.unwrap_or(now),
        }
    }
}

fn flatten(out: &mut Vec<ToldMetadatum>, metadata: &[Metadata], of: Option<usize>) {
    for metadatum in metadata {
        let place = out.len();
        out.push(ToldMetadatum {
            name: metadatum.name.clone(),
            value_type: metadatum.value_type.clone(),
            value: metadatum.value.clone(),
            of,
        });
        flatten(out, &metadatum.metadata, Some(place));
    }
}

/// The last ones first, so that each is complete when it goes to the one it is of. One that is of none before it, or nested too
/// deeply, is left out.
fn nested(told: Vec<ToldMetadatum>) -> Vec<Metadata> {
    let mut places: Vec<(Option<usize>, usize)> = Vec::with_capacity(told.len());
    let mut all = Vec::with_capacity(told.len());
    for metadatum in told {
        let depth = metadatum.of.map_or(0, |parent| places.get(parent).map_or(MAX_DEPTH, |(_, depth)| depth + 1));
        places.push((metadatum.of, depth));
        all.push(Metadata::new(metadatum.name, metadatum.value_type, metadatum.value));
    }
    let mut first = Vec::new();
    while let (Some(mut metadatum), Some((of, depth))) = (all.pop(), places.pop()) {
        metadatum.metadata.reverse();
        let holder = match of {
            _ if depth >= MAX_DEPTH => None,
            None => Some(&mut first),
            Some(parent) => all.get_mut(parent).map(|parent: &mut Metadata| &mut parent.metadata),
        };
        if let Some(holder) = holder {
            holder.push(metadatum);
        }
    }
    first.reverse();
    first
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain(length: usize) -> Vec<ToldMetadatum> {
        let of = |place: usize| ToldMetadatum {
            name: Name::from("m"),
            value_type: Name::default(),
            value: JsonText::null(),
            of: place.checked_sub(1),
        };
        (0..length).map(of).collect()
    }

    #[test]
    fn no_peer_makes_us_nest_without_bound() {
        for (length, expected) in [(0, 0), (3, 3), (100_000, MAX_DEPTH)] {
            let nested = nested(chain(length));
            let levels = std::iter::successors(nested.first(), |holder| holder.metadata.first());
            assert_eq!(levels.count(), expected, "{length}");
        }
    }
}
