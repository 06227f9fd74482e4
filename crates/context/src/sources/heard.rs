//! What a source tells of an entity in a notification (ETSI GS CIM 009, 5.3.1 and 5.8.6).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use ngsi::ld::parse::NULL;
use ngsi::ld::{AttributeType, Context, Document, EntityFragment, Form, Fragment, Nulls, Reading};
use ngsi::v2::AlterationType;
use ngsi::{Attribute, AttributeKind, Entity, JsonText, Name, ParseError, Timestamp, date};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value};

use super::{Attributes, Source, Subject, merge};
use crate::cause::{Action, Touched};
use crate::{Cause, EntityMap, LinkedAction, LinkedEdit, Origin};

/// An entity, with what led to its state as far as that is told.
#[derive(Debug, Clone)]
pub struct Heard {
    /// As it is now; as it last was when it is gone.
    pub entity: Entity,
    /// Whether it is gone.
    pub deleted: bool,
    /// What was done to it.
    pub cause: Cause,
}

/// The members of an object as they came.
type Members<'a> = BTreeMap<String, &'a RawValue>;

impl Heard {
    /// Reads what is told at that time, in names of that context.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn read(told: &RawValue, context: &Context, now: Timestamp) -> Result<Self, ParseError> {
        let reading = Reading { context, form: Form::Lossless, nulls: Nulls::OfMembers };
        let fragment = reading.entity(&Document::of(told)?)?;
        let members: Members<'_> =
            serde_json::from_str(told.get()).map_err(|error| ParseError::new("$", error.to_string()))?;
        let (gone, present): (Vec<_>, Vec<_>) = fragment.attributes.into_iter().partition(|it| it.is_null);
        let mut former = Vec::new();
        for (term, value) in &members {
            former.extend(instances(value).filter_map(|instance| before(&reading, term, &instance, now)));
        }
        for gone in gone.into_iter().map(|fragment| absent(fragment, now)) {
            if !former.iter().any(|before: &Attribute| before.is_same(&gone)) {
                former.push(gone);
            }
        }
        let deleted = members.contains_key("deletedAt");
        let mut entity = whole(EntityFragment { attributes: present, ..fragment }, now)?;
        set_times(&mut entity, told, context);
        if deleted {
            entity.attributes = std::mem::take(&mut former);
        }
        let cause = cause(&entity, former, deleted);
        Ok(Self { entity, deleted, cause }.dated(now))
    }

    /// What the source is registered for of it; nothing if it has nothing to do with that.
    #[must_use]
    pub fn of_source(self, source: &Source) -> Option<Self> {
        let Self { entity, deleted, mut cause } = self;
        let (entity, share) = source.restrict(entity)?;
        cause.former.retain(|attribute| share.has(&attribute.name));
        cause.touched.retain(|touched| share.has(&touched.name));
        Some(Self { entity, deleted, cause })
    }

    /// The entity put together with what is here of it.
    #[must_use]
    pub fn put_together(mut self, here: Option<Entity>) -> Self {
        if let Some(mut whole) = here.filter(|_| !self.deleted) {
            merge(&mut whole, self.entity);
            self.entity = whole;
        }
        self
    }

    /// What the source gives no time for counts as set now.
    fn dated(mut self, now: Timestamp) -> Self {
        let unknown = Timestamp::default();
        if self.entity.modified_at == unknown {
            self.entity.modified_at = now;
        }
        for attribute in self.entity.attributes.iter_mut().filter(|attribute| attribute.modified_at == unknown) {
            attribute.modified_at = now;
        }
        self
    }
}

/// Sets the times of the entity and its attributes to those that its JSON has.
pub fn set_times(entity: &mut Entity, told: &RawValue, context: &Context) {
    let members: Map<String, Value> = serde_json::from_str(told.get()).unwrap_or_default();
    entity.created_at = time(&members, "createdAt").unwrap_or_default();
    entity.modified_at = time(&members, "modifiedAt").unwrap_or_default();
    let mut times = HashMap::new();
    for (term, value) in &members {
        let name = context.expand(term);
        let instances = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        for instance in instances.iter().filter_map(Value::as_object) {
            let dataset_id = instance.get("datasetId").and_then(Value::as_str).map(Name::from).unwrap_or_default();
            times.insert((name.clone(), dataset_id), (time(instance, "createdAt"), time(instance, "modifiedAt")));
        }
    }
    for attribute in &mut entity.attributes {
        let known = times.get(&(attribute.name.clone(), attribute.dataset_id.clone()));
        let (created_at, modified_at) = known.copied().unwrap_or_default();
        (attribute.created_at, attribute.modified_at) =
            (created_at.unwrap_or_default(), modified_at.unwrap_or_default());
    }
}

fn time(members: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    members.get(name).and_then(Value::as_str).and_then(date::parse)
}

/// The instances of an attribute that are objects.
fn instances(value: &RawValue) -> impl Iterator<Item = Members<'_>> {
    let all: Vec<&RawValue> = serde_json::from_str(value.get()).unwrap_or_else(|_| vec![value]);
    all.into_iter().filter_map(|instance| serde_json::from_str(instance.get()).ok())
}

/// An instance as it was before, if that is told.
fn before(reading: &Reading<'_>, term: &str, told: &Members<'_>, now: Timestamp) -> Option<Attribute> {
    let (member, value) =
        told.iter().find_map(|(name, value)| Some((AttributeType::of_former_member(name)?.member(), *value)))?;
    let mut former: BTreeMap<&str, &RawValue> = BTreeMap::from([(member, value)]);
    for name in ["type", "datasetId"] {
        former.extend(told.get(name).map(|value| (name, *value)));
    }
    let former = to_raw_value(&former).ok()?;
    reading.attribute(term, &Document::of(&former).ok()?).ok()?.into_attribute(now).ok()
}

/// An instance that is gone, of which nobody tells what it was.
fn absent(fragment: Fragment, now: Timestamp) -> Attribute {
    Attribute {
        kind: AttributeKind::Context,
        value_type: fragment.attribute_type.map(AttributeType::value_type).unwrap_or_default(),
        name: fragment.name,
        dataset_id: fragment.dataset_id,
        value: JsonText::string(NULL),
        metadata: Vec::new(),
        created_at: now,
        modified_at: now,
    }
}

fn whole(fragment: EntityFragment, now: Timestamp) -> Result<Entity, ParseError> {
    let edit = LinkedEdit { id: fragment.id.clone(), action: LinkedAction::Create(fragment) };
    let edited = EntityMap::default().edit_linked(edit, now);
    let edited = edited.map_err(|refusal| ParseError::new("$", refusal.to_string()))?;
    let change = edited.change.ok_or_else(|| ParseError::new("$", "an empty entity"))?;
    Ok(Arc::unwrap_or_clone(change.entity))
}

fn cause(entity: &Entity, former: Vec<Attribute>, deleted: bool) -> Cause {
    let is_new = entity.created_at == entity.modified_at && entity.created_at != Timestamp::default();
    let (alteration, action) = match (deleted, is_new) {
        (true, _) => (AlterationType::EntityDelete, Action::Delete),
        (false, true) => (AlterationType::EntityCreate, Action::Append),
        (false, false) => (AlterationType::EntityChange, Action::Update),
    };
    let touched = entity.visible_attributes().map(|attribute| Touched {
        name: attribute.name.clone(),
        action,
        value_differs: true,
        metadata_differ: false,
    });
    Cause { alteration, touched: touched.collect(), former, origin: Origin::default() }
}

impl Source {
    /// Leaves of an entity what the source may have, and tells what that is; nothing if it has nothing to do with the entity.
    #[must_use]
    pub fn restrict(&self, mut entity: Entity) -> Option<(Entity, Attributes)> {
        let types: Vec<Name> = entity.types().cloned().collect();
        let share = self.share(Subject { id: entity.id.as_str(), types: &types }, &Attributes::All)?;
        let data_sets = &self.registration.data_sets;
        let has_data_set = |id: &Name| {
            data_sets.is_empty() || data_sets.iter().any(|known| known == id || (id.is_empty() && *known == *"@none"))
        };
        entity.attributes.retain(|attribute| share.has(&attribute.name) && has_data_set(&attribute.dataset_id));
        Some((entity, share))
    }
}
