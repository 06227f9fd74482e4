//! Sources by what they may have, so that an operation looks at candidates only.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use ngsi::selector::Matcher;
use ngsi::{Name, RegistrationId};

use super::source::Entities;
use super::{Selection, Source, Subject};

/// Something that carries a source.
pub trait HasSource {
    /// The source.
    fn source(&self) -> &Source;
}

impl HasSource for Source {
    fn source(&self) -> &Source {
        self
    }
}

/// Some sources in the order of their registrations' identifiers.
type Bucket<T> = BTreeMap<RegistrationId, Arc<T>>;

/// Sources by identifier, by the entities and by the types that they name.
#[derive(Debug)]
pub struct SourceIndex<T> {
    all: Bucket<T>,
    by_entity: HashMap<Name, Bucket<T>>,
    by_type: HashMap<Name, Bucket<T>>,
    /// Those of `by_type` that name the type without one entity.
    open_by_type: HashMap<Name, Bucket<T>>,
    /// Those that may have entities of any type.
    open: Bucket<T>,
}

impl<T> Default for SourceIndex<T> {
    fn default() -> Self {
        Self {
            all: Bucket::new(),
            by_entity: HashMap::new(),
            by_type: HashMap::new(),
            open_by_type: HashMap::new(),
            open: Bucket::new(),
        }
    }
}

impl<T: HasSource> SourceIndex<T> {
    /// The source of that registration.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Arc<T>> {
        self.all.get(id)
    }

    /// Every source, by identifier.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<T>> {
        self.all.values()
    }

    /// Number of sources.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Adds a source, replacing that of the same identifier, which is given back.
    pub fn insert(&mut self, entry: Arc<T>) -> Option<Arc<T>> {
        let id = entry.source().registration.id.clone();
        let former = self.remove(id.as_str());
        let put = |bucket: &mut Bucket<T>| {
            bucket.insert(id.clone(), entry.clone());
        };
        for part in &entry.source().parts {
            if part.entities.is_empty() {
                put(&mut self.open);
            }
            for entities in &part.entities {
                for name in &entities.types {
                    put(self.by_type.entry(name.clone()).or_default());
                }
                if entities.types.is_empty() {
                    put(&mut self.open);
                }
                match &entities.id {
                    Matcher::Exact(id) => put(self.by_entity.entry(id.clone()).or_default()),
                    _ => entities.types.iter().for_each(|name| put(self.open_by_type.entry(name.clone()).or_default())),
                }
            }
        }
        self.all.insert(id, entry);
        former
    }

    /// Takes a source out.
    pub fn remove(&mut self, id: &str) -> Option<Arc<T>> {
        let entry = self.all.remove(id)?;
        self.open.remove(id);
        for Entities { id: matcher, types, .. } in entry.source().parts.iter().flat_map(|part| &part.entities) {
            if let Matcher::Exact(entity) = matcher {
                take(&mut self.by_entity, entity, id);
            }
            for name in types {
                take(&mut self.by_type, name, id);
                take(&mut self.open_by_type, name, id);
            }
        }
        Some(entry)
    }

    /// Those that may have something of the entity, and perhaps others.
    #[must_use]
    pub fn candidates(&self, subject: Subject<'_>) -> Bucket<T> {
        let mut found = Bucket::new();
        if self.all.is_empty() {
            return found;
        }
        self.add_entity(&mut found, subject.id);
        self.add_types(&mut found, &self.open_by_type, subject.types);
        found
    }

    /// Those that may have entities that are asked for, and perhaps others.
    #[must_use]
    pub fn selected(&self, selection: &Selection<'_>) -> Bucket<T> {
        let mut found = Bucket::new();
        if self.all.is_empty() {
            return found;
        }
        if selection.ids.is_empty() {
            if selection.types.is_empty() {
                return self.all.clone();
            }
            self.add_types(&mut found, &self.by_type, selection.types);
            return found;
        }
        for id in selection.ids {
            self.add_entity(&mut found, id);
        }
        self.add_types(&mut found, &self.open_by_type, selection.types);
        found
    }

    fn add_entity(&self, found: &mut Bucket<T>, id: &str) {
        if let Some(bucket) = self.by_entity.get(id) {
            add(found, bucket);
        }
    }

    /// Adds those of the types, or of any type when none is known.
    fn add_types(&self, found: &mut Bucket<T>, buckets: &HashMap<Name, Bucket<T>>, types: &[Name]) {
        add(found, &self.open);
        if types.is_empty() {
            buckets.values().for_each(|bucket| add(found, bucket));
        }
        types.iter().filter_map(|name| buckets.get(name)).for_each(|bucket| add(found, bucket));
    }
}

fn add<T>(found: &mut Bucket<T>, bucket: &Bucket<T>) {
    found.extend(bucket.iter().map(|(id, entry)| (id.clone(), entry.clone())));
}

fn take<T>(buckets: &mut HashMap<Name, Bucket<T>>, key: &Name, id: &str) {
    if let Some(bucket) = buckets.get_mut(key) {
        bucket.remove(id);
        if bucket.is_empty() {
            buckets.remove(key);
        }
    }
}
