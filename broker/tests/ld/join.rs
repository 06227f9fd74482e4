//! Entities that others link to.

use serde_json::{Value, json};
use testkit::Receiver;

use super::common::{SOON, Site};
use super::{call, call_with, check, create, get};

const BUILDING: &str = "/entities/urn:b:1";

async fn town() -> Site {
    let site = Site::alone().await;
    populate(&site).await;
    site
}

async fn populate(site: &Site) {
    let to = |uri: &str| json!({ "type": "Relationship", "object": uri });
    for entity in [
        json!({ "id": "urn:b:1", "type": "Building", "name": 1, "locatedAt": to("urn:city:1"), "owner": to("urn:gone") }),
        json!({ "id": "urn:b:2", "type": "Building", "name": 2, "locatedAt": to("urn:city:1") }),
        json!({ "id": "urn:city:1", "type": "City", "name": "Paris", "in": to("urn:country:1"), "has": to("urn:b:1"),
            "location": { "type": "Point", "coordinates": [2.3, 48.8] } }),
        json!({ "id": "urn:country:1", "type": "Country", "name": "France",
            "cities": { "type": "ListRelationship", "objectList": [{ "object": "urn:city:1" }] } }),
    ] {
        create(site, &entity).await;
    }
}

/// Identifiers of a list, or of the entity that stands alone.
fn ids(found: &Value) -> String {
    let all = found.as_array().map_or(std::slice::from_ref(found), Vec::as_slice);
    all.iter().map(|entity| entity["id"].as_str().unwrap_or("-")).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn linked_entities_follow_or_stand_inside() {
    let site = town().await;
    let table = [
        ("", "urn:b:1"),
        ("?join=@none", "urn:b:1"),
        ("?join=flat", "urn:b:1 urn:city:1"),
        ("?join=flat&joinLevel=2", "urn:b:1 urn:city:1 urn:country:1"),
        ("?join=flat&joinLevel=9", "urn:b:1 urn:city:1 urn:country:1"),
        ("?join=flat&joinLevel=2&containedBy=urn:country:1", "urn:b:1 urn:city:1"),
        ("?join=flat&containedBy=urn:city:1", "urn:b:1"),
        ("?join=flat&attrs=owner", "urn:b:1"),
        ("?join=flat&joinLevel=2&pick=id,locatedAt{id,name}", "urn:b:1 urn:city:1"),
        ("?join=flat&joinLevel=2&omit=locatedAt{in,id}", "urn:b:1 -"),
    ];
    for (query, expected) in table {
        let answer = get(&site, &format!("{BUILDING}{query}")).await;
        assert_eq!((answer.status, ids(&answer.json()).as_str()), (200, expected), "{query}: {}", answer.text);
    }
    let inside = get(&site, &format!("{BUILDING}?join=inline&joinLevel=3")).await.json();
    let city = &inside["locatedAt"]["entity"];
    assert_eq!((&city["name"]["value"], &city["in"]["entity"]["name"]["value"]), (&json!("Paris"), &json!("France")));
    assert_eq!(city["has"].get("entity"), None, "{inside}");
    assert_eq!(city["in"]["entity"]["cities"].get("entityList"), None, "{inside}");
    let picked = get(&site, &format!("{BUILDING}?join=inline&pick=locatedAt{{name}}&options=keyValues")).await.json();
    assert_eq!(picked, json!({ "locatedAt": { "name": "Paris" } }));
    let null = Value::Null;
    check(
        &site,
        &[
            ("GET", "/entities/urn:b:1?join=sideways", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities/urn:b:1?join=flat&joinLevel=0", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities/urn:b:1?join=flat&joinLevel=11", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities/urn:b:1?join=flat&joinLevel=x", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities/urn:b:1?join=flat&containedBy=nouri", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities/urn:b:1?pick=locatedAt{name}", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities/urn:b:1?join=flat&omit=locatedAt{in{name}}", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities/urn:b:9?join=flat", null, 404, "ResourceNotFound"),
        ],
    )
    .await;
}

#[tokio::test]
async fn queries_join_as_well() {
    let site = town().await;
    let flat = get(&site, "/entities?type=Building&join=flat&count=true&limit=5").await;
    assert_eq!((ids(&flat.json()).as_str(), flat.header("ngsild-results-count")), ("urn:b:1 urn:b:2 urn:city:1", "2"));
    let inside = get(&site, "/entities?type=Building&join=inline&options=keyValues").await.json();
    assert_eq!((&inside[0]["locatedAt"]["name"], &inside[1]["locatedAt"]["name"]), (&json!("Paris"), &json!("Paris")));
    let query = json!({ "type": "Query", "entities": [{ "type": "Building" }], "join": "flat", "joinLevel": 2,
        "pick": ["id", "locatedAt{name}"], "containedBy": ["urn:country:1"] });
    let found = call(&site, "POST", "/entityOperations/query", &query).await;
    assert_eq!((found.status, ids(&found.json()).as_str()), (200, "urn:b:1 urn:b:2 -"), "{}", found.text);
    let headers = [("accept", "application/geo+json")];
    let places = call_with(&site, "GET", &format!("{BUILDING}?join=flat"), &headers, "").await.json();
    let features = places["features"].as_array().unwrap();
    assert_eq!((features.len(), &features[1]["geometry"]["type"]), (2, &json!("Point")));
    let place = call_with(&site, "GET", &format!("{BUILDING}?join=inline"), &headers, "").await.json();
    assert_eq!(place["properties"]["locatedAt"]["entity"]["id"], "urn:city:1");
}

#[tokio::test]
async fn notifications_join_as_well() {
    for (join, expected) in [
        (json!({}), "urn:b:1"),
        (json!({ "join": "@none", "joinLevel": 2 }), "urn:b:1"),
        (json!({ "join": "flat" }), "urn:b:1 urn:city:1"),
        (json!({ "join": "flat", "joinLevel": 2, "format": "keyValues" }), "urn:b:1 urn:city:1 urn:country:1"),
        (json!({ "join": "flat", "pick": ["id", "locatedAt{id,name}"] }), "urn:b:1 urn:city:1"),
        (json!({ "join": "flat", "attributes": ["owner"] }), "urn:b:1"),
        (json!({ "join": "inline", "format": "keyValues" }), "urn:b:1"),
    ] {
        let site = town().await;
        let receiver = Receiver::start().await.unwrap();
        let mut notification = json!({ "endpoint": { "uri": receiver.url(), "accept": "application/json" } });
        notification.as_object_mut().unwrap().extend(join.as_object().unwrap().clone());
        let subscription = json!({ "id": "urn:s:1", "type": "Subscription", "entities": [{ "type": "Building" }],
            "notification": notification });
        let named = json!({ "name": { "type": "Property", "value": "Tower" } });
        check(
            &site,
            &[("POST", "/subscriptions", subscription, 201, ""), ("PATCH", "/entities/urn:b:1/attrs", named, 204, "")],
        )
        .await;
        let told = receiver.wait_for(1, SOON).await[0].json()["data"].clone();
        assert_eq!(ids(&told), expected, "{join}: {told}");
        let kept = get(&site, "/subscriptions/urn:s:1").await.json();
        assert_eq!(kept["notification"].get("join"), join.get("join"));
        if join["join"] == "inline" {
            assert_eq!((&told[0]["locatedAt"]["name"], &told[0]["name"]), (&json!("Paris"), &json!("Tower")));
        }
    }
}

#[tokio::test]
async fn a_thousand_links_are_enough() {
    let site = Site::alone().await;
    let ids: Vec<_> = (0..1_100).map(|number| format!("urn:t:{number}")).collect();
    let many: Vec<_> = ids.iter().map(|id| json!({ "id": id, "type": "T" })).collect();
    assert_eq!(call(&site, "POST", "/entityOperations/create", &json!(many)).await.status, 201);
    create(&site, &json!({ "id": "urn:all", "type": "All", "to": { "type": "Relationship", "object": ids } })).await;
    let answer = get(&site, "/entities/urn:all?join=flat").await;
    assert_eq!(answer.json().as_array().unwrap().len(), 1_001);
    assert!(answer.header("ngsild-warning").contains("too many"), "{:?}", answer.headers);
}

#[tokio::test]
async fn linked_entities_come_from_other_brokers() {
    let directory = tempfile::tempdir().unwrap();
    let (node, port) = super::federation::discovery(directory.path()).await;
    let (here, there) = (Site::start("here", port).await, Site::start("there", port).await);
    populate(&there).await;
    create(&here, &json!({ "id": "urn:me", "type": "Me", "in": { "object": "urn:city:1" } })).await;
    let flat = "/entities/urn:me?join=flat&joinLevel=2";
    let all = "urn:me urn:city:1 urn:b:1 urn:country:1";
    testkit::wait_until(SOON, "they are known here", async || {
        (ids(&get(&here, flat).await.json()) == all).then_some(())
    })
    .await;
    assert_eq!(ids(&get(&here, &format!("{flat}&local=true")).await.json()), "urn:me");
    let owned = get(&here, "/entities/urn:b:1?join=inline").await.json();
    assert_eq!(owned["locatedAt"]["entity"]["name"]["value"], "Paris");
    let found = get(&here, "/entities?type=Building&join=flat").await.json();
    assert_eq!(ids(&found), "urn:b:1 urn:b:2 urn:city:1");
    node.shutdown.cancel();
}
