//! What of an entity NGSI-LD writes, and in which form.
#![allow(clippy::unwrap_used)]

use ngsi::ld::write::{Geometry, Languages, MAX_PROJECTION, Projection, Selection};
use ngsi::ld::{AttributeType, CORE_CONTEXT};
use ngsi::ld::{Context, Document, Form, Nulls, Reading, Rendering, Representation, merge};
use ngsi::{Entity, JsonText, Name, Timestamp};
use serde_json::{Value, json};

const CREATED: Timestamp = Timestamp::from_millis(1_000);

fn entity(body: &Value) -> Entity {
    let core = Context::core();
    let body = body.to_string();
    let reading = Reading { context: &core, form: Form::Lossless, nulls: Nulls::Refused };
    let fragment = reading.entity(&Document::read(body.as_bytes()).unwrap()).unwrap();
    let mut types = fragment.types.into_iter();
    let mut entity = Entity::new(fragment.id, types.next().unwrap(), CREATED);
    entity.more_types = types.collect();
    entity.scopes = fragment.scopes.unwrap_or_default();
    entity.attributes = fragment.attributes.into_iter().map(|it| it.into_attribute(CREATED).unwrap()).collect();
    entity
}

fn house() -> Entity {
    entity(&json!({
        "id": "urn:house", "type": ["House", "Building"], "scope": "/Madrid",
        "temperature": [{ "value": 20 }, { "value": 21, "datasetId": "urn:roof" }],
        "street": { "languageMap": { "fr": "Grand Place", "nl": "Grote Markt", "de-AT": "Hauptplatz" } },
        "location": { "type": "Point", "coordinates": [4.35, 50.84] },
        "owner": { "object": "urn:me" },
    }))
}

fn written(change: impl FnOnce(&mut Rendering<'_>)) -> Value {
    let core = Context::core();
    let mut rendering = Rendering::new(&core);
    change(&mut rendering);
    let mut out = Vec::new();
    rendering.write(&mut out, &house());
    serde_json::from_slice(&out).unwrap()
}

fn names(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn projections(text: &str) -> Vec<Projection> {
    Projection::parse(text, &|term| Context::core().expand(term)).unwrap()
}

#[test]
fn only_what_is_asked_for_is_written() {
    let by = |selection: Selection| written(|rendering| rendering.selection = selection);
    let attrs = |name: &str| Selection { attributes: vec![Name::from(name)], ..Selection::default() };
    assert_eq!(names(&by(attrs("owner"))), ["id", "owner", "scope", "type"]);
    assert_eq!(names(&by(attrs("unknown"))), ["id", "scope", "type"]);
    let pick = |text: &str| Selection { pick: projections(text), ..Selection::default() };
    assert_eq!(names(&by(pick("id|temperature"))), ["id", "temperature"]);
    assert_eq!(names(&by(pick("type,owner{name}"))), ["owner", "type"]);
    let omit = |text: &str| Selection { omit: projections(text), ..Selection::default() };
    assert_eq!(names(&by(omit("id,scope,temperature,street"))), ["location", "owner", "type"]);
    assert!(by(omit("owner{name}")).get("owner").is_some(), "what is left out is the name of the owner");
}

#[test]
fn a_projection_reaches_into_linked_entities() {
    let selection = Selection { pick: projections("a,b{c|d{e}}"), omit: projections("b{f}"), ..Selection::default() };
    let linked = selection.of_linked("b");
    assert_eq!(linked.pick, projections("c,d{e}"));
    assert_eq!(linked.omit, projections("f"));
    assert_eq!(selection.of_linked("a"), Selection::default());
    let long = vec!["a"; MAX_PROJECTION + 1].join(",");
    let deep = format!("{}a{}", "a{".repeat(20), "}".repeat(20));
    for wrong in ["", "a,", "a{", "a{}", "a}", "a{b}c", &long, &deep] {
        Projection::parse(wrong, &|term| Context::core().expand(term)).unwrap_err();
    }
}

#[test]
fn data_sets_are_selected() {
    let by = |data_sets: &[&str]| {
        let data_sets = data_sets.iter().map(|name| Name::from(*name)).collect();
        written(|rendering| rendering.selection = Selection { data_sets, ..Selection::default() })
    };
    assert_eq!(by(&[""])["temperature"], json!({ "type": "Property", "value": 20 }));
    let roof = by(&["urn:roof"]);
    assert_eq!(roof["temperature"], json!({ "type": "Property", "value": 21, "datasetId": "urn:roof" }));
    assert_eq!(names(&roof), ["id", "scope", "temperature", "type"]);
    assert_eq!(by(&["", "urn:roof"])["temperature"].as_array().unwrap().len(), 2);
}

#[test]
fn times_are_told_on_demand() {
    let with = written(|rendering| rendering.sys_attrs = true);
    let times = json!({ "createdAt": "1970-01-01T00:00:01Z", "modifiedAt": "1970-01-01T00:00:01Z" });
    for name in ["createdAt", "modifiedAt"] {
        assert_eq!(with[name], times[name]);
        assert_eq!(with["owner"][name], times[name]);
    }
    let concise = written(|rendering| {
        rendering.sys_attrs = true;
        rendering.representation = Representation::Concise;
        rendering.selection.pick = projections("location,modifiedAt");
    });
    assert_eq!(names(&concise), ["location", "modifiedAt"]);
    assert_eq!(concise["location"]["createdAt"], times["createdAt"]);
}

#[test]
fn the_best_language_there_is_is_chosen() {
    let table = [
        ("nl", "Grote Markt", "nl"),
        ("NL-be", "Grote Markt", "nl"),
        ("de", "Hauptplatz", "de-AT"),
        ("fr-CH,fr;q=0.9,nl;q=0.8", "Grand Place", "fr"),
        ("en;q=0.9, nl;q=0.8, fr;q=0.1", "Grote Markt", "nl"),
        ("fr;q=0,nl;q=0.5", "Grote Markt", "nl"),
        ("*", "Hauptplatz", "de-AT"),
        ("en", "Hauptplatz", "de-AT"),
    ];
    let languages = |wish: &str| Some(Languages::parse(wish).unwrap());
    for (wish, text, tag) in table {
        let street = written(|rendering| rendering.languages = languages(wish))["street"].clone();
        assert_eq!(street, json!({ "type": "Property", "value": text, "lang": tag }), "{wish}");
    }
    let simplified = written(|rendering| {
        rendering.languages = languages("nl");
        rendering.representation = Representation::Simplified;
    });
    assert_eq!(simplified["street"], "Grote Markt");
    for wrong in ["", "fr;q=2", "fr;q=1.001", "fr;x=1", "fr CH", "fr,", "é"] {
        let error = Languages::parse(wrong).unwrap_err();
        assert_eq!(error.path, "lang", "{wrong}");
    }
}

#[test]
fn the_context_stands_in_the_body_on_demand() {
    assert_eq!(written(|rendering| rendering.with_context = true)["@context"], CORE_CONTEXT);
    assert_eq!(written(|_| {}).get("@context"), None);
}

#[test]
fn entities_are_features() {
    let core = Context::core();
    let rendering = Rendering {
        representation: Representation::Simplified,
        with_context: true,
        selection: Selection { attributes: vec![Name::from("owner")], ..Selection::default() },
        ..Rendering::new(&core)
    };
    let house = house();
    let properties = json!({ "type": ["House", "Building"], "scope": "/Madrid", "owner": "urn:me" });
    let feature = |geometry: Value| json!({ "id": "urn:house", "type": "Feature", "geometry": geometry, "properties": properties });
    let point = json!({ "type": "Point", "coordinates": [4.35, 50.84] });

    let mut out = Vec::new();
    rendering.write_feature(&mut out, &house, &Geometry::default());
    let mut expected = feature(point.clone());
    expected["@context"] = CORE_CONTEXT.into();
    assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), expected);

    let mut out = Vec::new();
    let elsewhere = Geometry { name: Name::from("owner"), ..Geometry::default() };
    rendering.write_features(&mut out, [&house, &house], &elsewhere);
    let expected = json!({ "type": "FeatureCollection", "features": [feature(Value::Null), feature(Value::Null)],
        "@context": CORE_CONTEXT });
    assert_eq!(serde_json::from_slice::<Value>(&out).unwrap(), expected);
}

#[test]
fn values_merge_by_the_type_of_their_attribute() {
    let merged = |attribute_type, former: Value, given: Value| {
        merge::values(attribute_type, &JsonText::from(former), &JsonText::from(given))
            .map(|value| value.to_value())
            .map_err(|error| error.to_string())
    };
    let address = json!({ "street": "Straße des 17. Juni", "city": { "name": "Berlin", "country": "DE" } });
    let given = json!({ "street": "urn:ngsi-ld:null", "city": { "country": "urn:ngsi-ld:null" }, "new": { "a": "urn:ngsi-ld:null" } });
    assert_eq!(merged(AttributeType::Property, address, given), Ok(json!({ "city": { "name": "Berlin" }, "new": {} })));
    assert_eq!(merged(AttributeType::Property, json!({ "a": 1 }), json!([1])), Ok(json!([1])));
    assert_eq!(
        merged(
            AttributeType::LanguageProperty,
            json!({ "en": "a", "fr": "b" }),
            json!({ "fr": "urn:ngsi-ld:null", "nl": "c" })
        ),
        Ok(json!({ "en": "a", "nl": "c" }))
    );
    assert_eq!(
        merged(
            AttributeType::GeoProperty,
            json!({ "type": "Point", "coordinates": [1, 2] }),
            json!({ "coordinates": [3, 4] })
        ),
        Ok(json!({ "type": "Point", "coordinates": [3, 4] }))
    );
    assert_eq!(merged(AttributeType::Relationship, json!("urn:a"), json!("urn:b")), Ok(json!("urn:b")));
    let table = [
        (AttributeType::Relationship, json!("b"), "object: must be a URI"),
        (AttributeType::GeoProperty, json!(5), "value: must be a GeoJSON geometry"),
        (AttributeType::LanguageProperty, json!("text"), "languageMap: must be an object"),
        (AttributeType::ListProperty, json!(5), "valueList: must be a list"),
        (AttributeType::VocabProperty, json!({}), "vocab: must be a name"),
    ];
    for (attribute_type, given, expected) in table {
        let error = merged(attribute_type, json!({}), given).unwrap_err();
        assert!(error.starts_with(expected), "{error}");
    }
    let text = merge::in_language(&JsonText::string("x"), "en");
    assert_eq!(text.as_str(), r#"{"en":"x"}"#);
}

#[test]
fn a_bare_value_leaves_its_type_open() {
    let core = Context::core();
    let read = |form, body: Value| {
        let body = body.to_string();
        let reading = Reading { context: &core, form, nulls: Nulls::InValues };
        reading.fragment(&Document::read(body.as_bytes()).unwrap()).unwrap().attributes
    };
    for form in [Form::Lossless, Form::Simplified] {
        assert_eq!(read(form, json!({ "a": "urn:b" }))[0].attribute_type, None);
        let fragment = read(form, json!({ "a": { "languageMap": { "en": "x" } } })).remove(0);
        assert_eq!(fragment.attribute_type, Some(AttributeType::LanguageProperty));
    }
    let simplified = read(
        Form::Simplified,
        json!({ "a": { "dataset": { "@none": 1, "urn:d": 2 } }, "b": { "value": 1 }, "c": [{}] }),
    );
    let seen: Vec<_> = simplified.iter().map(|it| (it.name.as_str(), it.dataset_id.as_str())).collect();
    assert_eq!(seen, [("a", ""), ("a", "urn:d"), ("b", ""), ("c", "")]);
    assert_eq!(simplified[2].value.as_ref().unwrap().as_str(), r#"{"value":1}"#);
}
