//! Queries.

use serde_json::{Value, json};

use super::common::Site;
use super::{call, check, create, get};

async fn rooms() -> Site {
    let site = Site::alone().await;
    for (id, temperature, x) in [("a", 10, 8.0), ("b", 20, 8.1), ("c", 30, 9.0)] {
        let types = if id == "c" { json!(["Room", "Hall"]) } else { json!("Room") };
        create(
            &site,
            &json!({ "id": format!("urn:r:{id}"), "type": types, "scope": format!("/house/{id}"),
                "temperature": { "type": "Property", "value": temperature },
                "location": { "type": "GeoProperty", "value": { "type": "Point", "coordinates": [x, 49.0] } } }),
        )
        .await;
    }
    create(&site, &json!({ "id": "urn:c:1", "type": "Car" })).await;
    site
}

fn ids(found: &Value) -> String {
    let ids = found.as_array().unwrap().iter().map(|entity| entity["id"].as_str().unwrap().rsplit(':').next().unwrap());
    ids.collect::<Vec<_>>().join(",")
}

#[tokio::test]
async fn entities_are_found_by_what_they_are() {
    let site = rooms().await;
    let table = [
        ("type=Room", "a,b,c"),
        ("type=Room,Car", "a,b,c,1"),
        ("type=(Room;Hall)", "c"),
        ("type=Room&q=temperature%3E15", "b,c"),
        ("type=Room&q=temperature==10%7Ctemperature==30", "a,c"),
        ("id=urn:r:b,urn:c:1", "b,1"),
        ("idPattern=urn:r:.*&limit=2&offset=1", "b,c"),
        ("attrs=temperature", "a,b,c"),
        ("scopeQ=/house/%2B&type=Room", "a,b,c"),
        ("scopeQ=/house/b", "b"),
        ("type=Room&georel=near;maxDistance==20000&geometry=Point&coordinates=%5B8,49%5D", "a,b"),
        ("local=true", "a,b,c,1"),
    ];
    for (query, expected) in table {
        let answer = get(&site, &format!("/entities?{query}")).await;
        assert_eq!((answer.status, ids(&answer.json()).as_str()), (200, expected), "{query}");
    }
    let answer = get(&site, "/entities?type=Room&limit=1&count=true").await;
    assert_eq!(answer.header("ngsild-results-count"), "3");
    let answer = get(&site, "/entities?type=Room&limit=0&count=true").await;
    assert_eq!((answer.header("ngsild-results-count"), answer.json()), ("3", json!([])));
    let null = Value::Null;
    check(
        &site,
        &[
            ("GET", "/entities", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities?type=Room&q=((", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities?type=Room&limit=-1", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities?type=Room&georel=near", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities?id=nouri", null, 400, "BadRequestData"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_query_may_be_a_body() {
    let site = rooms().await;
    let query = json!({ "type": "Query", "entities": [{ "type": "Room" }], "q": "temperature>15",
        "geoQ": { "georel": "near;maxDistance==20000", "geometry": "Point", "coordinates": [8.1, 49] } });
    let answer = call(&site, "POST", "/entityOperations/query", &query).await;
    assert_eq!((answer.status, ids(&answer.json()).as_str()), (200, "b"), "{}", answer.text);
    check(&site, &[("POST", "/entityOperations/query", json!({ "type": "Other" }), 400, "BadRequestData")]).await;
}

#[tokio::test]
async fn what_a_query_finds_is_purged() {
    let site = rooms().await;
    check(&site, &[("DELETE", "/entities?type=Room&q=temperature%3E15", Value::Null, 204, "")]).await;
    assert_eq!(ids(&get(&site, "/entities?local=true").await.json()), "a,1");
}
