//! Entity maps: pages of what a query once found.

use serde_json::{Value, json};

use super::common::Site;
use super::{Answer, call, call_with, check, create, get};

async fn cars(site: &Site) {
    for number in 1..=4 {
        create(site, &json!({ "id": format!("urn:c:{number}"), "type": "Car", "speed": number * 10 })).await;
    }
}

fn ids(answer: &Answer) -> String {
    let found = answer.json();
    let ids = found.as_array().unwrap().iter().map(|entity| entity["id"].as_str().unwrap().rsplit(':').next().unwrap());
    ids.collect::<Vec<_>>().join(",")
}

async fn with(site: &Site, map: &str, path: &str) -> Answer {
    call_with(site, "GET", path, &[("ngsild-entitymap", map)], "").await
}

#[tokio::test]
async fn pages_are_of_what_was_found_first() {
    let site = Site::alone().await;
    cars(&site).await;
    let first = get(&site, "/entities?type=Car&q=speed%3E5&limit=2&entityMap=true&count=true").await;
    let map = first.header("ngsild-entitymap").to_owned();
    assert_eq!((first.status, ids(&first).as_str(), first.header("ngsild-results-count")), (201, "1,2", "4"));
    let path = map.strip_prefix("/ngsi-ld/v1").unwrap().to_owned();
    let known = get(&site, &path).await.json();
    let expected = json!({ "urn:c:1": ["@none"], "urn:c:2": ["@none"], "urn:c:3": ["@none"], "urn:c:4": ["@none"] });
    assert_eq!(
        (&known["type"], &known["entityMap"], &known["linkedMaps"]),
        (&json!("EntityMap"), &expected, &json!({}))
    );
    assert!(path.ends_with(known["id"].as_str().unwrap()) && known["expiresAt"].is_string());

    create(&site, &json!({ "id": "urn:c:0", "type": "Car", "speed": 90 })).await;
    assert_eq!(call(&site, "DELETE", "/entities/urn:c:1", &Value::Null).await.status, 204);
    assert_eq!(call(&site, "PATCH", "/entities/urn:c:3", &json!({ "speed": { "value": 1 } })).await.status, 204);
    let query = "/entities?type=Car&q=speed%3E5&limit=1";
    let page = with(&site, &map, query).await;
    assert_eq!((page.status, ids(&page).as_str(), page.header("ngsild-entitymap")), (200, "2", map.as_str()));
    let links: Vec<_> =
        page.headers.get_all("link").iter().filter(|link| link.to_str().unwrap().contains("next")).collect();
    assert_eq!(links.len(), 1, "{:?}", page.headers);
    let last = with(&site, &map, &format!("{query}&offset=1&count=true")).await;
    assert_eq!((ids(&last).as_str(), last.header("ngsild-results-count")), ("4", "2"));
    assert_eq!(ids(&with(&site, &map, &format!("{query}&offset=9")).await), "");
    assert_eq!(get(&site, &path).await.json()["entityMap"], json!({ "urn:c:2": ["@none"], "urn:c:4": ["@none"] }));
}

#[tokio::test]
async fn maps_expire_and_are_deleted() {
    let site = Site::alone().await;
    cars(&site).await;
    let query =
        json!({ "type": "Query", "entities": [{ "type": "Car" }], "entityMap": true, "entityMapLifetime": "PT1M" });
    let made = call(&site, "POST", "/entityOperations/query", &query).await;
    let map = made.header("ngsild-entitymap").to_owned();
    assert_eq!((made.status, map.is_empty()), (201, false), "{}", made.text);
    let path = map.strip_prefix("/ngsi-ld/v1").unwrap();
    let null = Value::Null;
    check(
        &site,
        &[
            ("PATCH", path, json!({ "expiresAt": "soon" }), 400, "BadRequestData"),
            ("PATCH", path, json!({ "expiresAt": "2999-01-01T00:00:00Z", "entityMap": { "urn:x": [] } }), 204, ""),
            ("PATCH", "/entityMaps/urn:none", json!({ "expiresAt": "2999-01-01T00:00:00Z" }), 404, "ResourceNotFound"),
            ("GET", "/entityMaps/none", null.clone(), 400, "BadRequestData"),
            ("GET", "/entityMaps/urn:none", null.clone(), 404, "ResourceNotFound"),
            ("GET", "/entities?type=Car&entityMap=true&entityMapLifetime=1m", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities?type=Car&entityMap=yes", null.clone(), 400, "BadRequestData"),
        ],
    )
    .await;
    let known = get(&site, path).await.json();
    assert!(known["expiresAt"].as_str().unwrap() < "2999", "it lives a day at most: {known}");
    assert_eq!(known["entityMap"].as_object().unwrap().len(), 4);
    let past = json!({ "expiresAt": "2000-01-01T00:00:00Z" });
    check(&site, &[("PATCH", path, past, 204, ""), ("GET", path, null.clone(), 404, "ResourceNotFound")]).await;
    let again = with(&site, &map, "/entities?type=Car").await;
    let renewed = again.header("ngsild-entitymap").to_owned();
    assert!(
        (again.status, again.json().as_array().unwrap().len()) == (201, 4) && renewed != map && !renewed.is_empty()
    );
    let path = renewed.strip_prefix("/ngsi-ld/v1").unwrap();
    check(&site, &[("DELETE", path, null.clone(), 204, ""), ("DELETE", path, null, 404, "ResourceNotFound")]).await;
}
