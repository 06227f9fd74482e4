//! Changing the attributes of an entity.

use serde_json::{Value, json};

use super::common::Site;
use super::entities::{CAR, car};
use super::{call, check, create, get};

#[tokio::test]
async fn attributes_are_appended_updated_replaced_and_removed() {
    let site = Site::alone().await;
    create(&site, &car()).await;
    let attrs = format!("{CAR}/attrs");
    let one = |name: &str| format!("{CAR}/attrs/{name}");
    let property = |value: Value| json!({ "type": "Property", "value": value });
    check(
        &site,
        &[
            ("POST", &attrs, json!({ "colour": property(json!("red")) }), 204, ""),
            ("PATCH", &attrs, json!({ "colour": property(json!("blue")) }), 204, ""),
            ("PATCH", &one("colour"), json!({ "observedAt": "2026-11-02T00:00:00Z" }), 204, ""),
            ("PATCH", &one("colour"), json!({ "value": "green" }), 204, ""),
            ("PATCH", &one("none"), json!({ "value": 1 }), 404, "ResourceNotFound"),
            ("PUT", &one("brand"), property(json!("VW")), 204, ""),
            ("PUT", &one("none"), property(json!(1)), 404, "ResourceNotFound"),
            ("DELETE", &one("owner"), Value::Null, 204, ""),
            ("DELETE", &one("owner"), Value::Null, 404, "ResourceNotFound"),
            ("DELETE", &format!("{}?datasetId=urn:ngsi-ld:Data:radar", one("speed")), Value::Null, 204, ""),
            ("DELETE", &format!("{}?deleteAll=true", one("speed")), Value::Null, 204, ""),
            ("POST", "/entities/urn:e:9/attrs", json!({ "a": property(json!(1)) }), 404, "ResourceNotFound"),
        ],
    )
    .await;
    let read = get(&site, CAR).await.json();
    assert_eq!(read["colour"]["value"], "green");
    assert_eq!(read["colour"]["observedAt"], "2026-11-02T00:00:00Z");
    assert_eq!(read["brand"]["value"], "VW");
    assert_eq!((&read["owner"], &read["speed"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn what_was_not_updated_is_said() {
    let site = Site::alone().await;
    create(&site, &car()).await;
    let body = json!({ "brand": { "type": "Property", "value": "VW" }, "none": { "type": "Property", "value": 1 } });
    let answer = call(&site, "POST", &format!("{CAR}/attrs?options=noOverwrite"), &body).await;
    assert_eq!(answer.status, 207, "{}", answer.text);
    let name = |name: &str| format!("https://uri.etsi.org/ngsi-ld/default-context/{name}");
    assert_eq!(answer.json()["updated"], json!([name("none")]));
    assert_eq!(answer.json()["notUpdated"][0]["attributeName"], name("brand"));
    assert_eq!(get(&site, CAR).await.json()["none"]["value"], 1);
    check(&site, &[("PATCH", &format!("{CAR}/attrs"), json!({ "more": body["brand"] }), 204, "")]).await;
    let read = get(&site, CAR).await.json();
    assert_eq!((&read["brand"]["value"], &read["more"]["value"]), (&json!("Seat"), &json!("VW")));
}

#[tokio::test]
async fn scopes_are_appended_set_and_removed() {
    let site = Site::alone().await;
    create(&site, &car()).await;
    let attrs = format!("{CAR}/attrs");
    let scope = json!({ "scope": "/Toledo" });
    check(&site, &[("POST", &format!("{attrs}?options=noOverwrite"), scope.clone(), 204, "")]).await;
    assert_eq!(get(&site, CAR).await.json()["scope"], json!(["/Madrid/Centre", "/Toledo"]));
    check(&site, &[("POST", &attrs, scope, 204, "")]).await;
    assert_eq!(get(&site, CAR).await.json()["scope"], "/Toledo");
    let other = json!({ "scope": "/Burgos" });
    check(&site, &[("PATCH", &attrs, other.clone(), 204, "")]).await;
    assert_eq!(get(&site, CAR).await.json()["scope"], "/Burgos");
    let removal = format!("{attrs}/scope");
    check(
        &site,
        &[("DELETE", &removal, Value::Null, 204, ""), ("DELETE", &removal, Value::Null, 404, "ResourceNotFound")],
    )
    .await;
    let answer = call(&site, "PATCH", &attrs, &other).await;
    assert_eq!((answer.status, &answer.json()["updated"]), (207, &json!([])), "{}", answer.text);
    assert!(answer.json()["notUpdated"][0]["attributeName"].as_str().unwrap().ends_with("scope"));
    assert_eq!(get(&site, CAR).await.json()["scope"], Value::Null);
}
