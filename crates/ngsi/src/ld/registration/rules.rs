//! What the members of a registration demand of one another (ETSI GS CIM 009, 4.3.6.3, 4.3.6.6 and 5.9.2).

use super::value;
use crate::registration::{Mode, Operation, Operations};
use crate::{ParseError, Registration, Timestamp};

pub(super) fn check(registration: &Registration, now: Timestamp) -> Result<(), ParseError> {
    if registration.is_expired(now) {
        return Err(ParseError::new("expiresAt", "is in the past"));
    }
    match registration.mode {
        Mode::Exclusive => check_exclusive(registration)?,
        Mode::Auxiliary => check_auxiliary(registration)?,
        Mode::Inclusive | Mode::Redirect => {}
    }
    registration.source_info.iter().try_for_each(|(key, value)| check_source_info(key, value))
}

/// Checks that an identifier in a path is a URI.
///
/// # Errors
/// The path is `id`.
pub fn check_id(id: &str) -> Result<(), ParseError> {
    if value::is_uri(id) { Ok(()) } else { Err(ParseError::new("id", format!("`{id}` is not a URI"))) }
}

fn check_exclusive(registration: &Registration) -> Result<(), ParseError> {
    for (index, information) in registration.information.iter().enumerate() {
        let wrong = |member: &str, problem: &str| {
            Err(ParseError::new(
                format!("information[{index}].{member}"),
                format!("an exclusive registration {problem}"),
            ))
        };
        if information.entities.is_empty() {
            return wrong("entities", "names its entities");
        }
        if information.properties.is_empty() && information.relationships.is_empty() {
            return wrong("propertyNames", "names its attributes");
        }
    }
    Ok(())
}

fn check_auxiliary(registration: &Registration) -> Result<(), ParseError> {
    let reading = Operations::of(&[Operation::RetrieveEntity, Operation::QueryEntity]);
    match registration.operations.is_empty() || registration.allowed().is_within(reading) {
        true => Ok(()),
        false => Err(ParseError::new(
            "operations",
            "an auxiliary registration is for retrieveEntity, queryEntity or retrieveOps and nothing else",
        )),
    }
}

fn check_source_info(key: &str, value: &str) -> Result<(), ParseError> {
    let wrong = |problem: &str| Err(ParseError::new(format!("contextSourceInfo.{key}"), problem));
    let is_visible = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !key.bytes().all(is_token) || !value.bytes().all(is_visible) {
        return wrong("must be a name and a value that a header of HTTP can have");
    }
    let is_json = matches!(value, "application/json" | "application/ld+json" | "urn:ngsi-ld:request");
    match key {
        "accept" | "contentType" if !is_json => wrong("must be application/json or application/ld+json"),
        "jsonldContext" if !value.starts_with("http://") && !value.starts_with("https://") => wrong("must be a URL"),
        "ngsildConformance" => check_conformity(value),
        _ => Ok(()),
    }
}

fn check_conformity(version: &str) -> Result<(), ParseError> {
    let is_number = |text: &str| !text.is_empty() && text.len() < 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    match version.split_once('.') {
        Some((major, minor)) if is_number(major) && is_number(minor) => Ok(()),
        _ => Err(ParseError::new("contextSourceInfo.ngsildConformance", "must be a version such as 1.8")),
    }
}
