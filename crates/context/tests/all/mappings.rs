//! Entity maps are bounded in number and time.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::sync::Arc;

use context::{Mapped, Mapping, Mappings};
use ngsi::{EntityId, Name, Timestamp};
use proptest::prelude::*;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1_000)
}

fn mapping(expires: i64, count: usize) -> Mapping {
    let entities =
        (0..count).map(|number| Mapped { id: id(number), sources: vec![Name::from("@none")], is_here: true });
    Mapping { expires_at: at(expires), entities: Arc::new(entities.collect()) }
}

fn id(number: usize) -> EntityId {
    EntityId::from(format!("urn:{number}"))
}

#[test]
fn a_mapping_lives_until_it_expires_or_is_removed() {
    let mut all = Mappings::default();
    all.put(Name::from("a"), mapping(10, 2), at(0));
    assert!(all.get("a", at(9)).is_some() && all.get("a", at(10)).is_none() && all.get("b", at(0)).is_none());
    assert!(all.expire("a", at(20), at(9)) && !all.expire("b", at(20), at(9)));
    assert!(all.get("a", at(19)).is_some() && !all.expire("a", at(90), at(20)), "what is gone does not come back");
    assert!(!all.remove("a", at(20)) && all.get("a", at(0)).is_none());
    all.put(Name::from("c"), mapping(10, 1), at(0));
    assert!(all.remove("c", at(0)) && !all.remove("c", at(0)));
}

#[test]
fn entities_that_are_gone_are_left_out() {
    let mut all = Mappings::default();
    all.put(Name::from("a"), mapping(10, 3), at(0));
    let seen = all.get("a", at(0)).unwrap().entities.clone();
    all.leave_out("a", &HashSet::from([id(1), id(7)]));
    let ids: Vec<_> = all.get("a", at(0)).unwrap().entities.iter().map(|mapped| mapped.id.clone()).collect();
    assert_eq!((ids, seen.len()), (vec![id(0), id(2)], 3));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn the_first_to_expire_makes_room(lives in prop::collection::vec(1..50_i64, 1_001..1_100)) {
        let mut all = Mappings::default();
        for (number, life) in lives.iter().enumerate() {
            all.put(Name::from(format!("m{number:05}")), mapping(*life, 1), at(0));
        }
        let kept: Vec<_> = (0..lives.len()).filter(|number| all.get(&format!("m{number:05}"), at(0)).is_some()).collect();
        prop_assert_eq!(kept.len(), 1_000);
        prop_assert!(kept.contains(&(lives.len() - 1)), "the newest is there");
    }

    #[test]
    fn no_more_than_a_million_are_mapped(sizes in prop::collection::vec(1..100_000_usize, 10..30)) {
        let mut all = Mappings::default();
        for (number, size) in sizes.iter().enumerate() {
            let entities = Arc::new(vec![Mapped { id: id(0), sources: Vec::new(), is_here: false }; *size]);
            all.put(Name::from(number.to_string()), Mapping { expires_at: at(100 + number as i64), entities }, at(0));
            let mapped = (0..=number).filter_map(|number| Some(all.get(&number.to_string(), at(0))?.entities.len()));
            prop_assert!(mapped.sum::<usize>() <= 1_000_000);
        }
    }
}
