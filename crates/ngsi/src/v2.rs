//! Entities as NGSIv2 writes them, for subscribers that asked for it.

use crate::json::write_string;
use crate::{Attribute, AttributeKind, Entity, Location, Name};

/// Appends an entity in the normalized representation, with the named attributes only, or all when `names` is empty.
///
/// Domain metadata become attributes; the place becomes a `geo:point` or `geo:polygon` attribute.
pub fn write_entity(out: &mut Vec<u8>, entity: &Entity, names: &[Name]) {
    out.extend_from_slice(b"{\"id\":");
    write_string(out, entity.id.as_str());
    out.extend_from_slice(b",\"type\":");
    write_string(out, entity.entity_type.as_str());
    for attribute in entity.merged_attributes(names) {
        out.push(b',');
        write_string(out, attribute.name.as_str());
        out.push(b':');
        write_attribute(out, attribute);
    }
    out.push(b'}');
}

fn write_attribute(out: &mut Vec<u8>, attribute: &Attribute) {
    if let (AttributeKind::Domain, Some((geo_type, value))) = (attribute.kind, simple_location(attribute)) {
        write_value(out, geo_type, &value);
    } else {
        write_value(out, attribute.value_type.as_str(), attribute.value.as_str());
    }
    out.extend_from_slice(b",\"metadata\":{");
    for (index, metadata) in attribute.metadata.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_string(out, metadata.name.as_str());
        out.push(b':');
        write_value(out, metadata.value_type.as_str(), metadata.value.as_str());
        out.push(b'}');
    }
    out.extend_from_slice(b"}}");
}

/// Appends `{"type":…,"value":…` and leaves the object open.
fn write_value(out: &mut Vec<u8>, value_type: &str, value: &str) {
    out.extend_from_slice(b"{\"type\":");
    write_string(out, value_type);
    out.extend_from_slice(b",\"value\":");
    out.extend_from_slice(value.as_bytes());
}

/// A place in the "simple location format" (NGSIv2, "Geospatial properties of entities").
fn simple_location(attribute: &Attribute) -> Option<(&'static str, String)> {
    match Location::parse(attribute.value_type.as_str(), &attribute.value).ok()?? {
        Location::Point(point) => Some(("geo:point", format!("\"{}, {}\"", point.latitude, point.longitude))),
        Location::Polygon(polygon) => {
            let ring = polygon.vertices.iter().chain(polygon.vertices.first());
            let corners: Vec<String> = ring.map(|v| format!("\"{}, {}\"", v.latitude, v.longitude)).collect();
            Some(("geo:polygon", format!("[{}]", corners.join(","))))
        }
        Location::Circle(_) | Location::Global => None,
    }
}
