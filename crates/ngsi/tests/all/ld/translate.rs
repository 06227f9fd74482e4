//! Entities in the names of another context.
#![allow(clippy::unwrap_used)]

use ngsi::ld::{Context, translate};
use serde_json::{Value, json};

fn context(terms: &Value) -> Context {
    Context::parse(terms, &|_| None).unwrap()
}

#[test]
fn what_has_names_is_said_anew_and_values_stay() {
    let from = context(
        &json!({ "speed": "https://e.org/speed", "Car": "https://e.org/Car", "by": "https://e.org/by", "Slow": "https://e.org/Slow" }),
    );
    let to = context(
        &json!({ "tempo": "https://e.org/speed", "Wagen": "https://e.org/Car", "von": "https://e.org/by", "Langsam": "https://e.org/Slow" }),
    );
    let table = [
        ("id", json!("urn:1"), "id", json!("urn:1")),
        ("type", json!("Car"), "type", json!("Wagen")),
        ("type", json!(["Car", "Van"]), "type", json!(["Wagen", "Van"])),
        ("scope", json!("/Car"), "scope", json!("/Car")),
        (
            "speed",
            json!({ "type": "Property", "value": { "speed": 1 }, "observedAt": "2026-01-01T00:00:00Z", "by": { "type": "Relationship", "object": "urn:2" } }),
            "tempo",
            json!({ "type": "Property", "value": { "speed": 1 }, "observedAt": "2026-01-01T00:00:00Z", "von": { "type": "Relationship", "object": "urn:2" } }),
        ),
        (
            "speed",
            json!([{ "value": 1, "datasetId": "urn:d" }, { "value": 2, "by": 3 }]),
            "tempo",
            json!([{ "value": 1, "datasetId": "urn:d" }, { "value": 2, "von": 3 }]),
        ),
        ("speed", json!({ "speed": { "speed": 1 } }), "tempo", json!({ "speed": { "speed": 1 } })),
        ("speed", json!(5), "tempo", json!(5)),
        (
            "kind",
            json!({ "type": "VocabProperty", "vocab": "Slow" }),
            "kind",
            json!({ "type": "VocabProperty", "vocab": "Langsam" }),
        ),
    ];
    for (term, value, expected_term, expected) in table {
        assert_eq!(translate::member(term, &value, &from, &to), (expected_term.to_owned(), expected), "{term} {value}");
        assert_eq!(translate::member(term, &value, &from, &from), (term.to_owned(), value));
    }
}
