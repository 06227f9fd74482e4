//! Updates, queries and the GET/DELETE conveniences of one broker.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::common::{Site, update};
use http::StatusCode;
use serde_json::{Value, json};

fn room(id: &str, latitude: f64) -> Value {
    json!({
        "contextElements": [{
            "entityId": { "id": id, "type": "Room", "isPattern": false },
            "attributes": [
                { "name": "temperature", "type": "float", "value": 21.5,
                  "metadata": [{ "name": "unit", "type": "string", "value": "C" }] },
                { "name": "state", "type": "object", "value": { "on": true } },
            ],
            "domainMetadata": [
                { "name": "location", "type": "point", "value": { "latitude": latitude, "longitude": 8.0 } },
                { "name": "owner", "type": "string", "value": "me" },
            ],
        }],
        "updateAction": "append",
    })
}

#[tokio::test]
async fn an_update_is_read_back_as_it_was_written() {
    let site = Site::alone().await;
    let (status, answer) = site.post("/ngsi10/updateContext", &room("Room.1", 49.0)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["contextResponses"][0]["statusCode"], json!({ "code": 200, "reasonPhrase": "OK" }));
    assert_eq!(answer["contextResponses"][0]["contextElement"]["entityId"]["id"], "Room.1");

    let (status, entity) = site.get("/ngsi10/entity/Room.1").await;
    assert_eq!(status, StatusCode::OK);
    let written = &room("Room.1", 49.0)["contextElements"][0];
    assert_eq!(&entity, written);
    let (_, attribute) = site.get("/ngsi10/entity/Room.1/temperature").await;
    assert_eq!(attribute, written["attributes"][0]);
    let (_, list) = site.get("/ngsi10/entity").await;
    assert_eq!(list, json!([written]));
}

#[tokio::test]
async fn an_update_leaves_what_it_does_not_name() {
    let site = Site::alone().await;
    site.post("/ngsi10/updateContext", &room("Room.1", 49.0)).await;
    site.set("Room.1", "", 7).await;
    let (_, entity) = site.get("/ngsi10/entity/Room.1").await;
    assert_eq!(entity["entityId"]["type"], "Room");
    assert_eq!(entity["attributes"].as_array().unwrap().len(), 3);
    assert_eq!(entity["domainMetadata"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_older_form_of_an_element_is_understood() {
    let site = Site::alone().await;
    let body = json!({ "contextElements": [{ "id": "Old.1", "type": "Old", "isPattern": "false",
        "attributes": [{ "name": "a", "type": "string", "value": "x" }] }], "updateAction": "UPDATE" });
    assert_eq!(site.post("/ngsi10/updateContext", &body).await.0, StatusCode::OK);
    assert_eq!(site.get("/ngsi10/entity/Old.1").await.1["entityId"]["type"], "Old");
}

#[tokio::test]
async fn delete_removes_attributes_or_the_entity() {
    let site = Site::alone().await;
    site.post("/ngsi10/updateContext", &room("Room.1", 49.0)).await;
    let element = json!({ "entityId": { "id": "Room.1" }, "attributes": [{ "name": "state" }] });
    site.post("/ngsi10/updateContext", &json!({ "contextElements": [element], "updateAction": "DELETE" })).await;
    let (_, entity) = site.get("/ngsi10/entity/Room.1").await;
    assert_eq!(entity["attributes"].as_array().unwrap().len(), 1);

    let whole = json!({ "contextElements": [{ "entityId": { "id": "Room.1" } }], "updateAction": "DELETE" });
    site.post("/ngsi10/updateContext", &whole).await;
    assert_eq!(site.get("/ngsi10/entity/Room.1").await.0, StatusCode::NOT_FOUND);
    let (status, answer) = site.post("/ngsi10/updateContext", &whole).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(answer["contextResponses"][0]["statusCode"]["code"], 404);
    assert_eq!(site.delete("/ngsi10/entity/Room.1").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn ids_with_reserved_characters_work_in_paths() {
    let site = Site::alone().await;
    for id in ["urn:ngsi-ld:Room:1", "a/b c", "zimmer-ü"] {
        site.set(id, "Room", 1).await;
        let path: String = id
            .bytes()
            .map(|b| if b.is_ascii_alphanumeric() { char::from(b).to_string() } else { format!("%{b:02X}") })
            .collect();
        assert_eq!(site.get(&format!("/ngsi10/entity/{path}")).await.1["entityId"]["id"], id);
        assert_eq!(site.get(&format!("/ngsi10/entity/{path}/value")).await.1["value"], 1);
        assert_eq!(site.get(&format!("/ngsi10/entity/{path}/other")).await.0, StatusCode::NOT_FOUND);
        assert_eq!(site.delete(&format!("/ngsi10/entity/{path}")).await.0, StatusCode::OK);
    }
    assert_eq!(site.get("/ngsi10/entity").await.1, json!([]));
}

fn found(answer: &Value) -> Vec<&str> {
    let mut ids: Vec<_> = answer["contextResponses"]
        .as_array()
        .unwrap()
        .iter()
        .map(|response| response["contextElement"]["entityId"]["id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn queries_select_by_id_type_pattern_attribute_and_scope() {
    let site = Site::alone().await;
    site.post("/ngsi10/updateContext", &room("Room.1", 49.0)).await;
    site.post("/ngsi10/updateContext", &room("Room.2", 50.0)).await;
    site.set("Lamp.1", "Lamp", 1).await;
    let scope = |kind: &str, value: Value| {
        json!({ "entities": [{ "id": ".*", "isPattern": true }],
            "restriction": { "scopes": [{ "scopeType": kind, "scopeValue": value }] } })
    };
    let square = json!({ "vertices": [{ "latitude": 48, "longitude": 7 }, { "latitude": 48, "longitude": 9 },
        { "latitude": 49.5, "longitude": 9 }, { "latitude": 49.5, "longitude": 7 }] });
    let cases = [
        (json!({ "entities": [{ "id": "Room.1", "type": "Room" }] }), vec!["Room.1"]),
        (json!({ "entities": [{ "id": "Room.1", "type": "Lamp" }] }), vec![]),
        (json!({ "entities": [{ "type": "Room", "isPattern": true }] }), vec!["Room.1", "Room.2"]),
        (json!({ "entities": [{ "id": "\\.1$", "isPattern": "true" }] }), vec!["Lamp.1", "Room.1"]),
        (json!({ "entities": [{ "isPattern": true }], "attributes": ["state"] }), vec!["Room.1", "Room.2"]),
        (scope("circle", json!({ "centerLatitude": 49.0, "centerLongitude": 8.0, "radius": 1000 })), vec!["Room.1"]),
        (scope("polygon", square), vec!["Room.1"]),
        (scope("nearby", json!({ "latitude": 51, "longitude": 8, "limit": 1 })), vec!["Room.2"]),
        (scope("stringQuery", json!("owner=me")), vec!["Room.1", "Room.2"]),
        (scope("stringQuery", json!("owner=you")), vec![]),
        (scope("simplegeolocation", json!({ "nw_Corner": "49.5,7", "se_Corner": "48,9" })), vec!["Room.1"]),
        (scope("global", json!(null)), vec!["Lamp.1", "Room.1", "Room.2"]),
    ];
    for (query, expected) in cases {
        let (status, answer) = site.post("/ngsi10/queryContext", &query).await;
        assert_eq!(status, StatusCode::OK, "{query}: {answer}");
        assert_eq!(answer["errorCode"]["code"], 200);
        assert_eq!(found(&answer), expected, "{query}");
    }
    let chosen = json!({ "entities": [{ "id": "Room.1" }], "attributes": ["state"] });
    let (_, answer) = site.post("/ngsi10/queryContext", &chosen).await;
    let attributes = answer["contextResponses"][0]["contextElement"]["attributes"].as_array().unwrap();
    assert_eq!(attributes.len(), 1);
    assert_eq!(answer["errorCode"], json!({ "code": 200, "reasonPhrase": "OK" }));
}

#[tokio::test]
async fn bad_input_is_answered_with_its_place() {
    let site = Site::alone().await;
    let place = |metadata: Value| {
        let element = json!({ "entityId": { "id": "a" }, "domainMetadata": [metadata] });
        json!({ "contextElements": [element], "updateAction": "UPDATE" }).to_string()
    };
    let query = |scope: Value| json!({ "entities": [{ "id": "a" }], "restriction": { "scopes": [scope] } }).to_string();
    let deep = format!("{{\"contextElements\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    let cases = [
        ("updateContext", "{\"contextElements\":[".to_owned(), "EOF"),
        ("updateContext", String::new(), "EOF"),
        ("updateContext", deep, "nested deeper"),
        ("updateContext", update("", "Room", 1).to_string(), "contextElements[0].entityId.id"),
        ("updateContext", update(&"x".repeat(5000), "Room", 1).to_string(), "contextElements[0].entityId.id"),
        ("updateContext", json!({ "contextElements": [{}], "updateAction": "MOVE" }).to_string(), "updateAction"),
        (
            "updateContext",
            "{\"contextElements\":[{\"entityId\":{\"id\":7}}],\"updateAction\":\"UPDATE\"}".to_owned(),
            "contextElements[0]",
        ),
        (
            "updateContext",
            place(json!({ "name": "p", "type": "point", "value": { "latitude": 91, "longitude": 0 } })),
            "latitude",
        ),
        (
            "updateContext",
            place(json!({ "name": "p", "type": "point", "value": { "latitude": "NaN", "longitude": 0 } })),
            "value",
        ),
        (
            "updateContext",
            place(
                json!({ "name": "p", "type": "polygon", "value": { "vertices": [{ "latitude": 1, "longitude": 1 }, { "latitude": 2, "longitude": 1 }] } }),
            ),
            "vertices",
        ),
        (
            "queryContext",
            json!({ "entities": vec![json!({ "id": "a+", "isPattern": true }); 101] }).to_string(),
            "entities",
        ),
        ("queryContext", "[]".to_owned(), ""),
        ("queryContext", json!({ "entities": [{ "id": "(", "isPattern": true }] }).to_string(), "entities[0].id"),
        (
            "queryContext",
            json!({ "entities": [{ "id": "((a{100}){100}){100}", "isPattern": true }] }).to_string(),
            "entities[0].id",
        ),
        ("queryContext", query(json!({ "scopeType": "near", "scopeValue": 1 })), "restriction.scopes[0].scopeType"),
        (
            "queryContext",
            query(
                json!({ "scopeType": "circle", "scopeValue": { "centerLatitude": 1, "centerLongitude": 1, "radius": -1 } }),
            ),
            "radius",
        ),
        ("subscribeContext", json!({ "entities": [{ "id": "a" }] }).to_string(), "reference"),
        ("subscribeContext", json!({ "entities": [{ "id": "a" }], "reference": "ftp://x" }).to_string(), "reference"),
        (
            "subscribeContext",
            json!({ "entities": [{ "id": "a" }], "reference": "http://x", "duration": "soon" }).to_string(),
            "duration",
        ),
        ("unsubscribeContext", "{}".to_owned(), "subscriptionId"),
        ("notifyContext", "nonsense".to_owned(), ""),
        (
            "notifyContextAvailability",
            "{\"contextRegistrationResponses\":7}".to_owned(),
            "contextRegistrationResponses",
        ),
    ];
    for (call, body, place) in cases {
        let shown: String = body.chars().take(120).collect();
        let (status, answer) = site.post_raw(&format!("/ngsi10/{call}"), &[], body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{call} {shown}: {answer}");
        assert_eq!(answer["errorCode"]["code"], 400);
        assert_eq!(answer["errorCode"]["reasonPhrase"], "Bad Request");
        let details = answer["errorCode"]["details"].as_str().unwrap();
        assert!(details.contains(place), "{call} {shown}: `{details}` should name `{place}`");
    }
    let huge = format!("{{\"contextElements\":[{{\"entityId\":{{\"id\":\"{}\"}}}}]}}", "x".repeat(3 << 20));
    assert_eq!(site.post_raw("/ngsi10/updateContext", &[], huge).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(site.get("/ngsi10/nothing").await.0, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/ngsi10/updateContext").await.0, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(site.get("/version").await.0, StatusCode::OK);
}

#[tokio::test]
async fn entities_survive_a_restart() {
    let site = Site::alone().await;
    site.post("/ngsi10/updateContext", &room("Room.1", 49.0)).await;
    site.set("Gone.1", "Room", 1).await;
    site.delete("/ngsi10/entity/Gone.1").await;
    let site = site.restart().await;
    let written = &room("Room.1", 49.0)["contextElements"][0];
    assert_eq!(&site.get("/ngsi10/entity/Room.1").await.1, written);
    assert_eq!(site.get("/ngsi10/entity/Gone.1").await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn without_a_disk_writes_are_refused_and_reads_go_on() {
    let site = Site::alone().await;
    site.set("Room.1", "Room", 1).await;
    site.lose_disk();
    let (status, answer) = site.post("/ngsi10/updateContext", &update("Room.2", "Room", 1)).await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer["errorCode"]["details"].as_str().unwrap().contains("not stored"), "{answer}");
    assert_eq!(site.get("/ngsi10/entity/Room.1").await.0, StatusCode::OK);
    assert_eq!(site.get("/readyz").await.0, StatusCode::SERVICE_UNAVAILABLE);
}

/// As the client suites of the original do.
#[tokio::test]
async fn existing_clients_are_served() {
    let site = Site::alone().await;
    let written = room("Room.1", 49.0);
    assert_eq!(site.post("/v1/updateContext", &written).await.0, StatusCode::OK);
    let mut all = written.clone();
    all["updateAction"] = json!("DELETE");
    site.post("/ngsi10/updateContext", &all).await;
    assert_eq!(site.get("/ngsi10/entity/Room.1").await.0, StatusCode::NOT_FOUND);

    for nothing in [json!({}), written] {
        let (status, answer) = site.post("/ngsi10/subscribeContext", &nothing).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let id = answer["subscribeResponse"]["subscriptionId"].as_str().unwrap();
        assert_eq!(site.get(&format!("/ngsi10/subscription/{id}")).await.0, StatusCode::OK);
    }
    for action in [json!(null), json!("")] {
        let mut unnamed = room("Room.1", 49.0);
        unnamed["updateAction"] = action;
        assert_eq!(site.post("/ngsi10/updateContext", &unnamed).await.0, StatusCode::OK);
    }
    let (_, version) = site.get("/version").await;
    assert_eq!(version["date"].as_str().unwrap().len(), "2026-01-01".len(), "{version}");
    assert_eq!(site.post("/ngsi10/updateContext", &json!({})).await.0, StatusCode::OK);
    let (status, answer) = site.post("/ngsi10/queryContext", &json!({})).await;
    assert_eq!((status, &answer["contextResponses"]), (StatusCode::OK, &json!([])));
}
