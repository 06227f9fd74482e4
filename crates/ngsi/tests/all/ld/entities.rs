//! Entities of NGSI-LD in every representation: what is read, what is refused, what is written.
#![allow(clippy::unwrap_used)]

use ngsi::ld::parse::MAX_NAME;
use ngsi::ld::{Context, Document, EntityFragment, Form, Nulls, Reading, Rendering, Representation};
use ngsi::{Attribute, Entity, ParseError, Timestamp};
use serde_json::{Value, json};

fn context() -> Context {
    let terms = json!({
        "ex": "https://example.org/",
        "speed": "ex:speed",
        "Car": "ex:Car",
        "diesel": "ex:fuel/diesel",
        "owner": { "@id": "ex:owner", "@type": "@id" },
    });
    Context::parse(&terms, &|_| None).unwrap()
}

fn read(body: &Value, form: Form, nulls: Nulls) -> Result<EntityFragment, ParseError> {
    let body = body.to_string();
    Reading { context: &context(), form, nulls }.fragment(&Document::read(body.as_bytes()).unwrap())
}

fn entity_of(fragment: EntityFragment) -> Result<Entity, ParseError> {
    let now = Timestamp::from_millis(1_000);
    let mut types = fragment.types.into_iter();
    let mut entity = Entity::new(fragment.id, types.next().unwrap_or_default(), now);
    entity.more_types = types.collect();
    entity.scopes = fragment.scopes.unwrap_or_default();
    for fragment in fragment.attributes {
        let name = fragment.name.clone();
        entity.attributes.push(fragment.into_attribute(now).map_err(|error| error.within(name.as_str()))?);
    }
    Ok(entity)
}

fn written(entity: &Entity, representation: Representation) -> Value {
    let context = context();
    let mut out = Vec::new();
    Rendering { representation, ..Rendering::new(&context) }.write(&mut out, entity);
    serde_json::from_slice(&out).unwrap()
}

/// What an attribute `a` that is written as `given` reads in every representation.
fn check(given: &Value, normalized: &Value, concise: &Value, simplified: &Value) {
    let whole = json!({ "id": "urn:e", "type": "T", "a": given });
    let entity = entity_of(read(&whole, Form::Lossless, Nulls::Refused).unwrap()).unwrap();
    for (representation, expected) in [
        (Representation::Normalized, normalized),
        (Representation::Concise, concise),
        (Representation::Simplified, simplified),
    ] {
        let again = written(&entity, representation);
        assert_eq!(again, json!({ "id": "urn:e", "type": "T", "a": expected }), "{representation:?} of {given}");
        if representation != Representation::Simplified {
            let back = entity_of(read(&again, Form::Lossless, Nulls::Refused).unwrap()).unwrap();
            assert_eq!(back, entity, "{again}");
        }
    }
}

#[test]
fn every_type_in_every_representation() {
    let point = json!({ "type": "Point", "coordinates": [13.4, 52.5] });
    check(&json!({ "type": "Property", "value": 5 }), &json!({ "type": "Property", "value": 5 }), &json!(5), &json!(5));
    check(&json!("x"), &json!({ "type": "Property", "value": "x" }), &json!("x"), &json!("x"));
    check(
        &json!({ "value": 5, "unitCode": "CEL", "observedAt": "2024-02-29T12:00:00,5Z", "accuracy": 0.1 }),
        &json!({ "type": "Property", "value": 5, "unitCode": "CEL", "observedAt": "2024-02-29T12:00:00.500Z",
            "accuracy": { "type": "Property", "value": 0.1 } }),
        &json!({ "value": 5, "unitCode": "CEL", "observedAt": "2024-02-29T12:00:00.500Z", "accuracy": 0.1 }),
        &json!(5),
    );
    check(
        &json!({ "type": "Relationship", "object": "urn:b", "objectType": "Car" }),
        &json!({ "type": "Relationship", "object": "urn:b", "objectType": "Car" }),
        &json!({ "object": "urn:b", "objectType": "Car" }),
        &json!("urn:b"),
    );
    check(
        &json!({ "object": ["urn:b", "urn:c"] }),
        &json!({ "type": "Relationship", "object": ["urn:b", "urn:c"] }),
        &json!({ "object": ["urn:b", "urn:c"] }),
        &json!(["urn:b", "urn:c"]),
    );
    check(&point, &json!({ "type": "GeoProperty", "value": point }), &point, &point);
    check(
        &json!({ "value": point, "by": "me" }),
        &json!({ "type": "GeoProperty", "value": point, "by": { "type": "Property", "value": "me" } }),
        &json!({ "value": point, "by": "me" }),
        &point,
    );
    check(
        &json!({ "type": "Property", "value": point }),
        &json!({ "type": "Property", "value": point }),
        &json!({ "type": "Property", "value": point }),
        &point,
    );
    let street = json!({ "fr": "Grand Place", "nl": ["Grote Markt", "Markt"], "@none": "x" });
    let wrapped = json!({ "languageMap": street });
    check(&wrapped, &json!({ "type": "LanguageProperty", "languageMap": street }), &wrapped, &wrapped);
    let vocab = json!({ "vocab": ["diesel", "other"] });
    check(&vocab, &json!({ "type": "VocabProperty", "vocab": ["diesel", "other"] }), &vocab, &vocab);
    let raw = json!({ "json": { "id": null, "@x": [1, null] } });
    check(&raw, &json!({ "type": "JsonProperty", "json": raw["json"] }), &raw, &raw);
    check(
        &json!({ "valueList": [3, {"a": 1}] }),
        &json!({ "type": "ListProperty", "valueList": [3, {"a": 1}] }),
        &json!({ "valueList": [3, {"a": 1}] }),
        &json!([3, {"a": 1}]),
    );
    check(
        &json!({ "objectList": [{ "object": "urn:b" }, "urn:c"] }),
        &json!({ "type": "ListRelationship", "objectList": [{ "object": "urn:b" }, { "object": "urn:c" }] }),
        &json!({ "objectList": ["urn:b", "urn:c"] }),
        &json!(["urn:b", "urn:c"]),
    );
    check(
        &json!([5, { "value": 6 }]),
        &json!({ "type": "Property", "value": [5, { "value": 6 }] }),
        &json!({ "value": [5, { "value": 6 }] }),
        &json!([5, { "value": 6 }]),
    );
    let literal = json!({ "@type": "@json", "@value": null });
    check(&literal, &json!({ "type": "Property", "value": literal }), &literal, &literal);
}

#[test]
fn instances_are_told_apart_by_their_data_sets() {
    check(
        &json!([{ "value": 5 }, { "type": "Property", "value": 6, "datasetId": "urn:d" }]),
        &json!([{ "type": "Property", "value": 5 }, { "type": "Property", "value": 6, "datasetId": "urn:d" }]),
        &json!([{ "value": 5 }, { "value": 6, "datasetId": "urn:d" }]),
        &json!({ "dataset": { "@none": 5, "urn:d": 6 } }),
    );
}

#[test]
fn mistakes_are_named() {
    let long = "x".repeat(MAX_NAME + 1);
    let table = [
        (json!({ "id": "e" }), "id: must be a URI"),
        (json!({ "id": 5 }), "id: must be a string"),
        (json!({ "type": [] }), "type: must not be empty"),
        (json!({ "type": "A b" }), "type: the name"),
        (json!({ "scope": "/a//b" }), "scope: must be of the form"),
        (json!({ "a<b": 5 }), "a<b: the name"),
        (json!({ &long: 5 }), "a name has 1 to"),
        (json!({ "a": null }), "a: must not be null"),
        (json!({ "a": { "b": [1, null] } }), "a.b[1]: must not be null"),
        (json!({ "a": "urn:ngsi-ld:null" }), "a: must not be urn:ngsi-ld:null"),
        (json!({ "a": { "value": { "b": "urn:ngsi-ld:null" } } }), "a.value.b: must not be urn:ngsi-ld:null"),
        (json!({ "a": { "type": "Property" } }), "a.value: missing"),
        (json!({ "a": { "type": "Relationship", "value": 5 } }), "a.value: a Relationship has `object` instead"),
        (json!({ "a": { "type": "Address", "street": "x" } }), "a.type: must be the type of an attribute"),
        (json!({ "a": { "value": 1, "object": "urn:b" } }), "does not go with"),
        (json!({ "a": { "object": "b" } }), "a.object: must be a URI"),
        (json!({ "a": { "object": ["urn:b", "b"] } }), "a.object[1]: must be a URI"),
        (json!({ "a": { "languageMap": { "en": 5 } } }), "a.languageMap.en: must be a string"),
        (json!({ "a": { "valueList": 5 } }), "a.valueList: must be a list"),
        (json!({ "a": { "objectList": ["b"] } }), "a.objectList[0]: must be a URI"),
        (json!({ "a": { "type": "GeoProperty", "value": 5 } }), "a.value: must be a GeoJSON geometry"),
        (json!({ "a": { "type": "Point", "coordinates": [1] } }), "a: "),
        (json!({ "a": { "value": 5, "observedAt": "yesterday" } }), "a.observedAt: must be a time"),
        (json!({ "a": { "value": 5, "datasetId": "d" } }), "a.datasetId: must be a URI"),
        (json!({ "a": { "value": 5, "b": { "value": 5, "datasetId": "urn:d" } } }), "a.b.datasetId: sub-attributes"),
        (json!({ "type": ["Room", "type"] }), "type: \"type\" stands for @type"),
        (json!({ "a": [{ "value": 5 }, { "value": 6 }] }), "a: has more than one instance"),
        (json!({ "speed": 5, "ex:speed": 6 }), "has more than one instance"),
    ];
    for (body, expected) in table {
        let error = read(&body, Form::Lossless, Nulls::Refused).unwrap_err().to_string();
        assert!(error.contains(expected), "{body}: {error}");
    }
}

#[test]
fn what_a_context_makes_of_a_name_is_one_too() {
    let nameless = ["https://uri.etsi.org/ngsi-ld/default-context/?", "_:x/", "urn:ngsi-ld:"];
    for iri in nameless {
        let context = Context::parse(&json!({ "p": { "@id": iri, "@prefix": true } }), &|_| None).unwrap();
        let reading = Reading { context: &context, form: Form::Lossless, nulls: Nulls::Refused };
        let bodies = [
            json!({ "type": "p:null" }),
            json!({ "p:null": 5 }),
            json!({ "a": { "value": 5, "p:null": { "value": 6 } } }),
        ];
        for body in bodies {
            let body = body.to_string();
            let error = reading.fragment(&Document::read(body.as_bytes()).unwrap()).unwrap_err().to_string();
            assert!(error.contains("the name \"p:null\" is"), "{body}: {error}");
        }
    }
}

#[test]
fn a_merge_may_delete() {
    let table = [
        json!("urn:ngsi-ld:null"),
        json!({ "value": "urn:ngsi-ld:null" }),
        json!({ "type": "Relationship", "object": "urn:ngsi-ld:null" }),
        json!({ "languageMap": { "@none": "urn:ngsi-ld:null" } }),
        json!({ "languageMap": "urn:ngsi-ld:null" }),
        json!({ "objectList": ["urn:ngsi-ld:null"] }),
        json!({ "valueList": ["urn:ngsi-ld:null"] }),
        json!({ "json": "urn:ngsi-ld:null" }),
    ];
    for given in table {
        let body = json!({ "a": given });
        for nulls in [Nulls::OfMembers, Nulls::InValues] {
            let fragment = read(&body, Form::Lossless, nulls).unwrap();
            assert!(fragment.attributes[0].is_null, "{given}");
        }
        read(&body, Form::Lossless, Nulls::Refused).unwrap_err();
    }
    let body = json!({ "a": { "unitCode": "urn:ngsi-ld:null", "b": "urn:ngsi-ld:null" } });
    let fragment = read(&body, Form::Lossless, Nulls::OfMembers).unwrap().attributes.remove(0);
    assert!(fragment.members.iter().all(|member| member.is_null) && fragment.value.is_none());
}

#[test]
fn the_context_gives_names_and_types() {
    let body = json!({ "id": "urn:e", "type": "Car", "owner": "urn:me", "fuel": { "vocab": "diesel" } });
    let entity = entity_of(read(&body, Form::Lossless, Nulls::Refused).unwrap()).unwrap();
    assert_eq!(entity.entity_type, "https://example.org/Car");
    let [fuel, owner] = entity.attributes.as_slice() else { panic!("{entity:?}") };
    let seen = |attribute: &Attribute| format!("{} {} {:?}", attribute.name, attribute.value_type, attribute.value);
    assert_eq!(seen(owner), "https://example.org/owner Relationship \"urn:me\"");
    assert_eq!(seen(fuel), "fuel VocabProperty \"https://example.org/fuel/diesel\"");
    assert_eq!(written(&entity, Representation::Simplified), body);
}
