//! Entities as NGSI-LD writes them (ETSI GS CIM 009, 4.5): normalized, concise and simplified, and as features of GeoJSON.

mod attribute;
mod evolution;
mod feature;
mod instances;
mod join;
mod language;
mod linked;
mod place;
mod select;
mod value;

use self::attribute::Instance;
pub use self::evolution::Temporal;
pub use self::feature::Geometry;
use self::instances::{expiry, instances};
pub use self::join::{Following, Join, Joined, MAX_JOIN_LEVEL, Place, Selected};
pub use self::language::Languages;
pub use self::linked::{Inline, Linked, MAX_INLINE, links};
pub use self::select::{MAX_PROJECTION, Projection, Selection};
use super::parse::NULL;
use super::{Context, parse};
use crate::json::write_string;
use crate::{Attribute, Entity, Name, Timestamp};

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
    /// What a notification tells beyond the state.
    pub changes: Changes<'c>,
    /// The entities that stand inside of Relationships, if any do.
    pub inline: Option<Inline>,
}

/// What led to the state of an entity, as far as notifications tell (ETSI GS CIM 009, 5.2.14 and 5.8.6). Instances that are gone
/// are among those of the entity, with [`parse::NULL`] as their value.
#[derive(Debug, Clone, Copy, Default)]
pub struct Changes<'c> {
    /// Instances of attributes before they changed.
    pub former: &'c [Attribute],
    /// When the change was; of what is gone it is told.
    pub at: Option<Timestamp>,
    /// Whether the entity itself is gone.
    pub deleted: bool,
}

impl<'c> Changes<'c> {
    fn former(&self, instance: &Instance<'_>) -> Option<&'c Attribute> {
        self.former.iter().find(|former| instance.is_of(former))
    }

    fn deleted_at(&self, gone: bool) -> Option<Timestamp> {
        self.at.filter(|_| gone)
    }
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
        let (languages, changes, inline) = (None, Changes::default(), None);
        Self { context, with_context: false, representation, sys_attrs: false, languages, selection, changes, inline }
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
        Self { with_context: false, inline: None, ..self.clone() }.write(&mut out, entity);
        out != b"{}"
    }

    /// Appends a list of entities.
    pub fn write_list<'a>(&self, out: &mut Vec<u8>, entities: impl IntoIterator<Item = &'a Entity>) {
        list(out, entities, |out, entity| self.write(out, entity));
    }

    /// Appends a list of entities and, behind them, of others that they link to.
    pub fn write_joined<'a>(
        &self,
        out: &mut Vec<u8>,
        entities: impl IntoIterator<Item = &'a Entity>,
        behind: impl IntoIterator<Item = &'a Selected>,
    ) {
        list(out, own_and_linked(entities, behind), |out, (selection, entity)| match selection {
            None => self.write(out, entity),
            Some(selection) => self.of_linked(selection).write(out, entity),
        });
    }

    /// The same with another selection.
    #[must_use]
    pub fn with(&self, selection: &Selection) -> Self {
        Self { selection: selection.clone(), ..self.clone() }
    }

    /// The same for an entity that those of a notification link to, which has not changed.
    fn of_linked(&self, selection: &Selection) -> Self {
        Self { changes: Changes::default(), ..self.with(selection) }
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
            write_string(members.member("expiresAt"), &expiry.brief());
        }
        for instances in instances(entity, &self.selection) {
            if let Some(first) = instances.first() {
                let out = members.member(&self.context.compact(&first.name));
                self.write_instances(out, entity, &instances);
            }
        }
        if self.sys_attrs {
            for (name, time) in [("createdAt", entity.created_at), ("modifiedAt", entity.modified_at)] {
                if is_known(time) && self.selection.has(name) {
                    write_string(members.member(name), &time.brief());
                }
            }
        }
        if let Some(at) = self.changes.deleted_at(self.changes.deleted) {
            write_string(members.member("deletedAt"), &at.brief());
        }
    }

    fn write_types(&self, out: &mut Vec<u8>, entity: &Entity) {
        if entity.entity_type.is_empty() && entity.more_types.is_empty() {
            return write_string(out, DEFAULT_ENTITY_TYPE);
        }
        let types = entity.types().filter(|name| !name.is_empty());
        one_or_list(out, types, |out, name| write_string(out, &self.context.compact(name)));
    }

    fn write_instances(&self, out: &mut Vec<u8>, entity: &Entity, instances: &[&crate::Attribute]) {
        match (instances, self.representation) {
            ([only], _) => self.write_instance(out, &Instance::of_attribute(only).of(entity)),
            (several, Representation::Simplified) => {
                let mut outer = Object::open(out);
                let mut data_sets = Object::open(outer.member("dataset"));
                for attribute in several {
                    let data_set = attribute.dataset_id.as_str();
                    let name = if data_set.is_empty() { "@none" } else { data_set };
                    self.write_instance(data_sets.member(name), &Instance::of_attribute(attribute).of(entity));
                }
                data_sets.close();
                outer.close();
            }
            (several, _) => {
                list(out, several, |out, attribute| {
                    self.write_instance(out, &Instance::of_several(attribute).of(entity));
                });
            }
        }
    }

    fn write_context(&self, members: &mut Object<'_>) {
        if self.with_context {
            members.member("@context").extend_from_slice(self.context.to_json().as_bytes());
        }
    }
}

/// Entities and, behind them, those that they link to, each of these with the selection that it has.
fn own_and_linked<'a>(
    entities: impl IntoIterator<Item = &'a Entity>,
    behind: impl IntoIterator<Item = &'a Selected>,
) -> impl Iterator<Item = (Option<&'a Selection>, &'a Entity)> {
    let linked = behind.into_iter().map(|(selection, entity)| (Some(selection), &**entity));
    entities.into_iter().map(|entity| (None, entity)).chain(linked)
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
