//! What all requests and answers have in common.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

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
async fn what_is_no_json_cannot_be_understood() {
    let site = Site::alone().await;
    for (method, path) in [
        ("POST", "/entities"),
        ("PATCH", "/entities/urn:e"),
        ("POST", "/entityOperations/create"),
        ("POST", "/entityOperations/query"),
        ("POST", "/subscriptions"),
        ("PATCH", "/subscriptions/urn:s"),
        ("POST", "/csourceRegistrations"),
        ("PATCH", "/csourceRegistrations/urn:r"),
        ("POST", "/csourceSubscriptions"),
        ("PATCH", "/csourceSubscriptions/urn:s"),
        ("PATCH", "/entityMaps/urn:m"),
        ("POST", "/temporal/entities"),
        ("POST", "/temporal/entityOperations/query"),
    ] {
        let answer = call_with(&site, method, path, &[("content-type", "application/json")], "{\"a\":,}").await;
        let kind = answer.json()["type"].as_str().unwrap_or_default().to_owned();
        assert!(answer.status == 400 && kind.ends_with("/InvalidRequest"), "{method} {path}: {}", answer.text);
    }
}

#[tokio::test]
async fn a_body_has_a_length_or_an_end_of_its_own() {
    let site = Site::alone().await;
    let answer = async |rest: &str| {
        let mut connection = TcpStream::connect(site.url.trim_start_matches("http://")).await.unwrap();
        let head =
            "POST /ngsi-ld/v1/entities HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n";
        connection.write_all(format!("{head}{rest}").as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        answer
    };
    let refused = answer("\r\n").await;
    assert!(refused.starts_with("HTTP/1.1 411 ") && refused.contains("Content-Length"), "{refused}");
    let body = json!({ "id": "urn:e:chunks", "type": "Car" }).to_string();
    let created = answer(&format!("Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n", body.len())).await;
    assert!(created.starts_with("HTTP/1.1 201 "), "{created}");
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
async fn what_changes_an_entity_may_be_a_merge_patch() {
    let site = Site::alone().await;
    create(&site, &car()).await;
    let (brand, value) = (json!({ "brand": { "type": "Property", "value": "VW" } }), json!({ "value": "VW" }));
    let attributes = format!("{CAR}/attrs");
    let attribute = format!("{CAR}/attrs/brand");
    for (method, path, body, status) in [
        ("PATCH", CAR, &brand, 204),
        ("PATCH", &attributes, &brand, 204),
        ("POST", &attributes, &brand, 204),
        ("PATCH", &attribute, &value, 204),
        ("POST", "/entities", &brand, 415),
    ] {
        let headers = [("content-type", "application/merge-patch+json")];
        let answer = call_with(&site, method, path, &headers, &body.to_string()).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
    }
}

#[tokio::test]
async fn the_count_is_asked_for_in_two_ways() {
    let site = Site::alone().await;
    create(&site, &car()).await;
    for parameters in ["count=true", "options=count", "options=keyValues,count"] {
        let answer = call_with(&site, "GET", &format!("/entities?type=Car&{parameters}"), &[], "").await;
        assert_eq!((answer.status, answer.header("ngsild-results-count")), (200, "1"), "{parameters}");
    }
}

#[tokio::test]
async fn answers_name_the_tenant() {
    let site = Site::alone().await;
    let tenant = "Town-2_north";
    let headers = [("ngsild-tenant", tenant), ("content-type", "application/json")];
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
            (status, tenant),
            "{method} {path}: {}",
            answer.text
        );
    }
    let unnamed = call_with(&site, "GET", CAR, &[("ngsild-tenant", "-")], "").await;
    assert_eq!(unnamed.status, 400, "{}", unnamed.text);
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
