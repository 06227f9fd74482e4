//! Update operators of NGSIv2 against the values they meet.
#![allow(clippy::unwrap_used)]

use ngsi::JsonText;
use ngsi::v2::operator::{Operation, is_operation};
use proptest::prelude::*;
use serde_json::{Value, json};

fn outcome(present: Option<Value>, operation: Value) -> Result<Value, String> {
    let operation = JsonText::from(operation);
    assert!(is_operation(&operation), "{operation:?}");
    let present = present.map(JsonText::from);
    let applied = Operation::parse(&operation).and_then(|operation| operation.apply(present.as_ref()));
    applied.map(|value| value.to_value()).map_err(|error| error.to_string())
}

#[test]
fn operators_change_values() {
    let table = [
        (json!(10), json!({ "$inc": 2 }), json!(12)),
        (json!(10), json!({ "$inc": -2.5 }), json!(7.5)),
        (json!(i64::MAX), json!({ "$inc": 1 }), json!(9_223_372_036_854_775_808.0)),
        (json!(10), json!({ "$mul": 2 }), json!(20)),
        (json!(10), json!({ "$min": 2 }), json!(2)),
        (json!(10), json!({ "$min": 20 }), json!(10)),
        (json!(10), json!({ "$max": 12.5 }), json!(12.5)),
        (json!("b"), json!({ "$max": "a" }), json!("b")),
        (json!("b"), json!({ "$min": "a" }), json!("a")),
        (json!("b"), json!({ "$min": 7 }), json!(7)),
        (json!([1, 2, 3]), json!({ "$push": 3 }), json!([1, 2, 3, 3])),
        (json!([1, 2, 3]), json!({ "$addToSet": 3.0 }), json!([1, 2, 3])),
        (json!([1]), json!({ "$addToSet": { "a": 1 } }), json!([1, { "a": 1 }])),
        (json!([1, 2, 1]), json!({ "$pull": 1 }), json!([2])),
        (json!([1, 2, 3, 2]), json!({ "$pullAll": [2, 3, 9] }), json!([1])),
        (json!({ "x": 1, "y": 2 }), json!({ "$set": { "y": 20, "z": 30 } }), json!({ "x": 1, "y": 20, "z": 30 })),
        (json!({ "x": 1, "y": 2 }), json!({ "$unset": { "y": "", "no": 1 } }), json!({ "x": 1 })),
        (json!({ "x": 1 }), json!({ "$set": { "y": 2 }, "$unset": { "x": 1 } }), json!({ "y": 2 })),
        (json!([1]), json!({ "$set": 7 }), json!(7)),
        (json!({ "x": 1 }), json!({ "$unset": "x" }), json!({ "x": 1 })),
    ];
    for (present, operation, expected) in table {
        assert_eq!(outcome(Some(present.clone()), operation.clone()), Ok(expected), "{present} {operation}");
    }
    let of_nothing = [
        (json!({ "$inc": 2 }), json!(2)),
        (json!({ "$mul": 2 }), json!(0)),
        (json!({ "$min": "a" }), json!("a")),
        (json!({ "$push": 2 }), json!([2])),
        (json!({ "$pull": 2 }), json!([])),
        (json!({ "$set": { "a": 1 } }), json!({ "a": 1 })),
    ];
    for (operation, expected) in of_nothing {
        assert_eq!(outcome(None, operation.clone()), Ok(expected), "{operation}");
    }
}

#[test]
fn what_does_not_go_together_names_the_operator() {
    let table = [
        (json!(1), json!({ "$inc": "foo" }), "$inc"),
        (json!("1"), json!({ "$inc": 1 }), "$inc"),
        (json!(null), json!({ "$mul": 1 }), "$mul"),
        (json!({}), json!({ "$max": 1 }), "$max"),
        (json!(1), json!({ "$push": 1 }), "$push"),
        (json!("a"), json!({ "$addToSet": 1 }), "$addToSet"),
        (json!(1), json!({ "$pull": 1 }), "$pull"),
        (json!([1]), json!({ "$pullAll": 1 }), "$pullAll"),
        (json!([1]), json!({ "$set": { "a": 1 } }), "$set"),
        (json!({}), json!({ "$set": 1, "$unset": { "a": 1 } }), "$set"),
        (json!({}), json!({ "$set": { "a": 1 }, "$unset": { "a": 1 } }), "`a`"),
        (json!(1), json!({ "$inc": 1, "$mul": 10 }), "alone"),
        (json!(1), json!({ "$inc": 1, "x": 10 }), "alone"),
        (json!(1), json!({ "$set": {}, "x": 10 }), "alone"),
    ];
    for (present, operation, named) in table {
        let error = outcome(Some(present.clone()), operation.clone()).unwrap_err();
        assert!(error.starts_with("value: ") && error.contains(named), "{present} {operation}: {error}");
    }
    for plain in [json!({ "$ref": 1 }), json!({ "a": { "$inc": 1 } }), json!(["$inc"]), json!("{\"$inc\":1}")] {
        assert!(!is_operation(&JsonText::from(plain)));
    }
}

proptest! {
    #[test]
    fn whole_numbers_stay_whole(present in -1_000_000_i64..1_000_000, operand in -1_000_i64..1_000) {
        prop_assert_eq!(outcome(Some(json!(present)), json!({ "$inc": operand })), Ok(json!(present + operand)));
        prop_assert_eq!(outcome(Some(json!(present)), json!({ "$mul": operand })), Ok(json!(present * operand)));
        prop_assert_eq!(outcome(Some(json!(present)), json!({ "$min": operand })), Ok(json!(present.min(operand))));
        prop_assert_eq!(outcome(Some(json!(present)), json!({ "$max": operand })), Ok(json!(present.max(operand))));
    }

    #[test]
    fn what_is_pulled_is_gone(list in proptest::collection::vec(0_u8..5, 0..20), item in 0_u8..5) {
        let pulled = outcome(Some(json!(list)), json!({ "$pull": item })).unwrap();
        prop_assert!(!pulled.as_array().unwrap().contains(&json!(item)));
        let once = outcome(Some(pulled), json!({ "$addToSet": item })).unwrap();
        let twice = outcome(Some(once.clone()), json!({ "$addToSet": item })).unwrap();
        prop_assert_eq!(once, twice);
    }
}
