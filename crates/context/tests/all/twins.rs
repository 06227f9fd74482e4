//! Entities that share an identifier, against a plain list of them, under edits of all dialects.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::sync::Arc;

use context::{
    Edit, EditAction, EditRefusal, EntityMap, LinkedAction, LinkedEdit, LinkedRefusal, Query, Refusal, codec,
};
use ngsi::ld::{EntityFragment, Fragment};
use ngsi::v1::ngsi10::UpdateAction;
use ngsi::v1::{ContextAttribute, ContextElement, EntityRef};
use ngsi::v2::AttributeInput;
use ngsi::v2::path::ServicePath;
use ngsi::{Entity, EntityId, JsonText, Name, Restriction, Timestamp};
use proptest::prelude::*;

const IDS: [&str; 2] = ["x", "xy"];
const TYPES: [&str; 4] = ["", "A", "B", "Thing"];
const PATHS: [&str; 3] = ["/", "/p", "/q"];
const NAMES: [&str; 3] = ["a", "b", "c"];
const ACTIONS: [EditAction; 6] = [
    EditAction::Create,
    EditAction::Append,
    EditAction::AppendStrict,
    EditAction::Update,
    EditAction::Replace,
    EditAction::Delete,
];

type Values = BTreeMap<&'static str, u8>;

#[derive(Debug, Clone)]
struct Step {
    id: &'static str,
    entity_type: &'static str,
    path: &'static str,
    values: Values,
    what: What,
}

#[derive(Debug, Clone, Copy)]
enum What {
    V2(EditAction, bool),
    Ngsi10(UpdateAction),
    LinkedReplace,
    LinkedAppend,
    LinkedDelete,
}

#[derive(Debug, Clone, PartialEq)]
struct Model {
    id: &'static str,
    types: Vec<&'static str>,
    path: &'static str,
    values: Values,
}

impl Model {
    fn type_of(&self) -> &'static str {
        if self.types[0].is_empty() { "Thing" } else { self.types[0] }
    }

    fn identity(&self) -> (&'static str, &'static str, &'static str) {
        (self.id, self.type_of(), self.path)
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let what = prop_oneof![
        6 => (0..ACTIONS.len(), any::<bool>()).prop_map(|(action, creates)| What::V2(ACTIONS[action], creates)),
        2 => Just(What::Ngsi10(UpdateAction::Update)),
        1 => Just(What::Ngsi10(UpdateAction::Delete)),
        1 => Just(What::LinkedReplace),
        1 => Just(What::LinkedAppend),
        1 => Just(What::LinkedDelete),
    ];
    let values = prop::collection::btree_map((0..NAMES.len()).prop_map(|name| NAMES[name]), any::<u8>(), 0..3);
    let step = (0..IDS.len(), 0..TYPES.len(), 0..PATHS.len(), values, what).prop_map(|(id, t, path, values, what)| {
        Step { id: IDS[id], entity_type: TYPES[t], path: PATHS[path], values, what }
    });
    prop::collection::vec(step, 1..40)
}

/// Whether the step succeeds, and what it leaves.
fn model(entities: &mut Vec<Model>, step: &Step) -> bool {
    match step.what {
        What::V2(action, creates) => model_v2(entities, step, action, creates || action == EditAction::Create),
        What::Ngsi10(action) => model_ngsi10(entities, step, action),
        What::LinkedReplace | What::LinkedAppend | What::LinkedDelete => model_linked(entities, step),
    }
}

fn model_v2(entities: &mut Vec<Model>, step: &Step, action: EditAction, creates: bool) -> bool {
    let is_meant = |entity: &Model| {
        (entity.id, entity.path) == (step.id, step.path)
            && (step.entity_type.is_empty() || step.entity_type == entity.type_of())
    };
    let meant: Vec<_> = (0..entities.len()).filter(|at| is_meant(&entities[*at])).collect();
    let at = match meant[..] {
        [] if creates => {
            let given = if step.entity_type.is_empty() { "Thing" } else { step.entity_type };
            let values = if action == EditAction::Delete { Values::new() } else { step.values.clone() };
            entities.push(Model { id: step.id, types: vec![given], path: step.path, values });
            return true;
        }
        [one] if action != EditAction::Create => one,
        _ => return false,
    };
    if action == EditAction::Delete && step.values.is_empty() {
        entities.remove(at);
        return true;
    }
    let values = &mut entities[at].values;
    let mut taken = step.values.clone();
    match action {
        EditAction::AppendStrict => taken.retain(|name, _| !values.contains_key(name)),
        EditAction::Update | EditAction::Delete => taken.retain(|name, _| values.contains_key(name)),
        EditAction::Replace => values.clear(),
        EditAction::Append | EditAction::Create => {}
    }
    if taken.is_empty() && !step.values.is_empty() {
        return false;
    }
    match action {
        EditAction::Delete => values.retain(|name, _| !taken.contains_key(name)),
        _ => values.extend(taken),
    }
    true
}

fn model_ngsi10(entities: &mut Vec<Model>, step: &Step, action: UpdateAction) -> bool {
    let same_id: Vec<_> = (0..entities.len()).filter(|at| entities[*at].id == step.id).collect();
    let named = same_id.iter().find(|at| entities[**at].type_of() == step.entity_type).or(same_id.first()).copied();
    match (action, named) {
        (UpdateAction::Delete, None) => return false,
        (UpdateAction::Delete, Some(at)) => {
            let values = &mut entities[at].values;
            if !step.values.is_empty() && !values.keys().any(|name| step.values.contains_key(name)) {
                return false;
            }
            values.retain(|name, _| !step.values.contains_key(name));
            if values.is_empty() || step.values.is_empty() {
                entities.remove(at);
            }
        }
        (_, None) => {
            entities.push(Model { id: step.id, types: vec![step.entity_type], path: "/", values: step.values.clone() });
        }
        (_, Some(at)) => {
            if !step.entity_type.is_empty() && entities[at].types[0] != step.entity_type {
                entities[at].types[0] = step.entity_type;
                let further = entities[at].types.split_off(1);
                entities[at].types.extend(further.into_iter().filter(|name| *name != step.entity_type));
            }
            entities[at].values.extend(step.values.clone());
        }
    }
    true
}

fn model_linked(entities: &mut Vec<Model>, step: &Step) -> bool {
    let named = entities.iter().position(|entity| entity.id == step.id);
    let types = if step.entity_type.is_empty() { "Thing" } else { step.entity_type };
    let replaced = Model { id: step.id, types: vec![types], path: step.path, values: step.values.clone() };
    let changed = match (step.what, named) {
        (What::LinkedDelete, Some(at)) => {
            entities.remove(at);
            return true;
        }
        (What::LinkedReplace, None) => {
            entities.push(replaced);
            return true;
        }
        (What::LinkedReplace, Some(_)) => replaced,
        (What::LinkedAppend, Some(at)) => {
            let mut changed = entities[at].clone();
            if changed.types[0].is_empty() {
                changed.types[0] = types;
            } else if !changed.types.contains(&types) {
                changed.types.push(types);
            }
            changed.path = step.path;
            changed.values.extend(step.values.clone());
            changed
        }
        _ => return false,
    };
    let at = named.unwrap();
    let mut others = entities.iter().enumerate().filter(|(other, _)| *other != at);
    if others.any(|(_, other)| other.identity() == changed.identity()) {
        return false;
    }
    entities[at] = changed;
    true
}

fn perform(map: &mut EntityMap, step: &Step, now: Timestamp) -> bool {
    let number = |value: u8| JsonText::from(serde_json::json!(value));
    let id = EntityId::from(step.id);
    match step.what {
        What::V2(action, creates) => {
            let attributes = step.values.iter().map(|(name, value)| AttributeInput {
                name: Name::from(*name),
                value_type: None,
                value: number(*value),
                metadata: Vec::new(),
            });
            let edit = Edit {
                id,
                entity_type: Name::from(step.entity_type),
                path: ServicePath::parse(step.path).unwrap(),
                action,
                creates: creates || action == EditAction::Create,
                overrides_metadata: false,
                attributes: attributes.collect(),
            };
            map.edit(edit, now).is_ok()
        }
        What::Ngsi10(action) => {
            let attributes = step.values.iter().map(|(name, value)| ContextAttribute {
                name: Name::from(*name),
                value_type: Name::default(),
                value: number(*value),
                metadata: Vec::new(),
            });
            let entity = EntityRef { id, entity_type: Name::from(step.entity_type), is_pattern: false };
            let element = ContextElement { entity, attributes: attributes.collect(), domain_metadata: Vec::new() };
            map.apply(element, action, now).is_ok()
        }
        What::LinkedReplace | What::LinkedAppend | What::LinkedDelete => {
            let attributes = step.values.iter().map(|(name, value)| Fragment {
                name: Name::from(*name),
                value: Some(number(*value)),
                attribute_type: Some(ngsi::ld::AttributeType::Property),
                dataset_id: Name::default(),
                is_null: false,
                members: Vec::new(),
            });
            let given = if step.entity_type.is_empty() { "Thing" } else { step.entity_type };
            let scopes = Vec::from_iter((step.path != "/").then(|| Name::from(step.path)));
            let fragment = EntityFragment {
                id: id.clone(),
                types: vec![Name::from(given)],
                scopes: Some(scopes),
                attributes: attributes.collect(),
            };
            let action = match step.what {
                What::LinkedReplace => LinkedAction::CreateOrReplace(fragment),
                What::LinkedAppend => LinkedAction::Append { fragment, no_overwrite: false },
                _ => LinkedAction::Delete,
            };
            map.edit_linked(LinkedEdit { id, action }, now).is_ok()
        }
    }
}

fn seen(entity: &Entity) -> Model {
    let known = |names: &[&'static str], name: &str| *names.iter().find(|known| **known == name).unwrap();
    let value = |value: &JsonText| value.as_str().parse().unwrap();
    Model {
        id: known(&IDS, entity.id.as_str()),
        types: entity.types().map(|name| known(&TYPES, name.as_str())).collect(),
        path: entity.scopes.first().map_or("/", |path| known(&PATHS, path.as_str())),
        values: entity.attributes.iter().map(|a| (known(&NAMES, a.name.as_str()), value(&a.value))).collect(),
    }
}

fn compare(map: &EntityMap, entities: &[Model]) {
    assert_eq!((map.len(), map.is_empty()), (entities.len(), entities.is_empty()));
    let ids = IDS.iter().filter(|id| entities.iter().any(|entity| entity.id == **id));
    assert_eq!(map.count_ids(), ids.count());
    for id in IDS {
        let expected: Vec<_> = entities.iter().filter(|entity| entity.id == id).cloned().collect();
        let held: Vec<_> = map.all(id).map(|entity| seen(entity)).collect();
        assert_eq!(held, expected);
        assert_eq!(map.get(id).map(|entity| seen(entity)), expected.first().cloned());
        for entity in map.all(id) {
            assert_eq!(map.exact(&entity.id), Some(entity));
        }
        let query = Query::compile(&[EntityRef::id(EntityId::from(id))], &[], &Restriction::default()).unwrap();
        let mut found = Vec::new();
        map.select(&query, &mut found);
        assert_eq!(found.len(), expected.len());
    }
    for (index, one) in entities.iter().enumerate() {
        assert!(entities[index + 1..].iter().all(|other| other.identity() != one.identity()), "{entities:?}");
    }
    for entity_type in TYPES.iter().filter(|entity_type| !entity_type.is_empty()) {
        let reference = EntityRef::of_type(Name::from(*entity_type));
        let query = Query::compile(&[reference], &[], &Restriction::default()).unwrap();
        let mut found = Vec::new();
        map.select(&query, &mut found);
        assert_eq!(found.len(), entities.iter().filter(|entity| entity.types.contains(entity_type)).count());
    }
}

/// The same entities, read from their records in another order.
fn recovered(map: &EntityMap) -> EntityMap {
    let mut records: Vec<_> = map.iter().map(|entity| (entity.id.key().to_owned(), record(entity))).collect();
    records.sort_by(|one, other| other.1.len().cmp(&one.1.len()).then_with(|| other.0.cmp(&one.0)));
    let mut recovered = EntityMap::default();
    for (key, record) in records {
        let entity = codec::read_entity(&record).unwrap();
        assert_eq!(entity.id, EntityId::from_key(&key));
        recovered.insert(Arc::new(entity));
    }
    recovered
}

fn record(entity: &Entity) -> Vec<u8> {
    let mut record = Vec::new();
    codec::write_entity(&mut record, entity);
    record
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn entities_of_one_identifier_are_told_apart(steps in steps()) {
        let mut map = EntityMap::default();
        let mut entities = Vec::new();
        for (clock, step) in steps.iter().enumerate() {
            let now = Timestamp::from_micros(1_000 + i64::try_from(clock).unwrap());
            let mut expected = entities.clone();
            let succeeds = model(&mut expected, step);
            prop_assert_eq!(perform(&mut map, step, now), succeeds, "{:?} on {:?}", step, entities);
            if succeeds {
                entities = expected;
            }
            compare(&map, &entities);
        }
        compare(&recovered(&map), &entities);
    }
}

fn edit(entity_type: &str, path: &str, action: EditAction) -> Edit {
    Edit {
        id: EntityId::from("x"),
        entity_type: Name::from(entity_type),
        path: ServicePath::parse(path).unwrap(),
        action,
        creates: action == EditAction::Create,
        overrides_metadata: false,
        attributes: Vec::new(),
    }
}

#[test]
fn refusals_say_why() {
    let now = Timestamp::from_micros(1);
    let mut map = EntityMap::default();
    for (entity_type, path) in [("A", "/"), ("B", "/"), ("A", "/p")] {
        map.edit(edit(entity_type, path, EditAction::Create), now).unwrap();
    }
    for (given, refusal) in [
        (edit("A", "/p", EditAction::Create), EditRefusal::Exists),
        (edit("", "/", EditAction::Update), EditRefusal::Several),
        (edit("", "/", EditAction::Delete), EditRefusal::Several),
        (edit("B", "/p", EditAction::Delete), EditRefusal::UnknownEntity),
        (edit("", "/q", EditAction::Replace), EditRefusal::UnknownEntity),
    ] {
        assert_eq!(map.edit(given, now).unwrap_err(), refusal);
    }
    let fragment = EntityFragment { types: vec![Name::from("B")], ..EntityFragment::default() };
    let replace = LinkedEdit { id: EntityId::from("x"), action: LinkedAction::Replace(fragment) };
    assert_eq!(map.edit_linked(replace, now).unwrap_err(), LinkedRefusal::Taken);
    let gone = ContextElement { entity: EntityRef::id(EntityId::from("y")), ..ContextElement::default() };
    assert_eq!(map.apply(gone, UpdateAction::Delete, now).unwrap_err(), Refusal::UnknownEntity);
}

#[test]
fn there_are_so_many_and_no_more() {
    let now = Timestamp::from_micros(1);
    let mut map = EntityMap::default();
    for number in 0..1_000 {
        map.edit(edit(&format!("T{number}"), "/", EditAction::Create), now).unwrap();
    }
    let one_more = || edit("Late", "/", EditAction::Create);
    assert_eq!(map.edit(one_more(), now).unwrap_err(), EditRefusal::TooManyTwins);
    map.edit(edit("T7", "/", EditAction::Delete), now).unwrap();
    map.edit(one_more(), now).unwrap();
    assert_eq!(map.all("x").last().unwrap().entity_type, "Late");
}
