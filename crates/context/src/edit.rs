//! Changes with the semantics of NGSIv2: what must exist, what must not, and what is left of what was there.

use std::sync::Arc;

use ngsi::v2::operator::{self, Operation};
use ngsi::v2::path::ServicePath;
use ngsi::v2::write::{attribute as visible, type_of};
use ngsi::v2::{AttributeInput, parse, place};
use ngsi::{Attribute, AttributeKind, Entity, EntityId, Metadata, Name, ParseError, Timestamp, v2};

use crate::entities::MAX_TWINS;
use crate::update::{Change, Done, TICK, looks_alike};
use crate::{EntityMap, MAX_ATTRIBUTES, places};

/// A change to one entity.
#[derive(Debug, Clone)]
pub struct Edit {
    /// Whom it changes, together with type and path.
    pub id: EntityId,
    /// The type that the entity has or gets; any when empty.
    pub entity_type: Name,
    /// Where it stands or is put.
    pub path: ServicePath,
    /// What it does.
    pub action: EditAction,
    /// Whether an entity that does not exist is created.
    pub creates: bool,
    /// Whether metadata that are not named go.
    pub overrides_metadata: bool,
    /// The attributes concerned. Of those to be deleted only the names count.
    pub attributes: Vec<AttributeInput>,
}

/// What an edit does with its attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EditAction {
    /// They are those of an entity that must not exist.
    Create,
    /// They are set.
    Append,
    /// They are added; those that exist stay as they are.
    AppendStrict,
    /// They are set; those that do not exist are left out.
    Update,
    /// They take the place of all there are.
    Replace,
    /// They are removed, or the whole entity when there are none.
    Delete,
}

/// An edit that was carried out.
#[derive(Debug, Clone)]
pub struct Edited {
    /// What it changed.
    pub change: Change,
    /// The attributes that stayed out: those that exist already, or that do not exist.
    pub left_out: Vec<Name>,
}

/// Why an edit was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditRefusal {
    /// There is no such entity.
    #[error("no such entity")]
    UnknownEntity,
    /// The edit names several entities: they have one identifier, but different types.
    #[error("More than one matching entity. Please refine your query")]
    Several,
    /// The entity to be created exists.
    #[error("Already Exists")]
    Exists,
    /// More than [`MAX_TWINS`].
    #[error("at most {MAX_TWINS} entities have the same identifier")]
    TooManyTwins,
    /// None of the attributes to be set or deleted exists.
    #[error("the entity does not have these attributes: {}", list(.0))]
    UnknownAttributes(Vec<Name>),
    /// All of the attributes to be added exist.
    #[error("the entity has these attributes already: {}", list(.0))]
    ExistingAttributes(Vec<Name>),
    /// A value that does not suit the type that the attribute has.
    #[error(transparent)]
    Value(#[from] ParseError),
    /// An operation on a value that it cannot change.
    #[error(transparent)]
    Operation(ParseError),
    /// A second place: the entity would be in two.
    #[error(
        "You cannot use more than one geo location attribute when creating an entity. Use ignoreType metadata if you want to \
         add additional informative locations."
    )]
    TooManyPlaces,
    /// More than [`MAX_ATTRIBUTES`].
    #[error("an entity has at most {MAX_ATTRIBUTES} attributes")]
    TooManyAttributes,
}

/// Names as they stand in descriptions.
#[must_use]
pub fn list(names: &[Name]) -> String {
    format!("[ {} ]", names.iter().map(Name::as_str).collect::<Vec<_>>().join(", "))
}

impl EntityMap {
    /// Carries out an edit. The modification time of an entity always rises, as with [`EntityMap::apply`].
    ///
    /// # Errors
    /// A refusal; nothing has changed then.
    pub fn edit(&mut self, mut edit: Edit, now: Timestamp) -> Result<Edited, EditRefusal> {
        if edit.attributes.len() > MAX_ATTRIBUTES {
            return Err(EditRefusal::TooManyAttributes);
        }
        let Some(place) = self.meant(&edit)? else {
            return if edit.creates { self.create_edited(edit, now) } else { Err(EditRefusal::UnknownEntity) };
        };
        let left_out = edit.check(self.in_slot(place).ok_or(EditRefusal::UnknownEntity)?)?;
        if edit.action == EditAction::Delete && edit.attributes.is_empty() {
            let change = self.delete_slot(place).ok_or(EditRefusal::UnknownEntity)?;
            return Ok(Edited { change, left_out });
        }
        let mut slot = self.slot_mut(place).ok_or(EditRefusal::UnknownEntity)?;
        let former = (edit.action == EditAction::Replace).then(|| slot.clone());
        let entity = Arc::make_mut(&mut slot);
        let now = now.max(entity.modified_at.after(TICK));
        entity.modified_at = now;
        let mut done = edit.perform(entity, now);
        done.redefined &= former.is_none_or(|former| !looks_alike(&former, entity));
        Ok(Edited { change: Change::updated(slot.clone(), done), left_out })
    }

    /// The slot of the entity that an edit means, if it is here.
    fn meant(&self, edit: &Edit) -> Result<Option<u32>, EditRefusal> {
        let is_meant = |slot: &u32| self.in_slot(*slot).is_some_and(|entity| edit.means(entity));
        let mut meant = self.slots_of(edit.id.as_str()).filter(is_meant);
        match (meant.next(), meant.next()) {
            (_, Some(_)) => Err(EditRefusal::Several),
            (one, None) => Ok(one),
        }
    }

    fn create_edited(&mut self, mut edit: Edit, now: Timestamp) -> Result<Edited, EditRefusal> {
        if edit.entity_type.is_empty() {
            edit.entity_type = Name::from(v2::DEFAULT_ENTITY_TYPE);
        }
        edit.evaluate(None)?;
        edit.check_places(None)?;
        let id = self.next_id(&edit.id).ok_or(EditRefusal::TooManyTwins)?;
        let mut entity = Entity::new(id, edit.entity_type.clone(), now);
        edit.path.place(&mut entity);
        let done = edit.perform(&mut entity, now);
        let entity = Arc::new(entity);
        self.insert(entity.clone());
        Ok(Edited { change: Change::created(entity, done), left_out: Vec::new() })
    }
}

impl Edit {
    fn means(&self, entity: &Entity) -> bool {
        (self.entity_type.is_empty() || self.entity_type == *type_of(entity)) && self.path.holds(entity)
    }

    /// Checks the edit against the entity it meets, gives values the form that their types ask for, and takes out the
    /// attributes that cannot take part.
    fn check(&mut self, entity: &Entity) -> Result<Vec<Name>, EditRefusal> {
        if self.action == EditAction::Create {
            return Err(EditRefusal::Exists);
        }
        let left_out = self.leave_out(entity)?;
        self.evaluate(Some(entity))?;
        for attribute in self.attributes.iter_mut().filter(|attribute| attribute.value_type.is_none()) {
            let Some(present) = visible(entity, attribute.name.as_str()) else { continue };
            let value_type = Name::from(v2::write::typed_value(present).0);
            let metadata = if self.overrides_metadata { &[][..] } else { &present.metadata };
            attribute.value = parse::normal_value(value_type.as_str(), attribute.value.clone(), metadata)?;
            attribute.value_type = Some(value_type);
        }
        self.check_places(Some(entity))?;
        let new = self.attributes.iter().filter(|attribute| visible(entity, attribute.name.as_str()).is_none()).count();
        let replaces = self.action == EditAction::Replace;
        if !replaces && new > 0 && entity.attributes.len() + new > MAX_ATTRIBUTES {
            return Err(EditRefusal::TooManyAttributes);
        }
        Ok(left_out)
    }

    /// Checks that the entity is in one place. One that NGSI-LD has given several may keep as many.
    fn check_places(&self, entity: Option<&Entity>) -> Result<(), EditRefusal> {
        let set = self.attributes.iter().filter(|input| self.sets_place(entity, input)).count();
        if set == 0 || self.action == EditAction::Delete {
            return Ok(());
        }
        let present = entity.into_iter().flat_map(Entity::context_attributes);
        let places: Vec<_> = present.filter(|attribute| place::is_place(attribute)).collect();
        let stays = |place: &&&Attribute| self.attributes.iter().all(|input| input.name != place.name);
        let stay = if self.action == EditAction::Replace { 0 } else { places.iter().filter(stays).count() };
        if set + stay > places.len().max(1) { Err(EditRefusal::TooManyPlaces) } else { Ok(()) }
    }

    fn sets_place(&self, entity: Option<&Entity>, input: &AttributeInput) -> bool {
        let is_geo = input.value_type.as_ref().is_some_and(|value_type| place::is_geo(value_type.as_str()));
        if !is_geo || input.value.as_str() == "null" {
            return false;
        }
        let keeps_metadata = self.action != EditAction::Replace && !self.overrides_metadata;
        let present = entity.filter(|_| keeps_metadata).and_then(|entity| visible(entity, input.name.as_str()));
        let present = present.and_then(|present| place::says(&present.metadata, place::IGNORE_TYPE));
        !place::says(&input.metadata, place::IGNORE_TYPE).or(present).unwrap_or(false)
    }

    /// Puts what operations come to in their place. Where all attributes are new they are values like any other.
    fn evaluate(&mut self, entity: Option<&Entity>) -> Result<(), EditRefusal> {
        if !matches!(self.action, EditAction::Append | EditAction::AppendStrict | EditAction::Update) {
            return Ok(());
        }
        for attribute in self.attributes.iter_mut().filter(|attribute| operator::is_operation(&attribute.value)) {
            let within = |error: ParseError| error.within(attribute.name.as_str());
            let operation = Operation::parse(&attribute.value).map_err(within)?;
            let present = entity.and_then(|entity| visible(entity, attribute.name.as_str()));
            let present = present.map(|present| v2::write::typed_value(present).1);
            let outcome = operation.apply(present.as_deref()).map_err(|error| EditRefusal::Operation(within(error)))?;
            attribute.value = match &attribute.value_type {
                Some(given) => parse::normal_value(given.as_str(), outcome, &attribute.metadata).map_err(within)?,
                None => outcome,
            };
        }
        Ok(())
    }

    fn leave_out(&mut self, entity: &Entity) -> Result<Vec<Name>, EditRefusal> {
        let must_exist = match self.action {
            EditAction::Update | EditAction::Delete => true,
            EditAction::AppendStrict => false,
            EditAction::Create | EditAction::Append | EditAction::Replace => return Ok(Vec::new()),
        };
        let named = self.attributes.len();
        let suits = |attribute: &AttributeInput| visible(entity, attribute.name.as_str()).is_some() == must_exist;
        let left_out: Vec<_> =
            self.attributes.extract_if(.., |attribute| !suits(attribute)).map(|attribute| attribute.name).collect();
        if left_out.is_empty() || left_out.len() < named {
            return Ok(left_out);
        }
        Err(if must_exist {
            EditRefusal::UnknownAttributes(left_out)
        } else {
            EditRefusal::ExistingAttributes(left_out)
        })
    }

    /// Carries out what has been checked.
    fn perform(self, entity: &mut Entity, now: Timestamp) -> Done {
        let place_before = places::source(entity);
        let mut done = Done::default();
        if matches!(self.action, EditAction::Replace | EditAction::Delete) {
            done.remove(entity, |attribute| {
                self.action == EditAction::Replace || self.attributes.iter().any(|a| a.name == attribute.name)
            });
            done.redefined = true;
        }
        if self.action != EditAction::Delete {
            for attribute in self.attributes {
                let attribute = merged(entity, attribute, self.overrides_metadata, now);
                done.set(entity, attribute);
            }
        }
        done.redefined |= places::follow_attribute(entity, &done.touched, place_before.as_ref(), now);
        done
    }
}

/// The attribute as it stands afterwards: a name keeps its kind, and metadata that are not named stay.
fn merged(entity: &Entity, input: AttributeInput, overrides_metadata: bool, now: Timestamp) -> Attribute {
    let present = visible(entity, input.name.as_str());
    let value_type = input.value_type.unwrap_or_else(|| Name::from(v2::default_type(input.value.as_str())));
    let kind = match present {
        Some(present) if !place::is_geo(value_type.as_str()) => present.kind,
        _ => AttributeKind::Context,
    };
    let mut metadata = match present {
        Some(present) if !overrides_metadata => present.metadata.clone(),
        _ => Vec::new(),
    };
    for given in input.metadata {
        match metadata.iter_mut().find(|metadatum: &&mut Metadata| metadatum.name == given.name) {
            Some(metadatum) => *metadatum = given,
            None => metadata.push(given),
        }
    }
    Attribute {
        name: input.name,
        kind,
        dataset_id: Name::default(),
        value_type,
        value: input.value,
        metadata,
        created_at: now,
        modified_at: now,
    }
}
