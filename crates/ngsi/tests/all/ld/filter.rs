//! The query languages of NGSI-LD, as the clauses of ETSI GS CIM 009 describe them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value, missing_docs)]

use ngsi::filter::ld::{ScopeFilter, TypeFilter, Vocabulary};
use ngsi::filter::{Filter, GeoFilter, MAX_COORDS, MAX_NESTING, MAX_PATTERNS, MAX_STATEMENTS};
use ngsi::{Attribute, AttributeKind, Entity, JsonText, Metadata, Name, ParseError, date};
use serde_json::{Value, json};

/// A context with one term of its own, and IRIs of the default one short.
fn expand(term: &str) -> Name {
    match term {
        "Male" => Name::from("http://example.org/Male"),
        "speed" => Name::from("http://example.org/speed"),
        _ => Name::from(term.strip_prefix("https://uri.etsi.org/ngsi-ld/default-context/").unwrap_or(term)),
    }
}

fn parse_with(q: &str, expand_values: &[&str]) -> Result<Filter, ParseError> {
    Filter::parse_ld(q, &Vocabulary { expand: &expand, expand_values })
}

fn parse(q: &str) -> Result<Filter, ParseError> {
    parse_with(q, &[])
}

fn attribute(name: &str, value_type: &str, value: Value) -> Attribute {
    Attribute {
        name: expand(name),
        kind: AttributeKind::Context,
        dataset_id: Name::default(),
        value_type: value_type.into(),
        value: JsonText::from(value),
        metadata: Vec::new(),
        created_at: date::parse("2026-01-02").unwrap(),
        modified_at: date::parse("2026-01-03").unwrap(),
    }
}

fn metadatum(name: &str, value_type: &str, value: Value) -> Metadata {
    Metadata::new(expand(name), value_type.into(), JsonText::from(value))
}

fn car() -> Entity {
    let mut car = Entity::new("urn:ngsi-ld:Car:1".into(), "Car".into(), date::parse("2026-01-01").unwrap());
    car.more_types = vec!["Vehicle".into()];
    car.scopes = vec!["/Madrid/Gardens/North".into(), "/CompanyA".into()];
    let mut speed = attribute("speed", "", json!(55));
    let mut source = metadatum("source", "", json!("gps"));
    source.metadata = vec![metadatum("accuracy", "", json!(0.9))];
    speed.metadata = vec![
        source,
        metadatum("unitCode", "Text", json!("KMH")),
        metadatum("observedAt", "DateTime", json!("2026-03-01T12:00:00.000Z")),
        metadatum("providedBy", "Relationship", json!("urn:ngsi-ld:Device:1")),
        metadatum("raw", "", json!({"air": {"particulate": 40}})),
    ];
    let mut radar = attribute("speed", "", json!(54.5));
    radar.dataset_id = "urn:ngsi-ld:Dataset:radar".into();
    radar.metadata = vec![metadatum("source", "", json!("radar"))];
    car.attributes = vec![
        speed,
        radar,
        attribute("brandName", "", json!("Mercedes")),
        attribute("tags", "", json!(["new", "fast", 3])),
        attribute("isParked", "Relationship", json!("urn:ngsi-ld:OffStreetParking:Downtown1")),
        attribute("passengers", "ListRelationship", json!(["urn:a", "urn:b"])),
        attribute("color", "LanguageProperty", json!({"fr": "rouge", "en": ["red", "scarlet"]})),
        attribute("gender", "VocabProperty", json!("http://example.org/Male")),
        attribute("kind", "VocabProperty", json!("sedan")),
        attribute("ticket", "JsonProperty", json!({"id": 1, "value": "Overstay"})),
        attribute("address", "", json!({"city": "Berlin", "geo": {"zone.no": 7, "open": true}})),
        attribute("since", "", json!("2026-02-01T10:00:00Z")),
        attribute("until", "", json!({"@type": "DateTime", "@value": "2026-02-01T10:00:00Z"})),
        attribute("opens", "", json!("08:00:00.500Z")),
        attribute("open", "", json!(true)),
        attribute("tyres", "ListProperty", json!([1, 2])),
        attribute("location", "geo:json", json!({"type": "Point", "coordinates": [13.4, 52.5]})),
    ];
    car
}

#[test]
fn conditions_hold_as_the_clause_says() {
    let car = car();
    let check = |q: &str, expected: bool| {
        let filter = parse(q).expect(q);
        assert_eq!(filter.matches(&car), expected, "{q}");
        assert_eq!(filter.to_string(), q);
    };
    for q in [
        "speed",
        "!power",
        "!speed.power",
        "speed==55",
        "speed==54.5",
        "speed!=55",
        "speed>=55;brandName==\"Mercedes\"",
        "speed<10|brandName==Mercedes",
        "speed<10;open==true|brandName==Mercedes",
        "brandName==Mercedes|open==false;speed<10",
        "( speed<10 | speed>50 );open==true",
        "((speed>50|power>3000);brandName==\"Mercedes\")",
        "speed==50..60",
        "speed!=60..70",
        "speed.source==gps",
        "speed.source==\"radar\"",
        "speed.source.accuracy>0.5",
        "speed.unitCode==KMH",
        "speed.observedAt>=2026-03-01T12:00:00Z",
        "speed.observedAt<2026-03-02",
        "speed.observedAt==\"2026-03-01T13:00:00+01:00\"",
        "speed.createdAt==2026-01-02",
        "speed.modifiedAt>2026-01-02",
        "createdAt==2026-01-01",
        "modifiedAt<2026-01-02",
        "speed.datasetId==urn:ngsi-ld:Dataset:radar",
        "speed.datasetId",
        "!brandName.datasetId",
        "speed.providedBy==urn:ngsi-ld:Device:1",
        "speed.raw[air.particulate]==40",
        "isParked==\"urn:ngsi-ld:OffStreetParking:Downtown1\"",
        "isParked==urn:ngsi-ld:OffStreetParking:Downtown1",
        "isParked!=urn:other,\"urn:others\"",
        "passengers==urn:b",
        "passengers!=urn:c",
        "tags==fast",
        "tags==slow,3",
        "tags!=slow",
        "tyres==2",
        "tyres>1",
        "color==rouge",
        "color[*]==\"scarlet\"",
        "color[en]==red",
        "color[fr]!=red",
        "color~=^scar",
        "!color[de]",
        "gender==\"http://example.org/Male\"",
        "kind==sedan",
        "kind==\"https://uri.etsi.org/ngsi-ld/default-context/sedan\"",
        "ticket[value]==\"Overstay\"",
        "address[city]==\"Berlin\"",
        "address[geo.\"zone.no\"]==7",
        "address[geo.open]==true",
        "address!=5",
        "since>2026-02-01",
        "since==2026-02-01T11:00:00+01:00",
        "until==2026-02-01T10:00:00.000Z",
        "until<2026-02-02",
        "opens>08:00:00Z",
        "opens==08:00:00.5Z",
        "opens==08:00:00Z..09:00:00Z",
        "brandName~=^Mer",
        "brandName~=(Mer|Bay)c",
        "(brandName~=^(Mer|Bay);open==true)",
        "brandName~=[;|)M]e",
        "brandName!~=^Bay",
        "brandName~=\"es$\"",
        "brandName~=\"^\\w+$\"",
        "tags~=^fa",
        "tags!~=^slow",
        "brandName!=1",
        "location",
        "location[type]==Point",
    ] {
        check(q, true);
    }
    for q in [
        "power",
        "!speed",
        "speed==\"55\"",
        "speed==54..54.2",
        "speed!=50..60",
        "power!=1",
        "(speed<10|speed>50);open==false",
        "speed<10;open==true|brandName==Bayer",
        "speed.source.accuracy.createdAt",
        "speed.source.createdAt",
        "speed.source==lidar",
        "power.createdAt",
        "isParked>\"a\"",
        "isParked~=urn",
        "isParked!~=Car",
        "passengers!=urn:b",
        "tags!=fast",
        "color==blue",
        "color[en]==rouge",
        "color[*]!=\"red\"",
        "color!=red",
        "gender==Male",
        "ticket.value",
        "address.city",
        "address[street]",
        "address==5",
        "open==\"true\"",
        "open>\"a\"",
        "open!~=x",
        "speed~=5",
        "since==\"2026-02-01T11:00:00+01:00\"",
        "opens<08:00:00Z",
        "location==1",
        "tags!~=^new",
        "datasetId",
    ] {
        check(q, false);
    }
}

#[test]
fn values_are_expanded_where_the_request_says_so() {
    let filter = |q| parse_with(q, &["gender", "kind"]).unwrap();
    assert!(filter("gender==Male").matches(&car()));
    assert!(filter("gender==\"Male\",other").matches(&car()));
    assert!(!filter("gender!=Male").matches(&car()));
    assert!(filter("kind==sedan").matches(&car()));
    assert_ne!(parse("gender==Male"), parse_with("gender==Male", &["gender"]));
}

#[test]
fn types_are_selected() {
    let check = |text: &str, expected: bool| {
        let filter = TypeFilter::parse(text, &expand).expect(text);
        assert_eq!((filter.matches(&car()), filter.to_string()), (expected, text.to_owned()), "{text}");
    };
    for text in [
        "Car",
        "Vehicle",
        "Bus|Car",
        "Bus,Car",
        "(Car;Vehicle)",
        "Car;Vehicle",
        "Bus;Car,Vehicle",
        "(Bus;Car),Vehicle",
        "(Bus;Car) | Car",
        "(Bus|Car)",
        "Tram,(Bus , Car)",
    ] {
        check(text, true);
    }
    for text in ["Bus", "(Bus;Car)", "Car;Bus", "Bus,Tram", "(Car;Bus)|(Vehicle;Bus)", "(Bus|Tram)"] {
        check(text, false);
    }
    let types = TypeFilter::parse("(Car;Bus)|Tram", &expand).unwrap();
    assert_eq!(types.leading().map(Name::as_str).collect::<Vec<_>>(), ["Car", "Tram"]);
    assert_eq!(types.named().map(Name::as_str).collect::<Vec<_>>(), ["Car", "Bus", "Tram"]);
    assert!(!types.is_list() && TypeFilter::parse("Car,Bus", &expand).unwrap().is_list());
    for (text, problem) in [
        ("", "at byte 0: expected the name of a type"),
        ("(Car;Bus);Tram", "at byte 9: expected |, a comma or the end, found ';'"),
        ("(Car", "at byte 4: expected ; or ) in parentheses"),
        ("(Car;Bus|Tram)", "at byte 8: expected ; or ) in parentheses"),
        ("(Car|Bus;Tram)", "at byte 8: expected | or ) in parentheses"),
        ("Car)", "at byte 3: expected |, a comma or the end, found ')'"),
        ("Car,", "at byte 4: expected the name of a type"),
    ] {
        assert_eq!(TypeFilter::parse(text, &expand).unwrap_err(), ParseError::new("type", problem), "{text}");
    }
    assert!(TypeFilter::parse(&["A"; MAX_STATEMENTS + 1].join(","), &expand).is_err());
}

#[test]
fn scopes_are_selected() {
    let check = |text: &str, expected: bool| {
        let filter = ScopeFilter::parse(text).expect(text);
        assert_eq!((filter.matches(&car()), filter.to_string()), (expected, text.to_owned()), "{text}");
        assert!(!filter.matches(&Entity { scopes: Vec::new(), ..car() }), "{text}");
    };
    for text in [
        "/CompanyA",
        "CompanyA",
        "/#",
        "/Madrid/#",
        "/Madrid/Gardens/North/#",
        "/Madrid/+/North",
        "/+/Gardens/#",
        "/CompanyB|/CompanyA",
        "/CompanyB,/CompanyA",
        "(/Madrid/#;/CompanyA)",
        "/Madrid/#;/CompanyA",
        "/CompanyB;/Madrid/#,/CompanyA",
        "(/Madrid/#;/CompanyB),/CompanyA",
    ] {
        check(text, true);
    }
    for text in [
        "/Madrid",
        "/Madrid/Gardens",
        "/Madrid/+",
        "/+/+",
        "/CompanyA/+",
        "(/Madrid/#;/CompanyB)",
        "/Madrid/#;/CompanyB",
        "/company",
    ] {
        check(text, false);
    }
    for text in ["", "/", "//a", "/a/", "/a#", "/a/#/b", "/a+", "/a;", "(/a;/b);/c", "(/a;/b", "/a b"] {
        assert_eq!(ScopeFilter::parse(text).unwrap_err().path, "scopeQ", "{text}");
    }
}

#[test]
fn what_cannot_be_understood_is_refused_where_it_stands() {
    let check = |q: &str, at: usize, problem: &str| {
        let error = parse(q).unwrap_err();
        assert_eq!(error.path, "q", "{q}");
        assert!(
            error.problem.starts_with(&format!("at byte {at}: ")) && error.problem.contains(problem),
            "{q}: {error}"
        );
    };
    check("", 0, "the name of an attribute");
    check("a;", 2, "the name of an attribute");
    check("a||b", 2, "the name of an attribute");
    check("(a", 2, "not closed");
    check("a)", 1, "expected ;");
    check("!a==1", 2, "ends after the path");
    check("!(a)", 1, "the name of an attribute");
    check("a=1", 1, "expected an operator");
    check("a==", 3, "a value is missing");
    check("a==\"x", 3, "not closed");
    check("a==\"\\x\"", 3, "not a JSON string");
    check("a=='x'", 3, "double quotes");
    check("a>1,2", 3, "lists and ranges");
    check("a>true", 2, "smaller or greater");
    check("a==1..x", 4, "a range goes");
    check("a[", 2, "a member of the value");
    check("a[b", 3, "not closed");
    check("a{b}==1", 1, "linked entities");
    check("a~=(", 3, "regular expression");
    check("a~=", 3, "a pattern is missing");
    check("a==\"1\"b", 6, "expected ;");
    check(&"(".repeat(MAX_NESTING + 1), MAX_NESTING + 1, "nested deeper");
    check(&vec!["a"; MAX_STATEMENTS + 1].join("|"), 2 * MAX_STATEMENTS, "more than 64 statements");
    check(&["a~=x"; MAX_PATTERNS + 1].join(";"), 5 * MAX_PATTERNS + 3, "more than 8 patterns");
    check(&["a"; 33].join("."), 0, "more than 32 parts");
    assert!(parse(&"a".repeat(10_000)).unwrap_err().problem.contains("longer than"));
}

fn placed(geometry: &Value) -> Entity {
    let mut entity = Entity::new("e".into(), "T".into(), date::parse("2026-01-01").unwrap());
    entity.attributes = vec![attribute("location", "geo:json", geometry.clone())];
    entity
}

#[test]
fn places_relate_as_the_clause_says() {
    let point = |x: f64, y: f64| json!({"type": "Point", "coordinates": [x, y]});
    let points = |points: Value| json!({"type": "MultiPoint", "coordinates": points});
    let line = |points: Value| json!({"type": "LineString", "coordinates": points});
    let area = |rings: Value| json!({"type": "Polygon", "coordinates": rings});
    let square = |from: f64, to: f64| json!([[from, from], [to, from], [to, to], [from, to], [from, from]]);
    let donut = area(json!([square(0.0, 10.0), square(4.0, 6.0)]));
    let squares =
        json!({"type": "MultiPolygon", "coordinates": [[square(0.0, 2.0)], [square(4.0, 6.0), square(4.5, 5.5)]]});
    let check = |place: &Value, georel: &str, reference: &Value, expected: bool| {
        let (geometry, coordinates) = (reference["type"].as_str().unwrap(), reference["coordinates"].to_string());
        let filter = GeoFilter::parse_ld(georel, geometry, &coordinates, "location".into()).expect(georel);
        assert_eq!(filter.matches(&placed(place)), expected, "{place} {georel} {reference}");
    };
    check(&point(8.0, 40.01), "near;maxDistance==2000", &point(8.0, 40.0), true);
    check(&point(8.0, 40.02), "near;maxDistance==2000", &point(8.0, 40.0), false);
    check(&point(8.0, 40.02), "near;minDistance==2000", &point(8.0, 40.0), true);
    check(&point(1.0, 1.0), "within", &area(json!([square(0.0, 10.0)])), true);
    check(&point(5.0, 5.0), "within", &donut, false);
    check(&point(4.0, 4.5), "within", &donut, true);
    check(&area(json!([square(3.0, 7.0)])), "within", &donut, false);
    check(&area(json!([square(4.0, 6.0)])), "within", &donut, false);
    check(&area(json!([square(4.5, 5.5)])), "within", &donut, false);
    check(&area(json!([square(1.0, 3.0)])), "within", &donut, true);
    check(&donut, "within", &area(json!([square(0.0, 10.0)])), true);
    check(&donut, "contains", &point(1.0, 1.0), true);
    check(&donut, "contains", &point(5.0, 5.0), false);
    check(&donut, "contains", &line(json!([[1.0, 1.0], [9.0, 9.0]])), false);
    check(&donut, "equals", &area(json!([square(0.0, 10.0), square(4.0, 6.0)])), true);
    check(&donut, "equals", &area(json!([square(0.0, 10.0)])), false);
    check(&squares, "equals", &squares, true);
    check(&squares, "contains", &points(json!([[1.0, 1.0], [4.2, 4.2]])), true);
    check(&squares, "contains", &points(json!([[1.0, 1.0], [5.0, 5.0]])), false);
    check(&points(json!([[1.0, 1.0], [2.0, 2.0]])), "equals", &points(json!([[2.0, 2.0], [1.0, 1.0]])), true);
    check(&area(json!([square(0.0, 4.0)])), "overlaps", &area(json!([square(2.0, 6.0)])), true);
    check(&area(json!([square(0.0, 4.0)])), "overlaps", &area(json!([square(4.0, 6.0)])), false);
    check(&area(json!([square(0.0, 4.0)])), "overlaps", &area(json!([square(1.0, 2.0)])), false);
    check(&area(json!([square(0.0, 4.0)])), "overlaps", &area(json!([square(0.0, 4.0)])), false);
    check(&area(json!([square(0.0, 4.0)])), "overlaps", &line(json!([[1.0, 1.0], [9.0, 9.0]])), false);
    check(&line(json!([[0, 0], [4, 0]])), "overlaps", &line(json!([[2, 0], [6, 0]])), true);
    check(&line(json!([[0, 0], [4, 0]])), "overlaps", &line(json!([[2, -1], [2, 1]])), false);
    check(&points(json!([[0, 0], [1, 1]])), "overlaps", &points(json!([[1, 1], [2, 2]])), true);
    check(&points(json!([[0, 0], [1, 1]])), "overlaps", &points(json!([[1, 1]])), false);
    check(&point(5.0, 5.0), "intersects", &donut, false);
    check(&point(5.0, 5.0), "disjoint", &donut, true);
}

#[test]
fn the_geoproperty_is_what_the_query_names() {
    let mut entity = placed(&json!({"type": "Point", "coordinates": [8, 40]}));
    let observed = |dataset: &str, x: f64| {
        let place = json!({"type": "Point", "coordinates": [x, 40]});
        Attribute { dataset_id: dataset.into(), ..attribute("observationSpace", "geo:json", place) }
    };
    entity.attributes.extend([observed("", 20.0), observed("urn:d", 30.0)]);
    entity.attributes.push(Attribute {
        kind: AttributeKind::Domain,
        ..attribute("area", "circle", json!({"centerLatitude": 40, "centerLongitude": 50, "radius": 1000}))
    });
    let found = |property: &str, x: f64| {
        let at = format!("[{x},40]");
        GeoFilter::parse_ld("near;maxDistance==10", "Point", &at, property.into()).unwrap().matches(&entity)
    };
    assert!(found("location", 8.0) && !found("location", 20.0) && found("", 8.0) && !found("", 20.0));
    assert!(found("observationSpace", 20.0) && found("observationSpace", 30.0) && !found("observationSpace", 8.0));
    assert!(found("area", 50.001) && !found("area", 51.0) && !found("speed", 8.0));
}

#[test]
fn bad_geographical_queries_name_the_parameter() {
    let many = format!("[{}]", vec!["[1,1]"; MAX_COORDS + 1].join(","));
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    for (georel, geometry, coordinates, path) in [
        ("beside", "Point", "[1,1]", "georel"),
        ("near", "Point", "[1,1]", "georel"),
        ("near;maxDistance:1", "Point", "[1,1]", "georel"),
        ("near;maxDistance==-1", "Point", "[1,1]", "georel"),
        ("near;maxDistance==1;maxDistance==2", "Point", "[1,1]", "georel"),
        ("within;maxDistance==1", "Point", "[1,1]", "georel"),
        ("within", "point", "[1,1]", "geometry"),
        ("within", "GeometryCollection", "[1,1]", "geometry"),
        ("within", "Point", "1,1", "coordinates"),
        ("within", "Point", "[181,1]", "coordinates"),
        ("within", "Polygon", "[[[0,0],[1,1],[0,0]]]", "coordinates"),
        ("within", "MultiPoint", "[]", "coordinates"),
        ("within", "MultiPoint", &many, "coordinates"),
        ("within", "Point", &deep, "coordinates"),
    ] {
        let parsed = GeoFilter::parse_ld(georel, geometry, coordinates, "location".into());
        assert_eq!(parsed.unwrap_err().path, path, "{georel} {geometry} {coordinates}");
    }
}
