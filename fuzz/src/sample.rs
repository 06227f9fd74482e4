//! What inputs meet.

use ngsi::{Attribute, AttributeKind, Entity, EntityId, JsonText, Metadata, Name, Timestamp};
use serde_json::{Value, json};

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

/// Lets a subscription judge the entity, if it can be compiled.
pub(crate) fn judge(request: context::Request) {
    let record = context::Record {
        id: "urn:s".into(),
        request,
        delivery: context::Delivery::default(),
        created_at: NOW,
        initialised: true,
    };
    let Ok(compiled) = context::Subscription::compile(record) else { return };
    let _ = (compiled.selects(&entity()), compiled.has_content(&entity()));
}

/// An entity with an attribute of most kinds.
pub(crate) fn entity() -> Entity {
    let mut entity = Entity::new(EntityId::from("urn:a:1"), Name::from("T"), NOW);
    entity.more_types = vec![Name::from("U")];
    entity.scopes = vec![Name::from("/a/b"), Name::from("/c")];
    let point = json!({ "type": "Point", "coordinates": [8.7, 49.4] });
    let ring = json!([[[0, 0], [20, 0], [20, 60], [0, 60], [0, 0]]]);
    let polygon = json!({ "type": "Polygon", "coordinates": ring });
    entity.attributes = vec![
        attribute("n", "Number", json!(20.5)),
        attribute("s", "Text", json!("a")),
        attribute("b", "Boolean", json!(true)),
        attribute("t", "DateTime", json!("2026-01-01T00:00:00.000Z")),
        attribute("l", "StructuredValue", json!([1, "a", null, { "x": [2] }])),
        attribute("o", "StructuredValue", json!({ "x": { "y": 1 } })),
        attribute("r", "Relationship", json!("urn:a:2")),
        attribute("m", "LanguageProperty", json!({ "en": "a", "de": "b" })),
        attribute("location", "GeoProperty", point),
        attribute("p", "geo:json", polygon),
    ];
    entity.attributes[0].metadata = vec![
        Metadata::new(Name::from("unitCode"), Name::from("Text"), JsonText::string("CEL")),
        Metadata::new(Name::from("a"), Name::from("Number"), JsonText::from(json!(1))),
    ];
    entity
}

fn attribute(name: &str, value_type: &str, value: Value) -> Attribute {
    Attribute {
        name: Name::from(name),
        kind: AttributeKind::Context,
        dataset_id: Name::default(),
        value_type: Name::from(value_type),
        value: JsonText::from(value),
        metadata: Vec::new(),
        created_at: NOW,
        modified_at: NOW,
    }
}

/// What was written must be JSON.
pub(crate) fn json(written: &[u8]) -> Value {
    let read = serde_json::from_slice(written);
    read.unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(written)))
}
