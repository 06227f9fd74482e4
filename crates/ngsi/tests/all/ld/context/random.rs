//! What holds under any context.

use ngsi::Name;
use ngsi::ld::Context;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

const WORDS: [&str; 8] = ["a", "b", "ex", "temp", "location", "value", "type", "ngsi-ld"];
const IRIS: [&str; 6] = [
    "https://example.org/",
    "https://example.org/ns#",
    "urn:x:",
    "https://uri.etsi.org/ngsi-ld/default-context/a",
    "https://uri.etsi.org/ngsi-ld/default-context/",
    "https://example.org/a",
];

fn word() -> impl Strategy<Value = String> {
    proptest::sample::select(&WORDS[..]).prop_map(str::to_owned)
}

fn name() -> impl Strategy<Value = String> {
    let iri = (proptest::sample::select(&IRIS[..]), word()).prop_map(|(iri, word)| format!("{iri}{word}"));
    let whole = proptest::sample::select(&IRIS[..]).prop_map(str::to_owned);
    let compact = (word(), word()).prop_map(|(prefix, suffix)| format!("{prefix}:{suffix}"));
    prop_oneof![word(), iri, whole, compact]
}

fn definition() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => name().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => (name(), any::<bool>()).prop_map(|(id, prefix)| json!({ "@id": id, "@prefix": prefix })),
        1 => name().prop_map(|property| json!({ "@reverse": property })),
    ]
}

fn object() -> impl Strategy<Value = Value> {
    let terms = proptest::collection::vec((prop_oneof![word(), name()], definition()), 0..6);
    (terms, proptest::option::of(proptest::sample::select(&IRIS[..]))).prop_map(|(terms, vocabulary)| {
        let mut members: Map<_, _> = terms.into_iter().collect();
        members.extend(vocabulary.map(|iri| ("@vocab".to_owned(), Value::from(iri))));
        Value::Object(members)
    })
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        name().prop_map(Value::from)
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        let member = prop_oneof![name(), "@(id|type|context|vocab|import|reverse|prefix|graph|x)"];
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::vec((member, inner), 0..4).prop_map(|all| Value::Object(all.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn what_a_name_is_called_stands_for_it(contexts in proptest::collection::vec(object(), 1..3), term in name()) {
        let Ok(context) = Context::parse(&Value::Array(contexts), &|_| None) else { return Ok(()) };
        let stored = context.expand(&term);
        let called = context.compact(&stored).into_owned();
        // An IRI that looks like a compact one with a prefix of the context has no name there that is not misunderstood.
        prop_assert!(context.expand(&called) == stored || called == *context.iri(&stored), "{term} {stored} {called}");
    }

    #[test]
    fn stored_names_do_not_depend_on_the_context(contexts in proptest::collection::vec(object(), 1..3), term in name()) {
        let Ok(context) = Context::parse(&Value::Array(contexts), &|_| None) else { return Ok(()) };
        let stored = context.expand(&term);
        let iri = context.iri(&stored).into_owned();
        prop_assert_eq!(Context::core().expand(&iri), stored);
    }

    #[test]
    fn the_core_is_the_same_under_every_context(contexts in proptest::collection::vec(object(), 1..3)) {
        let Ok(context) = Context::parse(&Value::Array(contexts), &|_| None) else { return Ok(()) };
        for term in ["location", "value", "observedAt", "type", "Property"] {
            prop_assert_eq!(context.expand(term), Name::from(term));
            prop_assert_eq!(context.compact(&Name::from(term)).into_owned(), term);
        }
    }

    #[test]
    fn nothing_panics(value in any_json(), term in ".*") {
        if let Ok(context) = Context::parse(&value, &|_| None) {
            let _ = context.compact(&context.expand(&term)).into_owned();
        }
    }
}
