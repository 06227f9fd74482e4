//! Creating, reading, replacing, merging and deleting one entity.

use serde_json::{Value, json};

use super::common::Site;
use super::{call, call_with, check, create, get};

pub(crate) const CAR: &str = "/entities/urn:ngsi-ld:Car:1";

pub(crate) fn car() -> Value {
    json!({
        "id": "urn:ngsi-ld:Car:1", "type": ["Car", "Taxi"], "scope": "/Madrid/Centre",
        "brand": { "type": "Property", "value": "Seat" },
        "speed": [
            { "type": "Property", "value": 50.5, "unitCode": "KMH", "observedAt": "2026-11-01T10:00:00Z",
              "source": { "type": "Property", "value": "GPS", "quality": { "type": "Property", "value": 0.9 } } },
            { "type": "Property", "value": 52, "datasetId": "urn:ngsi-ld:Data:radar" },
        ],
        "owner": { "type": "Relationship", "object": "urn:ngsi-ld:Person:7" },
        "location": { "type": "GeoProperty", "value": { "type": "Point", "coordinates": [8.6, 49.4] } },
        "name": { "type": "LanguageProperty", "languageMap": { "en": "taxi", "es": "coche" } },
        "kind": { "type": "VocabProperty", "vocab": "Fast" },
        "raw": { "type": "JsonProperty", "json": { "a": [1, null] } },
        "route": { "type": "ListProperty", "valueList": [1, 2, 3] },
    })
}

#[tokio::test]
async fn an_entity_is_read_back_as_it_was_written() {
    let site = Site::alone().await;
    let answer = call(&site, "POST", "/entities", &car()).await;
    assert_eq!((answer.status, answer.text.as_str()), (201, ""));
    assert_eq!(answer.header("location"), "/ngsi-ld/v1/entities/urn:ngsi-ld:Car:1");
    let mut expected = car();
    expected["speed"][0]["observedAt"] = json!("2026-11-01T10:00:00Z");
    let read = get(&site, CAR).await.json();
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&read[name], value, "{name}");
    }
    let site = site.restart().await;
    assert_eq!(get(&site, CAR).await.json(), read);
}

#[tokio::test]
async fn refusals_name_what_is_wrong() {
    let site = Site::alone().await;
    create(&site, &car()).await;
    let other = |change: Value| {
        let mut entity = json!({ "id": "urn:e:2", "type": "T" });
        entity.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        entity
    };
    let null = Value::Null;
    check(
        &site,
        &[
            ("POST", "/entities", car(), 409, "AlreadyExists"),
            ("POST", "/entities", json!({ "id": "urn:e:2" }), 400, "BadRequestData"),
            ("POST", "/entities", json!({ "type": "T" }), 400, "BadRequestData"),
            ("POST", "/entities", json!([]), 400, "BadRequestData"),
            ("POST", "/entities", other(json!({ "id": "no uri" })), 400, "BadRequestData"),
            ("POST", "/entities", other(json!({ "a": { "type": "Relationship", "value": 1 } })), 400, "BadRequestData"),
            ("POST", "/entities", other(json!({ "a": { "type": "Property", "value": null } })), 400, "BadRequestData"),
            ("GET", "/entities/no-uri", null.clone(), 400, "BadRequestData"),
            ("GET", "/entities/urn:e:9", null.clone(), 404, "ResourceNotFound"),
            ("DELETE", "/entities/urn:e:9", null.clone(), 404, "ResourceNotFound"),
            ("PUT", "/entities/urn:e:9", json!({ "id": "urn:e:9", "type": "T" }), 404, "ResourceNotFound"),
            ("PATCH", "/entities/urn:e:9", json!({ "a": 1 }), 404, "ResourceNotFound"),
            ("DELETE", "/entities/urn:ngsi-ld:Car:1?type=Bus", null.clone(), 404, "ResourceNotFound"),
            ("PATCH", "/entities/urn:ngsi-ld:Car:1/attrs?type=Bus", json!({ "a": 1 }), 404, "ResourceNotFound"),
            ("PATCH", "/entities/urn:ngsi-ld:Car:1/attrs?type=Bus,Car", json!({ "a": 1 }), 204, ""),
        ],
    )
    .await;
    let answer = call_with(&site, "POST", "/entities", &[("content-type", "application/json")], "{\"id\":").await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    let answer = call_with(&site, "POST", "/entities", &[("content-type", "text/plain")], "{}").await;
    assert_eq!(answer.status, 415);
}

#[tokio::test]
async fn an_entity_is_replaced_merged_and_deleted() {
    let site = Site::alone().await;
    create(&site, &car()).await;
    let merge = json!({
        "brand": { "value": "Skoda" }, "name": { "languageMap": { "en": "urn:ngsi-ld:null", "fr": "voiture" } },
        "owner": "urn:ngsi-ld:null", "extra": { "type": "Property", "value": { "a": 1, "b": { "c": 2 } } },
    });
    check(&site, &[("PATCH", CAR, merge, 204, "")]).await;
    let inner = json!({ "extra": { "value": { "b": { "c": "urn:ngsi-ld:null", "d": 3 } } } });
    check(&site, &[("PATCH", CAR, inner, 204, "")]).await;
    let read = get(&site, CAR).await.json();
    assert_eq!(read["brand"]["value"], "Skoda");
    assert_eq!(read["name"]["languageMap"], json!({ "es": "coche", "fr": "voiture" }));
    assert_eq!(read["owner"], Value::Null);
    assert_eq!(read["extra"]["value"], json!({ "a": 1, "b": { "d": 3 } }));
    assert_eq!(read["speed"].as_array().unwrap().len(), 2);

    let whole = json!({ "id": "urn:ngsi-ld:Car:1", "type": "Car", "brand": { "type": "Property", "value": "Fiat" } });
    check(&site, &[("PUT", CAR, whole.clone(), 204, "")]).await;
    assert_eq!(get(&site, CAR).await.json(), whole);
    check(&site, &[("DELETE", CAR, Value::Null, 204, ""), ("GET", CAR, Value::Null, 404, "ResourceNotFound")]).await;
}

#[tokio::test]
async fn what_is_shown_of_an_entity_and_how() {
    let site = Site::alone().await;
    create(&site, &car()).await;
    let simple = get(&site, &format!("{CAR}?options=keyValues&attrs=brand,owner")).await.json();
    assert_eq!(simple["brand"], "Seat");
    assert_eq!(simple["owner"], "urn:ngsi-ld:Person:7");
    assert_eq!(simple["speed"], Value::Null);
    let picked = get(&site, &format!("{CAR}?pick=id,brand")).await.json();
    assert_eq!(picked, json!({ "id": "urn:ngsi-ld:Car:1", "brand": { "type": "Property", "value": "Seat" } }));
    let times = get(&site, &format!("{CAR}?options=sysAttrs&attrs=brand")).await.json();
    assert!(times["createdAt"].is_string() && times["brand"]["modifiedAt"].is_string(), "{times}");
    let spanish = get(&site, &format!("{CAR}?lang=es&attrs=name")).await.json();
    assert_eq!(spanish["name"], json!({ "type": "Property", "value": "coche", "lang": "es" }));
    assert_eq!(get(&site, &format!("{CAR}?attrs=nothing")).await.status, 404);
    let accept = async |accept: &str| {
        let answer = call_with(&site, "GET", CAR, &[("accept", accept)], "").await;
        (answer.status, answer.header("content-type").to_owned(), answer)
    };
    let (status, media, answer) = accept("application/ld+json").await;
    assert_eq!((status, media.as_str()), (200, "application/ld+json"));
    assert!(answer.json()["@context"].is_string());
    let (status, media, answer) = accept("application/geo+json").await;
    assert_eq!((status, media.as_str()), (200, "application/geo+json"));
    assert_eq!(answer.json()["geometry"]["coordinates"], json!([8.6, 49.4]));
    let (_, media, answer) = accept("*/*").await;
    assert_eq!(media, "application/json");
    assert!(
        answer.header("link").contains("rel=\"http://www.w3.org/ns/json-ld#context\""),
        "{}",
        answer.header("link")
    );
    assert_eq!(accept("text/html").await.0, 406);
}
