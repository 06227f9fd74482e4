//! What a history keeps, and what goes when there is no room.
#![allow(clippy::unwrap_used)]

use context::History;
use context::history::{MAX_POINTS, number};
use ngsi::{Attribute, AttributeKind, EntityId, JsonText, Name, Timestamp};
use proptest::prelude::*;

/// Whether a series began.
fn record(history: &mut History, entity: &str, at_ms: i64, value: f64) -> bool {
    let (mut begun, name) = (false, Name::from("t"));
    let numbers = [(&name, value)].into_iter();
    history.record(&EntityId::from(entity), Timestamp::from_millis(at_ms), numbers, || {
        begun = true;
        true
    });
    begun
}

fn points(history: &History, entity: &str) -> Vec<(i64, f64)> {
    history.points(entity, "t").map(|(at, value)| (at.as_micros() / 1_000, value)).collect()
}

#[test]
fn of_one_second_the_last_number_is_kept() {
    let mut history = History::default();
    for (at, value) in [(1_000, 1.0), (1_400, 2.0), (1_999, 3.0), (2_000, 4.0), (5_500, 5.0)] {
        record(&mut history, "e", at, value);
    }
    assert_eq!(points(&history, "e"), [(1_999, 3.0), (2_000, 4.0), (5_500, 5.0)]);
    assert_eq!(points(&history, "other"), []);
}

#[test]
fn a_full_series_loses_its_first_point() {
    let mut history = History::default();
    for second in 0..=i64::try_from(MAX_POINTS).unwrap() {
        record(&mut history, "e", second * 1_000, 0.0);
    }
    let kept = points(&history, "e");
    assert_eq!((kept.len(), kept[0].0), (MAX_POINTS, 1_000));
}

#[test]
fn the_series_not_added_to_for_the_longest_goes_first() {
    let mut history = History::default();
    assert!(record(&mut history, "a", 0, 1.0));
    assert!(record(&mut history, "b", 1, 1.0));
    assert!(!record(&mut history, "a", 1_000, 1.0));
    assert!(history.drop_oldest());
    assert_eq!((points(&history, "a").len(), points(&history, "b").len()), (2, 0));
    assert!(history.forget("a", "t") && !history.forget("a", "t") && !history.drop_oldest());
    assert_eq!(history.oldest(), None);
}

#[test]
fn several_attributes_of_an_entity_are_told_apart_and_none_begins_that_may_not() {
    let (entity, names) = (EntityId::from("e"), ["a", "b", "c"].map(Name::from));
    let mut history = History::default();
    let mut add = |second: i64, values: [f64; 3], most: usize| {
        let (numbers, mut begun) = (names.iter().zip(values), 0);
        history.record(&entity, Timestamp::from_millis(second * 1_000), numbers, || {
            begun += 1;
            begun <= most
        });
    };
    add(1, [1.0, 2.0, 3.0], 2);
    add(2, [4.0, 5.0, 6.0], 0);
    add(3, [7.0, 8.0, 9.0], 1);
    let values = |name: &str| history.points("e", name).map(|(_, value)| value).collect::<Vec<_>>();
    assert_eq!([values("a"), values("b"), values("c")], [vec![1.0, 4.0, 7.0], vec![2.0, 5.0, 8.0], vec![9.0]]);
    assert!(history.forget("e", "a") && history.drop_oldest() && history.drop_oldest() && !history.drop_oldest());
    assert_eq!(history.points("e", "c").count(), 0);
}

#[test]
fn numbers_are_told_from_other_values() {
    let cases = [
        ("21.5", "float", Some(21.5)),
        ("-3", "", Some(-3.0)),
        ("1e3", "object", Some(1000.0)),
        ("1e999", "float", None),
        ("\"21.5\"", "Float", Some(21.5)),
        ("\" 7 \"", "integer", Some(7.0)),
        ("\"21.5\"", "string", None),
        ("\"nan\"", "float", None),
        ("\"\"", "float", None),
        ("true", "integer", None),
        ("null", "float", None),
        ("[1]", "float", None),
    ];
    for (json, value_type, expected) in cases {
        let attribute = Attribute {
            name: Name::from("t"),
            kind: AttributeKind::Context,
            dataset_id: Name::default(),
            value_type: Name::from(value_type),
            value: JsonText::from(serde_json::from_str::<&serde_json::value::RawValue>(json).unwrap()),
            metadata: Vec::new(),
            created_at: Timestamp::default(),
            modified_at: Timestamp::default(),
        };
        assert_eq!(number(&attribute), expected, "{json} of type {value_type}");
    }
}

proptest! {
    /// Against a list that is searched from end to end: of each series its name, when its last second began, and its points.
    #[test]
    fn a_bounded_history_keeps_the_latest_series(steps in prop::collection::vec((0..6_u8, 0..3_i64, any::<bool>()), 1..60)) {
        let (mut history, mut model, mut now) = (History::default(), Vec::<(String, i64, Vec<(i64, f64)>)>::new(), 0);
        for (entity, later, forgets) in steps {
            let entity = format!("e{entity}");
            now += later * 400 + 1;
            let known = model.iter().position(|(name, ..)| *name == entity);
            if forgets && later == 0 {
                prop_assert_eq!(history.forget(&entity, "t"), known.is_some());
                known.map(|place| model.remove(place));
                continue;
            }
            prop_assert_eq!(record(&mut history, &entity, now, 1.0), known.is_none());
            match known.filter(|place| model[*place].2.last().unwrap().0 / 1_000 == now / 1_000) {
                Some(place) => *model[place].2.last_mut().unwrap() = (now, 1.0),
                None => {
                    let mut series = known.map(|place| model.remove(place).2).unwrap_or_default();
                    series.push((now, 1.0));
                    model.push((entity, now, series));
                }
            }
            if model.len() > 3 {
                model.remove(0);
                prop_assert!(history.drop_oldest());
            }
            prop_assert_eq!(history.oldest(), Some(Timestamp::from_millis(model[0].1)));
            for (name, _, series) in &model {
                prop_assert_eq!(&points(&history, name), series);
            }
        }
    }
}
