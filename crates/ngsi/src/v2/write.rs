//! Entities and attributes as NGSIv2 writes them.

use std::borrow::Cow;

use super::{DATE_EXPIRES, DEFAULT_ENTITY_TYPE, default_type, path, place};
use crate::json::write_string;
use crate::{Attribute, AttributeKind, Entity, JsonText, Name, Timestamp};

/// How attributes are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Representation {
    /// `{"type","value","metadata"}` by name.
    #[default]
    Normalized,
    /// The value by name.
    KeyValues,
    /// A list of values.
    Values,
    /// A list of values without repetition.
    Unique,
}

/// What of an entity is written, and how.
#[derive(Debug, Clone, Default)]
pub struct Rendering {
    /// How.
    pub representation: Representation,
    /// Which attributes, in order; `*` stands for all that are [shown]; these when empty.
    pub attributes: Vec<Name>,
    /// Which metadata; `*` stands for all; all when empty.
    pub metadata: Vec<Name>,
}

/// Appends an entity in the normalized representation, with the named attributes only, or all when `names` is empty: a
/// notification. Domain metadata are always there.
pub fn write_entity(out: &mut Vec<u8>, entity: &Entity, names: &[Name]) {
    open(out, entity);
    for attribute in entity.merged_attributes(names) {
        out.push(b',');
        write_string(out, attribute.name.as_str());
        out.push(b':');
        write_attribute(out, attribute, &[]);
    }
    out.push(b'}');
}

fn open(out: &mut Vec<u8>, entity: &Entity) {
    out.extend_from_slice(b"{\"id\":");
    write_string(out, entity.id.as_str());
    out.extend_from_slice(b",\"type\":");
    write_string(out, type_of(entity));
}

/// The entity's type; `Thing` when it has none.
#[must_use]
pub fn type_of(entity: &Entity) -> &str {
    if entity.entity_type.is_empty() { DEFAULT_ENTITY_TYPE } else { entity.entity_type.as_str() }
}

/// Type and value of an attribute as NGSIv2 sees them.
#[must_use]
pub fn typed_value(attribute: &Attribute) -> (&str, Cow<'_, JsonText>) {
    match place::to_simple(attribute) {
        Some((geo_type, value)) => (geo_type, Cow::Owned(value)),
        None if attribute.value_type.is_empty() => {
            (default_type(attribute.value.as_str()), Cow::Borrowed(&attribute.value))
        }
        None => (attribute.value_type.as_str(), Cow::Borrowed(&attribute.value)),
    }
}

/// The attribute that NGSIv2 sees under a name.
#[must_use]
pub fn attribute<'a>(entity: &'a Entity, name: &str) -> Option<&'a Attribute> {
    entity.merged_attributes(&[]).find(|attribute| attribute.name == *name)
}

/// The attributes that are shown when none is named: not `dateExpires`, and not the domain metadatum `location` where it only
/// says what an attribute of another name says.
pub fn shown(entity: &Entity) -> impl Iterator<Item = &Attribute> {
    let repeats = |attribute: &Attribute| {
        attribute.kind == AttributeKind::Domain && attribute.name == *place::LOCATION && place::source(entity).is_some()
    };
    entity.merged_attributes(&[]).filter(move |attribute| attribute.name != *DATE_EXPIRES && !repeats(attribute))
}

impl Rendering {
    /// Appends a whole entity.
    pub fn write(&self, out: &mut Vec<u8>, entity: &Entity) {
        if self.is_list() {
            return self.write_attributes(out, entity);
        }
        open(out, entity);
        for attribute in self.selected(entity) {
            out.push(b',');
            self.write_member(out, &attribute);
        }
        out.push(b'}');
    }

    /// Appends the attributes alone.
    pub fn write_attributes(&self, out: &mut Vec<u8>, entity: &Entity) {
        if self.is_list() {
            return self.write_values(out, entity);
        }
        out.push(b'{');
        for (index, attribute) in self.selected(entity).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            self.write_member(out, &attribute);
        }
        out.push(b'}');
    }

    fn is_list(&self) -> bool {
        matches!(self.representation, Representation::Values | Representation::Unique)
    }

    fn write_member(&self, out: &mut Vec<u8>, attribute: &Attribute) {
        write_string(out, attribute.name.as_str());
        out.push(b':');
        match self.representation {
            Representation::Normalized => write_attribute(out, attribute, &self.metadata),
            _ => out.extend_from_slice(typed_value(attribute).1.as_str().as_bytes()),
        }
    }

    fn write_values(&self, out: &mut Vec<u8>, entity: &Entity) {
        let mut values: Vec<JsonText> = Vec::new();
        for attribute in self.selected(entity) {
            let value = typed_value(&attribute).1.into_owned();
            if self.representation == Representation::Values || !values.contains(&value) {
                values.push(value);
            }
        }
        out.push(b'[');
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            out.extend_from_slice(value.as_str().as_bytes());
        }
        out.push(b']');
    }

    /// The attributes that are asked for, in the order in which they are asked for.
    fn selected<'a>(&'a self, entity: &'a Entity) -> impl Iterator<Item = Cow<'a, Attribute>> {
        let every = || shown(entity).map(Cow::Borrowed);
        let all: Box<dyn Iterator<Item = Cow<'a, Attribute>>> = if self.attributes.is_empty() {
            Box::new(every())
        } else {
            Box::new(self.attributes.iter().flat_map(move |name| -> Box<dyn Iterator<Item = Cow<'a, Attribute>>> {
                match name.as_str() {
                    "*" => Box::new(every().filter(|attribute| !self.attributes.contains(&attribute.name))),
                    name => Box::new(
                        attribute(entity, name).map(Cow::Borrowed).or_else(|| builtin(entity, name)).into_iter(),
                    ),
                }
            }))
        };
        all
    }
}

/// An attribute that the broker keeps itself. An entity of another broker does not tell its times.
#[must_use]
pub fn builtin<'a>(entity: &Entity, name: &str) -> Option<Cow<'a, Attribute>> {
    let (value_type, value) = match name {
        "dateCreated" => ("DateTime", known(entity.created_at)?),
        "dateModified" => ("DateTime", known(entity.modified_at)?),
        "servicePath" => ("Text", JsonText::string(path::path_of(entity))),
        _ => return None,
    };
    Some(Cow::Owned(Attribute {
        name: Name::from(name),
        kind: AttributeKind::Context,
        dataset_id: Name::default(),
        value_type: Name::from(value_type),
        value,
        metadata: Vec::new(),
        created_at: Timestamp::default(),
        modified_at: Timestamp::default(),
    }))
}

fn known(time: Timestamp) -> Option<JsonText> {
    (time != Timestamp::default()).then(|| JsonText::string(&time.to_string()))
}

/// Appends one attribute in the normalized representation, with the named metadata, or all when `wanted` is empty.
pub fn write_attribute(out: &mut Vec<u8>, attribute: &Attribute, wanted: &[Name]) {
    let (value_type, value) = typed_value(attribute);
    write_value(out, value_type, value.as_str());
    out.extend_from_slice(b",\"metadata\":{");
    let mut first = true;
    let mut write = |name: &Name, value_type: &str, value: &str| {
        if !std::mem::replace(&mut first, false) {
            out.push(b',');
        }
        write_string(out, name.as_str());
        out.push(b':');
        write_value(out, value_type, value);
        out.push(b'}');
    };
    let every = wanted.is_empty() || wanted.iter().any(|name| name == "*");
    for metadatum in attribute.metadata.iter().filter(|metadatum| every || wanted.contains(&metadatum.name)) {
        let value = metadatum.value.as_str();
        let given = metadatum.value_type.as_str();
        write(&metadatum.name, if given.is_empty() { default_type(value) } else { given }, value);
    }
    let is_own = |name: &&Name| attribute.metadata.iter().any(|metadatum| metadatum.name == **name);
    for name in wanted.iter().filter(|name| !is_own(name)) {
        let time = match name.as_str() {
            "dateCreated" => attribute.created_at,
            "dateModified" => attribute.modified_at,
            _ => continue,
        };
        if let Some(time) = known(time) {
            write(name, "DateTime", time.as_str());
        }
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
