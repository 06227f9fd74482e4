//! What a history keeps, and what goes when there is no room.
#![allow(clippy::unwrap_used)]

use context::History;
use context::history::{MAX_POINTS, number};
use ngsi::{Attribute, AttributeKind, EntityId, JsonText, Name, Timestamp};
use proptest::prelude::*;

fn record(history: &mut History, entity: &str, at_ms: i64, value: f64) -> bool {
    history.record(&EntityId::from(entity), &Name::from("t"), Timestamp::from_millis(at_ms), value)
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
    assert!(!record(&mut history, "a", 2, 1.0));
    assert!(history.drop_oldest());
    assert_eq!((points(&history, "a").len(), points(&history, "b").len()), (1, 0));
    assert!(history.forget("a", "t") && !history.forget("a", "t") && !history.drop_oldest());
    assert_eq!(history.oldest(), None);
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
    /// Against a list that is searched from end to end.
    #[test]
    fn a_bounded_history_keeps_the_latest_series(steps in prop::collection::vec((0..6_u8, 0..3_i64, any::<bool>()), 1..60)) {
        let (mut history, mut model, mut now) = (History::default(), Vec::<(String, Vec<(i64, f64)>)>::new(), 0);
        for (entity, later, forgets) in steps {
            let entity = format!("e{entity}");
            now += later * 400 + 1;
            let known = model.iter().position(|(name, _)| *name == entity).map(|place| model.remove(place));
            if forgets && later == 0 {
                prop_assert_eq!(history.forget(&entity, "t"), known.is_some());
                continue;
            }
            prop_assert_eq!(record(&mut history, &entity, now, 1.0), known.is_none());
            let mut series = known.map(|(_, series)| series).unwrap_or_default();
            series.retain(|(at, _)| at / 1_000 != now / 1_000);
            series.push((now, 1.0));
            model.push((entity, series));
            if model.len() > 3 {
                model.remove(0);
                prop_assert!(history.drop_oldest());
            }
            prop_assert_eq!(history.oldest(), Some(Timestamp::from_millis(model[0].1.last().unwrap().0)));
            for (name, series) in &model {
                prop_assert_eq!(&points(&history, name), series);
            }
        }
    }
}
