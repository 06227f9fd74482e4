//! Pages of a query, with Orion's parameters.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::common::Site;
use http::StatusCode;
use serde_json::{Value, json};

async fn rooms(count: usize) -> Site {
    let site = Site::alone().await;
    let element = |n| {
        let place = json!({ "latitude": 50.0 - n as f64 / 100.0, "longitude": 8.0 });
        json!({ "entityId": { "id": format!("Room.{n:03}"), "type": "Room" },
            "domainMetadata": [{ "name": "location", "type": "point", "value": place }] })
    };
    let elements: Vec<_> = (0..count).rev().map(element).collect();
    let body = json!({ "contextElements": elements, "updateAction": "UPDATE" });
    assert_eq!(site.post("/ngsi10/updateContext", &body).await.0, StatusCode::OK);
    site
}

/// The numbers of the rooms, as they stand in the answer, and what it says in `details`.
async fn page(site: &Site, parameters: &str, query: &Value) -> (Vec<usize>, Option<String>) {
    let (status, answer) = site.post(&format!("/ngsi10/queryContext{parameters}"), query).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let ids = answer["contextResponses"].as_array().unwrap().iter();
    let numbers = ids.map(|r| r["contextElement"]["entityId"]["id"].as_str().unwrap()[5..].parse().unwrap());
    (numbers.collect(), answer["errorCode"]["details"].as_str().map(str::to_owned))
}

fn all() -> Value {
    json!({ "entities": [{ "type": "Room", "isPattern": true }] })
}

/// As [`page`], without what `details` says of discovery, which there is none of.
async fn local(site: &Site, parameters: &str, query: &Value) -> (Vec<usize>, Option<String>) {
    let (numbers, details) = page(site, parameters, query).await;
    let details =
        details.map(|text| text.split("; only entities of this broker").next().unwrap_or_default().to_owned());
    (numbers, details)
}

#[tokio::test]
async fn pages_are_in_order_and_together_everything() {
    let site = rooms(250).await;
    let counted = Some("Count: 250".to_owned());
    for limit in [1, 7, 100, 249, 250, 1000] {
        let mut read = Vec::new();
        while read.len() < 250 {
            let parameters = format!("?details=on&limit={limit}&offset={}", read.len());
            let (numbers, details) = local(&site, &parameters, &all()).await;
            assert_eq!((numbers.len(), &details), (limit.min(250 - read.len()), &counted));
            read.extend(numbers);
        }
        assert_eq!(read, (0..250).collect::<Vec<_>>(), "limit {limit}");
    }
    assert_eq!(local(&site, "?offset=248", &all()).await.0, [248, 249]);
    assert_eq!(local(&site, "?limit=5&offset=9999999999&details=on", &all()).await, (vec![], counted));
}

#[tokio::test]
async fn without_limit_everything_is_answered() {
    let site = rooms(120).await;
    for (parameters, expected) in [("", None), ("?details=off", None), ("?details=on", Some("Count: 120"))] {
        let (numbers, details) = local(&site, parameters, &all()).await;
        assert_eq!(numbers.len(), 120);
        assert_eq!(details.filter(|text| text.starts_with("Count")).as_deref(), expected, "{parameters}");
    }
}

#[tokio::test]
async fn pages_of_named_and_of_nearest_entities() {
    let site = rooms(10).await;
    let named =
        json!({ "entities": [{ "id": "Room.004" }, { "id": "Room.001" }, { "id": "Room.004" }, { "id": "Room.007" }] });
    assert_eq!(page(&site, "?limit=2&details=on", &named).await, (vec![1, 4], Some("Count: 3".to_owned())));
    let mut nearest = all();
    let here = json!({ "latitude": 49.0, "longitude": 8.0, "limit": 5 });
    nearest["restriction"] = json!({ "scopes": [{ "scopeType": "nearby", "scopeValue": here }] });
    assert_eq!(local(&site, "?limit=2&offset=1&details=on", &nearest).await, (vec![8, 7], Some("Count: 5".to_owned())));
}

#[tokio::test]
async fn bad_parameters_are_named() {
    let site = rooms(1).await;
    let cases = [
        ("limit=0", "limit: must be between 1 and 1000"),
        ("limit=1001", "limit: must be between 1 and 1000"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("offset=-1", "offset"),
        ("details=maybe", "details: must be on or off, is `maybe`"),
    ];
    for (parameters, expected) in cases {
        let (status, answer) = site.post(&format!("/ngsi10/queryContext?{parameters}"), &all()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{parameters}: {answer}");
        assert!(answer["errorCode"]["details"].as_str().unwrap().contains(expected), "{parameters}: {answer}");
    }
}
