//! The place of an entity, which NGSIv2 keeps in an attribute and NGSI-10 in the domain metadatum `location`: each follows
//! the other, so that scopes, discovery and both dialects see the same.

use ngsi::v2::place::{self, LOCATION};
use ngsi::{Attribute, AttributeKind, Entity, Name, Timestamp};

use crate::update::Done;

/// The name of the attribute that says where the entity is.
pub(crate) fn source(entity: &Entity) -> Option<Name> {
    place::source(entity).map(|source| source.name.clone())
}

/// After attributes have been set or removed: the metadatum says what the attribute says that is the place now, and goes when
/// there is none any more. Whether it changed.
pub(crate) fn follow_attribute(entity: &mut Entity, touched: &[Name], before: Option<&Name>, now: Timestamp) -> bool {
    match place::source(entity) {
        Some(source) if touched.contains(&source.name) || before != Some(&source.name) => {
            let Ok(Some(place)) = place::parse(source.value_type.as_str(), &source.value) else {
                return remove_metadatum(entity);
            };
            let (value_type, value) = place::to_domain(&place);
            let mut done = Done::default();
            let metadatum = Attribute {
                name: Name::from(LOCATION),
                kind: AttributeKind::Domain,
                dataset_id: Name::default(),
                value_type: Name::from(value_type),
                value,
                metadata: Vec::new(),
                created_at: now,
                modified_at: now,
            };
            done.set(entity, metadatum);
            done.redefined
        }
        None if before.is_some() => remove_metadatum(entity),
        _ => false,
    }
}

fn remove_metadatum(entity: &mut Entity) -> bool {
    let count = entity.attributes.len();
    entity.attributes.retain(|attribute| attribute.kind != AttributeKind::Domain || attribute.name != *LOCATION);
    entity.attributes.len() < count
}

/// After the metadatum `location` has been set: an attribute of that name says what it says, or goes when NGSIv2 has no
/// word for it.
pub(crate) fn follow_metadatum(entity: &mut Entity, now: Timestamp) -> bool {
    let is_place = |attribute: &Attribute| place::is_geo(attribute.value_type.as_str());
    if !entity.attribute(AttributeKind::Context, LOCATION).is_some_and(is_place) {
        return false;
    }
    let simple = entity.attribute(AttributeKind::Domain, LOCATION).and_then(place::to_simple);
    let found = |attribute: &Attribute| attribute.kind == AttributeKind::Context && attribute.name == *LOCATION;
    let Some((value_type, value)) = simple else {
        entity.attributes.retain(|attribute| !found(attribute));
        return true;
    };
    if let Some(attribute) = entity.attributes.iter_mut().find(|attribute| found(attribute)) {
        (attribute.value_type, attribute.value, attribute.modified_at) = (Name::from(value_type), value, now);
    }
    false
}
