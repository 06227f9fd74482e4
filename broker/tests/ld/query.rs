//! Queries.

use serde_json::{Value, json};

use super::common::Site;
use super::{Answer, call, check, create, get};

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
        ("local=true&orderBy=id", "1,a,b,c"),
        ("local=true&orderBy=type,temperature;desc", "1,c,b,a"),
        ("local=true&orderBy=createdAt;desc", "1,c,b,a"),
        ("type=Room&orderBy=location.modifiedAt;desc&limit=1&offset=1", "b"),
        ("type=Room&orderBy=location%5Bcoordinates%5D;desc,id;asc", "c,b,a"),
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
            ("GET", "/entities?type=Room&orderBy=id;down", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities?type=Room&orderBy=", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities?type=Room&georel=near", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities?id=nouri", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities?type=Room&idPattern=room**", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities?type=Room&idPattern=a%2B*", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities?type=Room&idPattern=%5C**%5B**%5D*?", null, 200, ""),
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

/// Offsets of the pages before and behind, as the `Link` headers say.
fn neighbours(answer: &Answer) -> String {
    let links = answer.headers.get_all("link").iter().filter_map(|link| link.to_str().ok());
    let pages = links.filter(|link| link.contains("rel=\"prev\"") || link.contains("rel=\"next\""));
    pages
        .map(|link| link.split("offset=").nth(1).unwrap().split(['>', '&']).next().unwrap())
        .collect::<Vec<_>>()
        .join(" ")
}

#[tokio::test]
async fn pages_know_their_neighbours() {
    let site = rooms().await;
    let table = [
        ("limit=1", "1"),
        ("limit=1&offset=1", "0 2"),
        ("limit=1&offset=2", "1"),
        ("limit=2&offset=1", "0"),
        ("limit=3", ""),
        ("limit=2&count=true", "2"),
        ("limit=3&count=true", ""),
        ("limit=0&count=true", ""),
        ("limit=1&offset=9", "8"),
    ];
    let query = json!({ "type": "Query", "entities": [{ "type": "Room" }] });
    for (page, expected) in table {
        let answer = get(&site, &format!("/entities?type=Room&{page}")).await;
        assert_eq!(neighbours(&answer), expected, "{page}: {:?}", answer.headers);
        let answer = call(&site, "POST", &format!("/entityOperations/query?{page}"), &query).await;
        assert_eq!(neighbours(&answer), expected, "{page}: {:?}", answer.headers);
    }
    let answer = get(&site, "/entities?type=Room&limit=1&q=temperature%3E1").await;
    let next =
        "</ngsi-ld/v1/entities?type=Room&limit=1&q=temperature%3E1&offset=1>;rel=\"next\";type=\"application/ld+json\"";
    assert!(answer.headers.get_all("link").iter().any(|link| link == next), "{:?}", answer.headers);
}

#[tokio::test]
async fn what_a_query_finds_is_purged() {
    let site = rooms().await;
    check(&site, &[("DELETE", "/entities?type=Room&q=temperature%3E15", Value::Null, 204, "")]).await;
    assert_eq!(ids(&get(&site, "/entities?local=true").await.json()), "a,1");
}

#[tokio::test]
async fn a_purge_may_delete_some_attributes() {
    let site = Site::alone().await;
    let value = |value: i64| json!({ "value": value });
    let room = json!({ "id": "urn:room:1", "type": "Room", "a": value(1), "b": value(2), "c": value(3) });
    create(&site, &room).await;
    let of_rooms = |parameters: &str| format!("/entities?type=Room&{parameters}");
    let table = [
        ("keep=a&drop=b", 400, json!({ "a": 1, "b": 2, "c": 3 })),
        ("attrs=none&drop=b", 204, json!({ "a": 1, "b": 2, "c": 3 })),
        ("attrs=a&drop=b,d", 204, json!({ "a": 1, "c": 3 })),
        ("keep=c,d", 204, json!({ "c": 3 })),
    ];
    for (parameters, status, expected) in table {
        let answer = call(&site, "DELETE", &of_rooms(parameters), &Value::Null).await;
        assert_eq!(answer.status, status, "{parameters}: {}", answer.text);
        let left = get(&site, "/entities/urn:room:1?options=keyValues&omit=id,type").await;
        assert_eq!(left.json(), expected, "{parameters}");
    }
    check(&site, &[("DELETE", &of_rooms("id=urn:room:1"), Value::Null, 204, "")]).await;
    check(&site, &[("GET", "/entities/urn:room:1", Value::Null, 404, "ResourceNotFound")]).await;
}
