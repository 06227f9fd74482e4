//! From the JSON of a registration, or of a part of one that changes another.

use serde_json::{Map, Value};

use super::{PLACES, READ_ONLY, TYPE, rules, value};
use crate::ld::Context;
use crate::registration::{Mode, Operations};
use crate::{JsonText, Name, ParseError, Registration, RegistrationId, Timestamp, json};

/// The most members that are no members of every registration.
const MAX_PROPERTIES: usize = 64;

/// Reads a registration that is to be made; its identifier is empty when the broker is to choose one.
///
/// # Errors
/// Names the member that is missing or malformed.
pub fn read(body: &[u8], context: &Context, now: Timestamp) -> Result<Registration, ParseError> {
    let members: Map<String, Value> = json::parse_object(body)?;
    let mut registration = Registration { created_at: now, modified_at: now, ..Registration::default() };
    for required in ["type", "endpoint", "information"] {
        if !members.contains_key(required) {
            return Err(ParseError::new(required, "missing"));
        }
    }
    for (member, value) in &members {
        set(&mut registration, member, value, context)?;
    }
    rules::check(&registration, now)?;
    Ok(registration)
}

/// The registration as a fragment of one changes it (5.5.8): members that the fragment has are replaced, those that are
/// `null` or `urn:ngsi-ld:null` there are removed.
///
/// # Errors
/// Names the member that is malformed, or that cannot be removed.
pub fn change(
    registration: &Registration,
    body: &[u8],
    context: &Context,
    now: Timestamp,
) -> Result<Registration, ParseError> {
    let members: Map<String, Value> = json::parse_object(body)?;
    let mut changed = Registration { modified_at: now, ..registration.clone() };
    let mut renewed = false;
    for (member, value) in &members {
        match value {
            Value::Null => remove(&mut changed, member, context)?,
            Value::String(text) if text == "urn:ngsi-ld:null" => remove(&mut changed, member, context)?,
            Value::String(id) if member == "id" && *id == registration.id.as_str() => {}
            _ if member == "id" => return Err(ParseError::new("id", "cannot be changed")),
            value => set(&mut changed, member, value, context)?,
        }
        renewed |= member == "expiresAt";
    }
    rules::check(&changed, if renewed { now } else { Timestamp::default() })?;
    Ok(changed)
}

fn set(registration: &mut Registration, member: &str, value: &Value, context: &Context) -> Result<(), ParseError> {
    let text = |value: &Value| value::text(member, value);
    match member {
        "@context" => {}
        "id" => registration.id = RegistrationId::from(value::uri(member, value)?),
        "type" if text(value)? == TYPE => {}
        "type" => return Err(ParseError::new("type", format!("must be {TYPE}"))),
        "endpoint" => registration.endpoint = value::endpoint(member, value)?,
        "mode" => registration.mode = mode(value)?,
        "information" => {
            registration.information =
                value::each(member, value, |path, value| value::information(path, value, context))?;
        }
        "operations" => registration.operations = value::each(member, value, operation)?,
        "contextSourceInfo" => registration.source_info = value::each(member, value, value::key_value)?,
        "contextSourceAlias" => registration.alias = Some(text(value)?),
        "tenant" => registration.tenant = Some(text(value)?),
        "expiresAt" => registration.expires_at = Some(value::time(member, value)?),
        "management" => registration.management = Some(value::management(member, value)?),
        "registrationName" => registration.name = Some(text(value)?),
        "description" => registration.description = Some(text(value)?),
        "datasetId" => registration.data_sets = value::one_or_more(member, value, data_set)?,
        "scope" => registration.scopes = value::one_or_more(member, value, scope)?,
        "observationInterval" => registration.observation_interval = Some(value::interval(member, value)?),
        "managementInterval" => registration.management_interval = Some(value::interval(member, value)?),
        "refreshRate" => registration.refresh_rate = Some(value::duration(member, value)?),
        place if PLACES.contains(&place) => {
            replace(&mut registration.places, Name::from(place), Some(value::geometry(member, value)?));
        }
        read_only if READ_ONLY.contains(&read_only) => {}
        other => {
            replace(&mut registration.properties, context.expand(other), Some(JsonText::from(value.clone())));
            if registration.properties.len() > MAX_PROPERTIES {
                return Err(ParseError::new(other, format!("is one of more than {MAX_PROPERTIES} further members")));
            }
        }
    }
    Ok(())
}

fn remove(registration: &mut Registration, member: &str, context: &Context) -> Result<(), ParseError> {
    match member {
        "id" | "type" | "endpoint" | "information" => return Err(ParseError::new(member, "cannot be removed")),
        "mode" => registration.mode = Mode::default(),
        "operations" => registration.operations.clear(),
        "contextSourceInfo" => registration.source_info.clear(),
        "contextSourceAlias" => registration.alias = None,
        "tenant" => registration.tenant = None,
        "expiresAt" => registration.expires_at = None,
        "management" => registration.management = None,
        "registrationName" => registration.name = None,
        "description" => registration.description = None,
        "datasetId" => registration.data_sets.clear(),
        "scope" => registration.scopes.clear(),
        "observationInterval" => registration.observation_interval = None,
        "managementInterval" => registration.management_interval = None,
        "refreshRate" => registration.refresh_rate = None,
        place if PLACES.contains(&place) => replace(&mut registration.places, Name::from(place), None),
        other => replace(&mut registration.properties, context.expand(other), None),
    }
    Ok(())
}

/// Members have no order: they are kept by name, so that what says the same is the same.
fn replace(values: &mut Vec<(Name, JsonText)>, name: Name, value: Option<JsonText>) {
    values.retain(|(other, _)| *other != name);
    if let Some(value) = value {
        values.insert(values.partition_point(|(other, _)| *other < name), (name, value));
    }
}

fn mode(value: &Value) -> Result<Mode, ParseError> {
    let known = Mode::ALL.into_iter().find(|mode| value.as_str() == Some(mode.name()));
    known.ok_or_else(|| ParseError::new("mode", "must be inclusive, exclusive, redirect or auxiliary"))
}

fn operation(path: &str, value: &Value) -> Result<String, ParseError> {
    let name = value::text(path, value)?;
    match Operations::named(&name) {
        Some(_) => Ok(name),
        None => Err(ParseError::new(path, format!("`{name}` is no name of an operation or a group of operations"))),
    }
}

fn data_set(path: &str, value: &Value) -> Result<Name, ParseError> {
    if value == "@none" { Ok(Name::from("@none")) } else { value::uri(path, value).map(Name::from) }
}

fn scope(path: &str, value: &Value) -> Result<Name, ParseError> {
    let text = value::text(path, value)?;
    Ok(if text.starts_with('/') { Name::from(text) } else { Name::from(format!("/{text}")) })
}
