//! Macros of custom notifications, whatever the values are that they stand for.
#![allow(clippy::unwrap_used)]

use ngsi::v2::template::{Facts, JsonTemplate, Patch, Template};
use ngsi::{Attribute, AttributeKind, Entity, EntityId, JsonText, Name, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

fn entity(value: &Value) -> Entity {
    let now = Timestamp::default();
    let mut entity = Entity::new(EntityId::from("Room1"), Name::from("Room"), now);
    entity.attributes.push(Attribute {
        name: Name::from("a"),
        kind: AttributeKind::Context,
        dataset_id: Name::default(),
        value_type: Name::default(),
        value: JsonText::from(value.clone()),
        metadata: Vec::new(),
        created_at: now,
        modified_at: now,
    });
    entity
}

fn facts(entity: &Entity) -> Facts<'_> {
    Facts { entity, service: "s", service_path: "/p", auth_token: "t", covered: false }
}

#[test]
fn text_is_replaced_piece_by_piece() {
    let entity = entity(&json!("x"));
    let table = [
        ("", ""),
        ("plain", "plain"),
        ("${id} ${type} ${a} ${service} ${servicePath} ${authToken}", "Room1 Room x s /p t"),
        ("${none}|${a}", "|x"),
        ("${ a }", "x"),
        ("${a", "${a"),
        ("$a} ${", "$a} ${"),
    ];
    for (text, expected) in table {
        assert_eq!(Template::new(text).render(&facts(&entity)), expected, "{text}");
    }
    assert_eq!(Template::decoded("%24%7Ba%7D ${a}").render(&facts(&entity)), "${a} x", "what is decoded is no macro");
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn json_stays_json_and_values_arrive(value in values(), text in "[^$]*", name in ".*") {
        let entity = entity(&value);
        let document = json!({ &name: ["${a}", { "text": format!("{text}${{id}}") }], "none": "${none}" });
        let template = JsonTemplate::new(&JsonText::from(document));
        let rendered: Value = serde_json::from_slice(&template.render(&facts(&entity))).unwrap();
        if name != "none" {
            prop_assert_eq!(&rendered[&name][0], &value);
            prop_assert_eq!(rendered[&name][1]["text"].as_str(), Some(&*format!("{text}Room1")));
        }
        prop_assert_eq!(&rendered["none"], &Value::Null);
    }

    #[test]
    fn what_a_client_writes_never_breaks_the_reader(text in ".*", value in values()) {
        let entity = entity(&value);
        let _ = Template::decoded(&text).render(&facts(&entity));
        let document = JsonText::from(value);
        let _ = JsonTemplate::new(&document).render(&facts(&entity));
        if let Ok(patch) = Patch::new(&document) {
            let _ = patch.apply(&facts(&entity));
        }
    }
}
