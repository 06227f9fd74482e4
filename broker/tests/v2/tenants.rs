//! Tenants: separate stores behind one address.

use serde_json::{Value, json};
use testkit::Receiver;

use super::common::{SOON, Site, wait_elements};
use super::{Answer, call_with};

async fn call(site: &Site, tenant: &str, method: &str, path: &str, body: &Value) -> Answer {
    let header = if path.starts_with("/ngsi-ld") { "NGSILD-Tenant" } else { "Fiware-Service" };
    let mut headers = vec![(header, tenant)];
    if body.is_null() {
        return call_with(site, method, path, &headers, "").await;
    }
    headers.push(("content-type", "application/json"));
    call_with(site, method, path, &headers, &body.to_string()).await
}

async fn get(site: &Site, tenant: &str, path: &str) -> Answer {
    call(site, tenant, "GET", path, &Value::Null).await
}

async fn create(site: &Site, tenant: &str, value: i64) {
    let body = json!({ "id": "e", "type": "T", "a": { "value": value } });
    let answer = call(site, tenant, "POST", "/v2/entities", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
}

#[tokio::test]
async fn tenants_do_not_see_each_other_and_are_kept() {
    let mut site = Site::alone().await;
    for (tenant, value) in [("", 1), ("one", 2), ("TWO", 3)] {
        create(&site, tenant, value).await;
    }
    for _ in 0..2 {
        for (tenant, value) in [("", "1"), ("One", "2"), ("two", "3")] {
            assert_eq!(get(&site, tenant, "/v2/entities/e/attrs/a/value").await.text, value, "{tenant}");
            let query = json!({ "entities": [{ "id": ".*", "isPattern": "true" }] });
            let found = call(&site, tenant, "POST", "/v1/queryContext", &query).await.json();
            assert_eq!(found["contextResponses"].as_array().unwrap().len(), 1);
            let found = &found["contextResponses"][0]["contextElement"]["attributes"][0]["value"];
            assert_eq!(found.to_string(), value, "{tenant}");
            let unscoped = call(&site, tenant, "POST", "/ngsi10/queryContext", &query).await.json();
            let found = &unscoped["contextResponses"][0]["contextElement"]["attributes"][0]["value"];
            assert_eq!(found.to_string(), "1", "NGSI-10 knows no tenants");
        }
        site = site.restart().await;
    }
    call(&site, "two", "DELETE", "/v2/entities/e", &Value::Null).await;
    assert_eq!(get(&site, "two", "/v2/entities").await.text, "[]");
    assert_eq!(get(&site, "one", "/v2/types?options=values").await.json(), json!(["T"]));
}

#[tokio::test]
async fn a_tenant_begins_with_its_first_write() {
    let site = Site::alone().await;
    let table = [
        ("GET", "/v2/entities", Value::Null, 200, ""),
        ("GET", "/v2/types", Value::Null, 200, ""),
        ("GET", "/v2/entities/e", Value::Null, 404, "NotFound"),
        ("DELETE", "/v2/entities/e", Value::Null, 404, "NotFound"),
        ("PATCH", "/v2/entities/e/attrs", json!({ "a": { "value": 1 } }), 404, "NotFound"),
        ("POST", "/v2/op/query", json!({}), 200, ""),
    ];
    for (method, path, body, status, error) in table {
        let answer = call(&site, "none", method, path, &body).await;
        assert_eq!(answer.outcome(), (status, error.to_owned()), "{method} {path}");
        assert!(!answer.header("fiware-correlator").is_empty());
    }
    let answer = get(&site, "none", "/ngsi-ld/v1/entities?local=true").await;
    assert_eq!((answer.status, answer.header("content-type")), (404, "application/json"));
    assert_eq!(answer.json()["type"], "https://uri.etsi.org/ngsi-ld/errors/NonexistentTenant");
    create(&site, "none", 1).await;
    assert_eq!(get(&site, "none", "/v2/entities").await.json().as_array().unwrap().len(), 1);
    let watching = json!({ "type": "Subscription", "entities": [{ "type": "T" }], "notification": { "endpoint": { "uri": "http://127.0.0.1:9" } } });
    for (tenant, path) in [("a", "/ngsi-ld/v1/subscriptions"), ("b", "/ngsi-ld/v1/csourceSubscriptions")] {
        let answer = call(&site, tenant, "POST", path, &watching).await;
        assert_eq!(answer.status, 201, "{path}: {}", answer.text);
    }
}

#[tokio::test]
async fn names_are_checked() {
    let site = Site::alone().await;
    let long = "x".repeat(51);
    for name in ["a-b", "-b", "a/b", "ä", long.as_str(), "a.b"] {
        let answer = get(&site, name, "/v2/entities").await;
        assert_eq!(answer.outcome(), (400, "BadRequest".to_owned()), "{name}");
        assert!(answer.json()["description"].as_str().unwrap().starts_with("Fiware-Service: "), "{}", answer.text);
        let answer = call(&site, name, "POST", "/v1/queryContext", &json!({})).await;
        assert_eq!(answer.json()["errorCode"]["code"], 400);
        // In NGSI-LD, it could be a tenant that does not exist.
        let of_ld = if name == "a-b" { 404 } else { 400 };
        assert_eq!(get(&site, name, "/ngsi-ld/v1/entities").await.json()["status"], of_ld, "{name}");
    }
    assert_eq!(get(&site, "", "/v2/entities").await.status, 200);
}

#[tokio::test]
async fn there_are_so_many_tenants_and_no_more() {
    let site = Site::with_broker(json!({ "max_tenants": 1 })).await;
    create(&site, "one", 1).await;
    let body = json!({ "id": "e", "type": "T" });
    let answer = call(&site, "two", "POST", "/v2/entities", &body).await;
    assert_eq!(answer.outcome(), (422, "Unprocessable".to_owned()));
    assert!(answer.text.contains("broker.max_tenants"), "{}", answer.text);
    let answer = call(&site, "two", "POST", "/ngsi-ld/v1/entities", &body).await;
    assert_eq!(answer.json()["status"], 422);
    create(&site, "", 1).await;
}

#[tokio::test]
async fn both_headers_name_the_same_tenant() {
    let site = Site::alone().await;
    let body = json!({ "id": "urn:e", "type": "T", "a": { "type": "Property", "value": 1 } });
    assert_eq!(call(&site, "one", "POST", "/ngsi-ld/v1/entities", &body).await.status, 201);
    assert_eq!(get(&site, "one", "/v2/entities/urn:e/attrs/a/value").await.text, "1");
    assert_eq!(get(&site, "", "/v2/entities").await.text, "[]");
    let expired = json!({ "dateExpires": { "value": "2020-01-01", "type": "DateTime" } });
    assert_eq!(call(&site, "one", "POST", "/v2/entities/urn:e/attrs", &expired).await.status, 204);
    assert_eq!(get(&site, "one", "/ngsi-ld/v1/entities/urn:e").await.status, 404);
}

#[tokio::test]
async fn subscribers_of_a_tenant_are_told_which() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let subscription = json!({ "entities": [{ "id": "e", "type": "T" }], "reference": receiver.url() });
    call(&site, "one", "POST", "/v1/subscribeContext", &subscription).await;
    create(&site, "", 1).await;
    create(&site, "one", 2).await;
    let elements = wait_elements(&receiver, 1).await;
    assert_eq!(elements[0]["attributes"][0]["value"], 2);
    assert_eq!(receiver.wait_for(1, SOON).await[0].headers["fiware-service"], "one");
}
