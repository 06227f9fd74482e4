//! The instances of each attribute, as NGSI-LD sees them together.

use std::collections::hash_map::Entry;

use foldhash::{HashMap, HashMapExt};
use smallvec::{SmallVec, smallvec};

use super::{Geometry, Selection};
use crate::ld::EXPIRY;
use crate::v2::place::{self, LOCATION};
use crate::{Attribute, AttributeKind, Entity, Timestamp, date};

/// So many attributes are grouped sooner by comparing names than by hashing them.
const FEW: usize = 16;

/// When the entity is no longer of use, if anybody said so.
pub(super) fn expiry(entity: &Entity) -> Option<Timestamp> {
    let attribute = entity.attribute(AttributeKind::Context, EXPIRY).filter(|attribute| is_expiry(attribute))?;
    date::parse(&attribute.value.as_string()?)
}

fn is_expiry(attribute: &Attribute) -> bool {
    attribute.name == *EXPIRY && attribute.value.as_str().starts_with('"')
}

/// Whether an attribute can be written under its name: NGSI-10 allows those that have another meaning here.
fn has_word(attribute: &Attribute) -> bool {
    let name = attribute.name.as_str();
    !matches!(name, "" | "id" | "type" | "scope" | "@context" | "createdAt" | "modifiedAt" | "deletedAt" | "expiresAt")
        && !is_expiry(attribute)
}

/// Whether it is where NGSI-10 finds the place that another attribute has.
fn is_mirror(attribute: &Attribute) -> bool {
    attribute.kind == AttributeKind::Domain && attribute.name == *LOCATION
}

/// The instance that has the geometry of a feature.
pub(super) fn place_of<'a>(entity: &'a Entity, geometry: &'a Geometry) -> Option<&'a Attribute> {
    let mut found = entity.instances(geometry.name.as_str());
    found.find(|it| it.dataset_id == geometry.data_set && !(is_mirror(it) && place::source(entity).is_some()))
}

/// Most attributes have one.
type Instances<'a> = SmallVec<[&'a Attribute; 2]>;

fn by_looking<'a>(attributes: impl Iterator<Item = &'a Attribute>) -> Vec<Instances<'a>> {
    let mut groups: Vec<Instances<'_>> = Vec::with_capacity(FEW);
    for attribute in attributes {
        match groups.iter_mut().find(|group| group.first().is_some_and(|first| first.name == attribute.name)) {
            Some(group) => group.push(attribute),
            None => groups.push(smallvec![attribute]),
        }
    }
    groups
}

fn by_hashing<'a>(attributes: impl Iterator<Item = &'a Attribute>) -> Vec<Instances<'a>> {
    let mut groups: Vec<Instances<'_>> = Vec::new();
    let mut places = HashMap::new();
    for attribute in attributes {
        match places.entry(attribute.name.as_str()) {
            Entry::Vacant(place) => {
                place.insert(groups.len());
                groups.push(smallvec![attribute]);
            }
            Entry::Occupied(place) => groups[*place.get()].push(attribute),
        }
    }
    groups
}

/// The selected instances by attribute, in the order in which attributes first came. Domain metadata that an attribute of the same
/// name hides are not there.
pub(super) fn instances<'a>(entity: &'a Entity, selection: &Selection) -> Vec<Instances<'a>> {
    let selected = |attribute: &&Attribute| {
        has_word(attribute) && selection.has(attribute.name.as_str()) && selection.has_data_set(&attribute.dataset_id)
    };
    let attributes = entity.attributes.iter();
    if attributes.clone().all(|a| a.kind == AttributeKind::Context && a.dataset_id.is_empty()) {
        return attributes.filter(selected).map(|only| smallvec![only]).collect();
    }
    let mut groups = if entity.attributes.len() <= FEW { by_looking(attributes) } else { by_hashing(attributes) };
    let mirrored = place::source(entity).is_some();
    for group in &mut groups {
        let hidden = group.iter().any(|attribute| attribute.kind == AttributeKind::Context);
        group.retain(|attribute| {
            selected(&*attribute)
                && !(hidden && attribute.kind == AttributeKind::Domain)
                && !(mirrored && is_mirror(attribute))
        });
    }
    groups
}
