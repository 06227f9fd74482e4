//! Registrations of context sources as clients of NGSI-LD write and read them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use ngsi::ld::{Context, registration};
use ngsi::registration::{Mode, Operation};
use ngsi::{Name, Timestamp};
use serde_json::{Value, json};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn context() -> Context {
    let given = json!({ "Car": "https://example.org/Car", "speed": "https://example.org/speed" });
    Context::parse(&given, &|_| None).unwrap()
}

fn full() -> Value {
    json!({
        "id": "urn:ngsi-ld:ContextSourceRegistration:1",
        "type": "ContextSourceRegistration",
        "registrationName": "cars",
        "endpoint": "http://source:9090/base",
        "mode": "exclusive",
        "information": [{
            "entities": [{ "id": "urn:ngsi-ld:Car:1", "type": "Car" }, { "id": "urn:ngsi-ld:Car:2", "type": ["Car", "Van"] }],
            "propertyNames": ["speed"],
            "relationshipNames": ["owner"],
        }],
        "operations": ["updateOps", "retrieveEntity"],
        "contextSourceInfo": [{ "key": "Authorization", "value": "urn:ngsi-ld:request" }],
        "contextSourceAlias": "there",
        "tenant": "cars",
        "expiresAt": "2100-01-01T00:00:00Z",
        "management": { "localOnly": true, "timeout": 500, "cooldown": 1000, "cacheDuration": "PT1M" },
        "datasetId": ["@none", "urn:d"],
        "scope": ["/a/b"],
        "location": { "type": "Point", "coordinates": [8.0, 49.0] },
        "observationInterval": { "startAt": "2020-01-01T00:00:00Z" },
        "refreshRate": "PT5M",
        "speed": { "type": "Property", "value": 1 },
        "note": "plain",
    })
}

fn with(change: &Value) -> Value {
    let mut body = full();
    for (member, value) in change.as_object().unwrap() {
        body[member] = value.clone();
    }
    body
}

#[test]
fn what_is_written_is_read() {
    let read = registration::read(full().to_string().as_bytes(), &context(), NOW).unwrap();
    assert_eq!(read.mode, Mode::Exclusive);
    let info = &read.information[0];
    assert_eq!(info.entities[1].types, [Name::from("https://example.org/Car"), Name::from("Van")]);
    assert_eq!(info.properties, [Name::from("https://example.org/speed")]);
    assert!(read.allowed().has(Operation::ReplaceAttrs) && !read.allowed().has(Operation::QueryEntity));
    assert_eq!(Value::Object(registration::write(&read, &context(), false)), full());
    let with_times = registration::write(&read, &Context::core(), true);
    assert_eq!(with_times["createdAt"], "1970-01-01T00:16:40Z");
    assert_eq!(with_times["information"][0]["entities"][0]["type"], "https://example.org/Car");
    let stored = serde_json::to_vec(&read).unwrap();
    assert_eq!(serde_json::from_slice::<ngsi::Registration>(&stored).unwrap(), read);
}

#[test]
fn what_is_wrong_is_named() {
    let auxiliary = json!({ "mode": "auxiliary", "operations": ["updateOps"] });
    let table = [
        (json!({ "type": "Other" }), "type"),
        (json!({ "id": "no uri" }), "id"),
        (json!({ "endpoint": "ftp://x" }), "endpoint"),
        (json!({ "endpoint": "http://" }), "endpoint"),
        (json!({ "endpoint": 1 }), "endpoint"),
        (json!({ "mode": "other" }), "mode"),
        (json!({ "information": [] }), "information"),
        (json!({ "information": [{}] }), "information[0]"),
        (json!({ "information": [{ "entities": [] }] }), "information[0].entities"),
        (json!({ "information": [{ "entities": [{ "id": "urn:x" }] }] }), "information[0].entities[0].type"),
        (json!({ "information": [{ "propertyNames": ["x"] }] }), "information[0].entities"),
        (json!({ "information": [{ "entities": [{ "type": "A", "id": "urn:x" }] }] }), "information[0].propertyNames"),
        (json!({ "information": [{ "propertyNames": [1] }] }), "information[0].propertyNames[0]"),
        (json!({ "operations": ["flyOps"] }), "operations[0]"),
        (auxiliary, "operations"),
        (json!({ "contextSourceInfo": [{ "key": "a b", "value": "x" }] }), "contextSourceInfo.a b"),
        (json!({ "contextSourceInfo": [{ "key": "x", "value": "a\nb" }] }), "contextSourceInfo.x"),
        (json!({ "contextSourceInfo": [{ "key": "accept", "value": "text/html" }] }), "contextSourceInfo.accept"),
        (
            json!({ "contextSourceInfo": [{ "key": "ngsildConformance", "value": "one" }] }),
            "contextSourceInfo.ngsildConformance",
        ),
        (json!({ "expiresAt": "1969-01-01T00:00:00Z" }), "expiresAt"),
        (json!({ "expiresAt": "soon" }), "expiresAt"),
        (json!({ "management": { "timeout": 0 } }), "management.timeout"),
        (json!({ "management": { "speed": 1 } }), "management.speed"),
        (json!({ "location": { "type": "Point" } }), "location"),
        (json!({ "observationInterval": {} }), "observationInterval.startAt"),
        (json!({ "refreshRate": "often" }), "refreshRate"),
        (json!({ "description": "" }), "description"),
        (json!({ "datasetId": "d" }), "datasetId"),
    ];
    for (change, path) in table {
        let body = with(&change).to_string();
        let error = registration::read(body.as_bytes(), &context(), NOW).expect_err(&body);
        assert_eq!(error.path, path, "{change}: {error}");
    }
    for missing in ["type", "endpoint", "information"] {
        let mut body = full();
        body.as_object_mut().unwrap().remove(missing);
        let error = registration::read(body.to_string().as_bytes(), &context(), NOW).unwrap_err();
        assert_eq!((error.path.as_str(), error.problem.as_str()), (missing, "missing"));
    }
    assert!(registration::read(b"[]", &context(), NOW).is_err());
}

#[test]
fn a_source_may_alone_have_attributes_of_entities_of_a_type() {
    for entity in [json!({ "type": "A" }), json!({ "type": "A", "idPattern": "^urn:a:" })] {
        let body = with(&json!({ "information": [{ "entities": [entity], "propertyNames": ["x"] }] })).to_string();
        let read = registration::read(body.as_bytes(), &context(), NOW).unwrap();
        assert_eq!(read.mode, Mode::Exclusive, "{body}");
    }
}

#[test]
fn fragments_change_what_they_name() {
    let read = registration::read(full().to_string().as_bytes(), &context(), NOW).unwrap();
    let later = Timestamp::from_millis(2_000_000);
    let fragment = json!({ "description": "new", "expiresAt": null, "note": "urn:ngsi-ld:null", "location": null, "tenant": null });
    let changed = registration::change(&read, fragment.to_string().as_bytes(), &context(), later).unwrap();
    let mut expected = with(&json!({ "description": "new" }));
    for removed in ["expiresAt", "note", "location", "tenant"] {
        expected.as_object_mut().unwrap().remove(removed);
    }
    assert_eq!(Value::Object(registration::write(&changed, &context(), false)), expected);
    assert_eq!((changed.created_at, changed.modified_at), (NOW, later));
    for (fragment, path) in [
        (json!({ "id": "urn:other" }), "id"),
        (json!({ "endpoint": null }), "endpoint"),
        (json!({ "information": [{ "entities": [{ "type": "Car" }] }] }), "information[0].propertyNames"),
    ] {
        let error = registration::change(&read, fragment.to_string().as_bytes(), &context(), later).unwrap_err();
        assert_eq!(error.path, path);
    }
}
