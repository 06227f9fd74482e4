//! The notification of NGSIv1 as receivers of NGSIv2's `legacy` format know it: identity on the element, codes as strings.

use crate::Entity;
use crate::json::write_string;
use crate::v2::write::{shown, typed_value};

/// Appends a notification of one entity with all of its attributes.
pub fn write_legacy(out: &mut Vec<u8>, subscription: &str, originator: &str, entity: &Entity) {
    out.extend_from_slice(b"{\"subscriptionId\":");
    write_string(out, subscription);
    out.extend_from_slice(b",\"originator\":");
    write_string(out, originator);
    out.extend_from_slice(b",\"contextResponses\":[{\"contextElement\":{\"type\":");
    write_string(out, entity.entity_type.as_str());
    out.extend_from_slice(b",\"isPattern\":\"false\",\"id\":");
    write_string(out, entity.id.as_str());
    out.extend_from_slice(b",\"attributes\":[");
    for (index, attribute) in shown(entity).enumerate() {
        if index > 0 {
            out.push(b',');
        }
        let (value_type, value) = typed_value(attribute);
        write_value(out, attribute.name.as_str(), value_type, value.as_str());
        if !attribute.metadata.is_empty() {
            out.extend_from_slice(b",\"metadatas\":[");
            for (index, metadatum) in attribute.metadata.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                let (value_type, value) = (metadatum.value_type.as_str(), metadatum.value.as_str());
                write_value(out, metadatum.name.as_str(), value_type, value);
                out.push(b'}');
            }
            out.push(b']');
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"]},\"statusCode\":{\"code\":\"200\",\"reasonPhrase\":\"OK\"}}]}");
}

/// Appends `{"name":…,"type":…,"value":…` and leaves the object open.
fn write_value(out: &mut Vec<u8>, name: &str, value_type: &str, value: &str) {
    out.extend_from_slice(b"{\"name\":");
    write_string(out, name);
    out.extend_from_slice(b",\"type\":");
    write_string(out, value_type);
    out.extend_from_slice(b",\"value\":");
    out.extend_from_slice(value.as_bytes());
}
