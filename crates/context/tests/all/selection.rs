//! The indexes of entities against a look at every entity, through changes of all kinds.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::sync::Arc;

use context::{Cover, Edit, EditAction, EntityMap, Query};
use ngsi::filter::{Filter, GeoFilter};
use ngsi::v1::ngsi10::UpdateAction;
use ngsi::v1::{ContextElement, ContextMetadata, EntityRef};
use ngsi::v2::AttributeInput;
use ngsi::v2::path::ServicePath;
use ngsi::{Entity, EntityId, JsonText, Name, Restriction, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;

const TYPES: [&str; 3] = ["Car", "Bus", "Bike"];

#[derive(Debug, Clone)]
enum Step {
    /// Made or moved, as a point or an area around it, in metres.
    Put {
        id: u8,
        entity_type: u8,
        at: (f64, f64),
        size_m: f64,
        speed: u8,
    },
    /// The same by domain metadata.
    Domain {
        id: u8,
        at: (f64, f64),
        radius_m: f64,
    },
    Retype {
        id: u8,
        entity_type: u8,
    },
    Recover {
        id: u8,
        types: Vec<u8>,
        created_at: i64,
    },
    DeletePlace {
        id: u8,
    },
    Delete {
        id: u8,
    },
}

fn at() -> impl Strategy<Value = (f64, f64)> {
    let around = select(vec![(0.0, 0.0), (52.5, 13.4), (89.9, 0.0), (10.0, 179.9), (-10.0, -179.9)]);
    let off = || prop_oneof![3 => -0.01..0.01_f64, 1 => -1.0..1.0_f64];
    (around, off(), off()).prop_map(|((y, x), north, east): ((f64, f64), f64, f64)| {
        ((y + north).min(90.0), (x + east).clamp(-180.0, 180.0))
    })
}

fn step() -> impl Strategy<Value = Step> {
    let (id, kind) = (|| 0_u8..24, || 0_u8..3);
    let size = || prop_oneof![3 => Just(0.0), 2 => 1.0..2_000.0_f64, 1 => 2_000.0..5_000_000.0_f64];
    prop_oneof![
        8 => (id(), kind(), at(), size(), 0_u8..5)
            .prop_map(|(id, entity_type, at, size_m, speed)| Step::Put { id, entity_type, at, size_m, speed }),
        2 => (id(), at(), size()).prop_map(|(id, at, radius_m)| Step::Domain { id, at, radius_m }),
        1 => (id(), kind()).prop_map(|(id, entity_type)| Step::Retype { id, entity_type }),
        2 => (id(), prop::collection::vec(kind(), 1..3), 0_i64..50)
            .prop_map(|(id, types, created_at)| Step::Recover { id, types, created_at }),
        1 => id().prop_map(|id| Step::DeletePlace { id }),
        1 => id().prop_map(|id| Step::Delete { id }),
    ]
}

fn name(id: u8) -> EntityId {
    EntityId::from(format!("urn:ngsi-ld:Vehicle:number-{id}"))
}

fn input(name: &str, value_type: &str, value: serde_json::Value) -> AttributeInput {
    AttributeInput {
        name: name.into(),
        value_type: Some(value_type.into()),
        value: JsonText::from(value),
        metadata: Vec::new(),
    }
}

fn place((y, x): (f64, f64), size_m: f64) -> AttributeInput {
    if size_m <= 0.0 {
        return input("location", "geo:point", json!(format!("{y}, {x}")));
    }
    let (north, east) = ((y + size_m / 111_000.0).min(90.0), (x + size_m / 111_000.0).min(180.0));
    let ring = json!([[x, y], [east, y], [east, north], [x, y]]);
    input("location", "geo:json", json!({"type": "Polygon", "coordinates": [ring]}))
}

fn perform(map: &mut EntityMap, step: &Step, now: Timestamp) {
    let edit = |id: u8, action, attributes| Edit {
        id: name(id),
        entity_type: Name::default(),
        path: ServicePath::default(),
        action,
        creates: false,
        overrides_metadata: false,
        attributes,
    };
    let element = |id: u8, entity_type: &str| ContextElement {
        entity: EntityRef { id: name(id), entity_type: entity_type.into(), is_pattern: false },
        attributes: Vec::new(),
        domain_metadata: Vec::new(),
    };
    match step {
        Step::Put { id, entity_type, at, size_m, speed } => {
            let attributes = vec![place(*at, *size_m), input("speed", "Number", json!(speed))];
            if map.get(name(*id).as_str()).is_some() {
                map.edit(edit(*id, EditAction::Append, attributes), now).unwrap();
            } else {
                let entity_type = TYPES[usize::from(*entity_type)].into();
                let edit = Edit { entity_type, creates: true, ..edit(*id, EditAction::Create, attributes) };
                map.edit(edit, now).unwrap();
            }
        }
        Step::Domain { id, at: (y, x), radius_m } => {
            let value = json!({"centerLatitude": y, "centerLongitude": x, "radius": radius_m});
            let metadatum = ContextMetadata { name: "zone".into(), value_type: "circle".into(), value: value.into() };
            let element = ContextElement { domain_metadata: vec![metadatum], ..element(*id, "") };
            map.apply(element, UpdateAction::Append, now).unwrap();
        }
        Step::Retype { id, entity_type } => {
            map.apply(element(*id, TYPES[usize::from(*entity_type)]), UpdateAction::Update, now).unwrap();
        }
        Step::Recover { id, types, created_at } => {
            let names = types.iter().map(|name| Name::from(TYPES[usize::from(*name)]));
            let mut names: Vec<Name> = names.collect();
            names.dedup();
            let mut entity = Entity::new(name(*id), names.remove(0), Timestamp::from_micros(*created_at));
            entity.more_types = names;
            map.insert(Arc::new(entity));
        }
        Step::DeletePlace { id } => {
            let _ = map.edit(edit(*id, EditAction::Delete, vec![input("location", "", json!(null))]), now);
        }
        Step::Delete { id } => drop(map.remove(name(*id).as_str())),
    }
}

fn query(types: &[&str]) -> Query {
    let references: Vec<_> = types.iter().map(|name| EntityRef::of_type(Name::from(*name))).collect();
    Query::compile(&references, &[], &Restriction::default()).unwrap()
}

fn sorted(mut entities: Vec<Arc<Entity>>) -> Vec<(Timestamp, String)> {
    entities.sort_by_key(|entity| (entity.created_at, entity.id.to_string()));
    entities.iter().map(|entity| (entity.created_at, entity.id.to_string())).collect()
}

fn walked(map: &EntityMap, query: &Query, filter: &Filter, count: usize) -> Vec<Arc<Entity>> {
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let seen = found.len();
        let until = map.walk(query, &[filter], (after, count), |entity| filter.matches(entity), &mut found);
        let in_time = |entity: &Arc<Entity>| after.is_none_or(|after| entity.created_at > after);
        assert!(found[seen..].iter().all(in_time), "what was seen is not seen again");
        match until {
            None => return found,
            Some(_) => after = until,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_indexes_find_what_a_look_at_everything_finds(
        steps in prop::collection::vec(step(), 1..60),
        center in at(),
        max_m in prop_oneof![10.0..5_000.0_f64, 5_000.0..3_000_000.0_f64],
        count in 1_usize..5,
        learns in 100_i64..160,
    ) {
        let mut map = EntityMap::default();
        let near = format!("near;maxDistance:{max_m}");
        let area = GeoFilter::parse(&near, "point", &format!("{},{}", center.0, center.1)).unwrap();
        let zone = GeoFilter::parse_ld(&near.replace(':', "=="), "Point", &format!("[{},{}]", center.1, center.0), "zone".into()).unwrap();
        let fast = Filter::parse_q("speed>2").unwrap();
        for (tick, step) in (100..).zip(&steps) {
            // Several are made at the same time.
            perform(&mut map, step, Timestamp::from_micros(tick / 4));
            prop_assert_eq!(map.len(), map.iter().count());
            if tick == learns {
                map.learn(&fast);
            }
            for types in [&["Car"][..], &["Bus", "Car"], &[""], &["Tram"]] {
                let query = query(types);
                let all = |wanted: &dyn Fn(&Entity) -> bool| {
                    sorted(map.iter().filter(|entity| query.matches(entity) && wanted(entity)).cloned().collect())
                };
                let mut selected = Vec::new();
                map.select(&query, &mut selected);
                prop_assert_eq!(sorted(selected), all(&|_| true));
                let walked = walked(&map, &query, &fast, count);
                prop_assert!(map.can_walk(&query) && walked.is_sorted_by_key(|entity| entity.created_at));
                prop_assert_eq!(sorted(walked), all(&|entity| fast.matches(entity)));
                let mut sifted = Vec::new();
                map.sift(&query, &[&fast], |entity| fast.matches(entity), &mut sifted);
                prop_assert_eq!(sorted(sifted), all(&|entity| fast.matches(entity)));
                for filter in [&area, &zone] {
                    let mut around = Vec::new();
                    let cover = Cover::of(&filter.bounds().unwrap());
                    map.select_around(&cover, &query, &mut around);
                    around.retain(|entity| filter.matches(entity));
                    prop_assert_eq!(sorted(around), all(&|entity| filter.matches(entity)));
                }
            }
        }
    }
}
