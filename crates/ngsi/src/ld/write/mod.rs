//! Entities as NGSI-LD writes them (ETSI GS CIM 009, 4.5): normalized, concise and simplified, and as features of GeoJSON.

mod attribute;
mod evolution;
mod feature;
mod instances;
mod language;
mod place;
mod select;
mod value;

use self::attribute::Instance;
pub use self::evolution::Temporal;
pub use self::feature::Geometry;
use self::instances::{expiry, instances};
pub use self::language::Languages;
pub use self::select::{MAX_PROJECTION, Projection, Selection};
use super::{Context, parse};
use crate::json::write_string;
use crate::{Entity, Name, Timestamp};

/// How attributes are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Representation {
    /// Each with its type.
    #[default]
    Normalized,
    /// Without what follows from the rest.
    Concise,
    /// The values alone, also called `keyValues`.
    Simplified,
}

/// What of an entity is written, and how.
#[derive(Clone)]
pub struct Rendering<'c> {
    /// What its names are called.
    pub context: &'c Context,
    /// Whether it has a member `@context`.
    pub with_context: bool,
    /// How attributes are written.
    pub representation: Representation,
    /// Whether `createdAt` and `modifiedAt` are told.
    pub sys_attrs: bool,
    /// In which language a LanguageProperty is written as a Property (4.15); none for all languages.
    pub languages: Option<Languages>,
    /// What of the entity is written.
    pub selection: Selection,
}

/// The type of an entity whose writer gave none.
const DEFAULT_ENTITY_TYPE: &str = "Thing";

/// The identifier as a URI: one that is none gets the prefix `urn:`.
#[must_use]
pub fn urn(id: &str) -> std::borrow::Cow<'_, str> {
    if parse::is_uri(id) { id.into() } else { format!("urn:{id}").into() }
}

/// Appends an entity in the normalized representation, with the named attributes only, or all when `names` is empty: a
/// notification. Domain metadata are always there.
pub fn write_entity(out: &mut Vec<u8>, entity: &Entity, names: &[Name]) {
    let core = Context::core();
    let mut rendering = Rendering::new(&core);
    if !names.is_empty() {
        let domain = entity.domain_metadata().map(|metadatum| &metadatum.name);
        rendering.selection.attributes = names.iter().chain(domain).cloned().collect();
    }
    rendering.write(out, entity);
}

impl<'c> Rendering<'c> {
    /// Everything, normalized.
    #[must_use]
    pub fn new(context: &'c Context) -> Self {
        let (representation, selection) = (Representation::default(), Selection::default());
        Self { context, with_context: false, representation, sys_attrs: false, languages: None, selection }
    }

    /// Appends an entity.
    pub fn write(&self, out: &mut Vec<u8>, entity: &Entity) {
        let mut members = Object::open(out);
        if self.selection.has("id") {
            write_string(members.member("id"), &urn(entity.id.as_str()));
        }
        self.write_members(&mut members, entity);
        self.write_context(&mut members);
        members.close();
    }

    /// Whether anything of an entity is written.
    #[must_use]
    pub fn shows_any(&self, entity: &Entity) -> bool {
        if !self.selection.projects() {
            return true;
        }
        let mut out = Vec::new();
        Self { with_context: false, ..self.clone() }.write(&mut out, entity);
        out != b"{}"
    }

    /// Appends a list of entities.
    pub fn write_list<'a>(&self, out: &mut Vec<u8>, entities: impl IntoIterator<Item = &'a Entity>) {
        list(out, entities, |out, entity| self.write(out, entity));
    }

    /// Type, scope, attributes and times.
    fn write_members(&self, members: &mut Object<'_>, entity: &Entity) {
        if self.selection.has("type") {
            self.write_types(members.member("type"), entity);
        }
        if self.selection.has("scope") && !entity.scopes.is_empty() {
            one_or_list(members.member("scope"), entity.scopes.iter(), |out, scope| write_string(out, scope.as_str()));
        }
        if let Some(expiry) = expiry(entity).filter(|_| self.selection.has("expiresAt")) {
            members.member("expiresAt").extend_from_slice(expiry.value.as_str().as_bytes());
        }
        for instances in instances(entity, &self.selection) {
            if let Some(first) = instances.first() {
                let out = members.member(&self.context.compact(&first.name));
                self.write_instances(out, &instances);
            }
        }
        if self.sys_attrs {
            for (name, time) in [("createdAt", entity.created_at), ("modifiedAt", entity.modified_at)] {
                if is_known(time) && self.selection.has(name) {
                    write_string(members.member(name), &time.to_string());
                }
            }
        }
    }

    fn write_types(&self, out: &mut Vec<u8>, entity: &Entity) {
        if entity.entity_type.is_empty() && entity.more_types.is_empty() {
            return write_string(out, DEFAULT_ENTITY_TYPE);
        }
        let types = entity.types().filter(|name| !name.is_empty());
        one_or_list(out, types, |out, name| write_string(out, &self.context.compact(name)));
    }

    fn write_instances(&self, out: &mut Vec<u8>, instances: &[&crate::Attribute]) {
        match (instances, self.representation) {
            ([only], _) => self.write_instance(out, &Instance::of_attribute(only)),
            (several, Representation::Simplified) => {
                let mut outer = Object::open(out);
                let mut data_sets = Object::open(outer.member("dataset"));
                for attribute in several {
                    let data_set = attribute.dataset_id.as_str();
                    let name = if data_set.is_empty() { "@none" } else { data_set };
                    self.write_instance(data_sets.member(name), &Instance::of_attribute(attribute));
                }
                data_sets.close();
                outer.close();
            }
            (several, _) => {
                list(out, several, |out, attribute| self.write_instance(out, &Instance::of_several(attribute)));
            }
        }
    }

    fn write_context(&self, members: &mut Object<'_>) {
        if self.with_context {
            members.member("@context").extend_from_slice(self.context.to_json().as_bytes());
        }
    }
}

/// An entity of another broker does not tell its times.
fn is_known(time: Timestamp) -> bool {
    time != Timestamp::default()
}

/// An object that is being written.
struct Object<'o> {
    out: &'o mut Vec<u8>,
    first: bool,
}

impl<'o> Object<'o> {
    fn open(out: &'o mut Vec<u8>) -> Self {
        out.push(b'{');
        Self { out, first: true }
    }

    /// Begins a member, whose value is to follow.
    fn member(&mut self, name: &str) -> &mut Vec<u8> {
        if !std::mem::replace(&mut self.first, false) {
            self.out.push(b',');
        }
        write_string(self.out, name);
        self.out.push(b':');
        self.out
    }

    fn close(self) {
        self.out.push(b'}');
    }
}

fn list<T>(out: &mut Vec<u8>, items: impl IntoIterator<Item = T>, write: impl Fn(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

/// One item as it is, several as a list.
fn one_or_list<T>(out: &mut Vec<u8>, items: impl Iterator<Item = T> + Clone, write: impl Fn(&mut Vec<u8>, T)) {
    let mut ahead = items.clone();
    match (ahead.next(), ahead.next()) {
        (Some(only), None) => write(out, only),
        _ => list(out, items, write),
    }
}
