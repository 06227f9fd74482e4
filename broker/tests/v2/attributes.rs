//! The attributes of an entity, one of them, and bare values.

use serde_json::{Value, json};

use super::common::Site;
use super::{call, call_with, check, create, get};

async fn with_entity() -> Site {
    let site = Site::alone().await;
    create(&site, &json!({ "id": "e", "type": "T", "a": { "value": 1, "metadata": { "m": { "value": 1 } } }, "b": { "value": "x" } })).await;
    site
}

async fn values(site: &Site) -> Value {
    get(site, "/v2/entities/e/attrs?options=keyValues").await.json()
}

#[tokio::test]
async fn appending_updating_and_replacing() {
    let attrs = "/v2/entities/e/attrs";
    let set = |name: &str, value: i64| json!({ name: { "value": value } });
    let table = [
        ("POST", attrs.to_owned(), set("a", 2), 204, "", json!({ "a": 2, "b": "x" })),
        ("POST", attrs.to_owned(), set("c", 2), 204, "", json!({ "a": 1, "b": "x", "c": 2 })),
        (
            "POST",
            format!("{attrs}?options=keyValues"),
            json!({ "c": [2] }),
            204,
            "",
            json!({ "a": 1, "b": "x", "c": [2] }),
        ),
        ("POST", format!("{attrs}?options=append"), set("c", 2), 204, "", json!({ "a": 1, "b": "x", "c": 2 })),
        ("POST", format!("{attrs}?options=append"), set("a", 2), 422, "Unprocessable", json!({ "a": 1, "b": "x" })),
        (
            "POST",
            format!("{attrs}?options=append"),
            json!({ "a": { "value": 2 }, "c": { "value": 2 } }),
            422,
            "PartialUpdate",
            json!({ "a": 1, "b": "x", "c": 2 }),
        ),
        ("PATCH", attrs.to_owned(), set("a", 2), 204, "", json!({ "a": 2, "b": "x" })),
        ("PATCH", attrs.to_owned(), set("c", 2), 422, "Unprocessable", json!({ "a": 1, "b": "x" })),
        (
            "PATCH",
            attrs.to_owned(),
            json!({ "a": { "value": 2 }, "c": { "value": 2 } }),
            422,
            "PartialUpdate",
            json!({ "a": 2, "b": "x" }),
        ),
        ("PATCH", format!("{attrs}?type=U"), set("a", 2), 404, "NotFound", json!({ "a": 1, "b": "x" })),
        ("PUT", attrs.to_owned(), set("c", 2), 204, "", json!({ "c": 2 })),
        ("PUT", attrs.to_owned(), json!({}), 204, "", json!({})),
        ("PUT", "/v2/entities/none/attrs".to_owned(), set("c", 2), 404, "NotFound", json!({ "a": 1, "b": "x" })),
        ("POST", "/v2/entities/none/attrs".to_owned(), set("c", 2), 404, "NotFound", json!({ "a": 1, "b": "x" })),
        ("POST", attrs.to_owned(), json!({}), 400, "BadRequest", json!({ "a": 1, "b": "x" })),
        ("PATCH", attrs.to_owned(), json!({ "id": "e" }), 400, "BadRequest", json!({ "a": 1, "b": "x" })),
        ("PUT", format!("{attrs}/a"), json!({ "value": 5 }), 204, "", json!({ "a": 5, "b": "x" })),
        ("PUT", format!("{attrs}/none"), json!({ "value": 5 }), 404, "NotFound", json!({ "a": 1, "b": "x" })),
        ("DELETE", format!("{attrs}/a"), Value::Null, 204, "", json!({ "b": "x" })),
        ("DELETE", format!("{attrs}/none"), Value::Null, 404, "NotFound", json!({ "a": 1, "b": "x" })),
        ("DELETE", "/v2/entities/none/attrs/a".to_owned(), Value::Null, 404, "NotFound", json!({ "a": 1, "b": "x" })),
    ];
    for (method, path, body, status, error, expected) in table {
        let site = with_entity().await;
        check(&site, &[(method, &path, body.clone(), status, error)]).await;
        assert_eq!(values(&site).await, expected, "{method} {path} {body}");
    }
}

#[tokio::test]
async fn an_entity_stays_without_attributes() {
    let site = with_entity().await;
    check(
        &site,
        &[
            ("DELETE", "/v2/entities/e/attrs/a", Value::Null, 204, ""),
            ("DELETE", "/v2/entities/e/attrs/b", Value::Null, 204, ""),
        ],
    )
    .await;
    assert_eq!(get(&site, "/v2/entities/e").await.json(), json!({ "id": "e", "type": "T" }));
}

#[tokio::test]
async fn metadata_stay_unless_they_are_overridden() {
    let site = with_entity().await;
    let named = json!({ "value": 2, "metadata": { "n": { "value": "y" } } });
    check(&site, &[("PUT", "/v2/entities/e/attrs/a", named.clone(), 204, "")]).await;
    let a = get(&site, "/v2/entities/e/attrs/a").await.json();
    assert_eq!(
        a,
        json!({ "type": "Number", "value": 2, "metadata": {
        "m": { "type": "Number", "value": 1 }, "n": { "type": "Text", "value": "y" } } })
    );
    assert_eq!(
        get(&site, "/v2/entities/e/attrs/a?metadata=n").await.json()["metadata"],
        json!({ "n": { "type": "Text", "value": "y" } })
    );
    check(&site, &[("PUT", "/v2/entities/e/attrs/a?options=overrideMetadata", named, 204, "")]).await;
    let a = get(&site, "/v2/entities/e/attrs/a").await.json();
    assert_eq!(a["metadata"], json!({ "n": { "type": "Text", "value": "y" } }));
}

#[tokio::test]
async fn bare_values() {
    let site = with_entity().await;
    let value = "/v2/entities/e/attrs/a/value";
    let table = [
        (json!("22.5"), 204, "22.5", "text/plain"),
        (json!("\"warm\""), 204, "\"warm\"", "text/plain"),
        (json!("true"), 204, "true", "text/plain"),
        (json!("null"), 204, "null", "text/plain"),
        (json!({ "x": [1] }), 204, "{\"x\":[1]}", "application/json"),
        (json!([1, 2]), 204, "[1,2]", "application/json"),
        (json!("warm"), 400, "[1,2]", "application/json"),
        (json!("\"a;b\""), 400, "[1,2]", "application/json"),
        (json!("[1"), 400, "[1,2]", "application/json"),
    ];
    for (body, status, expected, content_type) in table {
        let answer = call(&site, "PUT", value, &body).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.text);
        let read = get(&site, value).await;
        assert_eq!((read.text.as_str(), read.header("content-type")), (expected, content_type), "{body}");
    }
    let a = get(&site, "/v2/entities/e/attrs/a").await.json();
    assert_eq!((&a["type"], &a["metadata"]["m"]["value"]), (&json!("Number"), &json!(1)));
    let accept = [
        (value, "text/plain", 200, "text/plain"),
        (value, "text/html, */*;q=0.1", 200, "application/json"),
        (value, "text/html", 406, "application/json"),
        ("/v2/entities/e/attrs/b/value", "application/json", 406, "application/json"),
        ("/v2/entities/e/attrs/b/value", "text/*", 200, "text/plain"),
    ];
    for (path, accept, status, content_type) in accept {
        let answer = call_with(&site, "GET", path, &[("accept", accept)], "").await;
        assert_eq!((answer.status, answer.header("content-type")), (status, content_type), "{path} {accept}");
    }
    check(
        &site,
        &[
            ("GET", "/v2/entities/e/attrs/none/value", Value::Null, 404, "NotFound"),
            ("PUT", "/v2/entities/e/attrs/none/value", json!("1"), 404, "NotFound"),
            ("PUT", value, Value::Null, 411, "ContentLengthRequired"),
        ],
    )
    .await;
    let answer = call_with(&site, "PUT", value, &[("content-type", "text/html")], "1").await;
    assert_eq!(answer.outcome(), (415, "UnsupportedMediaType".to_owned()));
}

#[tokio::test]
async fn times_are_brought_to_one_form() {
    let site = Site::alone().await;
    create(&site, &json!({ "id": "e", "type": "T", "t": { "type": "DateTime", "value": null } })).await;
    let table = [
        ("2017-06-17T07:21:24.238Z", Some("2017-06-17T07:21:24.238Z")),
        ("2017-06-17", Some("2017-06-17T00:00:00.000Z")),
        ("2017-06-17T07:21:24", Some("2017-06-17T07:21:24.000Z")),
        ("2017-06-17T07:21+02:00", Some("2017-06-17T05:21:00.000Z")),
        ("2017-06-17T23-0130", Some("2017-06-18T00:30:00.000Z")),
        ("20170617T072124Z", Some("2017-06-17T07:21:24.000Z")),
        ("2017-13-17", None),
        ("yesterday", None),
        ("2017-06-17T25:00", None),
    ];
    for (text, expected) in table {
        let answer = call(&site, "PUT", "/v2/entities/e/attrs/t", &json!({ "type": "DateTime", "value": text })).await;
        assert_eq!(answer.status, if expected.is_some() { 204 } else { 400 }, "{text}");
        if let Some(expected) = expected {
            assert_eq!(get(&site, "/v2/entities/e/attrs/t").await.json()["value"], expected, "{text}");
        }
    }
    check(
        &site,
        &[
            ("PUT", "/v2/entities/e/attrs/t/value", json!("\"2020-01-01\""), 204, ""),
            ("PUT", "/v2/entities/e/attrs/t/value", json!("\"never\""), 400, "BadRequest"),
            ("PUT", "/v2/entities/e/attrs/t/value", json!("7"), 400, "BadRequest"),
        ],
    )
    .await;
    assert_eq!(get(&site, "/v2/entities/e/attrs/t/value").await.text, "\"2020-01-01T00:00:00.000Z\"");
}
