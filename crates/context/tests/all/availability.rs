//! When discovery has to be told of a change: of another picture of the entity, not of other values.
#![allow(clippy::unwrap_used)]

use context::{Edit, EditAction, EntityMap, LinkedAction, LinkedEdit};
use ngsi::ld::{Context, Document, Form, Nulls, Reading};
use ngsi::v2::path::ServicePath;
use ngsi::v2::{self, parse};
use ngsi::{EntityId, Name, Timestamp};
use serde_json::{Value, json};

fn linked(map: &mut EntityMap, second: i64, entity: &Value) -> bool {
    let body = entity.to_string();
    let document = Document::read(body.as_bytes()).unwrap();
    let reading = Reading { context: &Context::core(), form: Form::Lossless, nulls: Nulls::Refused };
    let fragment = reading.entity(&document).unwrap();
    let edit = LinkedEdit { id: fragment.id.clone(), action: LinkedAction::CreateOrReplace(fragment) };
    let edited = map.edit_linked(edit, Timestamp::from_millis(second * 1_000)).unwrap();
    edited.change.unwrap().availability
}

fn replaced(map: &mut EntityMap, second: i64, attributes: &Value) -> bool {
    let body = attributes.to_string();
    let attributes = parse::attributes(body.as_bytes(), v2::Form::Normalized).unwrap();
    let edit = Edit {
        id: EntityId::from("urn:a:1"),
        entity_type: Name::from("Room"),
        path: ServicePath::default(),
        action: EditAction::Replace,
        creates: true,
        overrides_metadata: false,
        attributes,
    };
    map.edit(edit, Timestamp::from_millis(second * 1_000)).unwrap().change.availability
}

#[test]
fn replacing_a_linked_entity_by_one_that_looks_alike_is_not_told() {
    let mut map = EntityMap::default();
    let room = |value: i32, latitude: f64| {
        json!({
            "id": "urn:a:1",
            "type": "Room",
            "temperature": { "type": "Property", "value": value },
            "location": { "type": "GeoProperty", "value": { "type": "Point", "coordinates": [8.0, latitude] } },
        })
    };
    assert!(linked(&mut map, 1, &room(20, 50.0)), "created");
    assert!(!linked(&mut map, 2, &room(21, 50.0)), "another value");
    assert!(linked(&mut map, 3, &room(21, 51.0)), "another place");
    assert!(!linked(&mut map, 4, &room(22, 51.0)));
    assert!(linked(&mut map, 5, &json!({ "id": "urn:a:1", "type": "Room", "humidity": 3 })), "other attributes");
    assert!(linked(&mut map, 6, &json!({ "id": "urn:a:1", "type": "Hall", "humidity": 3 })), "another type");
    assert!(!linked(&mut map, 7, &json!({ "id": "urn:a:1", "type": "Hall", "humidity": 4 })));
}

#[test]
fn replacing_the_attributes_of_an_entity_by_the_same_is_not_told() {
    let mut map = EntityMap::default();
    assert!(replaced(&mut map, 1, &json!({ "temperature": { "value": 20 } })), "created");
    assert!(!replaced(&mut map, 2, &json!({ "temperature": { "value": 21 } })), "another value");
    assert!(replaced(&mut map, 3, &json!({ "humidity": { "value": 21 } })), "another attribute");
    assert!(replaced(&mut map, 4, &json!({ "humidity": { "value": "wet" } })), "another type of attribute");
}
