//! NGSI-LD: every entity that is written is read back, values merge as RFC 7396 says, and no input harms.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;

use ngsi::ld::write::{Languages, Projection};
use ngsi::ld::{
    AttributeType, Context, Document, EntityFragment, Form, Nulls, Reading, Rendering, Representation, merge, parse,
};
use ngsi::{Attribute, AttributeKind, Entity, EntityId, JsonText, Metadata, Name, Timestamp};
use proptest::prelude::*;
use serde_json::value::RawValue;
use serde_json::{Value, json};

const NULL: &str = "urn:ngsi-ld:null";
const NOW: Timestamp = Timestamp::from_millis(1_000);

fn context() -> Context {
    let terms = json!({
        "ex": "https://example.org/",
        "speed": "ex:speed",
        "mass": "ex:value",
        "owner": { "@id": "ex:owner", "@type": "@id" },
        "kind": "@type",
    });
    Context::parse(&terms, &|_| None).unwrap()
}

/// Names as they are stored: short, of the core, of the context, and of no context.
fn name() -> impl Strategy<Value = Name> {
    const KNOWN: &[&str] =
        &["location", "name", "status", "value", "https://example.org/speed", "https://example.org/owner"];
    let name = prop_oneof![
        "[a-zé][A-Za-z0-9_.-]{0,5}".prop_map(String::from),
        prop::sample::select(KNOWN).prop_map(String::from),
        "https://example\\.org/[a-z]{1,3}",
        "urn:[a-z]{1,3}:[a-z0-9]{1,3}",
    ];
    name.prop_map(Name::from).prop_filter("has a meaning of its own", |name| {
        !matches!(name.as_str(), "id" | "type" | "scope" | "kind" | "lang" | "json" | "vocab" | "value" | "object")
            && context().expand(&context().compact(name)) == *name
    })
}

fn uri() -> impl Strategy<Value = String> {
    "(urn:[a-z]{1,3}:[a-z0-9]{1,3}|https://[a-z]{1,3}\\.org/[a-z#?=é]{0,5})"
}

/// Values with members that could be taken for those of attributes.
fn value() -> impl Strategy<Value = Value> {
    let member = prop_oneof![
        "[a-z@\"\\\\é ]{0,4}".prop_map(String::from),
        prop::sample::select(&["type", "value", "object", "unitCode", "datasetId", "vocab", "mass", "kind"][..])
            .prop_map(String::from),
    ];
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has no other", |n| n.is_finite()).prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        uri().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map(member.clone(), inner, 0..3)
                .prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

fn geometry() -> impl Strategy<Value = Value> {
    let position = || (-180.0..180.0, -90.0..90.0).prop_map(|(x, y)| json!([x, y]));
    let ring = prop::collection::vec(position(), 3..5).prop_map(|mut ring| {
        ring.push(ring[0].clone());
        Value::from(ring)
    });
    prop_oneof![
        position().prop_map(|at| json!({ "type": "Point", "coordinates": at })),
        prop::collection::vec(position(), 2..4).prop_map(|line| json!({ "type": "LineString", "coordinates": line })),
        prop::collection::vec(ring, 1..2).prop_map(|rings| json!({ "type": "Polygon", "coordinates": rings })),
        prop::collection::vec(position(), 1..4).prop_map(|all| json!({ "type": "MultiPoint", "coordinates": all })),
    ]
}

/// A value of each type of attribute, with the type under which it is stored.
fn typed() -> impl Strategy<Value = (Name, JsonText)> {
    let of = |attribute_type: AttributeType, value: Value| (attribute_type.value_type(), JsonText::from(value));
    let uris = || prop::collection::vec(uri(), 1..3);
    prop_oneof![
        4 => value().prop_map(move |value| of(AttributeType::Property, value)),
        1 => Just(of(AttributeType::Property, Value::Null)),
        1 => geometry().prop_map(move |value| of(AttributeType::Property, value)),
        2 => geometry().prop_map(move |value| of(AttributeType::GeoProperty, value)),
        2 => uri().prop_map(move |uri| of(AttributeType::Relationship, uri.into())),
        1 => uris().prop_map(move |uris| of(AttributeType::Relationship, uris.into())),
        1 => prop::collection::btree_map("[a-z]{2}(-[A-Z]{2})?|@none", ".{0,4}", 1..3)
            .prop_map(move |map| of(AttributeType::LanguageProperty, json!(map))),
        1 => name().prop_map(move |name| of(AttributeType::VocabProperty, name.as_str().into())),
        1 => prop::collection::vec(name(), 1..3)
            .prop_map(move |names| of(AttributeType::VocabProperty, json!(names))),
        1 => value().prop_map(move |value| of(AttributeType::JsonProperty, value)),
        1 => prop::collection::vec(value(), 0..3).prop_map(move |list| of(AttributeType::ListProperty, list.into())),
        1 => uris().prop_map(move |uris| of(AttributeType::ListRelationship, uris.into())),
    ]
}

fn annotations() -> impl Strategy<Value = Vec<Metadata>> {
    let unit = prop::option::of("[A-Z]{3}".prop_map(|code| annotation("unitCode", "Text", &code)));
    let time = (prop::sample::select(&["observedAt", "expiresAt"][..]), time());
    let time = time.prop_map(|(name, time)| Metadata::new(Name::from(name), Name::from("DateTime"), time));
    let object_type = prop::option::of(name().prop_map(|name| annotation("objectType", "Text", name.as_str())));
    (unit, prop::option::of(time), object_type)
        .prop_map(|(unit, time, object_type)| unit.into_iter().chain(time).chain(object_type).collect())
}

fn time() -> impl Strategy<Value = JsonText> {
    (0_i64..4_000_000_000_000).prop_map(|millis| JsonText::string(&Timestamp::from_millis(millis).to_string()))
}

fn attribute(name: &str, dataset_id: &str, value_type: &str, value: JsonText) -> Attribute {
    Attribute {
        name: Name::from(name),
        kind: AttributeKind::Context,
        dataset_id: Name::from(dataset_id),
        value_type: Name::from(value_type),
        value,
        metadata: Vec::new(),
        created_at: NOW,
        modified_at: NOW,
    }
}

fn annotation(name: &str, value_type: &str, text: &str) -> Metadata {
    Metadata::new(Name::from(name), Name::from(value_type), JsonText::string(text))
}

fn metadata() -> impl Strategy<Value = Vec<Metadata>> {
    let leaf = annotations();
    leaf.prop_recursive(2, 8, 3, |inner| {
        let sub = prop::collection::btree_map(name(), (typed(), inner), 0..3);
        (annotations(), sub).prop_map(|(mut all, sub)| {
            all.extend(sub.into_iter().map(|(name, ((value_type, value), metadata))| Metadata {
                name,
                value_type,
                value,
                metadata,
            }));
            all
        })
    })
}

fn entity() -> impl Strategy<Value = Entity> {
    let instances = prop::collection::btree_map(prop_oneof![Just(String::new()), uri()], (typed(), metadata()), 1..3);
    let attributes = prop::collection::btree_map(name(), instances, 0..5);
    let types = prop::collection::btree_set(name(), 1..3);
    let scopes = prop::collection::btree_set("(/[A-Za-zé][A-Za-z0-9_é]{0,3}){1,3}", 0..3);
    let expiry = prop::option::of(time().prop_map(|time| attribute("dateExpires", "", "DateTime", time)));
    (uri(), types, scopes, attributes, expiry).prop_map(|(id, types, scopes, attributes, expiry)| {
        let mut types = types.into_iter();
        let mut entity = Entity::new(EntityId::from(id), types.next().unwrap(), NOW);
        entity.more_types = types.collect();
        entity.scopes = scopes.into_iter().map(Name::from).collect();
        for (name, instances) in attributes {
            for (dataset_id, ((value_type, value), metadata)) in instances {
                let plain = attribute(name.as_str(), &dataset_id, value_type.as_str(), value);
                entity.attributes.push(Attribute { metadata, ..plain });
            }
        }
        entity.attributes.splice(..0, expiry);
        entity
    })
}

fn written(entity: &Entity, representation: Representation) -> Vec<u8> {
    let context = context();
    let mut out = Vec::new();
    Rendering { representation, with_context: true, sys_attrs: true, ..Rendering::new(&context) }
        .write(&mut out, entity);
    out
}

fn held(fragment: EntityFragment) -> Entity {
    let mut types = fragment.types.into_iter();
    let mut entity = Entity::new(fragment.id, types.next().unwrap(), NOW);
    entity.more_types = types.collect();
    entity.scopes = fragment.scopes.unwrap_or_default();
    entity.attributes = fragment.attributes.into_iter().map(|it| it.into_attribute(NOW).unwrap()).collect();
    entity
}

/// Reads in every way there is, and makes of it what there is to make.
fn try_everything(body: &[u8]) {
    let context = context();
    let _ = parse::list(body);
    let Ok(document) = Document::read(body) else { return };
    for form in [Form::Lossless, Form::Simplified] {
        for nulls in [Nulls::Refused, Nulls::OfMembers, Nulls::InValues] {
            let reading = Reading { context: &context, form, nulls };
            let _ = reading.entity(&document);
            let _ = reading.attribute("a", &document).map(|fragment| fragment.into_attribute(NOW));
            let Ok(fragment) = reading.fragment(&document) else { continue };
            let made = fragment.attributes.into_iter().filter_map(|it| it.into_attribute(NOW).ok());
            let mut entity = Entity::new(EntityId::from("e"), Name::default(), NOW);
            entity.attributes = made.collect();
            for representation in [Representation::Normalized, Representation::Concise, Representation::Simplified] {
                let json: Value = serde_json::from_slice(&written(&entity, representation)).unwrap();
                assert!(json.is_object());
            }
        }
    }
}

const WORDS: &[&str] = &[
    "id",
    "type",
    "scope",
    "value",
    "object",
    "languageMap",
    "vocab",
    "json",
    "valueList",
    "objectList",
    "datasetId",
    "observedAt",
    "unitCode",
    "objectType",
    "dataset",
    "@none",
    "@type",
    "@value",
    "coordinates",
    "createdAt",
    "@context",
    "a",
    "b",
];
const TEXTS: &[&str] = &[
    NULL,
    "Property",
    "Relationship",
    "GeoProperty",
    "LanguageProperty",
    "VocabProperty",
    "JsonProperty",
    "ListProperty",
    "ListRelationship",
    "Point",
    "Polygon",
    "urn:x",
    "/a/b",
    "en",
    "2024-01-01T00:00:00Z",
    "@json",
];

/// JSON whose names are those of the standard.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<i8>().prop_map(Value::from),
        prop::sample::select(TEXTS).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        let member = prop::sample::select(WORDS).prop_map(String::from);
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            3 => prop::collection::btree_map(member, inner, 0..5).prop_map(|m| Value::Object(m.into_iter().collect())),
        ]
    })
}

/// JSON Merge Patch with the null of NGSI-LD.
fn merged(former: &Value, given: &Value) -> Value {
    let Value::Object(given) = given else { return given.clone() };
    let mut whole = former.as_object().cloned().unwrap_or_default();
    for (name, value) in given {
        if value == NULL {
            whole.remove(name);
        } else {
            let before = whole.remove(name).unwrap_or_default();
            whole.insert(name.clone(), merged(&before, value));
        }
    }
    Value::Object(whole)
}

/// An entity as the other dialects may have left it.
fn foreign() -> impl Strategy<Value = Entity> {
    let text = || {
        let words = prop::sample::select(WORDS).prop_map(String::from);
        prop_oneof![words, Just("dateExpires".to_owned()), any::<String>()]
    };
    let value_type =
        prop_oneof![prop::sample::select(TEXTS).prop_map(String::from), Just("geo:point".to_owned()), text()];
    let value_type = value_type.boxed();
    let pair = (value_type, document()).boxed();
    let metadata = prop::collection::btree_map(text(), pair.clone(), 0..3);
    let attributes = prop::collection::btree_map((text(), any::<bool>()), (pair, metadata), 0..5);
    (text(), text(), attributes).prop_map(|(id, entity_type, attributes)| {
        let mut entity = Entity::new(EntityId::from(id), Name::from(entity_type), NOW);
        for ((name, domain), ((value_type, value), metadata)) in attributes {
            let metadata = metadata.into_iter().map(|(name, (value_type, value))| {
                Metadata::new(Name::from(name), Name::from(value_type), JsonText::from(value))
            });
            entity.set(Attribute {
                name: Name::from(name),
                kind: if domain { AttributeKind::Domain } else { AttributeKind::Context },
                dataset_id: Name::default(),
                value_type: Name::from(value_type),
                value: JsonText::from(value),
                metadata: metadata.collect(),
                created_at: NOW,
                modified_at: NOW,
            });
        }
        entity
    })
}

proptest! {
    #[test]
    fn what_other_dialects_hold_is_written(entity in foreign()) {
        for representation in [Representation::Normalized, Representation::Concise, Representation::Simplified] {
            let out = written(&entity, representation);
            let document: Result<HashMap<String, &RawValue>, _> = serde_json::from_slice(&out);
            prop_assert!(Document::read(&out).is_ok(), "{}", String::from_utf8_lossy(&out));
            for attribute in document.unwrap().values().filter(|value| value.get().starts_with('{')) {
                if representation == Representation::Normalized {
                    prop_assert!(Document::of(attribute).is_ok(), "{}", attribute.get());
                }
            }
        }
    }

    #[test]
    fn what_is_written_is_read_back(entity in entity()) {
        let context = context();
        let reading = Reading { context: &context, form: Form::Lossless, nulls: Nulls::Refused };
        for representation in [Representation::Normalized, Representation::Concise] {
            let out = written(&entity, representation);
            let document = Document::read(&out).unwrap();
            prop_assert!(document.context().is_some());
            let read = reading.entity(&document);
            prop_assert!(read.is_ok(), "{:?} of {}", read, String::from_utf8_lossy(&out));
            prop_assert_eq!(held(read.unwrap()), entity.clone(), "{}", String::from_utf8_lossy(&out));
        }
        let simplified: Value = serde_json::from_slice(&written(&entity, Representation::Simplified)).unwrap();
        prop_assert!(simplified.is_object());
    }

    #[test]
    fn no_document_harms(document in document()) {
        try_everything(document.to_string().as_bytes());
    }

    #[test]
    fn no_damaged_document_harms(entity in entity(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut body = written(&entity, Representation::Normalized);
        let at = at.index(body.len());
        if cut {
            body.remove(at);
        } else {
            body[at] = byte;
        }
        try_everything(&body);
    }

    #[test]
    fn no_parameter_harms(text in any::<String>(), like in "[a-c{},|;=q0-9.*-]{0,20}", map in "[a-z]{2}(-[A-Z]{2})?") {
        for text in [text, like] {
            let _ = Projection::parse(&text, &|term| context().expand(term));
            if let Ok(languages) = Languages::parse(&text) {
                let value = JsonText::from(json!({ map.clone(): "x" }));
                let mut entity = Entity::new(EntityId::from("urn:e"), Name::from("T"), NOW);
                entity.attributes.push(attribute("a", "", "LanguageProperty", value));
                let (context, mut out) = (context(), Vec::new());
                Rendering { languages: Some(languages), ..Rendering::new(&context) }.write(&mut out, &entity);
                let read: Value = serde_json::from_slice(&out).unwrap();
                prop_assert_eq!(&read["a"], &json!({ "type": "Property", "value": "x", "lang": map.clone() }));
            }
        }
    }

    #[test]
    fn no_bytes_harm(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        try_everything(&bytes);
    }

    #[test]
    fn values_merge_member_by_member(former in document(), given in document()) {
        let texts = [&former, &given].map(|value| JsonText::from(value.clone()));
        let got = merge::values(AttributeType::JsonProperty, &texts[0], &texts[1]).unwrap();
        prop_assert_eq!(got.to_value(), merged(&former, &given));
        let again = merge::values(AttributeType::JsonProperty, &got, &texts[1]).unwrap();
        prop_assert_eq!(again.to_value(), got.to_value());
    }
}
