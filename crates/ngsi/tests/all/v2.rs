//! NGSIv2: what is written is read back, and no input harms.
#![allow(clippy::unwrap_used)]

use ngsi::v2::parse::{self, AttributeInput};
use ngsi::v2::write::{Rendering, Representation};
use ngsi::v2::{EntityInput, Form, names};
use ngsi::{Attribute, AttributeKind, Entity, EntityId, JsonText, Metadata, Name, Timestamp, date};
use proptest::prelude::*;

fn word() -> impl Strategy<Value = String> {
    "[!$%*+,.0-9:@A-Z\\[\\\\\\]^_`a-z{|}~-]{1,20}"
        .prop_filter("has a meaning of its own", |name| names::check_attribute_name(name).is_ok())
}

fn value() -> impl Strategy<Value = JsonText> {
    let text = "[^<>\"'=;()]{0,12}";
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        text.prop_map(serde_json::Value::from),
    ];
    let tree = leaf.prop_recursive(3, 12, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::btree_map(text, inner, 0..4)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    });
    tree.prop_map(JsonText::from)
}

fn metadata() -> impl Strategy<Value = Vec<Metadata>> {
    let metadatum =
        (word(), word(), value()).prop_filter("builtin", |(name, ..)| names::check_metadata_name(name).is_ok());
    prop::collection::vec(metadatum, 0..3).prop_map(|all| {
        let mut metadata: Vec<Metadata> = Vec::new();
        for (name, value_type, value) in all {
            if !metadata.iter().any(|earlier| earlier.name == name.as_str()) {
                metadata.push(Metadata::new(Name::from(name), Name::from(value_type), value));
            }
        }
        metadata
    })
}

fn entity() -> impl Strategy<Value = EntityInput> {
    let attributes = prop::collection::btree_map(word(), (word(), value(), metadata()), 0..5);
    (word(), word(), attributes).prop_map(|(id, entity_type, attributes)| EntityInput {
        id: EntityId::from(id),
        entity_type: Some(Name::from(entity_type)),
        attributes: attributes
            .into_iter()
            .map(|(name, (value_type, value, metadata))| AttributeInput {
                name: Name::from(name),
                value_type: Some(Name::from(value_type)),
                value,
                metadata,
            })
            .collect(),
    })
}

fn held(input: &EntityInput) -> Entity {
    let now = Timestamp::from_millis(1);
    let mut entity = Entity::new(input.id.clone(), input.entity_type.clone().unwrap(), now);
    for attribute in input.attributes.clone() {
        entity.set(Attribute {
            name: attribute.name,
            kind: AttributeKind::Context,
            dataset_id: Name::default(),
            value_type: attribute.value_type.unwrap(),
            value: attribute.value,
            metadata: attribute.metadata,
            created_at: now,
            modified_at: now,
        });
    }
    entity
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(input in entity()) {
        let mut out = Vec::new();
        Rendering::default().write(&mut out, &held(&input));
        prop_assert_eq!(parse::entity(&out, Form::Normalized).unwrap(), input.clone());

        let mut out = Vec::new();
        Rendering { representation: Representation::KeyValues, ..Rendering::default() }.write(&mut out, &held(&input));
        let read = parse::entity(&out, Form::KeyValues).unwrap();
        let pairs = |entity: &EntityInput| {
            entity.attributes.iter().map(|a| (a.name.clone(), a.value.clone())).collect::<Vec<_>>()
        };
        prop_assert_eq!(pairs(&read), pairs(&input));
    }

    #[test]
    fn no_bytes_make_a_parser_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse::entity(&bytes, Form::Normalized);
        let _ = parse::attributes(&bytes, Form::KeyValues);
        let _ = parse::attribute("a", &bytes);
        let _ = parse::json_value(&bytes);
        let _ = parse::plain_value(&bytes);
    }

    #[test]
    fn no_text_makes_a_date_or_place_panic(text in "\\PC{0,30}", geo in prop_oneof![
        Just("geo:point"), Just("geo:line"), Just("geo:box"), Just("geo:polygon"), Just("geo:json")]) {
        let _ = date::parse(&text);
        let _ = ngsi::v2::place::parse(geo, &JsonText::string(&text));
        let _ = ngsi::v2::place::parse(geo, &JsonText::from(serde_json::json!([text.clone(), text])));
    }

    #[test]
    fn a_time_that_was_written_is_read(millis in -60_000_000_000_000_i64..250_000_000_000_000) {
        let time = Timestamp::from_millis(millis);
        prop_assert_eq!(date::parse(&time.to_string()), Some(time));
    }

    #[test]
    fn a_point_of_ngsi10_is_written_without_exponents(
        latitude in prop_oneof![-90.0..90.0_f64, -1e-5..1e-5_f64, (-90..90_i32).prop_map(f64::from)],
        longitude in prop_oneof![-180.0..180.0_f64, -1e-5..1e-5_f64, (-180..180_i32).prop_map(f64::from)],
    ) {
        let value = serde_json::json!({ "latitude": latitude, "longitude": longitude });
        let place = Attribute {
            name: Name::from("location"),
            kind: AttributeKind::Domain,
            dataset_id: Name::default(),
            value_type: Name::from("point"),
            value: value.into(),
            metadata: Vec::new(),
            created_at: Timestamp::from_millis(1),
            modified_at: Timestamp::from_millis(1),
        };
        // The last digit may be lost where it is read.
        let read = |degrees: f64| serde_json::from_str::<f64>(&serde_json::json!(degrees).to_string()).unwrap();
        let text = JsonText::string(&format!("{}, {}", read(latitude), read(longitude)));
        prop_assert_eq!(ngsi::v2::place::to_simple(&place), Some(("geo:point", text)));
    }

    #[test]
    fn geojson_of_any_shape_does_not_panic(coordinates in value(), kind in prop_oneof![
        Just("Point"), Just("LineString"), Just("Polygon"), Just("MultiPolygon"), Just("GeometryCollection")]) {
        let geometry = format!("{{\"type\":\"{kind}\",\"coordinates\":{}}}", coordinates.as_str());
        let geometry: JsonText = serde_json::from_str(&geometry).unwrap();
        let _ = ngsi::v2::place::parse("geo:json", &geometry);
    }
}
