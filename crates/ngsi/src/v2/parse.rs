//! Entities, attributes and values as clients of NGSIv2 write them.

use serde_json::value::RawValue;

use super::names::{
    BUILTIN_ATTRIBUTES, BUILTIN_METADATA, check_attribute_name, check_field, check_metadata_name, check_value,
};
use super::operator::{self, Operation};
use super::{DATE_EXPIRES, DEFAULT_ENTITY_TYPE, Kind, Problem, default_type, place};
use crate::json::check_depth;
use crate::members::Members;
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
    /// Takes out what only the broker that has written the entity can know.
    pub fn forget_builtins(&mut self) {
        self.attributes.retain(|attribute| !BUILTIN_ATTRIBUTES.contains(&attribute.name.as_str()));
        for attribute in &mut self.attributes {
            attribute.metadata.retain(|metadatum| !BUILTIN_METADATA.contains(&metadatum.name.as_str()));
        }
    }

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
    /// The value, or an operation on the one there is.
    pub value: JsonText,
    /// What is said about the value.
    pub metadata: Vec<Metadata>,
}

/// The members of a body.
///
/// # Errors
/// [`Kind::ParseError`] for what is no JSON, [`Kind::BadRequest`] for what is no object.
pub fn members(body: &[u8]) -> Result<Members<'_>, Problem> {
    check_depth(body)?;
    serde_json::from_slice(body).map_err(|error| {
        let kind = if error.is_data() { Kind::BadRequest } else { Kind::ParseError };
        Problem::new(kind, format!("the body: {error}"))
    })
}

/// Reads a whole entity.
///
/// # Errors
/// What is wrong and where.
pub fn entity(body: &[u8], form: Form) -> Result<EntityInput, Problem> {
    Ok(entity_of(members(body)?, form)?)
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
    let mut members = self::members(body)?;
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
    let (value_type, value) = declared(name, None, JsonText::from(value), &[]).map_err(|error| error.within(name))?;
    Ok(AttributeInput { name: Name::from(name), value_type, value, metadata: Vec::new() })
}

/// Reads one attribute that the path names.
///
/// # Errors
/// What is wrong and where.
pub fn attribute(name: &str, body: &[u8]) -> Result<AttributeInput, Problem> {
    check_attribute_name(name)?;
    Ok(attribute_of(name, members(body)?)?)
}

fn attribute_of(name: &str, mut members: Members<'_>) -> Result<AttributeInput, ParseError> {
    let metadata = metadata_of(&format!("{name}.metadata"), members.take("metadata"))?;
    let (given, value) = given_value(name, &mut members)?;
    let (value_type, value) = declared(name, given, value, &metadata).map_err(|error| error.within(name))?;
    members.finish(name)?;
    Ok(AttributeInput { name: Name::from(name), value_type, value, metadata })
}

fn metadata_of(path: &str, given: Option<&RawValue>) -> Result<Vec<Metadata>, ParseError> {
    let mut metadata = Vec::new();
    let Some(given) = given else { return Ok(metadata) };
    for (name, value) in Members::of(path, given)?.0 {
        check_metadata_name(&name).map_err(|error| error.within(path))?;
        let path = format!("{path}.{name}");
        let mut members = Members::of(&path, value)?;
        let usual = (*name == *DATE_EXPIRES).then_some("DateTime");
        let (value_type, value) = typed_value(&path, usual, &mut members)?;
        members.finish(&path)?;
        metadata.retain(|earlier: &Metadata| earlier.name != *name);
        metadata.push(Metadata::new(Name::from(&*name), value_type, value));
    }
    Ok(metadata)
}

/// The type of an attribute's value, and the value as it is kept. An operation is kept as it is, without a type unless one is
/// given.
fn declared(
    name: &str,
    given: Option<Name>,
    value: JsonText,
    metadata: &[Metadata],
) -> Result<(Option<Name>, JsonText), ParseError> {
    if operator::is_operation(&value) {
        Operation::parse(&value)?;
        check_value("value", "", value.as_str())?;
        return Ok((given, value));
    }
    let value_type = match given {
        Some(given) => given,
        None if name == DATE_EXPIRES => Name::from("DateTime"),
        None => Name::from(default_type(value.as_str())),
    };
    if name == DATE_EXPIRES && (!date::is_date(value_type.as_str()) || value.as_str() == "null") {
        return Err(ParseError::new("value", "must be a time, of type DateTime"));
    }
    let value = normal_value(value_type.as_str(), value, metadata)?;
    Ok((Some(value_type), value))
}

fn given_value(path: &str, members: &mut Members<'_>) -> Result<(Option<Name>, JsonText), ParseError> {
    let value = members.take("value").map_or_else(JsonText::null, JsonText::from);
    let given = members.take_text("type", &format!("{path}.type"))?;
    if let Some(given) = &given {
        check_field(&format!("{path}.type"), given)?;
    }
    Ok((given.map(Name::from), value))
}

fn typed_value(
    path: &str,
    usual_type: Option<&str>,
    members: &mut Members<'_>,
) -> Result<(Name, JsonText), ParseError> {
    let (given, value) = given_value(path, members)?;
    let value_type = given.unwrap_or_else(|| Name::from(usual_type.unwrap_or_else(|| default_type(value.as_str()))));
    let value = normal_value(value_type.as_str(), value, &[]).map_err(|error| error.within(path))?;
    Ok((value_type, value))
}

/// The value as it is kept: checked against its type unless its metadata say that the type means nothing, times in one form.
///
/// # Errors
/// What is wrong with it; the path is `value`.
pub fn normal_value(value_type: &str, value: JsonText, metadata: &[Metadata]) -> Result<JsonText, ParseError> {
    check_value("value", value_type, value.as_str())?;
    if place::is_geo(value_type) {
        return normal_place(value_type, value, metadata);
    }
    if !date::is_date(value_type) || value.as_str() == "null" {
        return Ok(value);
    }
    let time = value.as_string().and_then(|text| date::parse(&text));
    let time = time.ok_or_else(|| ParseError::new("value", "is no ISO 8601 date or time"))?;
    Ok(JsonText::string(&time.to_string()))
}

fn normal_place(value_type: &str, value: JsonText, metadata: &[Metadata]) -> Result<JsonText, ParseError> {
    if place::says(metadata, place::IGNORE_TYPE) == Some(true) {
        return Ok(value);
    }
    let value = place::geometry(value_type, value);
    place::parse(value_type, &value)?;
    Ok(value)
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
    check_depth(text.as_bytes())?;
    let scalar = !text.starts_with(['{', '[', '"']);
    let value = scalar.then(|| serde_json::from_str(text).ok()).flatten();
    value.ok_or_else(|| {
        let wanted = "must be a string in quotation marks, a number, true, false or null";
        Problem::bad_request(format!("the body: {wanted}"))
    })
}
