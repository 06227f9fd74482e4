//! Entities, attributes and values as clients of NGSIv2 write them.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::names::{check_attribute_name, check_field, check_metadata_name, check_value};
use super::{DEFAULT_ENTITY_TYPE, Kind, Problem, default_type, place};
use crate::json::check_depth;
use crate::{EntityId, JsonText, Metadata, Name, ParseError, date};

/// How the attributes of an entity are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Form {
    /// `{"value","type","metadata"}`.
    #[default]
    Normalized,
    /// The value alone.
    KeyValues,
}

/// An entity of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntityInput {
    /// Its identifier.
    pub id: EntityId,
    /// Its type, if one was given.
    pub entity_type: Option<Name>,
    /// Its attributes, in order.
    pub attributes: Vec<AttributeInput>,
}

impl EntityInput {
    /// The type it has when it is created.
    #[must_use]
    pub fn type_or_default(&self) -> Name {
        self.entity_type.clone().unwrap_or_else(|| Name::from(DEFAULT_ENTITY_TYPE))
    }
}

/// An attribute of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttributeInput {
    /// Its name.
    pub name: Name,
    /// The type of the value; `None` keeps the one that the attribute has.
    pub value_type: Option<Name>,
    /// The value.
    pub value: JsonText,
    /// What is said about the value.
    pub metadata: Vec<Metadata>,
}

/// The members of an object in their order; of equal ones the last counts.
pub struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Vec<(Cow<'de, str>, &'de RawValue)>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, &RawValue>()? {
                    members.push((Cow::Owned(name), value));
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Reader).map(Self)
    }
}

impl<'a> Members<'a> {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Kind::ParseError`] for what is no JSON, [`Kind::BadRequest`] for what is no object.
    pub fn of_body(body: &'a [u8]) -> Result<Self, Problem> {
        check_depth(body)?;
        serde_json::from_slice(body).map_err(|error| {
            let kind = if error.is_data() { Kind::BadRequest } else { Kind::ParseError };
            Problem::new(kind, format!("the body: {error}"))
        })
    }

    fn of(path: &str, value: &'a RawValue) -> Result<Self, ParseError> {
        serde_json::from_str(value.get()).map_err(|_| ParseError::new(path, "must be an object"))
    }

    /// Takes a member out.
    pub fn take(&mut self, name: &str) -> Option<&'a RawValue> {
        let found = self.0.iter().rposition(|(member, _)| member == name).map(|index| self.0[index].1);
        self.0.retain(|(member, _)| member != name);
        found
    }

    fn take_text(&mut self, name: &str, path: &str) -> Result<Option<String>, ParseError> {
        let Some(value) = self.take(name) else { return Ok(None) };
        serde_json::from_str(value.get()).map(Some).map_err(|_| ParseError::new(path, "must be a string"))
    }

    /// What has not been taken.
    ///
    /// # Errors
    /// Names a member that should not be there.
    pub fn finish(self, path: &str) -> Result<(), ParseError> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) => Err(ParseError::new(path, format!("has no member `{name}`"))),
        }
    }
}

/// Reads a whole entity.
///
/// # Errors
/// What is wrong and where.
pub fn entity(body: &[u8], form: Form) -> Result<EntityInput, Problem> {
    Ok(entity_of(Members::of_body(body)?, form)?)
}

/// Reads an entity that stands in a larger document.
///
/// # Errors
/// What is wrong and where.
pub fn entity_of(mut members: Members<'_>, form: Form) -> Result<EntityInput, ParseError> {
    let id = members.take_text("id", "id")?.ok_or_else(|| ParseError::new("id", "missing"))?;
    check_field("id", &id)?;
    let entity_type = members.take_text("type", "type")?;
    if let Some(entity_type) = &entity_type {
        check_field("type", entity_type)?;
    }
    let attributes = attributes_of(members, form)?;
    Ok(EntityInput { id: EntityId::from(id), entity_type: entity_type.map(Name::from), attributes })
}

/// Reads the attributes of an entity that the path names.
///
/// # Errors
/// What is wrong and where; `id` and `type` may not be there.
pub fn attributes(body: &[u8], form: Form) -> Result<Vec<AttributeInput>, Problem> {
    let mut members = Members::of_body(body)?;
    for fixed in ["id", "type"] {
        if members.take(fixed).is_some() {
            return Err(Problem::bad_request(format!("{fixed}: stands in the path and cannot be changed")));
        }
    }
    Ok(attributes_of(members, form)?)
}

fn attributes_of(members: Members<'_>, form: Form) -> Result<Vec<AttributeInput>, ParseError> {
    let mut attributes: Vec<AttributeInput> = Vec::with_capacity(members.0.len());
    let mut seen = std::collections::HashSet::new();
    for (name, value) in members.0.into_iter().rev() {
        if !seen.insert(name.to_string()) {
            continue;
        }
        check_attribute_name(&name)?;
        attributes.push(match form {
            Form::Normalized => attribute_of(&name, Members::of(&name, value)?)?,
            Form::KeyValues => key_value(&name, value)?,
        });
    }
    attributes.reverse();
    Ok(attributes)
}

fn key_value(name: &str, value: &RawValue) -> Result<AttributeInput, ParseError> {
    let value_type = Name::from(default_type(value.get()));
    let value = normal_value(value_type.as_str(), JsonText::from(value)).map_err(|error| error.within(name))?;
    Ok(AttributeInput { name: Name::from(name), value_type: Some(value_type), value, metadata: Vec::new() })
}

/// Reads one attribute that the path names.
///
/// # Errors
/// What is wrong and where.
pub fn attribute(name: &str, body: &[u8]) -> Result<AttributeInput, Problem> {
    check_attribute_name(name)?;
    Ok(attribute_of(name, Members::of_body(body)?)?)
}

fn attribute_of(name: &str, mut members: Members<'_>) -> Result<AttributeInput, ParseError> {
    let (value_type, value) = typed_value(name, &mut members)?;
    let mut metadata = Vec::new();
    if let Some(given) = members.take("metadata") {
        let path = format!("{name}.metadata");
        for (metadatum, value) in Members::of(&path, given)?.0 {
            check_metadata_name(&metadatum).map_err(|error| error.within(&path))?;
            let path = format!("{path}.{metadatum}");
            let mut members = Members::of(&path, value)?;
            let (value_type, value) = typed_value(&path, &mut members)?;
            members.finish(&path)?;
            metadata.retain(|earlier: &Metadata| earlier.name != *metadatum);
            metadata.push(Metadata::new(Name::from(&*metadatum), value_type, value));
        }
    }
    members.finish(name)?;
    Ok(AttributeInput { name: Name::from(name), value_type: Some(value_type), value, metadata })
}

fn typed_value(path: &str, members: &mut Members<'_>) -> Result<(Name, JsonText), ParseError> {
    let value = members.take("value").map_or_else(JsonText::null, JsonText::from);
    let value_type = match members.take_text("type", &format!("{path}.type"))? {
        Some(given) => {
            check_field(&format!("{path}.type"), &given)?;
            Name::from(given)
        }
        None => Name::from(default_type(value.as_str())),
    };
    let value = normal_value(value_type.as_str(), value).map_err(|error| error.within(path))?;
    Ok((value_type, value))
}

/// The value as it is kept: checked against its type, times in one form.
///
/// # Errors
/// What is wrong with it; the path is `value`.
pub fn normal_value(value_type: &str, value: JsonText) -> Result<JsonText, ParseError> {
    check_value("value", value_type, value.as_str())?;
    place::parse(value_type, &value)?;
    if !date::is_date(value_type) || value.as_str() == "null" {
        return Ok(value);
    }
    let time = value.as_string().and_then(|text| date::parse(&text));
    let time = time.ok_or_else(|| ParseError::new("value", "is no ISO 8601 date or time"))?;
    Ok(JsonText::string(&time.to_string()))
}

/// Reads the body of `PUT …/value` of type `application/json`: an object or a list.
///
/// # Errors
/// [`Kind::ParseError`] for what is no JSON, [`Kind::BadRequest`] for a value that is no object and no list.
pub fn json_value(body: &[u8]) -> Result<JsonText, Problem> {
    check_depth(body)?;
    let value: JsonText =
        serde_json::from_slice(body).map_err(|error| Problem::new(Kind::ParseError, format!("the body: {error}")))?;
    match value.as_str().starts_with(['{', '[']) {
        true => Ok(value),
        false => Err(Problem::bad_request("the body: must be an object or a list; other values are text/plain")),
    }
}

/// Reads the body of `PUT …/value` of type `text/plain`: a string in quotation marks, a number, `true`, `false` or `null`.
///
/// # Errors
/// Anything else.
pub fn plain_value(body: &[u8]) -> Result<JsonText, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::bad_request("the body: is no UTF-8"))?.trim();
    if let Some(content) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return Ok(JsonText::string(content));
    }
    let scalar = !text.starts_with(['{', '[', '"']);
    let value = scalar.then(|| serde_json::from_str(text).ok()).flatten();
    value.ok_or_else(|| {
        let wanted = "must be a string in quotation marks, a number, true, false or null";
        Problem::bad_request(format!("the body: {wanted}"))
    })
}
