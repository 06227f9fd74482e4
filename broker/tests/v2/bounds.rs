//! What is refused, and how it is said.

use serde_json::json;

use super::common::Site;
use super::{call, call_with, create, get};

#[tokio::test]
async fn bad_bodies_name_what_is_wrong() {
    let site = Site::alone().await;
    let long = "x".repeat(257);
    let table = [
        ("{".to_owned(), "ParseError", "the body"),
        ("".to_owned(), "ContentLengthRequired", "no body"),
        ("[]".to_owned(), "BadRequest", "the body"),
        ("7".to_owned(), "BadRequest", "the body"),
        (json!({ "type": "T" }).to_string(), "BadRequest", "id"),
        (json!({ "id": 7 }).to_string(), "BadRequest", "id"),
        (json!({ "id": "" }).to_string(), "BadRequest", "id"),
        (json!({ "id": "a b" }).to_string(), "BadRequest", "id"),
        (json!({ "id": "a/b" }).to_string(), "BadRequest", "id"),
        (json!({ "id": "zürich" }).to_string(), "BadRequest", "id"),
        (json!({ "id": long }).to_string(), "BadRequest", "id"),
        (json!({ "id": "e", "type": "T#" }).to_string(), "BadRequest", "type"),
        (json!({ "id": "e", "a": 7 }).to_string(), "BadRequest", "a: must be an object"),
        (json!({ "id": "e", "a;": { "value": 1 } }).to_string(), "BadRequest", "attribute name"),
        (json!({ "id": "e", "geo:distance": { "value": 1 } }).to_string(), "BadRequest", "geo:distance"),
        (json!({ "id": "e", "a": { "value": "<b>" } }).to_string(), "BadRequest", "a.value"),
        (json!({ "id": "e", "a": { "value": { "x": ["a=b"] } } }).to_string(), "BadRequest", "a.value"),
        (json!({ "id": "e", "a": { "value": 1, "type": "" } }).to_string(), "BadRequest", "a.type"),
        (json!({ "id": "e", "a": { "value": 1, "more": 1 } }).to_string(), "BadRequest", "more"),
        (json!({ "id": "e", "a": { "value": 1, "metadata": { "*": {} } } }).to_string(), "BadRequest", "a.metadata"),
        (json!({ "id": "e", "a": { "value": 1, "metadata": 1 } }).to_string(), "BadRequest", "a.metadata"),
        (json!({ "id": "e", "l": { "type": "geo:point", "value": "91, 0" } }).to_string(), "BadRequest", "l.value"),
        (
            json!({ "id": "e", "l": { "type": "geo:polygon", "value": ["1, 1", "2, 2"] } }).to_string(),
            "BadRequest",
            "l.value",
        ),
        (
            json!({ "id": "e", "l": { "type": "geo:json", "value": { "type": "Point" } } }).to_string(),
            "BadRequest",
            "l.value",
        ),
        (json!({ "id": "e", "t": { "type": "DateTime", "value": 7 } }).to_string(), "BadRequest", "t.value"),
        (format!("{{\"id\":\"e\",\"a\":{{\"value\":{}1{}}}}}", "[".repeat(80), "]".repeat(80)), "BadRequest", "nested"),
    ];
    for (body, error, names) in table {
        let answer = call_with(&site, "POST", "/v2/entities", &[("content-type", "application/json")], &body).await;
        assert!(answer.status >= 400, "{body}");
        let told = answer.json();
        assert_eq!(told["error"], error, "{body}: {told}");
        assert!(told["description"].as_str().unwrap().contains(names), "{body}: {told}");
        assert_eq!(told.as_object().unwrap().len(), 2);
    }
    assert_eq!(get(&site, "/v2/entities").await.json(), json!([]));
    let unrestricted = json!({ "id": "e", "a": { "type": "TextUnrestricted", "value": "<b>'\"=;()" } });
    create(&site, &unrestricted).await;
    assert_eq!(get(&site, "/v2/entities/e").await.json()["a"]["value"], "<b>'\"=;()");
}

#[tokio::test]
async fn wrong_media_types_and_methods() {
    let site = Site::alone().await;
    let body = json!({ "id": "e" }).to_string();
    for (given, status) in [("text/plain", 415), ("", 415), ("application/json; charset=utf-8", 201)] {
        let headers = if given.is_empty() { Vec::new() } else { vec![("content-type", given)] };
        let answer = call_with(&site, "POST", "/v2/entities", &headers, &body).await;
        assert_eq!(answer.status, status, "{given}: {}", answer.text);
    }
    let answer = call(&site, "PATCH", "/v2/entities/e", &json!({})).await;
    assert_eq!(answer.outcome(), (405, "MethodNotAllowed".to_owned()));
    assert_eq!(get(&site, "/v2/none").await.outcome(), (404, "NotFound".to_owned()));
}
