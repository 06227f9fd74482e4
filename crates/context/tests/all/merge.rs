//! Merges of NGSI-LD (ETSI GS CIM 009, 5.5.12 and 5.6.17) as they meet an entity.
#![allow(clippy::unwrap_used)]

use context::{EntityMap, LinkedAction, LinkedEdit, LinkedRefusal, MergeDefaults};
use ngsi::ld::{Context, Document, EntityFragment, Form, Nulls, Reading, Rendering, Representation};
use ngsi::{EntityId, JsonText, Name, Timestamp};
use serde_json::{Value, json};

const ID: &str = "urn:house";

fn read(body: &Value, form: Form, nulls: Nulls) -> EntityFragment {
    let core = Context::core();
    let body = body.to_string();
    let reading = Reading { context: &core, form, nulls };
    reading.fragment(&Document::read(body.as_bytes()).unwrap()).unwrap()
}

/// What comes of an entity with `before` when `given` is merged into it.
fn merged(before: Value, given: &Value, form: Form, defaults: MergeDefaults) -> Result<Value, LinkedRefusal> {
    let mut entities = EntityMap::default();
    let mut edit =
        |action, at| entities.edit_linked(LinkedEdit { id: EntityId::from(ID), action }, Timestamp::from_millis(at));
    let mut whole = before;
    whole["type"] = "House".into();
    edit(LinkedAction::Create(read(&whole, Form::Lossless, Nulls::Refused)), 1)?;
    let fragment = read(given, form, Nulls::InValues);
    let entity = edit(LinkedAction::Merge { fragment, defaults }, 2)?.change.unwrap().entity;
    let (core, mut out) = (Context::core(), Vec::new());
    let mut rendering = Rendering { representation: Representation::Concise, ..Rendering::new(&core) };
    rendering.selection.omit = ngsi::ld::write::Projection::parse("id,type", &|term| core.expand(term)).unwrap();
    rendering.write(&mut out, &entity);
    Ok(serde_json::from_slice(&out).unwrap())
}

#[test]
fn members_merge_into_members() {
    let table = [
        (
            json!({ "a": { "value": 1, "unitCode": "CEL" } }),
            json!({ "a": { "value": 2 } }),
            json!({ "a": { "value": 2, "unitCode": "CEL" } }),
        ),
        (
            json!({ "a": { "value": 1, "unitCode": "CEL" } }),
            json!({ "a": 2 }),
            json!({ "a": { "value": 2, "unitCode": "CEL" } }),
        ),
        (
            json!({ "a": { "value": 1, "b": 1 } }),
            json!({ "a": { "type": "Property", "b": "urn:ngsi-ld:null", "c": 2 } }),
            json!({ "a": { "value": 1, "c": 2 } }),
        ),
        (
            json!({ "a": { "x": 1, "y": 2 } }),
            json!({ "a": { "y": "urn:ngsi-ld:null", "z": 3 } }),
            json!({ "a": { "x": 1, "z": 3 } }),
        ),
        (json!({ "a": 1, "b": 2 }), json!({ "a": "urn:ngsi-ld:null" }), json!({ "b": 2 })),
        (
            json!({ "a": 1 }),
            json!({ "a": { "value": 2, "datasetId": "urn:d" } }),
            json!({ "a": [{ "value": 1 }, { "value": 2, "datasetId": "urn:d" }] }),
        ),
        (json!({ "a": 1 }), json!({ "b": { "x": "urn:ngsi-ld:null", "y": 1 } }), json!({ "a": 1, "b": { "y": 1 } })),
        (
            json!({ "a": 1 }),
            json!({ "a": { "type": "Relationship", "object": "urn:b" } }),
            json!({ "a": { "object": "urn:b" } }),
        ),
    ];
    for (before, given, expected) in table {
        let after = merged(before.clone(), &given, Form::Lossless, MergeDefaults::default());
        assert_eq!(after.unwrap(), expected, "{given} into {before}");
    }
}

#[test]
fn a_bare_value_keeps_the_type_there_is() {
    let place = json!({ "type": "Point", "coordinates": [1, 2] });
    let elsewhere = json!({ "type": "Point", "coordinates": [3, 4] });
    let table = [
        (json!({ "object": "urn:b" }), json!("urn:c"), json!({ "object": "urn:c" })),
        (json!({ "json": { "x": 1 } }), json!({ "x": 2 }), json!({ "json": { "x": 2 } })),
        (json!({ "valueList": [1] }), json!([2]), json!({ "valueList": [2] })),
        (
            json!({ "languageMap": { "en": "a" } }),
            json!({ "languageMap": { "fr": "b" } }),
            json!({ "languageMap": { "en": "a", "fr": "b" } }),
        ),
        (place, elsewhere.clone(), elsewhere),
    ];
    for (before, given, expected) in table {
        let after = merged(json!({ "a": before }), &json!({ "a": given }), Form::Simplified, MergeDefaults::default());
        assert_eq!(after.unwrap(), json!({ "a": expected }), "{given} into {before}");
    }
    let refusal =
        merged(json!({ "a": { "object": "urn:b" } }), &json!({ "a": 5 }), Form::Simplified, MergeDefaults::default());
    assert!(refusal.unwrap_err().to_string().starts_with("a.object: must be a URI"));
}

#[test]
fn a_language_and_a_time_may_be_common_to_all_attributes() {
    let before = json!({ "a": { "languageMap": { "en": "x", "fr": "y" } }, "b": { "value": 1, "observedAt": "2024-01-01T00:00:00Z" }, "c": 1 });
    let given = json!({ "a": "z", "b": 2, "c": 2 });
    let at = "2024-02-02T00:00:00Z";
    let defaults = MergeDefaults { observed_at: Some(JsonText::string(at)), language: Some(Name::from("fr")) };
    let expected =
        json!({ "a": { "languageMap": { "en": "x", "fr": "z" } }, "b": { "value": 2, "observedAt": at }, "c": 2 });
    assert_eq!(merged(before.clone(), &given, Form::Simplified, defaults).unwrap(), expected);
    let refusal = merged(before, &given, Form::Simplified, MergeDefaults::default()).unwrap_err();
    assert!(refusal.to_string().starts_with("a.languageMap: must be an object"), "{refusal}");
}
