use serde_json::{Value, json};

use crate::common::Site;
use crate::{call, check, get, read, sites, values};

#[tokio::test(flavor = "multi_thread")]
async fn changes_by_every_dialect_are_recorded() {
    for site in sites(json!({ "record": ["Room"] })).await {
        site.set("urn:ngsi-ld:Room:1", "Room", 1).await;
        let v2 = json!({ "value": { "value": 2, "type": "Number" } });
        let (status, _) = send(&site, "POST", "/v2/entities/urn:ngsi-ld:Room:1/attrs", &v2).await;
        assert_eq!(status, 204);
        check(
            &site,
            &[(
                "PATCH",
                "/entities/urn:ngsi-ld:Room:1/attrs",
                json!({ "value": { "type": "Property", "value": 3, "observedAt": "2030-01-01T00:00:00Z" } }),
                204,
            )],
        )
        .await;
        let room = "/temporal/entities/urn:ngsi-ld:Room:1";
        let recorded =
            read(&site, &format!("{room}?timeproperty=modifiedAt&timerel=after&timeAt=2020-01-01T00:00:00Z")).await;
        assert_eq!(
            (values(&recorded, "value"), &recorded["type"]),
            (vec![json!(1), json!(2), json!(3)], &json!("Room"))
        );
        let observed = read(&site, &format!("{room}?timerel=after&timeAt=2020-01-01T00:00:00Z")).await;
        assert_eq!(values(&observed, "value"), [3]);
        check(
            &site,
            &[
                ("DELETE", "/entities/urn:ngsi-ld:Room:1/attrs/value", Value::Null, 204),
                ("DELETE", "/entities/urn:ngsi-ld:Room:1", Value::Null, 204),
            ],
        )
        .await;
        let gone = read(
            &site,
            &format!("{room}?timeproperty=deletedAt&timerel=after&timeAt=2020-01-01T00:00:00Z&options=sysAttrs"),
        )
        .await;
        assert!(gone["value"][0]["deletedAt"].is_string() && gone["deletedAt"].is_string(), "{gone}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_to_be_recorded_is() {
    for site in sites(json!({ "record": ["Room"] })).await {
        site.set("urn:ngsi-ld:Car:1", "Car", 1).await;
        assert_eq!(get(&site, "/temporal/entities/urn:ngsi-ld:Car:1").await.status, 404);
    }
    for site in sites(json!({ "record": ["*"] })).await {
        site.set("Car.1", "Car", 1).await;
        assert_eq!(values(&read(&site, "/temporal/entities/urn:Car.1").await, "value"), [1]);
    }
    for site in sites(json!({})).await {
        site.set("urn:ngsi-ld:Car:1", "Car", 1).await;
        assert_eq!(get(&site, "/temporal/entities/urn:ngsi-ld:Car:1").await.status, 404);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_recorded_is_there_after_a_restart() {
    for site in sites(json!({ "record": ["Car"] })).await {
        for value in 0..20 {
            site.set("urn:ngsi-ld:Car:1", "Car", value).await;
        }
        let site = site.restart().await;
        site.set("urn:ngsi-ld:Car:1", "Car", 20).await;
        let expected: Vec<_> = (0..=20).map(Value::from).collect();
        assert_eq!(values(&read(&site, "/temporal/entities/urn:ngsi-ld:Car:1").await, "value"), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_have_histories_of_their_own() {
    for site in sites(json!({ "record": ["*"] })).await {
        site.set("urn:ngsi-ld:Car:1", "Car", 1).await;
        let car = json!({ "id": "urn:ngsi-ld:Car:1", "type": "Car", "value": { "value": 2 } });
        let headers = [("fiware-service", "other")];
        let (status, _) = send_with(&site, "POST", "/v2/entities", &headers, &car).await;
        assert_eq!(status, 201);
        let path = "/ngsi-ld/v1/temporal/entities/urn:ngsi-ld:Car:1";
        let (_, other) = send_with(&site, "GET", path, &[("ngsild-tenant", "other")], &Value::Null).await;
        assert_eq!(values(&serde_json::from_str(&other).unwrap(), "value"), [2]);
        assert_eq!(
            values(&call(&site, "GET", "/temporal/entities/urn:ngsi-ld:Car:1", &Value::Null).await.json(), "value"),
            [1]
        );
    }
}

async fn send(site: &Site, method: &str, path: &str, body: &Value) -> (u16, String) {
    send_with(site, method, path, &[], body).await
}

async fn send_with(site: &Site, method: &str, path: &str, headers: &[(&str, &str)], body: &Value) -> (u16, String) {
    let method = http::Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = http::Request::builder().method(method).uri(format!("{}{path}", site.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let text = if body.is_null() { String::new() } else { body.to_string() };
    if !body.is_null() {
        request = request.header("content-type", "application/json");
    }
    let answer = site.send(request.body(text.into()).unwrap()).await;
    (answer.status().as_u16(), String::from_utf8(answer.body().to_vec()).unwrap())
}
