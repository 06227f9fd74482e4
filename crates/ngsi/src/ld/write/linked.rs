//! Entities that other entities link to (ETSI GS CIM 009, 4.5.23): which they are, and how they stand inside of Relationships.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::attribute::Instance;
use super::instances::instances;
use super::value::{Value, written};
use super::{Changes, Rendering, Selection, list, urn};
use crate::json::write_string;
use crate::ld::AttributeType;
use crate::{Entity, Name};

/// About how many bytes of linked entities stand inside of others in one answer.
pub const MAX_INLINE: usize = 16 << 20;

/// The entities that those of one answer link to.
#[derive(Debug, Default)]
pub struct Linked {
    /// By the URI that each has in NGSI-LD.
    entities: HashMap<Name, Arc<Entity>>,
    bytes: AtomicUsize,
}

/// How entities stand inside of the Relationships that link to them (4.5.23.2).
#[derive(Debug, Clone)]
pub struct Inline {
    /// The entities.
    pub linked: Arc<Linked>,
    /// How many levels of them.
    pub level: usize,
    /// The URIs of those that stand around, which do not come again inside.
    pub around: Vec<Name>,
}

/// The URIs that an entity links to by selected Relationships of its own, each with the stored name of the Relationship.
#[must_use]
pub fn links<'a>(entity: &'a Entity, selection: &Selection) -> Vec<(&'a Name, Name)> {
    let core = crate::ld::Context::core();
    let rendering = Rendering::new(&core);
    let all = instances(entity, selection).into_iter().flatten();
    all.flat_map(|attribute| {
        let value = written(&rendering, &Instance::of_attribute(attribute));
        value.uris().into_iter().map(|uri| (&attribute.name, Name::from(uri)))
    })
    .collect()
}

impl Linked {
    /// These entities.
    #[must_use]
    pub fn new(entities: HashMap<Name, Arc<Entity>>) -> Self {
        Self { entities, bytes: AtomicUsize::new(0) }
    }

    /// Whether all that was to be written was written.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) < MAX_INLINE
    }
}

/// What a Relationship links to, with the entities that stand inside of it.
pub(super) struct Targets {
    /// The member that has them.
    pub(super) member: &'static str,
    is_one: bool,
    uris: Vec<String>,
    /// The JSON of each, if it is there.
    entities: Vec<Option<Vec<u8>>>,
}

impl Targets {
    /// Appends the entities that are there.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let there = self.entities.iter().flatten();
        match self.is_one {
            true => there.for_each(|entity| out.extend_from_slice(entity)),
            false => list(out, there, |out, entity| out.extend_from_slice(entity)),
        }
    }

    /// Appends the entities, and the URIs of those that are not there.
    pub(super) fn write_in_place(&self, out: &mut Vec<u8>) {
        let write = |out: &mut Vec<u8>, (uri, entity): (&String, &Option<Vec<u8>>)| match entity {
            Some(entity) => out.extend_from_slice(entity),
            None => write_string(out, uri),
        };
        let all = self.uris.iter().zip(&self.entities);
        match self.is_one {
            true => all.for_each(|target| write(out, target)),
            false => list(out, all, write),
        }
    }
}

impl Value<'_> {
    /// What a Relationship links to; nothing for anything else.
    fn uris(&self) -> Vec<String> {
        match self.attribute_type {
            AttributeType::Relationship | AttributeType::ListRelationship => {
                let one = || Some(vec![serde_json::from_str(&self.json).ok()?]);
                serde_json::from_str(&self.json).ok().or_else(one).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }
}

impl Rendering<'_> {
    /// The entities that are to stand inside of an instance, if there are any.
    pub(super) fn targets(&self, instance: &Instance<'_>, value: &Value<'_>) -> Option<Targets> {
        let (inline, entity) = (self.inline.as_ref()?, instance.entity?);
        let uris = value.uris();
        if uris.is_empty() {
            return None;
        }
        let inner = self.inner(inline, entity, instance.name);
        let entities: Vec<_> = uris.iter().map(|uri| inner.inlined(inline, uri)).collect();
        let member = if value.attribute_type == AttributeType::Relationship { "entity" } else { "entityList" };
        let is_one = value.json.starts_with('"');
        entities.iter().any(Option::is_some).then_some(Targets { member, is_one, uris, entities })
    }

    /// How the entities are written that an attribute of an entity links to.
    fn inner(&self, inline: &Inline, entity: &Entity, name: &Name) -> Self {
        let mut around = inline.around.clone();
        around.push(Name::from(&*urn(entity.id.as_str())));
        let level = inline.level.saturating_sub(1);
        Self {
            with_context: false,
            changes: Changes::default(),
            selection: self.selection.of_linked(name.as_str()),
            inline: Some(Inline { linked: inline.linked.clone(), level, around }),
            ..self.clone()
        }
    }

    /// The JSON of the entity of that URI, if it is one to stand here.
    fn inlined(&self, outer: &Inline, uri: &str) -> Option<Vec<u8>> {
        let inner = self.inline.as_ref()?;
        let linked = &outer.linked;
        if outer.level == 0 || !linked.is_complete() || inner.around.iter().any(|around| *around == *uri) {
            return None;
        }
        let entity = linked.entities.get(uri)?;
        if !self.shows_any(entity) {
            return None;
        }
        let mut out = Vec::new();
        self.write(&mut out, entity);
        linked.bytes.fetch_add(out.len(), Ordering::Relaxed);
        Some(out)
    }
}
