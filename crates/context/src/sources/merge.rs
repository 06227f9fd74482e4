//! One entity of what several have of it (ETSI GS CIM 009, 4.5.5.3).

use ngsi::{Attribute, Entity, Timestamp, date};

/// Adds what somebody else has of the entity. Of two instances of an attribute in the same data set the one observed last
/// counts, one that was observed at all before one that was not, then the one modified last, then the one that was there.
pub fn merge(entity: &mut Entity, other: Entity) {
    add_identity(entity, &other);
    for attribute in other.attributes {
        match entity.attributes.iter_mut().find(|present| present.is_same(&attribute)) {
            Some(present) if recency(&attribute) > recency(present) => *present = attribute,
            Some(_) => {}
            None => entity.attributes.push(attribute),
        }
    }
}

/// Adds those attributes of which the entity has no instance at all: what auxiliary sources are for.
pub fn supplement(entity: &mut Entity, other: Entity) {
    add_identity(entity, &other);
    let missing = |attribute: &Attribute| entity.instances(attribute.name.as_str()).next().is_none();
    let missing: Vec<_> = other.attributes.into_iter().filter(missing).collect();
    entity.attributes.extend(missing);
}

fn add_identity(entity: &mut Entity, other: &Entity) {
    for name in other.types().filter(|name| !name.is_empty()) {
        if entity.entity_type.is_empty() {
            entity.entity_type = name.clone();
        } else if entity.types().all(|present| present != name) {
            entity.more_types.push(name.clone());
        }
    }
    entity.more_types.sort_unstable();
    for scope in &other.scopes {
        if !entity.scopes.contains(scope) {
            entity.scopes.push(scope.clone());
        }
    }
    if other.created_at != Timestamp::default()
        && (entity.created_at == Timestamp::default() || other.created_at < entity.created_at)
    {
        entity.created_at = other.created_at;
    }
    entity.modified_at = entity.modified_at.max(other.modified_at);
}

fn recency(attribute: &Attribute) -> (Option<Timestamp>, Timestamp) {
    let observed_at = attribute.metadata.iter().find(|metadatum| metadatum.name == *"observedAt");
    let observed_at = observed_at.and_then(|metadatum| date::parse(&metadatum.value.as_string()?));
    (observed_at, attribute.modified_at)
}
