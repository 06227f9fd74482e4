//! Creating, reading and deleting one entity.

use serde_json::{Value, json};

use super::common::Site;
use super::{call, call_with, check, create, get};

pub(crate) fn room() -> Value {
    json!({
        "id": "Room1", "type": "Room",
        "temperature": { "value": 21.7, "metadata": { "unit": { "value": "C" }, "accuracy": { "value": 2, "type": "Number" } } },
        "open": { "value": false },
        "address": { "value": { "city": "Madrid" }, "type": "Address" },
        "name": { "value": "hall", "type": "Text" },
    })
}

#[tokio::test]
async fn an_entity_is_read_back_with_the_types_it_was_not_given() {
    let site = Site::alone().await;
    let answer = call(&site, "POST", "/v2/entities", &room()).await;
    assert_eq!((answer.status, answer.text.as_str()), (201, ""));
    assert_eq!(answer.header("location"), "/v2/entities/Room1?type=Room");
    let expected = json!({
        "id": "Room1", "type": "Room",
        "temperature": { "type": "Number", "value": 21.7,
            "metadata": { "unit": { "type": "Text", "value": "C" }, "accuracy": { "type": "Number", "value": 2 } } },
        "open": { "type": "Boolean", "value": false, "metadata": {} },
        "address": { "type": "Address", "value": { "city": "Madrid" }, "metadata": {} },
        "name": { "type": "Text", "value": "hall", "metadata": {} },
    });
    assert_eq!(get(&site, "/v2/entities/Room1").await.json(), expected);
    let site = site.restart().await;
    assert_eq!(get(&site, "/v2/entities/Room1?type=Room").await.json(), expected);
}

#[tokio::test]
async fn representations_and_selections() {
    let site = Site::alone().await;
    create(&site, &room()).await;
    let table = [
        (
            "options=keyValues&attrs=open,temperature",
            json!({ "id": "Room1", "type": "Room", "open": false, "temperature": 21.7 }),
        ),
        ("options=values&attrs=open,name", json!([false, "hall"])),
        ("options=values&attrs=name,open", json!(["hall", false])),
        ("options=keyValues&attrs=missing", json!({ "id": "Room1", "type": "Room" })),
        (
            "attrs=temperature&metadata=unit",
            json!({ "id": "Room1", "type": "Room", "temperature":
            { "type": "Number", "value": 21.7, "metadata": { "unit": { "type": "Text", "value": "C" } } } }),
        ),
        (
            "attrs=name,*&options=keyValues",
            json!({ "id": "Room1", "type": "Room", "name": "hall", "temperature": 21.7,
            "open": false, "address": { "city": "Madrid" } }),
        ),
    ];
    for (query, expected) in table {
        assert_eq!(get(&site, &format!("/v2/entities/Room1?{query}")).await.json(), expected, "{query}");
    }
    create(&site, &json!({ "id": "Twice", "a": { "value": 1 }, "b": { "value": 1 }, "c": { "value": "1" } })).await;
    assert_eq!(get(&site, "/v2/entities/Twice?options=unique").await.json(), json!([1, "1"]));
    assert_eq!(
        get(&site, "/v2/entities/Twice/attrs?options=keyValues").await.json(),
        json!({ "a": 1, "b": 1, "c": "1" })
    );
    assert_eq!(get(&site, "/v2/entities/Twice?attrs=none").await.json(), json!({ "id": "Twice", "type": "Thing" }));
}

#[tokio::test]
async fn times_are_told_to_who_asks_for_them() {
    let site = Site::alone().await;
    create(&site, &json!({ "id": "e", "a": { "value": 1 } })).await;
    let before =
        get(&site, "/v2/entities/e?attrs=dateCreated,dateModified,*&metadata=dateCreated,dateModified,*").await.json();
    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    check(&site, &[("PATCH", "/v2/entities/e/attrs", json!({ "a": { "value": 2 } }), 204, "")]).await;
    let after =
        get(&site, "/v2/entities/e?attrs=dateCreated,dateModified,*&metadata=dateCreated,dateModified,*").await.json();
    assert_eq!(before["dateCreated"], after["dateCreated"]);
    assert_eq!(before["dateCreated"]["type"], "DateTime");
    assert!(before["dateModified"]["value"].as_str() < after["dateModified"]["value"].as_str());
    let (first, later) = (&before["a"]["metadata"], &after["a"]["metadata"]);
    assert_eq!(first["dateCreated"], later["dateCreated"]);
    assert!(first["dateModified"]["value"].as_str() < later["dateModified"]["value"].as_str());
    assert_eq!(get(&site, "/v2/entities/e").await.json().as_object().unwrap().len(), 3);
}

#[tokio::test]
async fn creating_upserting_and_deleting() {
    let site = Site::alone().await;
    let small = |value: i64| json!({ "id": "e", "type": "T", "a": { "value": value } });
    check(
        &site,
        &[
            ("POST", "/v2/entities", small(1), 201, ""),
            ("POST", "/v2/entities", small(2), 422, "Unprocessable"),
            ("POST", "/v2/entities", json!({ "id": "e", "type": "U" }), 201, ""),
            ("POST", "/v2/entities?options=upsert", json!({ "id": "e", "type": "T", "b": { "value": 3 } }), 204, ""),
            ("POST", "/v2/entities?options=upsert", json!({ "id": "e", "type": "U" }), 204, ""),
            ("DELETE", "/v2/entities/e?type=U", Value::Null, 204, ""),
            ("POST", "/v2/entities?options=upsert,keyValues", json!({ "id": "new", "type": "T", "b": 3 }), 204, ""),
            ("GET", "/v2/entities/e?type=U", Value::Null, 404, "NotFound"),
            ("DELETE", "/v2/entities/e?type=U", Value::Null, 404, "NotFound"),
            ("DELETE", "/v2/entities/none", Value::Null, 404, "NotFound"),
        ],
    )
    .await;
    assert_eq!(
        get(&site, "/v2/entities/e?options=keyValues").await.json(),
        json!({ "id": "e", "type": "T", "a": 1, "b": 3 })
    );
    check(
        &site,
        &[
            ("DELETE", "/v2/entities/e?type=T", Value::Null, 204, ""),
            ("GET", "/v2/entities/e", Value::Null, 404, "NotFound"),
            ("GET", "/v2/entities/e/attrs", Value::Null, 404, "NotFound"),
        ],
    )
    .await;
}

#[tokio::test]
async fn headers_are_answered() {
    let site = Site::alone().await;
    let answer = call_with(&site, "GET", "/v2/entities", &[("Fiware-Correlator", "abc")], "").await;
    assert_eq!((answer.status, answer.header("fiware-correlator")), (200, "abc"));
    assert!(!get(&site, "/v2/entities/none").await.header("fiware-correlator").is_empty());
}
