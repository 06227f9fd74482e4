//! Edits as they meet entities.

use std::sync::Arc;

use ngsi::ld::{EntityFragment, Fragment};
use ngsi::v2::path::share_path;
use ngsi::v2::write::type_of;
use ngsi::{Attribute, Entity, EntityId, Name, ParseError, Timestamp};

use super::{Instances, LeftOut, LinkedAction, LinkedEdit, LinkedEdited, LinkedRefusal, MergeDefaults, attribute};
use crate::update::{Change, Done, TICK, looks_alike};
use crate::{EntityMap, MAX_ATTRIBUTES, places};

impl EntityMap {
    /// Carries out an edit. The modification time of an entity always rises, as with [`EntityMap::apply`].
    ///
    /// # Errors
    /// A refusal; nothing has changed then.
    pub fn edit_linked(&mut self, edit: LinkedEdit, now: Timestamp) -> Result<LinkedEdited, LinkedRefusal> {
        let LinkedEdit { id, action } = edit;
        let Some(former) = self.get(id.as_str()) else { return self.create_linked(id, action, now) };
        let now = now.max(former.modified_at.after(TICK));
        let mut draft = Draft::of(former, now);
        match action {
            LinkedAction::Create(_) => return Err(LinkedRefusal::Exists),
            LinkedAction::Delete => {
                let change = self.delete(id.as_str()).map_err(|_| LinkedRefusal::UnknownEntity)?;
                return Ok(LinkedEdited {
                    change: Some(change),
                    created: false,
                    updated: Vec::new(),
                    left_out: Vec::new(),
                });
            }
            LinkedAction::Replace(fragment) | LinkedAction::CreateOrReplace(fragment) => draft.replace(fragment)?,
            LinkedAction::CreateOrAppend(fragment) => draft.append(fragment, false),
            LinkedAction::Append { fragment, no_overwrite } => draft.append(fragment, no_overwrite),
            LinkedAction::Update(fragment) => draft.update(fragment),
            LinkedAction::Merge { fragment, defaults } => draft.merge(fragment, &defaults)?,
            LinkedAction::PartialUpdate(fragment) => draft.change_one(fragment, attribute::updated)?,
            LinkedAction::ReplaceAttribute(fragment) => {
                draft.change_one(fragment, |former, fragment, now| attribute::replaced(Some(former), fragment, now))?;
            }
            LinkedAction::DeleteAttribute { name, instances } => draft.delete(&name, &instances)?,
        }
        self.put(draft)
    }

    fn create_linked(
        &mut self,
        id: EntityId,
        action: LinkedAction,
        now: Timestamp,
    ) -> Result<LinkedEdited, LinkedRefusal> {
        let (LinkedAction::Create(fragment)
        | LinkedAction::CreateOrReplace(fragment)
        | LinkedAction::CreateOrAppend(fragment)) = action
        else {
            return Err(LinkedRefusal::UnknownEntity);
        };
        let mut draft = Draft::of(&Entity::new(id, Name::default(), now), now);
        draft.replace(fragment)?;
        draft.created = true;
        self.put(draft)
    }

    /// Makes what was drafted the state of the entity.
    fn put(&mut self, draft: Draft) -> Result<LinkedEdited, LinkedRefusal> {
        let Draft { mut entity, mut done, created, updated, left_out, place_before, now } = draft;
        if entity.attributes.len() > MAX_ATTRIBUTES {
            return Err(LinkedRefusal::TooManyAttributes);
        }
        if done.touched.is_empty() && !done.redefined && !created {
            return Ok(LinkedEdited { change: None, created, updated, left_out });
        }
        entity.modified_at = now;
        done.redefined |= places::follow_attribute(&mut entity, &done.touched, place_before.as_ref(), now);
        let former = self.exact(&entity.id);
        done.redefined &= former.is_none_or(|former| !looks_alike(former, &entity));
        let retyped = former.is_some_and(|former| !former.types().eq(entity.types()));
        let moved = former.is_some_and(|former| former.scopes != entity.scopes);
        if (retyped || moved) && self.all(entity.id.as_str()).any(|other| is_taken(other, &entity)) {
            return Err(LinkedRefusal::Taken);
        }
        let entity = Arc::new(entity);
        self.insert(entity.clone());
        let mut change = if created { Change::created(entity, done) } else { Change::updated(entity, done) };
        change.retyped = retyped;
        Ok(LinkedEdited { change: Some(change), created, updated, left_out })
    }
}

/// Whether another entity is for NGSIv2 what this one would be.
fn is_taken(other: &Entity, entity: &Entity) -> bool {
    other.id != entity.id && type_of(other) == type_of(entity) && share_path(other, entity)
}

/// An entity that is being changed.
struct Draft {
    entity: Entity,
    now: Timestamp,
    done: Done,
    created: bool,
    updated: Vec<Name>,
    left_out: Vec<(Name, LeftOut)>,
    place_before: Option<Name>,
}

impl Draft {
    fn of(entity: &Entity, now: Timestamp) -> Self {
        Self {
            place_before: places::source(entity),
            entity: entity.clone(),
            now,
            done: Done::default(),
            created: false,
            updated: Vec::new(),
            left_out: Vec::new(),
        }
    }

    fn present<'a>(&'a self, name: &'a Name, dataset_id: &Name) -> Option<&'a Attribute> {
        self.entity.instances(name.as_str()).find(|attribute| attribute.dataset_id == *dataset_id)
    }

    fn note(&mut self, name: &Name) {
        if !self.updated.contains(name) {
            self.updated.push(name.clone());
        }
    }

    fn put(&mut self, attribute: Attribute) {
        self.note(&attribute.name);
        self.done.set(&mut self.entity, attribute);
    }

    /// The first type of an entity stays the first; further ones are added.
    fn add_types(&mut self, types: Vec<Name>) {
        for name in types {
            if self.entity.entity_type.is_empty() {
                self.entity.entity_type = name;
            } else if !self.entity.types().any(|known| *known == name) {
                self.entity.more_types.push(name);
            } else {
                continue;
            }
            self.done.redefined = true;
        }
    }

    fn set_scopes(&mut self, scopes: Option<Vec<Name>>) {
        if let Some(scopes) = scopes.filter(|scopes| *scopes != self.entity.scopes) {
            self.entity.scopes = scopes;
            self.done.redefined = true;
        }
    }

    fn add_scopes(&mut self, added: Vec<Name>) {
        let mut scopes = self.entity.scopes.clone();
        scopes.extend(added.into_iter().filter(|scope| !self.entity.scopes.contains(scope)));
        self.set_scopes(Some(scopes));
    }

    fn replace(&mut self, fragment: EntityFragment) -> Result<(), LinkedRefusal> {
        let former = std::mem::take(&mut self.entity.attributes);
        self.done.touched.extend(former.iter().map(|attribute| attribute.name.clone()));
        self.entity.entity_type = Name::default();
        self.entity.more_types.clear();
        self.add_types(fragment.types);
        self.entity.scopes = fragment.scopes.unwrap_or_default();
        for fragment in fragment.attributes {
            let (name, dataset_id) = (fragment.name.clone(), fragment.dataset_id.clone());
            let same = former.iter().find(|former| former.name == name && former.dataset_id == dataset_id);
            let made = attribute::replaced(same, fragment, self.now).map_err(|error| error.within(name.as_str()))?;
            self.put(made);
        }
        self.done.former.extend(former);
        self.done.redefined = true;
        Ok(())
    }

    /// Sets every attribute, but those that exist if nothing is to be overwritten; scopes are added then.
    fn append(&mut self, fragment: EntityFragment, no_overwrite: bool) {
        self.add_types(fragment.types);
        match fragment.scopes {
            Some(added) if no_overwrite => self.add_scopes(added),
            scopes => self.set_scopes(scopes),
        }
        for fragment in fragment.attributes {
            let (name, dataset_id) = (fragment.name.clone(), fragment.dataset_id.clone());
            let former = self.present(&name, &dataset_id);
            let outcome = match former {
                Some(_) if no_overwrite => Err(LeftOut::Exists),
                _ if fragment.is_null => {
                    self.remove(&name, &Instances::One(dataset_id)).ok_or(LeftOut::Unknown).map(|()| None)
                }
                _ => attribute::replaced(former, fragment, self.now).map(Some).map_err(LeftOut::from),
            };
            match outcome {
                Ok(Some(attribute)) => self.put(attribute),
                Ok(None) => {}
                Err(reason) => self.left_out.push((name, reason)),
            }
        }
    }

    /// Sets every attribute; scopes only where there are some.
    fn update(&mut self, mut fragment: EntityFragment) {
        if self.entity.scopes.is_empty() && fragment.scopes.take().is_some() {
            self.left_out.push((Name::from("scope"), LeftOut::Unknown));
        }
        self.append(fragment, false);
    }

    fn merge(&mut self, fragment: EntityFragment, defaults: &MergeDefaults) -> Result<(), LinkedRefusal> {
        self.add_types(fragment.types);
        self.set_scopes(fragment.scopes);
        for fragment in fragment.attributes {
            let (name, dataset_id) = (fragment.name.clone(), fragment.dataset_id.clone());
            if fragment.is_null {
                self.remove(&name, &Instances::One(dataset_id));
                continue;
            }
            let made = match self.present(&name, &dataset_id) {
                Some(former) => attribute::merged(former, fragment, defaults, self.now),
                None => attribute::replaced(None, fragment, self.now),
            };
            self.put(made.map_err(|error| error.within(name.as_str()))?);
        }
        Ok(())
    }

    /// Changes an instance that must exist.
    fn change_one(
        &mut self,
        fragment: Fragment,
        make: impl FnOnce(&Attribute, Fragment, Timestamp) -> Result<Attribute, ParseError>,
    ) -> Result<(), LinkedRefusal> {
        let (name, dataset_id) = (fragment.name.clone(), fragment.dataset_id.clone());
        if fragment.is_null {
            return self.delete(&name, &Instances::One(dataset_id));
        }
        let former = self.present(&name, &dataset_id).ok_or_else(|| LinkedRefusal::UnknownAttribute(name.clone()))?;
        let made = make(former, fragment, self.now).map_err(|error| error.within(name.as_str()))?;
        self.put(made);
        Ok(())
    }

    /// Removes an attribute, or the scopes.
    fn delete(&mut self, name: &Name, instances: &Instances) -> Result<(), LinkedRefusal> {
        if *name == *"scope" && !self.entity.scopes.is_empty() {
            self.set_scopes(Some(Vec::new()));
            return Ok(());
        }
        self.remove(name, instances).ok_or_else(|| LinkedRefusal::UnknownAttribute(name.clone()))
    }

    /// Removes instances of an attribute, if there are any.
    fn remove(&mut self, name: &Name, instances: &Instances) -> Option<()> {
        let count = self.entity.attributes.len();
        self.done.remove(&mut self.entity, |attribute| {
            attribute.name == *name
                && !matches!(instances, Instances::One(dataset_id) if attribute.dataset_id != *dataset_id)
        });
        if self.entity.attributes.len() == count {
            return None;
        }
        self.note(name);
        Some(())
    }
}
