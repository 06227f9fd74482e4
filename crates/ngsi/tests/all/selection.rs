//! Selectors, scopes, places and durations.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::needless_pass_by_value, missing_docs)]

use std::time::Duration;

use ngsi::geo::{Circle, Polygon};
use ngsi::v1::{EntityRef, OperationScope, parse_duration};
use ngsi::{EntitySelector, JsonText, Location, Point, Scope, Timestamp};
use proptest::prelude::*;
use serde_json::json;

fn selector(body: &str) -> Result<EntitySelector, ngsi::ParseError> {
    EntitySelector::compile(&ngsi::json::parse::<EntityRef>(body.as_bytes())?)
}

#[test]
fn selectors_match_as_the_protocol_says() {
    let check = |body: &str, id: &str, entity_type: &str, expected: bool| {
        assert_eq!(selector(body).unwrap().matches(id, entity_type), expected, "{body} against {id} {entity_type}");
    };
    check(r#"{"id":"r1"}"#, "r1", "Room", true);
    check(r#"{"id":"r1","type":"Car"}"#, "r1", "Room", false);
    check(r#"{"id":"r","isPattern":false}"#, "r1", "Room", false);
    check(r#"{"type":"Room"}"#, "r1", "Room", true);
    check(r#"{"id":"r","isPattern":true}"#, "car1", "Room", true);
    check(r#"{"id":"^r","isPattern":true}"#, "car1", "Room", false);
    check(r#"{"id":".*","type":"Ro+m","isPattern":"true"}"#, "x", "BigRoom", true);
    check(r#"{"isPattern":true}"#, "x", "y", true);
    check("{}", "x", "y", true);
}

#[test]
fn patterns_that_would_cost_too_much_are_refused_by_name() {
    let bombs = [
        r"((((a{100}){100}){100}){100}){100}".to_owned(),
        "(".repeat(500),
        format!("{}a{}", "(".repeat(200), ")".repeat(200)),
        "a".repeat(5_000),
    ];
    for bomb in bombs {
        let body = json!({"id": bomb, "isPattern": true}).to_string();
        assert_eq!(selector(&body).unwrap_err().path, "id");
        let body = json!({"type": bomb, "isPattern": true}).to_string();
        assert_eq!(selector(&body).unwrap_err().path, "type");
    }
}

fn scope(scope_type: &str, value: serde_json::Value) -> Result<Scope, ngsi::ParseError> {
    OperationScope { scope_type: scope_type.to_owned(), scope_value: JsonText::from(value) }.parse()
}

const HEIDELBERG: Point = Point { latitude: 49.40, longitude: 8.68 };
const TOKYO: Point = Point { latitude: 35.68, longitude: 139.69 };

#[test]
fn scopes_match_as_the_protocol_says() {
    let check = |kind: &str, value: serde_json::Value, expected: bool| {
        let place = Location::Point(HEIDELBERG);
        let metadata = |name: &str| (name == "owner").then(|| "me".to_owned());
        assert_eq!(scope(kind, value).unwrap().matches(Some(&place), &metadata), expected, "{kind}");
    };
    check("circle", json!({"centerLatitude": 49.4, "centerLongitude": 8.7, "radius": 2_000}), true);
    check("circle", json!({"centerLatitude": 49.4, "centerLongitude": 8.8, "radius": 2_000}), false);
    let square = json!({"vertices": [{"latitude": 49, "longitude": 8}, {"latitude": 49, "longitude": 9},
        {"latitude": 50, "longitude": 9}, {"latitude": 50, "longitude": 8}]});
    check("polygon", square, true);
    check("simplegeolocation", json!({"nw_Corner": "50,8", "se_Corner": "49, 9"}), true);
    check("simplegeolocation", json!({"nw_Corner": "50,9", "se_Corner": "49,10"}), false);
    check("stringQuery", json!("owner=me"), true);
    check("stringQuery", json!("owner=me;colour=red"), false);
    check("global", json!(null), true);
    check("local", json!("local"), true);
    check("nearby", json!({"latitude": 0, "longitude": 0, "limit": 2}), true);
}

#[test]
fn what_has_no_place_is_outside_every_area() {
    let circle = scope("circle", json!({"centerLatitude": 0, "centerLongitude": 0, "radius": 1e9})).unwrap();
    assert!(!circle.matches(None, &|_| None));
    assert!(circle.matches(Some(&Location::Global), &|_| None));
}

#[test]
fn a_wrong_scope_names_the_member() {
    let check = |kind: &str, value: serde_json::Value, path: &str| {
        assert_eq!(scope(kind, value).unwrap_err().path, path);
    };
    check("square", json!({}), "scopeType");
    check("circle", json!({"centerLatitude": 0, "centerLongitude": 500, "radius": 1}), "scopeValue.centerLongitude");
    check("circle", json!({"centerLatitude": 0, "centerLongitude": 0}), "scopeValue");
    check("polygon", json!({"vertices": [{"latitude": 0, "longitude": 0}]}), "scopeValue.vertices");
    check("nearby", json!({"latitude": 0, "longitude": 0, "limit": -1}), "scopeValue.limit");
    check("stringQuery", json!("owner"), "scopeValue");
    check("simplegeolocation", json!({"nw_Corner": "x", "se_Corner": "1,2"}), "scopeValue.nw_Corner");
}

#[test]
fn distance_is_the_great_circle() {
    let km = HEIDELBERG.distance_m(TOKYO) / 1_000.0;
    assert!((9_300.0..9_400.0).contains(&km), "{km}");
}

#[test]
fn durations_of_iso_8601_are_read() {
    let check = |text: &str, seconds: Option<u64>| {
        assert_eq!(parse_duration(text), seconds.map(Duration::from_secs), "{text}");
    };
    check("PT10M", Some(600));
    check("P1DT2H", Some(93_600));
    check("P1M", Some(2_592_000));
    check("P1W", Some(604_800));
    check("0", Some(0));
    check("15", Some(15));
    check("PT", Some(0));
    check("10 minutes", None);
    check("PT5", None);
    check("PTxS", None);
    check("P99999999999999999999Y", None);
}

#[test]
fn timestamps_print_as_rfc_3339() {
    assert_eq!(Timestamp::from_millis(1_700_000_000_123).to_string(), "2023-11-14T22:13:20.123Z");
}

proptest! {
    #[test]
    fn a_circle_holds_what_is_nearer_than_its_radius(
        (latitude, longitude, other_latitude, other_longitude) in (-90.0..90.0, -180.0..180.0, -90.0..90.0, -180.0..180.0),
        radius_m in 0.0..2e7,
    ) {
        let center = Point { latitude, longitude };
        let other = Point { latitude: other_latitude, longitude: other_longitude };
        let circle = Circle { center_latitude: latitude, center_longitude: longitude, radius_m };
        prop_assert_eq!(circle.contains(other), center.distance_m(other) <= radius_m);
        prop_assert!((center.distance_m(other) - other.distance_m(center)).abs() < 1e-6);
    }

    #[test]
    fn a_polygon_holds_its_vertices(vertices in prop::collection::vec((-80.0..80.0, -170.0..170.0), 3..8)) {
        let vertices: Vec<Point> = vertices.into_iter().map(|(latitude, longitude)| Point { latitude, longitude }).collect();
        let polygon = Polygon { vertices: vertices.clone() };
        for vertex in vertices {
            prop_assert!(polygon.contains(vertex));
        }
    }
}
