//! Merging of values (ETSI GS CIM 009, 5.5.12, after RFC 7396): objects member by member, everything else as a whole. What is to
//! be deleted is `urn:ngsi-ld:null`.

use super::AttributeType;
use super::parse::{NULL, check_fits};
use crate::json::write_string;
use crate::members::Members;
use crate::{JsonText, ParseError};

/// The value of an attribute of that type after `given` has been merged into `former`.
///
/// # Errors
/// What comes of it is no value of such an attribute; the path begins at the member that has it, such as `object`.
pub fn values(attribute_type: AttributeType, former: &JsonText, given: &JsonText) -> Result<JsonText, ParseError> {
    let merged = match attribute_type {
        AttributeType::Property
        | AttributeType::GeoProperty
        | AttributeType::JsonProperty
        | AttributeType::LanguageProperty => objects(former.as_str(), given),
        _ => given.clone(),
    };
    check_fits(attribute_type, &merged).map_err(|error| error.within(attribute_type.member()))?;
    Ok(merged)
}

/// A text in one language, as the map that a LanguageProperty has.
#[must_use]
pub fn in_language(text: &JsonText, tag: &str) -> JsonText {
    let mut map = b"{".to_vec();
    write_string(&mut map, tag);
    map.push(b':');
    map.extend_from_slice(text.as_str().as_bytes());
    map.push(b'}');
    JsonText::of_written(map)
}

/// A value without what is said in it to be deleted: merged into nothing.
pub(super) fn without_nulls(given: JsonText) -> JsonText {
    if given.as_str().contains(NULL) { objects("", &given) } else { given }
}

fn objects(former: &str, given: &JsonText) -> JsonText {
    let untouched = !given.as_str().starts_with('{') || !(former.starts_with('{') || given.as_str().contains(NULL));
    if untouched {
        return given.clone();
    }
    let mut out = Vec::with_capacity(former.len() + given.as_str().len());
    write_merged(&mut out, former, given.as_str());
    JsonText::of_written(out)
}

fn write_merged(out: &mut Vec<u8>, former: &str, given: &str) {
    let Some(given_members) = Members::of_text(given) else { return out.extend_from_slice(given.as_bytes()) };
    let former = Members::of_text(former).map(|members| members.0).unwrap_or_default();
    out.push(b'{');
    let mut first = true;
    let mut name_member = |out: &mut Vec<u8>, name: &str| {
        if !std::mem::replace(&mut first, false) {
            out.push(b',');
        }
        write_string(out, name);
        out.push(b':');
    };
    for (name, value) in &former {
        match given_members.0.iter().rfind(|(given, _)| given == name) {
            None => {
                name_member(out, name);
                out.extend_from_slice(value.get().as_bytes());
            }
            Some((_, given)) if is_null(given.get()) => {}
            Some((_, given)) => {
                name_member(out, name);
                write_merged(out, value.get(), given.get());
            }
        }
    }
    for (name, value) in &given_members.0 {
        if !is_null(value.get()) && !former.iter().any(|(present, _)| present == name) {
            name_member(out, name);
            write_merged(out, "", value.get());
        }
    }
    out.push(b'}');
}

fn is_null(json: &str) -> bool {
    json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) == Some(NULL)
}
