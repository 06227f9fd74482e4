//! What all requests and answers have in common.

use serde_json::{Value, json};

use super::common::Site;
use super::entities::{CAR, car};
use super::{call_with, check, create};

#[tokio::test]
async fn what_no_operation_knows_is_refused() {
    let site = Site::alone().await;
    let attribute = json!({ "brand": { "type": "Property", "value": "VW" } });
    let null = Value::Null;
    check(
        &site,
        &[
            ("GET", "/entities?type=Car&nonsense=1", null.clone(), 400, "InvalidRequest"),
            ("POST", "/entities?nonsense=1", json!("no entity"), 400, "InvalidRequest"),
            ("GET", "/entities/urn:e:9?options=nonsense", null.clone(), 400, "InvalidRequest"),
            ("GET", "/entities/urn:e:9?options=keyValues,nonsense", null.clone(), 400, "InvalidRequest"),
            ("GET", "/entities/urn:e:9?format=nonsense", null.clone(), 400, "InvalidRequest"),
            ("PUT", "/entities/", car(), 400, "BadRequestData"),
            ("PATCH", "/entities/", attribute.clone(), 400, "BadRequestData"),
            ("POST", "/entities//attrs/", attribute.clone(), 400, "BadRequestData"),
            ("PATCH", "/entities//attrs/brand", attribute, 400, "BadRequestData"),
            ("DELETE", "/entities/?nonsense=1", null, 400, "InvalidRequest"),
        ],
    )
    .await;
}

#[tokio::test]
async fn a_slash_at_the_end_says_nothing() {
    let site = Site::alone().await;
    let attribute = json!({ "brand": { "type": "Property", "value": "VW" } });
    check(
        &site,
        &[
            ("POST", "/entities/", car(), 201, ""),
            ("GET", "/entities/?type=Car", Value::Null, 200, ""),
            ("PATCH", &format!("{CAR}/attrs/"), attribute, 204, ""),
            ("GET", "/types/", Value::Null, 200, ""),
            ("GET", "/subscriptions/?limit=1", Value::Null, 200, ""),
            ("GET", "/jsonldContexts/", Value::Null, 200, ""),
        ],
    )
    .await;
}

#[tokio::test]
async fn answers_name_the_tenant() {
    let site = Site::alone().await;
    let headers = [("ngsild-tenant", "Town"), ("content-type", "application/json")];
    for (method, path, body, status) in [
        ("GET", CAR, String::new(), 404),
        ("POST", "/entities/", car().to_string(), 201),
        ("GET", CAR, String::new(), 200),
        ("GET", "/entities/?type=Car", String::new(), 200),
        ("GET", "/entities/no-uri", String::new(), 400),
    ] {
        let answer = call_with(&site, method, path, &headers, &body).await;
        assert_eq!(
            (answer.status, answer.header("ngsild-tenant")),
            (status, "Town"),
            "{method} {path}: {}",
            answer.text
        );
    }
}

#[tokio::test]
async fn members_are_picked_and_omitted() {
    let site = Site::alone().await;
    create(&site, &car()).await;
    let get = |path: &'static str, status: u16, error: &'static str| ("GET", path, Value::Null, status, error);
    check(
        &site,
        &[
            get("/entities/urn:ngsi-ld:Car:1?pick=nothing", 404, "ResourceNotFound"),
            get("/entities/urn:ngsi-ld:Car:1?pick=brand&attrs=brand", 400, "BadRequestData"),
            get("/entities/urn:ngsi-ld:Car:1?omit=brand&attrs=brand", 400, "BadRequestData"),
            get("/entities/urn:ngsi-ld:Car:1?pick=brand&omit=brand", 400, "BadRequestData"),
            get("/entities/urn:ngsi-ld:Car:1?pick=id;brand", 400, "BadRequestData"),
            get("/entities?attrs=id,type", 400, "BadRequestData"),
        ],
    )
    .await;
    let answer = super::get(&site, "/entities?type=Car&pick=nothing").await;
    assert_eq!(answer.json(), json!([]));
}
