//! The rows for NGSI-LD of docs/ngsi-dialects.md: what other dialects write and NGSI-LD reads, and the other way round.
#![allow(clippy::unwrap_used)]

use ngsi::ld::{Context, Document, Form, Nulls, Reading};
use ngsi::v1::ContextElement;
use ngsi::v2::{EntityInput, parse};
use ngsi::{Attribute, AttributeKind, Entity, Name, Timestamp, json as text, ld, v1, v2};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_millis(0);

/// An entity of NGSIv2 with one attribute `a`.
fn by_v2(attribute: &Value) -> Entity {
    let body = json!({ "id": "e", "type": "T", "a": attribute }).to_string();
    let EntityInput { id, entity_type, attributes } = parse::entity(body.as_bytes(), v2::Form::Normalized).unwrap();
    let mut entity = Entity::new(id, entity_type.unwrap(), NOW);
    for input in attributes {
        entity.set(Attribute {
            name: input.name,
            kind: AttributeKind::Context,
            dataset_id: Name::default(),
            value_type: input.value_type.unwrap(),
            value: input.value,
            metadata: input.metadata,
            created_at: NOW,
            modified_at: NOW,
        });
    }
    entity
}

/// An entity of NGSI-10 with these domain metadata.
fn by_v1(domain: &Value) -> Entity {
    let body = json!({ "id": "e", "domainMetadata": [domain] }).to_string();
    let element: ContextElement = text::parse(body.as_bytes()).unwrap();
    let mut entity = Entity::new(element.entity.id, element.entity.entity_type, NOW);
    for metadatum in element.domain_metadata {
        entity.set(metadatum.into_attribute(NOW));
    }
    entity
}

/// An entity of NGSI-LD with one attribute `a`.
fn by_ld(attribute: &Value) -> Entity {
    let core = Context::core();
    let body = json!({ "id": "urn:e", "type": "T", "a": attribute }).to_string();
    let reading = Reading { context: &core, form: Form::Lossless, nulls: Nulls::Refused };
    let fragment = reading.entity(&Document::read(body.as_bytes()).unwrap()).unwrap();
    let mut entity = Entity::new(fragment.id, fragment.types[0].clone(), NOW);
    entity.attributes = fragment.attributes.into_iter().map(|it| it.into_attribute(NOW).unwrap()).collect();
    entity
}

fn in_ld(entity: &Entity) -> Value {
    let mut out = Vec::new();
    ld::write_entity(&mut out, entity, &[]);
    serde_json::from_slice(&out).unwrap()
}

fn in_v2(entity: &Entity) -> Value {
    let mut out = Vec::new();
    v2::write_entity(&mut out, entity, &[]);
    serde_json::from_slice(&out).unwrap()
}

#[test]
fn attributes_of_ngsi_v2_read_in_ngsi_ld() {
    let property = |value: Value| json!({ "type": "Property", "value": value });
    let place = |kind: &str, coordinates: Value| json!({ "type": "GeoProperty", "value": { "type": kind, "coordinates": coordinates } });
    let ring = json!([[[1.0, 0.0], [2.0, 0.0], [2.0, 3.0], [1.0, 0.0]]]);
    let table = [
        (json!({ "value": 5 }), property(json!(5))),
        (json!({ "type": "integer", "value": 5 }), property(json!(5))),
        (json!({ "type": "DateTime", "value": "2024-02-29T12:00:00Z" }), property(json!("2024-02-29T12:00:00.000Z"))),
        (json!({ "value": null }), property(json!({ "@type": "@json", "@value": null }))),
        (json!({ "type": "geo:point", "value": "50.5, 4" }), place("Point", json!([4.0, 50.5]))),
        (
            json!({ "type": "geo:line", "value": ["0, 1", "2, 3"] }),
            place("LineString", json!([[1.0, 0.0], [3.0, 2.0]])),
        ),
        (json!({ "type": "geo:polygon", "value": ["0,1", "0,2", "3,2", "0,1"] }), place("Polygon", ring)),
        (
            json!({ "type": "geo:json", "value": { "type": "Point", "coordinates": [4, 5] } }),
            place("Point", json!([4, 5])),
        ),
        (json!({ "type": "geo:point", "value": null }), property(json!({ "@type": "@json", "@value": null }))),
        (json!({ "type": "Relationship", "value": "urn:b" }), json!({ "type": "Relationship", "object": "urn:b" })),
        (json!({ "type": "Relationship", "value": "b" }), json!({ "type": "Relationship", "object": "urn:b" })),
        (json!({ "type": "Relationship", "value": ["b"] }), json!({ "type": "Relationship", "object": ["urn:b"] })),
        (json!({ "type": "Relationship", "value": 5 }), property(json!(5))),
        (
            json!({ "type": "LanguageProperty", "value": { "en": "x" } }),
            json!({ "type": "LanguageProperty", "languageMap": { "en": "x" } }),
        ),
        (json!({ "type": "LanguageProperty", "value": "x" }), property(json!("x"))),
        (json!({ "type": "ListProperty", "value": 5 }), property(json!(5))),
        (json!({ "type": "VocabProperty", "value": 5 }), property(json!(5))),
        (
            json!({ "value": 5, "metadata": { "unitCode": { "value": "CEL" }, "observedAt": { "type": "DateTime", "value": "2024-02-29T12:00:00Z" },
                "accuracy": { "type": "Number", "value": 0.1 } } }),
            json!({ "type": "Property", "value": 5, "unitCode": "CEL", "observedAt": "2024-02-29T12:00:00Z",
                "accuracy": { "type": "Property", "value": 0.1 } }),
        ),
        (
            json!({ "value": 5, "metadata": { "TimeInstant": { "type": "DateTime", "value": "2024-02-29T12:00:00Z" } } }),
            json!({ "type": "Property", "value": 5, "TimeInstant": { "type": "Property", "value": "2024-02-29T12:00:00.000Z" } }),
        ),
    ];
    for (written, expected) in table {
        let read = in_ld(&by_v2(&written));
        assert_eq!(read, json!({ "id": "urn:e", "type": "T", "a": expected }), "{written}");
    }
    let square = in_ld(&by_v2(&json!({ "type": "geo:box", "value": ["0,1", "2,3"] })));
    assert_eq!(square["a"]["value"]["coordinates"][0].as_array().unwrap().len(), 5);
}

#[test]
fn domain_metadata_of_ngsi_10_read_in_ngsi_ld() {
    let point = json!({ "latitude": 1, "longitude": 2.5 });
    let ring = json!([[[2.0, 1.0], [3.0, 1.0], [3.0, 2.0], [2.0, 1.0]]]);
    let corner = |latitude: i32, longitude: i32| json!({ "latitude": latitude, "longitude": longitude });
    let corners = json!({ "vertices": [corner(1, 2), corner(1, 3), corner(2, 3)] });
    let circle = json!({ "centerLatitude": 1, "centerLongitude": 2.5, "radius": 10 });
    let geo = |kind: &str, coordinates: Value| json!({ "type": "GeoProperty", "value": { "type": kind, "coordinates": coordinates } });
    let table = [
        ("point", point, geo("Point", json!([2.5, 1.0]))),
        ("polygon", corners, geo("Polygon", ring)),
        ("circle", circle, geo("Point", json!([2.5, 1.0]))),
        ("global", json!(""), json!({ "type": "Property", "value": "" })),
        ("string", json!("me"), json!({ "type": "Property", "value": "me" })),
    ];
    for (declared, value, expected) in table {
        let read = in_ld(&by_v1(&json!({ "name": "location", "type": declared, "value": value })));
        assert_eq!(read, json!({ "id": "urn:e", "type": "Thing", "location": expected }), "{declared}");
    }
}

#[test]
fn attributes_of_ngsi_ld_read_in_ngsi_v2() {
    let attribute = |value_type: &str, value: Value| json!({ "type": value_type, "value": value, "metadata": {} });
    let point = json!({ "type": "Point", "coordinates": [4, 5] });
    let table = [
        (json!(5), attribute("Number", json!(5))),
        (json!("x"), attribute("Text", json!("x"))),
        (json!({ "value": { "b": 1 } }), attribute("StructuredValue", json!({ "b": 1 }))),
        (json!({ "@type": "@json", "@value": null }), attribute("None", Value::Null)),
        (point.clone(), attribute("geo:json", point)),
        (json!({ "object": "urn:b" }), attribute("Relationship", json!("urn:b"))),
        (json!({ "languageMap": { "en": "x" } }), attribute("LanguageProperty", json!({ "en": "x" }))),
        (json!({ "vocab": "x" }), attribute("VocabProperty", json!("x"))),
        (json!({ "json": [null] }), attribute("JsonProperty", json!([null]))),
        (json!({ "valueList": [1] }), attribute("ListProperty", json!([1]))),
        (json!({ "objectList": [{ "object": "urn:b" }] }), attribute("ListRelationship", json!(["urn:b"]))),
        (json!([{ "value": 1 }, { "value": 2, "datasetId": "urn:d" }]), attribute("Number", json!(1))),
        (
            json!({ "value": 5, "unitCode": "CEL", "observedAt": "2024-02-29T12:00:00Z", "by": { "object": "urn:b", "sub": 1 } }),
            json!({ "type": "Number", "value": 5, "metadata": {
                "unitCode": { "type": "Text", "value": "CEL" },
                "observedAt": { "type": "DateTime", "value": "2024-02-29T12:00:00.000Z" },
                "by": { "type": "Relationship", "value": "urn:b" } } }),
        ),
    ];
    for (written, expected) in table {
        assert_eq!(in_v2(&by_ld(&written)), json!({ "id": "urn:e", "type": "T", "a": expected }), "{written}");
    }
}

#[test]
fn attributes_of_ngsi_ld_read_in_ngsi_10() {
    let mut out = Vec::new();
    v1::write_element(&mut out, &by_ld(&json!({ "value": 5, "unitCode": "CEL" })), &[]);
    let read: Value = serde_json::from_slice(&out).unwrap();
    let metadata = json!([{ "name": "unitCode", "type": "Text", "value": "CEL" }]);
    assert_eq!(read["attributes"][0]["value"], 5);
    assert_eq!(read["attributes"][0]["metadata"], metadata);
}

#[test]
fn a_place_is_there_once() {
    let mut entity = by_v2(&json!({ "type": "geo:point", "value": "1, 2" }));
    let domain = by_v1(&json!({ "name": "location", "type": "point", "value": { "latitude": 1, "longitude": 2 } }));
    entity.attributes.extend(domain.attributes);
    let read = in_ld(&entity);
    assert!(read.get("location").is_none() && read.get("a").is_some());
}

#[test]
fn what_has_another_meaning_in_ngsi_ld_is_not_there() {
    let attributes = json!([{ "name": "scope", "value": 1 }, { "name": "", "value": 1 }, { "name": "createdAt", "value": 1 },
        { "name": "a", "value": 1, "metadata": [{ "name": "type", "value": "x" }, { "name": "unitCode", "value": 5 },
            { "name": "observedAt", "value": "yesterday" }, { "name": "b", "value": 2 }] }]);
    let body = json!({ "id": "urn:e", "type": "T", "attributes": attributes }).to_string();
    let element: ContextElement = text::parse(body.as_bytes()).unwrap();
    let mut entity = Entity::new(element.entity.id, element.entity.entity_type, NOW);
    entity.attributes = element.attributes.into_iter().map(|it| it.into_attribute(NOW)).collect();
    let a = json!({ "type": "Property", "value": 1, "b": { "type": "Property", "value": 2 } });
    assert_eq!(in_ld(&entity), json!({ "id": "urn:e", "type": "T", "a": a }));
}

#[test]
fn an_entity_expires_in_both() {
    let mut entity = by_v2(&json!({ "value": 5 }));
    let core = Context::core();
    let body = json!({ "expiresAt": "2024-02-29T12:00:00Z" }).to_string();
    let reading = Reading { context: &core, form: Form::Lossless, nulls: Nulls::OfMembers };
    let read = |body: &str| reading.fragment(&Document::read(body.as_bytes()).unwrap()).unwrap().attributes.remove(0);
    entity.set(read(&body).into_attribute(NOW).unwrap());
    assert_eq!(in_ld(&entity)["expiresAt"], "2024-02-29T12:00:00Z");
    assert_eq!(
        in_v2(&entity)["dateExpires"],
        json!({ "type": "DateTime", "value": "2024-02-29T12:00:00.000Z", "metadata": {} })
    );
    assert!(read(r#"{"expiresAt":"urn:ngsi-ld:null"}"#).is_null);
}

#[test]
fn identifiers_are_uris() {
    for (id, uri) in
        [("room1", "urn:room1"), ("urn:x", "urn:x"), ("https://a.org/b", "https://a.org/b"), ("a b:c", "urn:a b:c")]
    {
        assert_eq!(ld::urn(id), uri);
    }
}
