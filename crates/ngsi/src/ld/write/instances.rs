//! The instances of each attribute, as NGSI-LD sees them together.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::Selection;
use crate::{Attribute, AttributeKind, Entity};

/// The selected instances by attribute, in the order in which attributes first came. Domain metadata that an attribute of the same
/// name hides are not there.
pub(super) fn instances<'a>(entity: &'a Entity, selection: &Selection) -> Vec<Vec<&'a Attribute>> {
    let selected = |attribute: &&Attribute| {
        selection.has(attribute.name.as_str()) && selection.has_data_set(&attribute.dataset_id)
    };
    let attributes = entity.attributes.iter();
    if attributes.clone().all(|a| a.kind == AttributeKind::Context && a.dataset_id.is_empty()) {
        return attributes.filter(selected).map(|only| vec![only]).collect();
    }
    let mut groups: Vec<Vec<&Attribute>> = Vec::new();
    let mut places = HashMap::new();
    for attribute in attributes {
        match places.entry(attribute.name.as_str()) {
            Entry::Vacant(place) => {
                place.insert(groups.len());
                groups.push(vec![attribute]);
            }
            Entry::Occupied(place) => groups[*place.get()].push(attribute),
        }
    }
    for group in &mut groups {
        let hidden = group.iter().any(|attribute| attribute.kind == AttributeKind::Context);
        group.retain(|attribute| selected(attribute) && !(hidden && attribute.kind == AttributeKind::Domain));
    }
    groups
}
