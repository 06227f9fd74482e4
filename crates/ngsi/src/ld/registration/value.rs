//! Values of members, checked.

use serde_json::{Map, Value};

use crate::ld::Context;
use crate::registration::{EntityInfo, Information, Interval, Management};
use crate::{JsonText, Name, ParseError, Timestamp, date, v1, v2};

/// The most items of a list.
const MAX_ITEMS: usize = 1_000;
/// The longest text, in bytes.
const MAX_TEXT: usize = 4_096;

type Members = Map<String, Value>;

fn wrong<T>(path: &str, problem: &str) -> Result<T, ParseError> {
    Err(ParseError::new(path, problem))
}

pub(super) fn text(path: &str, value: &Value) -> Result<String, ParseError> {
    match value.as_str() {
        Some("") => wrong(path, "must not be empty"),
        Some(text) if text.len() > MAX_TEXT => wrong(path, &format!("must have at most {MAX_TEXT} bytes")),
        Some(text) => Ok(text.to_owned()),
        None => wrong(path, "must be a string"),
    }
}

/// An identifier that is a URI: a scheme, and nothing that no URI has.
pub(super) fn uri(path: &str, value: &Value) -> Result<String, ParseError> {
    let text = text(path, value)?;
    match is_uri(&text) {
        true => Ok(text),
        false => wrong(path, "must be a URI"),
    }
}

pub(super) fn is_uri(text: &str) -> bool {
    let scheme = text.split_once(':').map_or("", |(scheme, _)| scheme);
    scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
        && !text.contains(|c: char| c.is_whitespace() || c.is_control() || "<>\"{}|\\^`".contains(c))
}

/// A URL at which a source can be reached.
pub(super) fn endpoint(path: &str, value: &Value) -> Result<String, ParseError> {
    let url = uri(path, value)?;
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    if rest.is_none_or(|rest| rest.is_empty() || rest.starts_with('/') || rest.contains(['?', '#', '@'])) {
        return wrong(path, "must be a URL of http or https with a host and without a query");
    }
    Ok(url)
}

pub(super) fn list<'a>(path: &str, value: &'a Value) -> Result<&'a [Value], ParseError> {
    match value.as_array() {
        Some(items) if items.is_empty() => wrong(path, "must not be empty"),
        Some(items) if items.len() > MAX_ITEMS => wrong(path, &format!("must have at most {MAX_ITEMS} items")),
        Some(items) => Ok(items),
        None => wrong(path, "must be a list"),
    }
}

pub(super) fn object<'a>(path: &str, value: &'a Value) -> Result<&'a Members, ParseError> {
    value.as_object().ok_or_else(|| ParseError::new(path, "must be an object"))
}

/// Every item of a list, each with its path.
pub(super) fn each<T>(
    path: &str,
    value: &Value,
    read: impl Fn(&str, &Value) -> Result<T, ParseError>,
) -> Result<Vec<T>, ParseError> {
    let items = list(path, value)?.iter().enumerate();
    items.map(|(index, item)| read(&format!("{path}[{index}]"), item)).collect()
}

/// Every item of a list, or the only one.
pub(super) fn one_or_more<T>(
    path: &str,
    value: &Value,
    read: impl Fn(&str, &Value) -> Result<T, ParseError>,
) -> Result<Vec<T>, ParseError> {
    if value.is_array() { each(path, value, read) } else { Ok(vec![read(path, value)?]) }
}

fn name(path: &str, value: &Value, context: &Context) -> Result<Name, ParseError> {
    Ok(context.expand(&text(path, value)?))
}

pub(super) fn time(path: &str, value: &Value) -> Result<Timestamp, ParseError> {
    let text = text(path, value)?;
    match text.contains('T').then(|| date::parse(&text)).flatten() {
        Some(time) => Ok(time),
        None => wrong(path, "must be a time such as 2026-02-28T12:00:00Z"),
    }
}

pub(super) fn duration(path: &str, value: &Value) -> Result<String, ParseError> {
    let text = text(path, value)?;
    match text.starts_with('P') && v1::parse_duration(&text).is_some() {
        true => Ok(text),
        false => wrong(path, "must be an ISO 8601 duration such as PT10M"),
    }
}

pub(super) fn geometry(path: &str, value: &Value) -> Result<JsonText, ParseError> {
    let json = JsonText::from(value.clone());
    match v2::place::parse("geo:json", &json) {
        Ok(Some(_)) => Ok(json),
        Ok(None) => wrong(path, "must be a GeoJSON geometry"),
        Err(error) => wrong(path, &error.problem),
    }
}

/// The whole numbers above zero that milliseconds are.
fn millis(path: &str, value: &Value) -> Result<u64, ParseError> {
    match value.as_f64() {
        Some(number) if number > 0.0 => Ok(value.as_u64().unwrap_or(1).max(1)),
        _ => wrong(path, "must be a number of milliseconds above 0"),
    }
}

pub(super) fn interval(path: &str, value: &Value) -> Result<Interval, ParseError> {
    let members = object(path, value)?;
    let at = |member: &str| members.get(member).map(|value| time(&format!("{path}.{member}"), value)).transpose();
    let start_at = at("startAt")?.ok_or_else(|| ParseError::new(format!("{path}.startAt"), "missing"))?;
    let end_at = at("endAt")?;
    if end_at.is_some_and(|end| end < start_at) {
        return wrong(&format!("{path}.endAt"), "must not be before startAt");
    }
    Ok(Interval { start_at, end_at })
}

pub(super) fn management(path: &str, value: &Value) -> Result<Management, ParseError> {
    let mut management = Management::default();
    for (member, value) in object(path, value)? {
        let path = format!("{path}.{member}");
        match member.as_str() {
            "localOnly" => {
                management.local_only =
                    value.as_bool().ok_or_else(|| ParseError::new(path, "must be true or false"))?;
            }
            "timeout" => management.timeout_ms = Some(millis(&path, value)?),
            "cooldown" => management.cooldown_ms = Some(millis(&path, value)?),
            "cacheDuration" => management.cache_duration = Some(duration(&path, value)?),
            _ => return wrong(&path, "is not known"),
        }
    }
    Ok(management)
}

pub(super) fn key_value(path: &str, value: &Value) -> Result<(String, String), ParseError> {
    let members = object(path, value)?;
    let member = |name: &str| {
        let path = format!("{path}.{name}");
        text(&path, members.get(name).unwrap_or(&Value::Null))
    };
    Ok((member("key")?, member("value")?))
}

pub(super) fn information(path: &str, value: &Value, context: &Context) -> Result<Information, ParseError> {
    let mut information = Information::default();
    let members = object(path, value)?;
    for (member, value) in members {
        let path = format!("{path}.{member}");
        let names = |value: &Value| each(&path, value, |path, value| name(path, value, context));
        match member.as_str() {
            "entities" => {
                information.entities = each(&path, value, |path, value| entity_info(path, value, context))?;
            }
            "propertyNames" => information.properties = names(value)?,
            "relationshipNames" => information.relationships = names(value)?,
            _ => return wrong(&path, "is not known"),
        }
    }
    match information == Information::default() {
        true => wrong(path, "must have entities, propertyNames or relationshipNames"),
        false => Ok(information),
    }
}

fn entity_info(path: &str, value: &Value, context: &Context) -> Result<EntityInfo, ParseError> {
    let mut info = EntityInfo::default();
    for (member, value) in object(path, value)? {
        let path = format!("{path}.{member}");
        match member.as_str() {
            "id" => info.id = uri(&path, value)?,
            "idPattern" => info.id_pattern = text(&path, value)?,
            "type" => info.types = one_or_more(&path, value, |path, value| name(path, value, context))?,
            _ => return wrong(&path, "is not known"),
        }
    }
    match info.types.is_empty() {
        true => wrong(&format!("{path}.type"), "missing"),
        false => Ok(info),
    }
}
