//! NGSI-LD (ETSI GS CIM 009 version 1.8): contexts, errors, entities in and out.

pub mod context;
mod fragment;
pub mod problem;

pub use context::{CORE_CONTEXT, Coercion, Context};
pub use fragment::{AttributeType, EntityFragment, Fragment};
pub use problem::{Kind, Problem};

use crate::json::write_string;
use crate::{Attribute, AttributeKind, Entity, Location, Name};

/// Appends an entity in the normalized representation, with the named attributes only, or all when `names` is empty.
///
/// An id without a scheme gets the prefix `urn:`; the `location` metadatum becomes a GeoProperty, every other
/// attribute and domain metadatum a Property.
pub fn write_entity(out: &mut Vec<u8>, entity: &Entity, names: &[Name]) {
    out.extend_from_slice(b"{\"id\":");
    write_string(out, &urn(entity.id.as_str()));
    out.extend_from_slice(b",\"type\":");
    write_string(out, if entity.entity_type.is_empty() { "Thing" } else { entity.entity_type.as_str() });
    for attribute in entity.merged_attributes(names) {
        out.push(b',');
        write_string(out, attribute.name.as_str());
        out.push(b':');
        write_attribute(out, attribute);
    }
    out.push(b'}');
}

/// The identifier as a URI.
#[must_use]
pub fn urn(id: &str) -> String {
    if id.starts_with("urn:") || id.contains("://") { id.to_owned() } else { format!("urn:{id}") }
}

fn write_attribute(out: &mut Vec<u8>, attribute: &Attribute) {
    if let (AttributeKind::Domain, Some(geometry)) = (attribute.kind, geometry(attribute)) {
        out.extend_from_slice(b"{\"type\":\"GeoProperty\",\"value\":");
        out.extend_from_slice(geometry.to_string().as_bytes());
        out.push(b'}');
        return;
    }
    out.extend_from_slice(b"{\"type\":\"Property\",\"value\":");
    out.extend_from_slice(attribute.value.as_str().as_bytes());
    for metadata in &attribute.metadata {
        out.push(b',');
        write_string(out, metadata.name.as_str());
        out.extend_from_slice(b":{\"type\":\"Property\",\"value\":");
        out.extend_from_slice(metadata.value.as_str().as_bytes());
        out.push(b'}');
    }
    out.push(b'}');
}

/// A place as a GeoJSON geometry (RFC 7946).
fn geometry(attribute: &Attribute) -> Option<serde_json::Value> {
    let place = Location::parse(attribute.value_type.as_str(), &attribute.value).ok()??;
    if let Location::Polygon(polygon) = &place {
        let ring: Vec<[f64; 2]> =
            polygon.vertices.iter().chain(polygon.vertices.first()).map(|v| [v.longitude, v.latitude]).collect();
        return Some(serde_json::json!({ "type": "Polygon", "coordinates": [ring] }));
    }
    let point = place.center()?;
    Some(serde_json::json!({ "type": "Point", "coordinates": [point.longitude, point.latitude] }))
}
