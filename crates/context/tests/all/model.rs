//! The core against a naive model of it.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use context::{
    Cause, Delivery, EntityMap, Origin, Query, Record, Refusal, Request, Subscription, SubscriptionIndex, codec,
};
use ngsi::v1::ngsi10::{SubscribeContextRequest, UpdateAction};
use ngsi::v1::{ContextAttribute, ContextElement, ContextMetadata, EntityRef};
use ngsi::v2::AlterationType;
use ngsi::{
    Attribute, AttributeKind, Entity, EntityId, JsonText, Metadata, Name, Restriction, SubscriptionId, Timestamp,
};
use proptest::prelude::*;

const IDS: [&str; 4] = ["Room.1", "Room.2", "Lamp.1", "x"];
const TYPES: [&str; 4] = ["", "Room", "Lamp", "Roomy"];
const NAMES: [&str; 3] = ["a", "b", "c"];

#[derive(Debug, Clone)]
struct Step {
    element: ContextElement,
    action: UpdateAction,
    correlator: &'static str,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let attribute = (0..3_usize, any::<u8>()).prop_map(|(name, value)| ContextAttribute {
        name: Name::from(NAMES[name]),
        value_type: Name::from("integer"),
        value: JsonText::from(serde_json::json!(value)),
        metadata: Vec::new(),
    });
    let metadatum = (0..3_usize, 0_u8..3).prop_map(|(name, value)| ContextMetadata {
        name: Name::from(NAMES[name]),
        value_type: Name::from("string"),
        value: JsonText::string(&value.to_string()),
    });
    let element =
        (0..4_usize, 0..4_usize, prop::collection::vec(attribute, 0..3), prop::collection::vec(metadatum, 0..2))
            .prop_map(|(id, entity_type, attributes, domain_metadata)| ContextElement {
                entity: EntityRef {
                    id: EntityId::from(IDS[id]),
                    entity_type: Name::from(TYPES[entity_type]),
                    is_pattern: false,
                },
                attributes,
                domain_metadata,
            });
    let action = prop_oneof![
        4 => Just(UpdateAction::Update),
        2 => Just(UpdateAction::Append),
        1 => Just(UpdateAction::Delete),
    ];
    let correlator = prop_oneof![Just(""), Just("me"), Just("you")];
    let step =
        (element, action, correlator).prop_map(|(element, action, correlator)| Step { element, action, correlator });
    prop::collection::vec(step, 1..60)
}

fn subscriptions() -> impl Strategy<Value = Vec<Subscription>> {
    let reference = prop_oneof![
        (0..4_usize, 0..4_usize).prop_map(|(id, t)| (IDS[id], TYPES[t], false)),
        (0..4_usize).prop_map(|t| ("", TYPES[t], false)),
        prop_oneof![Just("Room"), Just("\\.1$"), Just("")].prop_flat_map(|id| prop_oneof![
            Just("Room"),
            Just("^Room$"),
            Just("")
        ]
        .prop_map(move |t| (id, t, true))),
    ];
    let reference = reference.prop_map(|(id, entity_type, is_pattern)| EntityRef {
        id: EntityId::from(id),
        entity_type: Name::from(entity_type),
        is_pattern,
    });
    let wanted = prop::collection::vec(reference, 1..4);
    let attributes = prop::collection::vec((0..3_usize).prop_map(|name| Name::from(NAMES[name])), 0..2);
    let correlator = prop_oneof![Just(""), Just("me")];
    let duration = prop_oneof![3 => Just(""), 1 => Just("PT0.00002S")];
    let one = (wanted, attributes, correlator, duration);
    prop::collection::vec(one, 0..8).prop_map(|all| {
        let numbered = all.into_iter().enumerate();
        numbered
            .map(|(number, (entities, attributes, correlator, duration))| {
                let request = SubscribeContextRequest {
                    entities,
                    attributes,
                    reference: "http://subscriber".into(),
                    duration: duration.into(),
                    ..Default::default()
                };
                let delivery = Delivery { correlator: correlator.into(), ..Default::default() };
                let id = SubscriptionId::from(number.to_string());
                let created_at = Timestamp::default();
                let request = Request::Ngsi10(Box::new(request));
                Subscription::compile(Record { id, request, delivery, created_at, initialised: false }).unwrap()
            })
            .collect()
    })
}

#[derive(Debug, Clone, PartialEq, Default)]
struct Model {
    entity_type: String,
    attributes: BTreeMap<(AttributeKind, String), JsonText>,
}

/// What the entities are after a step, written as plainly as possible.
fn model(entities: &mut BTreeMap<String, Model>, step: &Step) -> bool {
    let (id, element) = (step.element.entity.id.as_str().to_owned(), &step.element);
    let context = element.attributes.iter().map(|a| ((AttributeKind::Context, a.name.to_string()), a.value.clone()));
    let domain = element.domain_metadata.iter().map(|m| ((AttributeKind::Domain, m.name.to_string()), m.value.clone()));
    let named: Vec<_> = context.chain(domain).collect();
    if step.action == UpdateAction::Delete {
        if named.is_empty() {
            return entities.remove(&id).is_some();
        }
        let Some(entity) = entities.get_mut(&id) else { return false };
        let before = entity.attributes.len();
        entity.attributes.retain(|key, _| !named.iter().any(|(name, _)| name == key));
        let changed = entity.attributes.len() < before;
        if changed && !entity.attributes.keys().any(|(kind, _)| *kind == AttributeKind::Context) {
            entities.remove(&id);
        }
        return changed;
    }
    let entity = entities.entry(id).or_default();
    if !element.entity.entity_type.is_empty() {
        entity.entity_type = element.entity.entity_type.to_string();
    }
    entity.attributes.extend(named);
    true
}

fn compare(map: &EntityMap, entities: &BTreeMap<String, Model>) {
    let held: BTreeMap<_, _> = map
        .iter()
        .map(|entity| {
            let attributes = entity.attributes.iter().map(|a| ((a.kind, a.name.to_string()), a.value.clone()));
            let entity_type = entity.entity_type.to_string();
            (entity.id.to_string(), Model { entity_type, attributes: attributes.collect() })
        })
        .collect();
    assert_eq!(&held, entities);
    for entity_type in TYPES.iter().filter(|entity_type| !entity_type.is_empty()) {
        let reference = EntityRef::of_type(Name::from(*entity_type));
        let query = Query::compile(&[reference], &[], &Restriction::default()).unwrap();
        let mut found = Vec::new();
        map.select(&query, &mut found);
        let found: BTreeSet<_> = found.iter().map(|entity| entity.id.to_string()).collect();
        let expected = entities.iter().filter(|(_, entity)| entity.entity_type == *entity_type);
        assert_eq!(found, expected.map(|(id, _)| id.clone()).collect());
    }
}

/// What is said to have changed is what a comparison of both states finds.
fn check_cause(cause: &Cause, before: Option<&Entity>, after: &Entity) {
    let Some(before) = before else { return assert_eq!(cause.alteration, AlterationType::EntityCreate) };
    let seen = |entity: &Entity| -> BTreeMap<Name, (Name, JsonText)> {
        let attributes = entity.merged_attributes(&[]);
        attributes.map(|a| (a.name.clone(), (a.value_type.clone(), a.value.clone()))).collect()
    };
    let (before_values, after_values) = (seen(before), seen(after));
    let names: BTreeSet<_> = before_values.keys().chain(after_values.keys()).collect();
    for name in names {
        let differs = before_values.get(name) != after_values.get(name);
        let told = cause.of(name.as_str()).is_some_and(|touched| touched.value_differs);
        // An attribute hides a domain metadatum of the same name; what happens to that is not seen.
        let both = |entity: &Entity| entity.attributes.iter().filter(|a| a.name == *name).count() > 1;
        assert!(told == differs || both(before) || both(after), "{name}: {before:?} {after:?} {cause:?}");
    }
    let changed = cause.touched.iter().any(|touched| touched.differs(true)) || before.entity_type != after.entity_type;
    assert_eq!(cause.alteration == AlterationType::EntityChange, changed);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn updates_do_what_a_plain_map_does(steps in steps()) {
        let mut map = EntityMap::default();
        let mut entities = BTreeMap::new();
        for (clock, step) in steps.iter().enumerate() {
            // A clock that goes backwards: modification times must rise all the same.
            let now = Timestamp::from_micros(1_000 - i64::try_from(clock).unwrap());
            let before = map.get(step.element.entity.id.as_str()).cloned();
            let applied = map.apply(step.element.clone(), step.action, now);
            let expected = model(&mut entities, step);
            prop_assert_eq!(applied.is_ok(), expected);
            compare(&map, &entities);
            match applied {
                Err(refusal) => prop_assert!(matches!(refusal, Refusal::UnknownEntity | Refusal::UnknownAttribute)),
                Ok(change) if !change.deleted => {
                    prop_assert!(before.as_ref().is_none_or(|before| before.modified_at < change.entity.modified_at));
                    let mut record = Vec::new();
                    codec::write_entity(&mut record, &change.entity);
                    prop_assert_eq!(&codec::read_entity(&record).unwrap(), &*change.entity);
                    let cause = change.cause(&Origin::of(step.correlator)).clone();
                    check_cause(&cause, before.as_deref(), &change.entity);
                    for cause in [None, Some(cause)] {
                        let mut notice = Vec::new();
                        codec::write_notice(&mut notice, &change.entity, true, now, cause.as_deref());
                        prop_assert_eq!(codec::entity_in_notice(&notice), &record);
                        let notice = codec::read_notice(7, &notice).unwrap();
                        prop_assert_eq!((notice.seq, notice.deleted, notice.due_at), (7, true, now));
                        prop_assert_eq!(&notice.entity, &change.entity);
                        prop_assert_eq!(&notice.cause, &cause);
                    }
                }
                Ok(_) => {}
            }
        }
    }

    #[test]
    fn the_index_finds_what_a_scan_finds(subscriptions in subscriptions(), steps in steps(), removed in 0..8_usize) {
        let mut index = SubscriptionIndex::default();
        let mut all: Vec<_> = subscriptions.into_iter().map(Arc::new).collect();
        for subscription in &all {
            index.insert(subscription.clone());
        }
        let mut map = EntityMap::default();
        for (clock, step) in steps.into_iter().enumerate() {
            if clock == 20 && removed < all.len() {
                let gone = all.remove(removed);
                prop_assert!(index.remove(gone.id().as_str()).is_some());
            }
            let now = Timestamp::from_micros(i64::try_from(clock).unwrap());
            let Ok(change) = map.apply(step.element, step.action, now) else { continue };
            let origin = Origin::of(step.correlator);
            let mut found: Vec<_> =
                index.matching(&change, &origin, now).iter().map(|s| s.id().to_string()).collect();
            found.sort();
            let expected = all.iter().filter(|subscription| subscription.wants(&change, &origin, now));
            let mut expected: Vec<_> = expected.map(|subscription| subscription.id().to_string()).collect();
            expected.sort();
            prop_assert_eq!(found, expected);
        }
    }

    #[test]
    fn no_record_on_disk_breaks_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = codec::read_entity(&bytes);
        let _ = codec::read_notice(1, &bytes);
    }
}

#[test]
fn discovery_is_told_only_what_it_sees() {
    let mut map = EntityMap::default();
    let element = |value: i64, name: &str, place: i64, entity_type: &str| ContextElement {
        entity: EntityRef { id: EntityId::from("e"), entity_type: Name::from(entity_type), is_pattern: false },
        attributes: vec![ContextAttribute {
            name: Name::from(name),
            value_type: Name::from("integer"),
            value: JsonText::from(serde_json::json!(value)),
            metadata: Vec::new(),
        }],
        domain_metadata: vec![ContextMetadata {
            name: Name::from("place"),
            value_type: Name::from("string"),
            value: JsonText::from(serde_json::json!(place)),
        }],
    };
    let cases = [
        (element(1, "a", 1, "T"), true, "created"),
        (element(2, "a", 1, "T"), false, "a new value"),
        (element(2, "b", 1, "T"), true, "a new attribute"),
        (element(2, "b", 2, "T"), true, "other domain metadata"),
        (element(2, "b", 2, ""), false, "no type given"),
        (element(2, "b", 2, "U"), true, "another type"),
    ];
    for (element, expected, case) in cases {
        let change = map.apply(element, UpdateAction::Update, Timestamp::default()).unwrap();
        assert_eq!(change.availability, expected, "{case}");
    }
}

/// A record of the first version, which knew no time of creation of an attribute.
#[test]
fn records_of_the_first_version_are_still_read() {
    let mut record = vec![1, 1, b'e', 1, b'T'];
    record.extend(10_i64.to_le_bytes());
    record.extend(20_i64.to_le_bytes());
    record.extend([1, 0, 1, b'a', 6]);
    record.extend(b"Number");
    record.extend([2, b'2', b'1']);
    record.extend(15_i64.to_le_bytes());
    record.extend([1, 1, b'u', 4]);
    record.extend(b"Text");
    record.extend([3, b'"', b'C', b'"']);
    let entity = codec::read_entity(&record).unwrap();
    assert_eq!((entity.id.as_str(), entity.entity_type.as_str()), ("e", "T"));
    assert_eq!((entity.created_at.as_micros(), entity.modified_at.as_micros()), (10, 20));
    let attribute = entity.attribute(AttributeKind::Context, "a").unwrap();
    assert_eq!(attribute.value.as_str(), "21");
    assert_eq!((attribute.created_at.as_micros(), attribute.modified_at.as_micros()), (15, 15));
    assert_eq!(attribute.metadata[0].value.as_str(), "\"C\"");
    let mut again = Vec::new();
    codec::write_entity(&mut again, &entity);
    assert_eq!(codec::read_entity(&again).unwrap(), entity);
}

#[test]
fn what_only_linked_data_has_survives_the_disk_and_is_found() {
    let now = Timestamp::from_micros(5);
    let mut entity = Entity::new(EntityId::from("urn:e:1"), Name::from("Car"), now);
    entity.more_types = vec![Name::from("Taxi")];
    entity.scopes = vec![Name::from("/Madrid/Gardens")];
    let mut source = Metadata::new(Name::from("source"), Name::default(), JsonText::string("gps"));
    source.metadata = vec![Metadata::new(Name::from("quality"), Name::default(), JsonText::string("good"))];
    for dataset_id in ["", "urn:d:1"] {
        entity.set(Attribute {
            name: Name::from("speed"),
            kind: AttributeKind::Context,
            dataset_id: Name::from(dataset_id),
            value_type: Name::default(),
            value: JsonText::string(dataset_id),
            metadata: vec![source.clone()],
            created_at: now,
            modified_at: now,
        });
    }
    assert_eq!(entity.attributes.len(), 2);
    assert_eq!(entity.attribute(AttributeKind::Context, "speed").unwrap().dataset_id, "");
    let mut record = Vec::new();
    codec::write_entity(&mut record, &entity);
    assert_eq!(codec::read_entity(&record).unwrap(), entity);

    let mut map = EntityMap::default();
    map.insert(Arc::new(entity));
    let count = |references: &[EntityRef]| {
        let mut found = Vec::new();
        map.select(&Query::compile(references, &[], &Restriction::default()).unwrap(), &mut found);
        found.len()
    };
    let of = |entity_type: &str| EntityRef::of_type(Name::from(entity_type));
    assert_eq!(
        [count(&[of("Car")]), count(&[of("Taxi")]), count(&[of("Taxi"), of("Car")]), count(&[of("Bus")])],
        [1, 1, 1, 0]
    );
}
