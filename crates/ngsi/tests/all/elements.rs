//! Context elements: both wire forms, validation, and that writing and parsing are inverse.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value, missing_docs)]

use ngsi::v1::ngsi10::{UpdateAction, UpdateContextRequest};
use ngsi::v1::{ContextAttribute, ContextElement, ContextMetadata, EntityRef, write_element};
use ngsi::{AttributeKind, Entity, EntityId, JsonText, Name, Timestamp, json};
use proptest::prelude::*;
use serde_json::json;

fn entity(element: ContextElement) -> Entity {
    let now = Timestamp::from_micros(1);
    let mut entity = Entity::new(element.entity.id, element.entity.entity_type, now);
    for metadata in element.domain_metadata {
        entity.set(metadata.into_attribute(now));
    }
    for attribute in element.attributes {
        entity.set(attribute.into_attribute(now));
    }
    entity
}

fn written(entity: &Entity, names: &[Name]) -> serde_json::Value {
    let mut out = Vec::new();
    write_element(&mut out, entity, names);
    serde_json::from_slice(&out).expect("what is written is JSON")
}

#[test]
fn both_forms_of_identity_are_read() {
    let now: ContextElement = json::parse(br#"{"entityId":{"id":"r1","type":"Room","isPattern":false}}"#).unwrap();
    let older: ContextElement = json::parse(br#"{"id":"r1","type":"Room","isPattern":"false"}"#).unwrap();
    assert_eq!(now, older);
}

#[test]
fn null_and_absent_lists_are_empty() {
    let text = br#"{"contextElements":[{"entityId":{"id":"a","type":null},"attributes":null,"domainMetadata":null}],"updateAction":"Append"}"#;
    let request: UpdateContextRequest = json::parse(text).unwrap();
    assert!(request.context_elements[0].attributes.is_empty());
    request.validate().unwrap();
}

#[test]
fn an_update_without_action_or_elements_is_read() {
    for text in [&b"{}"[..], br#"{"updateAction":null}"#, br#"{"updateAction":""}"#] {
        assert_eq!(json::parse::<UpdateContextRequest>(text).unwrap().update_action, UpdateAction::Update);
    }
    let request: UpdateContextRequest = json::parse(b"{}").unwrap();
    request.validate().unwrap();
    assert_eq!(request.update_action, UpdateAction::Update);
}

#[test]
fn a_refusal_names_the_member() {
    let check = |body: serde_json::Value, path: &str| {
        let error = json::parse::<UpdateContextRequest>(body.to_string().as_bytes())
            .and_then(|request| request.validate())
            .expect_err(path);
        assert_eq!(error.path, path, "{error}");
    };
    let update = |element: serde_json::Value| json!({"contextElements": [element], "updateAction": "UPDATE"});
    let place = |kind: &str, value: serde_json::Value| {
        update(json!({"entityId": {"id": "a"}, "domainMetadata": [{"name": "location", "type": kind, "value": value}]}))
    };
    check(json!({"contextElements": 5, "updateAction": "UPDATE"}), "contextElements");
    check(json!({"contextElements": [{"entityId": {"id": "a"}}], "updateAction": "SET"}), "updateAction");
    check(update(json!({"entityId": {"type": "Room"}})), "contextElements[0].entityId.id");
    check(update(json!({"entityId": {"id": 5}})), "contextElements[0].entityId.id");
    check(
        update(json!({"entityId": {"id": "a"}, "attributes": [{"value": 1}]})),
        "contextElements[0].attributes[0].name",
    );
    check(update(json!({"entityId": {"id": "a"}, "attributes": {}})), "contextElements[0].attributes");
    let value = "contextElements[0].domainMetadata[0].value";
    check(place("point", json!({"latitude": 91, "longitude": 0})), &format!("{value}.latitude"));
    check(place("point", json!({"latitude": "NaN", "longitude": 0})), &format!("{value}.latitude"));
    check(
        place("circle", json!({"centerLatitude": 1, "centerLongitude": 1, "radius": -1})),
        &format!("{value}.radius"),
    );
    let corner = json!({"latitude": 0, "longitude": 0});
    check(place("polygon", json!({"vertices": [corner, corner]})), &format!("{value}.vertices"));
}

#[test]
fn an_object_is_not_a_list_and_has_no_name_of_ours() {
    let check = |body: &[u8], expected: &str| {
        let error = json::parse_object::<UpdateContextRequest>(body).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
    };
    check(b" []", "$: must be an object, is a list");
    check(b"null", "$: invalid type: null, expected an object at line");
    check(b"{\"contextElements\":[5]}", "contextElements[0]: invalid type: integer `5`, expected an object at line");
    check(b"{", "$: EOF");
    check(b"{\"contextElements\":[{\"ent", "contextElements[0]: EOF");
}

#[test]
fn deep_nesting_is_refused_before_it_is_parsed() {
    let deep = format!("{{\"contextElements\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let error = json::parse::<UpdateContextRequest>(deep.as_bytes()).unwrap_err();
    assert!(error.problem.contains("nested deeper"), "{error}");
}

#[test]
fn a_number_that_no_double_holds_is_refused() {
    let digits = "1".repeat(400);
    for (number, held) in [
        ("1e308", true),
        ("-1.5E+5", true),
        ("1e-400", true),
        (&format!("0.{digits}"), true),
        (r#""1e400""#, true),
        ("1e400", false),
        ("-1e400", false),
        ("1.0E+0400", false),
        (&digits, false),
        (&format!("[0,{{\"a\":{digits}.5}}]"), false),
    ] {
        let body = format!(
            r#"{{"contextElements":[{{"entityId":{{"id":"a"}},"attributes":[{{"name":"n","value":{number}}}]}}]}}"#
        );
        let read = json::parse::<UpdateContextRequest>(body.as_bytes());
        assert_eq!(read.is_ok(), held, "{number}");
        assert!(held || read.unwrap_err().problem.contains("larger than any double"));
    }
    // Each byte is looked at a few times, however many numbers seem to begin.
    assert!(json::parse::<UpdateContextRequest>("1-".repeat(1 << 20).as_bytes()).is_err());
}

#[test]
fn truncated_documents_are_refused() {
    let whole = br#"{"contextElements":[{"entityId":{"id":"a"}}],"updateAction":"UPDATE"}"#;
    for length in 0..whole.len() {
        json::parse::<UpdateContextRequest>(&whole[..length]).unwrap_err();
    }
}

#[test]
fn only_selected_attributes_are_written_and_domain_metadata_always() {
    let element: ContextElement = json::parse(
        br#"{"entityId":{"id":"a","type":"T"},"attributes":[{"name":"x","type":"integer","value":1},{"name":"y","type":"string","value":"two"}],
            "domainMetadata":[{"name":"owner","type":"string","value":"me"}]}"#,
    )
    .unwrap();
    assert_eq!(
        written(&entity(element), &[Name::from("y")]),
        json!({"entityId": {"id": "a", "type": "T", "isPattern": false},
               "attributes": [{"name": "y", "type": "string", "value": "two"}],
               "domainMetadata": [{"name": "owner", "type": "string", "value": "me"}]})
    );
}

#[test]
fn subscribers_of_other_dialects_get_the_place_in_their_form() {
    let element: ContextElement = json::parse(
        br#"{"entityId":{"id":"car 1","type":"Car"},"attributes":[{"name":"speed","type":"integer","value":50,"metadata":[{"name":"unit","type":"string","value":"km/h"}]}],
            "domainMetadata":[{"name":"location","type":"point","value":{"latitude":35.5,"longitude":138}}]}"#,
    )
    .unwrap();
    let entity = entity(element);
    let (mut v2, mut ld) = (Vec::new(), Vec::new());
    ngsi::v2::write_entity(&mut v2, &entity, &[]);
    ngsi::ld::write_entity(&mut ld, &entity, &[]);
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&v2).unwrap(),
        json!({"id": "car 1", "type": "Car",
               "location": {"type": "geo:point", "value": "35.5, 138", "metadata": {}},
               "speed": {"type": "integer", "value": 50, "metadata": {"unit": {"type": "string", "value": "km/h"}}}})
    );
    assert_eq!(
        serde_json::from_slice::<serde_json::Value>(&ld).unwrap(),
        json!({"id": "urn:car 1", "type": "Car",
               "location": {"type": "GeoProperty", "value": {"type": "Point", "coordinates": [138.0, 35.5]}},
               "speed": {"type": "Property", "value": 50, "unit": {"type": "Property", "value": "km/h"}}})
    );
}

fn any_json() -> impl Strategy<Value = JsonText> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
    .prop_map(JsonText::from)
}

fn any_metadata() -> impl Strategy<Value = ContextMetadata> {
    (any::<String>(), any::<String>(), any_json()).prop_map(|(name, value_type, value)| ContextMetadata {
        name: Name::from(name),
        value_type: Name::from(value_type),
        value,
    })
}

prop_compose! {
    fn any_element()(
        id in any::<String>(),
        entity_type in any::<String>(),
        attributes in prop::collection::btree_map(any::<String>(), (any::<String>(), any_json(), prop::collection::vec(any_metadata(), 0..3)), 0..4),
        domain in prop::collection::btree_map(any::<String>(), (any::<String>(), any_json()), 0..3),
    ) -> ContextElement {
        ContextElement {
            entity: EntityRef { id: EntityId::from(id), entity_type: Name::from(entity_type), is_pattern: false },
            attributes: attributes.into_iter().map(|(name, (value_type, value, metadata))| ContextAttribute {
                name: Name::from(name), value_type: Name::from(value_type), value, metadata,
            }).collect(),
            domain_metadata: domain.into_iter().map(|(name, (value_type, value))| ContextMetadata {
                name: Name::from(name), value_type: Name::from(value_type), value,
            }).collect(),
        }
    }
}

proptest! {
    #[test]
    fn parsing_what_was_written_gives_it_back(element in any_element()) {
        let mut out = Vec::new();
        write_element(&mut out, &entity(element.clone()), &[]);
        prop_assert_eq!(json::parse::<ContextElement>(&out).unwrap(), element.clone());
        let derived = serde_json::to_vec(&element).unwrap();
        prop_assert_eq!(json::parse::<ContextElement>(&derived).unwrap(), element);
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = json::parse::<UpdateContextRequest>(&bytes);
    }
}

#[test]
fn an_attribute_and_a_domain_metadatum_may_share_a_name() {
    let element: ContextElement = json::parse(
        br#"{"id":"a","attributes":[{"name":"n","value":1}],"domainMetadata":[{"name":"n","type":"string","value":"2"}]}"#,
    )
    .unwrap();
    let entity = entity(element);
    assert_eq!(entity.attribute(AttributeKind::Context, "n").unwrap().value.as_str(), "1");
    assert_eq!(entity.attribute(AttributeKind::Domain, "n").unwrap().value.to_plain(), "2");
}
