//! Terms under contexts: what they stand for, and what names are called.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod random;
mod vectors;

use ngsi::Name;
use ngsi::ld::context::{ContextError, Document};
use ngsi::ld::{CORE_CONTEXT, Coercion, Context};
use serde_json::{Value, json};

fn context(value: &Value) -> Context {
    Context::parse(value, &|url| panic!("{url} is not at hand")).unwrap()
}

fn expanded(context: &Context, term: &str) -> String {
    context.expand(term).as_str().to_owned()
}

fn compacted(context: &Context, stored: &str) -> String {
    context.compact(&Name::from(stored)).into_owned()
}

#[test]
fn the_core_context_is_whole() {
    let document = Document::parse(ngsi::ld::context::CORE_DOCUMENT.as_bytes()).unwrap();
    assert_eq!(document.context().as_object().unwrap().len(), 183);
    let core = Context::core();
    assert_eq!(core.coercion("observedAt"), Coercion::DateTime);
    assert_eq!(core.coercion("object"), Coercion::Id);
    assert_eq!(core.coercion("vocab"), Coercion::Vocab);
    assert_eq!(core.coercion("json"), Coercion::Json);
}

#[test]
fn names_of_the_core_and_its_vocabulary_are_short() {
    let core = Context::core();
    let table = [
        ("temp", "temp"),
        ("https://uri.etsi.org/ngsi-ld/default-context/temp", "temp"),
        ("ngsi-ld:default-context/temp", "temp"),
        ("location", "location"),
        ("https://uri.etsi.org/ngsi-ld/location", "location"),
        ("ngsi-ld:location", "location"),
        ("value", "value"),
        ("https://uri.etsi.org/ngsi-ld/hasValue", "value"),
        ("http://purl.org/dc/terms/description", "description"),
        (
            "https://uri.etsi.org/ngsi-ld/default-context/description",
            "https://uri.etsi.org/ngsi-ld/default-context/description",
        ),
        ("https://uri.etsi.org/ngsi-ld/default-context/a:b", "https://uri.etsi.org/ngsi-ld/default-context/a:b"),
        ("https://example.org/temp", "https://example.org/temp"),
        ("ex:temp", "ex:temp"),
        ("type", "type"),
        ("@type", "type"),
        ("@id", "id"),
    ];
    for (term, stored) in table {
        assert_eq!(expanded(&core, term), stored, "{term}");
    }
    for stored in ["temp", "location", "value", "https://example.org/temp", "ex:temp"] {
        assert_eq!(compacted(&core, stored), stored);
    }
    assert_eq!(compacted(&core, "https://uri.etsi.org/ngsi-ld/other"), "ngsi-ld:other");
}

#[test]
fn terms_of_a_user_stand_for_what_they_say() {
    let context = context(&json!({
        "ex": "https://example.org/ns#",
        "temp": "ex:temperature",
        "Room": { "@id": "ex:Room" },
        "owner": { "@id": "ex:owner", "@type": "@id" },
        "level": { "@id": "ex:level", "@type": "@vocab" },
        "raw": { "@id": "ex:raw", "@type": "@json" },
        "since": { "@id": "ex:since", "@type": "DateTime" },
        "until": { "@id": "ex:until", "@type": "http://www.w3.org/2001/XMLSchema#date" },
        "size": { "@id": "ex:size", "@type": "ex:metres" },
        "loose": { "@type": "@id" },
        "gone": null,
        "isOwnerOf": { "@reverse": "ex:owner" },
        "key": "https://example.org/mine",
        "name": "@id",
    }));
    let table = [
        ("temp", "https://example.org/ns#temperature", Coercion::None),
        ("Room", "https://example.org/ns#Room", Coercion::None),
        ("owner", "https://example.org/ns#owner", Coercion::Id),
        ("level", "https://example.org/ns#level", Coercion::Vocab),
        ("raw", "https://example.org/ns#raw", Coercion::Json),
        ("since", "https://example.org/ns#since", Coercion::DateTime),
        ("until", "https://example.org/ns#until", Coercion::Date),
        ("size", "https://example.org/ns#size", Coercion::Other),
        ("loose", "loose", Coercion::Id),
        ("gone", "gone", Coercion::None),
        ("isOwnerOf", "isOwnerOf", Coercion::None),
        ("key", "key", Coercion::None),
        ("ex:other", "https://example.org/ns#other", Coercion::None),
        ("humidity", "humidity", Coercion::None),
        ("name", "id", Coercion::None),
    ];
    for (term, stored, coercion) in table {
        assert_eq!(expanded(&context, term), stored, "{term}");
        assert_eq!(context.coercion(term), coercion, "{term}");
    }
    assert_eq!(compacted(&context, "https://example.org/ns#temperature"), "temp");
    assert_eq!(compacted(&context, "https://example.org/ns#other"), "ex:other");
    assert_eq!(compacted(&context, "https://example.org/mine"), "https://example.org/mine");
    assert_eq!(compacted(&context, "temp"), "ngsi-ld:default-context/temp");
    assert_eq!(compacted(&context, "humidity"), "humidity");
    assert_eq!(compacted(&context, "loose"), "loose");
}

#[test]
fn the_shortest_term_is_used() {
    let context = context(&json!({ "temperature": "urn:t", "temp": "urn:t", "tump": "urn:t", "t": "urn:other" }));
    assert_eq!(compacted(&context, "urn:t"), "temp");
}

#[test]
fn a_vocabulary_counts_for_the_terms_defined_with_it() {
    let context = context(&json!([
        { "@vocab": "https://example.org/", "temp": "temperature", "level": {} },
        { "@vocab": null, "size": { "@id": "size" } },
    ]));
    assert_eq!(expanded(&context, "temp"), "https://example.org/temperature");
    assert_eq!(expanded(&context, "level"), "https://example.org/level");
    assert_eq!(expanded(&context, "size"), "size");
    assert_eq!(expanded(&context, "humidity"), "humidity");
}

#[test]
fn later_contexts_win_and_null_forgets() {
    let later = context(&json!([{ "a": "urn:1", "b": "urn:1b" }, CORE_CONTEXT, { "a": "urn:2" }]));
    assert_eq!(expanded(&later, "a"), "urn:2");
    assert_eq!(expanded(&later, "b"), "urn:1b");
    let forgotten = context(&json!([{ "a": "urn:1" }, null, { "b": "urn:2" }]));
    assert_eq!(expanded(&forgotten, "a"), "a");
    assert_eq!(expanded(&forgotten, "b"), "urn:2");
}

#[test]
fn documents_are_asked_for_until_all_are_there() {
    let value = json!(["https://example.org/a.jsonld", { "temp": "ex:temp" }, "https://example.org/c.jsonld"]);
    let at = |url: &str| {
        let text = match url {
            "https://example.org/a.jsonld" => r#"{"@context":["sub/b.jsonld",{"a":"ex:a"}],"more":1}"#,
            "https://example.org/sub/b.jsonld" => r#"{"@context":{"ex":"https://example.org/ns#","@version":1.1}}"#,
            "https://example.org/c.jsonld" => r#"{"@context":{"@import":"/d.jsonld","@protected":true,"c":"urn:c"}}"#,
            "https://example.org/d.jsonld" => r#"{"@context":{"d":"urn:d"}}"#,
            other => panic!("{other}"),
        };
        Document::parse(text.as_bytes()).unwrap()
    };
    let mut fetched: Vec<(String, Document)> = Vec::new();
    let mut rounds = 0;
    let context = loop {
        let known = |url: &str| fetched.iter().find(|(known, _)| known == url).map(|(_, document)| document.clone());
        match Context::parse(&value, &known) {
            Ok(context) => break context,
            Err(ContextError::Missing(urls)) => fetched.extend(urls.into_iter().map(|url| (url.clone(), at(&url)))),
            Err(ContextError::Invalid(error)) => panic!("{error}"),
        }
        rounds += 1;
    };
    assert_eq!((rounds, fetched.len()), (2, 4));
    for (term, iri) in
        [("a", "https://example.org/ns#a"), ("temp", "https://example.org/ns#temp"), ("c", "urn:c"), ("d", "urn:d")]
    {
        assert_eq!(expanded(&context, term), iri);
    }
}

#[test]
fn answers_name_the_context() {
    let url = "https://example.org/a.jsonld";
    let documents = |_: &str| Document::parse(br#"{"@context":{"a":"urn:a"}}"#).ok();
    let of = |value: Value| Context::parse(&value, &documents).unwrap();
    assert!(of(json!([])).is_core());
    assert!(of(json!("https://uri.etsi.org/ngsi-ld/v1/ngsi-ld-core-context-v1.3.jsonld")).is_core());
    assert_eq!(Context::core().link(), Some(CORE_CONTEXT));
    assert_eq!(Context::core().to_json(), json!(CORE_CONTEXT).to_string());
    for value in [json!(url), json!([url]), json!([url, CORE_CONTEXT]), json!([CORE_CONTEXT, url])] {
        let context = of(value);
        assert_eq!(context.link(), Some(url));
        assert_eq!(context.to_json(), json!([url, CORE_CONTEXT]).to_string());
        assert!(!context.is_core());
    }
    for value in [json!([url, url]), json!({ "a": "urn:a" }), json!([url, { "a": "urn:b" }])] {
        assert_eq!(of(value).link(), None);
    }
    assert_eq!(of(json!({ "a": "urn:a" })).to_json(), json!([{ "a": "urn:a" }, CORE_CONTEXT]).to_string());
}

#[test]
fn a_document_that_ends_with_the_core_says_all() {
    let url = "https://example.org/compound.jsonld";
    let text = json!({ "@context": [{ "a": "urn:a", "b": "urn:b" }, CORE_CONTEXT] }).to_string();
    let documents = |_: &str| Document::parse(text.as_bytes()).ok();
    let of = |value: Value| Context::parse(&value, &documents).unwrap();
    for value in [json!(url), json!([url]), json!([url, CORE_CONTEXT])] {
        assert_eq!(of(value).to_json(), json!(url).to_string());
    }
    let added = json!([url, { "c": "urn:c" }]);
    assert_eq!(of(added).to_json(), json!([url, { "c": "urn:c" }, CORE_CONTEXT]).to_string());
    let hidden = Name::from("b");
    assert_eq!(of(json!(url)).compact(&hidden), "ngsi-ld:default-context/b");
}

#[test]
fn what_is_wrong_is_named() {
    let table = [
        (json!(1), "@context: "),
        (json!(["a.jsonld"]), "@context[0]: `a.jsonld`"),
        (json!([[{}]]), "@context[0]: "),
        (json!({ "a": 1 }), "@context.a: "),
        (json!({ "a": { "@id": 1 } }), "@context.a.@id: "),
        (json!({ "a": { "@id": "urn:a", "@type": 1 } }), "@context.a.@type: "),
        (json!({ "a": { "@id": "urn:a", "@context": {} } }), "@context.a: must not have a context"),
        (json!({ "@vocab": 1 }), "@context.@vocab: "),
        (json!({ "@import": 1 }), "@context.@import: "),
        (json!({ "a": "b:x", "b": "c:x", "c": "a:x" }), "leads back to itself"),
        (json!({ "ex": "urn:ex:", "ex:a": "urn:b" }), "@context.ex:a: has the form of an IRI"),
        (json!({ "": "urn:a" }), "is not a term"),
    ];
    for (value, problem) in table {
        match Context::parse(&value, &|_| None) {
            Err(ContextError::Invalid(error)) => assert!(error.to_string().contains(problem), "{value}: {error}"),
            other => panic!("{value}: {other:?}"),
        }
    }
    assert!(Document::parse(b"{}").unwrap_err().to_string().contains("@context"));
    assert!(Document::parse(b"[]").is_err());
}

#[test]
fn contexts_have_bounds() {
    let refused = |value: &Value, documents: &dyn Fn(&str) -> Option<Document>| match Context::parse(value, documents) {
        Err(ContextError::Invalid(error)) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let circle = |_: &str| Document::parse(br#"{"@context":["http://x/a","http://x/b"]}"#).ok();
    assert!(refused(&json!("http://x/a"), &circle).contains("leads through more than"));
    let many: serde_json::Map<_, _> = (0..=20_000).map(|n| (format!("t{n}"), json!("urn:t"))).collect();
    assert!(refused(&Value::Object(many), &|_| None).contains("terms"));
    let chain: serde_json::Map<_, _> = (0..10_000).map(|n| (format!("t{n}"), json!(format!("t{}:x", n + 1)))).collect();
    assert!(refused(&Value::Object(chain), &|_| None).contains("leads through more than"));
    assert!(refused(&json!(vec!["http://x/a"; 100]), &|_| None).contains("items"));
}
