//! No entity that a geographical query means is outside of the query's boxes.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use ngsi::filter::GeoFilter;
use ngsi::filter::bounds::Extent;
use ngsi::v1::{ContextAttribute, ContextMetadata};
use ngsi::{Entity, Timestamp};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// Places around which something is at stake: poles, the antimeridian, the origin, a city.
fn position() -> impl Strategy<Value = (f64, f64)> {
    let around = select(vec![(0.0, 0.0), (89.9, 10.0), (-90.0, -170.0), (10.0, 180.0), (-20.0, -179.99), (52.5, 13.4)]);
    let off = || prop_oneof![4 => -0.2..0.2_f64, 1 => -20.0..20.0_f64];
    (around, off(), off()).prop_map(|((latitude, longitude), north, east)| {
        let longitude: f64 = longitude + east;
        ((latitude + north).clamp(-90.0, 90.0), longitude - ((longitude + 180.0) / 360.0).floor() * 360.0)
    })
}

fn geometry() -> impl Strategy<Value = Value> {
    let at = |(latitude, longitude): (f64, f64)| json!([longitude, latitude]);
    let triangle = (position(), 0.01..0.3_f64).prop_map(move |((latitude, longitude), size)| {
        let (north, east) = ((latitude + size).min(90.0), (longitude + size).min(180.0));
        let ring = [(latitude, longitude), (north, longitude), (latitude, east), (latitude, longitude)].map(at);
        json!({"type": "Polygon", "coordinates": [ring]})
    });
    prop_oneof![
        3 => position().prop_map(move |position| json!({"type": "Point", "coordinates": at(position)})),
        1 => (position(), position()).prop_map(move |(one, other)| json!({"type": "LineString", "coordinates": [at(one), at(other)]})),
        1 => (position(), position()).prop_map(move |(one, other)| json!({"type": "MultiPoint", "coordinates": [at(one), at(other)]})),
        2 => triangle,
    ]
}

fn entity(place: &Value, circle: Option<((f64, f64), f64)>) -> Entity {
    let now = Timestamp::from_micros(0);
    let mut entity = Entity::new("e".into(), "T".into(), now);
    let attribute = json!({"name": "place", "type": "geo:json", "value": place}).to_string();
    entity.set(serde_json::from_str::<ContextAttribute>(&attribute).unwrap().into_attribute(now));
    if let Some(((latitude, longitude), radius)) = circle {
        let value = json!({"centerLatitude": latitude, "centerLongitude": longitude, "radius": radius});
        let metadatum = json!({"name": "location", "type": "circle", "value": value}).to_string();
        entity.set(serde_json::from_str::<ContextMetadata>(&metadatum).unwrap().into_attribute(now));
    }
    entity
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, ..ProptestConfig::default() })]

    #[test]
    fn what_matches_meets_the_bounds(
        place in geometry(),
        circle in prop::option::of((position(), 0.0..100_000.0_f64)),
        reference in geometry(),
        metres in prop_oneof![0.0..50_000.0_f64, 0.0..5_000_000.0_f64],
        relation in select(&["near", "within", "contains", "intersects", "overlaps", "equals"][..]),
        property in select(&["place", "location"][..]),
    ) {
        let georel = if relation == "near" { format!("near;maxDistance=={metres}") } else { relation.to_owned() };
        let (kind, coordinates) = (reference["type"].as_str().unwrap(), reference["coordinates"].to_string());
        let filter = GeoFilter::parse_ld(&georel, kind, &coordinates, property.into()).expect("valid");
        let entity = entity(&place, circle);
        let bounds = filter.bounds().expect("bounded");
        let meets = match Extent::of(&entity) {
            Extent::Nowhere => false,
            Extent::Within(extent) => bounds.iter().any(|bounds| bounds.meets(&extent)),
            Extent::Anywhere => true,
        };
        prop_assert!(meets || !filter.matches(&entity), "{} {} {:?}", georel, reference, bounds);
    }
}

#[test]
fn some_queries_have_no_bounds() {
    for georel in ["disjoint", "near;minDistance==5"] {
        assert_eq!(
            GeoFilter::parse_ld(georel, "Point", "[1,1]", "location".into()).unwrap().bounds(),
            None,
            "{georel}"
        );
    }
}
