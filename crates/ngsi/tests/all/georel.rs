//! Geographical queries and the order of results.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value, missing_docs)]

use ngsi::filter::{GeoFilter, MAX_COORDS, OrderBy, coordinates};
use ngsi::v1::{ContextAttribute, ContextMetadata};
use ngsi::{Entity, JsonText, Point, Timestamp};
use proptest::prelude::*;
use serde_json::{Value, json};

fn entity(id: &str, attributes: Value, domain: Value) -> Entity {
    let now = Timestamp::from_micros(0);
    let mut entity = Entity::new(id.into(), "Car".into(), now);
    let attributes: Vec<ContextAttribute> = serde_json::from_str(&attributes.to_string()).unwrap();
    let domain: Vec<ContextMetadata> = serde_json::from_str(&domain.to_string()).unwrap();
    entity.attributes.extend(attributes.into_iter().map(|attribute| attribute.into_attribute(now)));
    entity.attributes.extend(domain.into_iter().map(|metadata| metadata.into_attribute(now)));
    entity
}

fn at(value_type: &str, value: Value) -> Entity {
    entity("e", json!([{"name": "location", "type": value_type, "value": value}]), json!([]))
}

fn geo(georel: &str, geometry: &str, coords: &str) -> GeoFilter {
    GeoFilter::parse(georel, geometry, coords).expect(georel)
}

const SQUARE: &str = "0,0;0,10;10,10;10,0;0,0";

#[test]
fn places_relate_as_the_specification_says() {
    let check = |place: (&str, Value), georel: &str, geometry: &str, coords: &str, expected: bool| {
        let found = geo(georel, geometry, coords).matches(&at(place.0, place.1.clone()));
        assert_eq!(found, expected, "{place:?} {georel} {geometry} {coords}");
    };
    let point = |latitude: f64, longitude: f64| ("geo:point", json!(format!("{latitude}, {longitude}")));
    let line = |pairs: &[&str]| ("geo:line", json!(pairs));
    let area = |pairs: &[&str]| ("geo:polygon", json!(pairs));

    check(point(40.418889, -3.691944), "near;maxDistance:13700", "point", "40.533333,-3.633333", true);
    check(point(40.418889, -3.691944), "near;maxDistance:13500", "point", "40.533333,-3.633333", false);
    check(point(40.418889, -3.691944), "near;minDistance:13500", "point", "40.533333,-3.633333", true);
    check(point(0.0, 1.0), "near;minDistance:111000;maxDistance:112000", "point", "0,0", true);
    check(point(0.0, 179.9), "near;maxDistance:30000", "point", "0,-179.9", true);
    check(point(5.0, 11.0), "near;maxDistance:112000", "box", "0,0;10,10", true);
    check(point(5.0, 11.1), "near;maxDistance:112000", "box", "0,0;10,10", false);
    check(point(5.0, 5.0), "near;minDistance:1", "polygon", SQUARE, false);
    check(line(&["0,0", "0,10"]), "near;maxDistance:111200", "point", "1,5", true);
    check(line(&["0,0", "0,10"]), "near;maxDistance:111000", "line", "1,5;2,5", false);

    for (place, inside) in [
        (point(5.0, 5.0), true),
        (point(0.0, 5.0), true),
        (point(10.0, 10.0), true),
        (point(10.0, 10.001), false),
        (line(&["0,0", "10,10"]), true),
        (line(&["1,1", "1,11"]), false),
        (("geo:box", json!(["0,0", "10,10"])), true),
        (("geo:box", json!(["1,1", "11,11"])), false),
        (area(&["0,0", "0,10", "10,0", "0,0"]), true),
        (area(&["-1,-1", "-1,20", "20,-1", "-1,-1"]), false),
    ] {
        check(place.clone(), "coveredBy", "polygon", SQUARE, inside);
        check(place, "coveredBy", "box", "10,10;0,0", inside);
    }
    // Around a notch: both ends inside, the middle outside.
    check(line(&["1,1", "1,9"]), "coveredBy", "polygon", "0,0;10,0;10,4;0.5,5;10,6;10,10;0,10;0,0", false);
    check(point(1.0, 1.0), "coveredBy", "point", "1,1", true);
    check(line(&["1,1", "3,3"]), "coveredBy", "line", "0,0;4,4", true);
    check(line(&["1,1", "5,5"]), "coveredBy", "line", "0,0;4,4", false);
    check(area(&["0,0", "0,10", "10,10", "10,0", "0,0"]), "coveredBy", "line", SQUARE, false);

    for (place, touches) in [
        (point(10.0, 10.0), true),
        (point(10.1, 10.0), false),
        (line(&["-5,5", "15,5"]), true),
        (line(&["-5,5", "-1,5"]), false),
        (("geo:box", json!(["-20,-20", "20,20"])), true),
        (("geo:box", json!(["10,10", "20,20"])), true),
        (("geo:box", json!(["11,11", "20,20"])), false),
        (("geo:json", json!({"type": "MultiPoint", "coordinates": [[50, 50], [5, 5, 100]]})), true),
    ] {
        check(place.clone(), "intersects", "polygon", SQUARE, touches);
        check(place, "disjoint", "polygon", SQUARE, !touches);
    }
    check(point(1.0, 1.0), "intersects", "line", "0,0;2,2", true);
    check(point(1.0, 1.0), "disjoint", "point", "1,1", false);

    check(point(1.0, 2.0), "equals", "point", "1,2", true);
    check(point(1.0, 2.0), "equals", "point", "2,1", false);
    check(line(&["1,1", "3,3"]), "equals", "line", "3,3;1,1", true);
    check(line(&["1,1", "3,3"]), "equals", "line", "1,1;2,2;3,3", false);
    check(area(&["10,10", "10,0", "0,0", "0,10", "10,10"]), "equals", "polygon", SQUARE, true);
    check(("geo:box", json!(["0,0", "10,10"])), "equals", "polygon", SQUARE, true);
    check(("geo:box", json!(["0,0", "10,11"])), "equals", "box", "0,0;10,10", false);
}

#[test]
fn the_place_of_an_entity_is_the_labelled_one() {
    let inside = geo("coveredBy", "box", "0,0;2,2");
    let check = |attributes: Value, domain: Value, expected: bool| {
        assert_eq!(inside.matches(&entity("e", attributes.clone(), domain)), expected, "{attributes}");
    };
    let here = |extra: Value| json!({"name": "here", "type": "geo:point", "value": "1,1", "metadata": extra});
    let there = |extra: Value| json!({"name": "there", "type": "geo:json", "value": {"type": "Point", "coordinates": [50, 50]}, "metadata": extra});
    let flag = |name: &str, value: bool| json!([{"name": name, "type": "Boolean", "value": value}]);
    check(json!([here(json!([]))]), json!([]), true);
    check(json!([there(json!([])), here(flag("defaultLocation", true))]), json!([]), true);
    check(json!([there(json!([])), here(flag("defaultLocation", false))]), json!([]), false);
    let named = json!({"name": "location", "type": "geo:point", "value": "1,1"});
    check(json!([there(json!([])), named]), json!([]), true);
    check(json!([there(flag("defaultLocation", true)), named]), json!([]), false);
    check(json!([there(flag("ignoreType", true)), here(json!([]))]), json!([]), true);
    check(json!([{"name": "l", "type": "geo:point", "value": null}, here(json!([]))]), json!([]), true);
    check(json!([{"name": "l", "type": "geo:point", "value": "north"}]), json!([]), false);
    check(json!([{"name": "l", "type": "Text", "value": "1,1"}]), json!([]), false);
    let domain = |kind: &str, value: Value| json!([{"name": "location", "type": kind, "value": value}]);
    check(json!([]), domain("point", json!({"latitude": 1, "longitude": 2})), true);
    check(json!([there(json!([]))]), domain("point", json!({"latitude": 1, "longitude": 2})), false);
    check(json!([]), domain("circle", json!({"centerLatitude": 1, "centerLongitude": 1, "radius": 100_000})), true);
    check(json!([]), domain("circle", json!({"centerLatitude": 1, "centerLongitude": 1, "radius": 120_000})), false);
    check(
        json!([]),
        domain(
            "polygon",
            json!({"vertices": [{"latitude": 0, "longitude": 0}, {"latitude": 1, "longitude": 0}, {"latitude": 1, "longitude": 1}]}),
        ),
        true,
    );
    check(json!([]), domain("global", json!("")), false);
    assert!(geo("intersects", "point", "1,1").matches(&entity("e", json!([]), domain("global", json!("")))));
    assert!(!geo("disjoint", "point", "1,1").matches(&entity("e", json!([]), json!([]))));
    assert_eq!(geo("disjoint", "point", "1,1").distance_m(&entity("e", json!([]), json!([]))), None);
}

#[test]
fn every_form_of_place_is_read_or_refused() {
    let check = |value_type: &str, value: Value, problem: Option<&str>| match (
        coordinates::parse(value_type, &JsonText::from(value.clone())),
        problem,
    ) {
        (Ok(Some(_)), None) => {}
        (Err(error), Some(problem)) => assert!(error.path == "value" && error.problem.contains(problem), "{error}"),
        (found, _) => panic!("{value_type} {value}: {found:?}"),
    };
    let json = |kind: &str, coordinates: Value| json!({"type": kind, "coordinates": coordinates});
    let ring = json!([[0, 0], [1, 0], [1, 1], [0, 0]]);
    check("geo:point", json!("41.3763726, 2.186447514"), None);
    check("geo:box", json!(["40.63,-8.65", "40.64,-8.64"]), None);
    check("geo:json", json("Point", json!([2.1, 41.3])), None);
    check("geo:json", json("LineString", json!([[0, 0], [1, 1]])), None);
    check("geo:json", json("MultiLineString", json!([[[0, 0], [1, 1]]])), None);
    check("geo:json", json("Polygon", json!([ring, [[0.9, 0.1], [0.9, 0.2], [0.8, 0.1], [0.9, 0.1]]])), None);
    check("geo:json", json("MultiPolygon", json!([[ring], [ring]])), None);
    let feature = json!({"type": "Feature", "properties": {}, "geometry": json("Point", json!([1, 2]))});
    check("geo:json", feature.clone(), None);
    check("geo:json", json!({"type": "FeatureCollection", "features": [feature]}), None);

    check("geo:point", json!("91,0"), Some("latitude"));
    check("geo:point", json!("0,181"), Some("longitude"));
    check("geo:point", json!("nan,0"), Some("latitude"));
    check("geo:point", json!("1;2"), Some("latitude, longitude"));
    check("geo:point", json!([1, 2]), Some("must be a string"));
    check("geo:line", json!(["0,0"]), Some("2 to"));
    check("geo:line", json!("0,0"), Some("list of strings"));
    check("geo:polygon", json!(["0,0", "0,1", "0,0"]), Some("4 to"));
    check("geo:polygon", json!(["0,0", "0,1", "1,1", "1,0"]), Some("the first again"));
    check("geo:box", json!(["0,0", "0,1"]), Some("differ"));
    check("geo:json", json!("Point"), Some("GeoJSON"));
    check("geo:json", json("Point", json!([1])), Some("coordinates"));
    check("geo:json", json("Point", json!([1, 91])), Some("latitude"));
    check("geo:json", json("MultiPoint", json!([])), Some("has coordinates"));
    check("geo:json", json("Polygon", json!([])), Some("ring"));
    check("geo:json", json("GeometryCollection", json!([])), Some("searched"));
    check("geo:json", json!({"type": "FeatureCollection", "features": []}), Some("one feature"));
    check("geo:json", json!({"type": "Feature"}), Some("geometry"));
    let feature = |inner: Value| json!({"type": "Feature", "geometry": inner});
    check("geo:json", feature(feature(feature(feature(json("Point", json!([1, 2])))))), Some("nest"));
    assert_eq!(coordinates::parse("Text", &JsonText::string("x")), Ok(None));
    assert_eq!(coordinates::parse("geo:point", &JsonText::null()), Ok(None));
}

#[test]
fn a_refusal_names_the_parameter() {
    let check = |georel: &str, geometry: &str, coords: &str, path: &str, problem: &str| {
        let error = GeoFilter::parse(georel, geometry, coords).expect_err(problem);
        assert!(error.path == path && error.problem.contains(problem), "{error}, expected {path} {problem}");
    };
    check("", "point", "0,0", "georel", "must be near");
    check("within", "point", "0,0", "georel", "must be near");
    check("near", "point", "0,0", "georel", "maxDistance:metres");
    check("near;maxDistance:x", "point", "0,0", "georel", "number of metres");
    check("near;maxDistance:-1", "point", "0,0", "georel", "zero or more");
    check("near;maxDistance:1;maxDistance:2", "point", "0,0", "georel", "twice");
    check("near;radius:1", "point", "0,0", "georel", "modifiers");
    check("equals;maxDistance:1", "point", "0,0", "georel", "only near");
    check("equals", "circle", "0,0", "geometry", "circle");
    check("equals", "point", "", "coords", "latitude, longitude");
    check("equals", "point", "0,0;1,1", "coords", "one pair");
    check("equals", "line", "0,0", "coords", "2 to");
    check("equals", "polygon", "0,0;0,1;1,1;1,0", "coords", "the first again");
    check("equals", "box", "0,0;1,1;2,2", "coords", "corner");
    check("equals", "line", &["0,0"; MAX_COORDS + 1].join(";"), "coords", "more than 256");
}

#[test]
fn results_are_ordered_by_kind_then_value_then_identity() {
    let of = |id: &str, value: Value| entity(id, json!([{"name": "a", "type": "x", "value": value}]), json!([]));
    let date =
        |id: &str, value: &str| entity(id, json!([{"name": "a", "type": "DateTime", "value": value}]), json!([]));
    let mixed = vec![
        of("n", json!(null)),
        of("z", json!(-0.0)),
        of("1", json!(9)),
        of("2", json!(10)),
        date("3", "1970-01-01T00:00:11Z"),
        of("4", json!("10")),
        of("5", json!("9")),
        of("6", json!({"x": 1})),
        of("7", json!([1])),
        of("8", json!(false)),
        of("9", json!(true)),
    ];
    let ids = |entities: &[Entity]| entities.iter().map(|entity| entity.id.to_string()).collect::<Vec<_>>();
    let sorted = |order: &str, reference: Option<&GeoFilter>, mut entities: Vec<Entity>| {
        let order = OrderBy::parse(order).unwrap();
        entities.sort_by_cached_key(|entity| order.key(entity, reference));
        ids(&entities)
    };
    let expected = ids(&mixed);
    let mut shuffled = mixed.clone();
    shuffled.reverse();
    assert_eq!(sorted("a", None, shuffled), expected);
    assert_eq!(sorted("!a", None, mixed.clone()), expected.iter().rev().cloned().collect::<Vec<_>>());
    assert_eq!(sorted("type,!id", None, vec![of("b", json!(1)), of("c", json!(2))]), ["c", "b"]);
    assert_eq!(sorted("missing", None, vec![of("c", json!(1)), of("b", json!(2))]), ["b", "c"]);
    assert_eq!(sorted("dateCreated,!a", None, vec![of("c", json!(1)), of("b", json!(2))]), ["b", "c"]);
    let near = geo("near;maxDistance:1000000", "point", "0,0");
    let place =
        |id: &str, place: &str| entity(id, json!([{"name": "l", "type": "geo:point", "value": place}]), json!([]));
    let places = vec![place("far", "3,3"), of("nowhere", json!(1)), place("near", "1,1"), place("middle", "2,-2")];
    assert_eq!(sorted("geo:distance", Some(&near), places), ["near", "middle", "far", "nowhere"]);
    assert!(OrderBy::parse("a,!geo:distance").unwrap().needs_reference());
    for text in ["", ",", "a,", "!", &["a"; 17].join(","), &"a".repeat(257)] {
        assert_eq!(OrderBy::parse(text).expect_err(text).path, "orderBy");
    }
}

fn pair() -> impl Strategy<Value = (i32, i32)> {
    (-5..15_i32, -5..15_i32)
}

fn written(pairs: &[(i32, i32)]) -> Vec<String> {
    pairs.iter().map(|(latitude, longitude)| format!("{latitude},{longitude}")).collect()
}

proptest! {
    #[test]
    fn points_relate_to_a_box_as_their_numbers_do((latitude, longitude) in pair(), height in 1..10_i32, width in 1..10_i32) {
        let place = at("geo:point", json!(format!("{latitude},{longitude}")));
        let inside = (0..=height).contains(&latitude) && (0..=width).contains(&longitude);
        let corner = format!("0,0;{height},{width}");
        for (georel, expected) in [("coveredBy", inside), ("intersects", inside), ("disjoint", !inside), ("equals", false)] {
            prop_assert_eq!(geo(georel, "box", &corner).matches(&place), expected, "{}", georel);
        }
        let distance = geo("equals", "box", &corner).distance_m(&place).unwrap();
        let nearest = Point { latitude: f64::from(latitude.clamp(0, height)), longitude: f64::from(longitude.clamp(0, width)) };
        let expected = nearest.distance_m(Point { latitude: f64::from(latitude), longitude: f64::from(longitude) });
        prop_assert!(distance <= expected + 1.0 && distance >= expected * 0.99, "{distance} {expected}");
    }

    #[test]
    fn boxes_relate_as_their_intervals_do(south in -5..15_i32, west in -5..15_i32, height in 1..10_i32, width in 1..10_i32) {
        let place = at("geo:box", json!(written(&[(south, west), (south + height, west + width)])));
        let covered = south >= 0 && west >= 0 && south + height <= 10 && west + width <= 10;
        let touches = south <= 10 && west <= 10 && south + height >= 0 && west + width >= 0;
        let checks = [("coveredBy", covered), ("intersects", touches), ("disjoint", !touches)];
        for (georel, expected) in checks {
            prop_assert_eq!(geo(georel, "polygon", SQUARE).matches(&place), expected, "{}", georel);
        }
    }

    #[test]
    fn any_shapes_are_related_consistently(mut one in prop::collection::vec(pair(), 3..8), mut two in prop::collection::vec(pair(), 3..8)) {
        one.push(one[0]);
        two.push(two[0]);
        let coords = written(&two).join(";");
        for kind in ["geo:polygon", "geo:line"] {
            let place = at(kind, json!(written(&one)));
            for geometry in ["polygon", "line"] {
                let [covered, touches, apart, same] =
                    ["coveredBy", "intersects", "disjoint", "equals"].map(|georel| geo(georel, geometry, &coords).matches(&place));
                prop_assert_ne!(touches, apart);
                prop_assert!(touches || !(covered || same));
                let distance = geo("equals", geometry, &coords).distance_m(&place).unwrap();
                prop_assert_eq!(distance == 0.0, touches, "{}", distance);
            }
            let itself = written(&one).join(";");
            prop_assert!(geo("coveredBy", &kind[4..], &itself).matches(&place));
            prop_assert!(geo("equals", &kind[4..], &itself).matches(&place));
        }
    }

    #[test]
    fn no_text_upsets_the_parsers(georel in ".{0,40}", geometry in "(point|line|polygon|box)", coords in "[-0-9.,;e nan]{0,60}", order in ".{0,40}") {
        let _ = GeoFilter::parse(&georel, &geometry, &coords);
        let _ = GeoFilter::parse("equals", &geometry, &coords);
        let _ = OrderBy::parse(&order);
        let _ = coordinates::parse("geo:json", &JsonText::from(json!({"type": geometry, "coordinates": coords})));
        let _ = coordinates::parse("geo:point", &JsonText::string(&coords));
    }
}
