//! The table of docs/ngsi-dialects.md: what one dialect writes and the other reads.

use serde_json::{Value, json};

use super::common::Site;
use super::{call, check, create, get};

async fn domain(site: &Site) -> Value {
    site.get("/ngsi10/entity/e").await.1["domainMetadata"].clone()
}

fn in_circle(latitude: f64, longitude: f64) -> Value {
    json!({ "entities": [{ "id": ".*", "isPattern": true }], "restriction": { "scopes": [{ "scopeType": "circle",
        "scopeValue": { "centerLatitude": latitude, "centerLongitude": longitude, "radius": 1000 } }] } })
}

fn corner(latitude: f64, longitude: f64) -> Value {
    json!({ "latitude": latitude, "longitude": longitude })
}

#[tokio::test]
async fn a_place_of_ngsi_v2_is_a_domain_metadatum() {
    let polygon = |corners: [Value; 3]| json!({ "vertices": corners });
    let around = json!({ "vertices": [corner(1.0, 1.0), corner(1.0, 2.0), corner(2.0, 2.0), corner(2.0, 1.0)] });
    let triangle = polygon([corner(1.0, 1.0), corner(1.0, 2.0), corner(2.0, 2.0)]);
    let ring = json!([[1, 1], [2, 1], [2, 2], [1, 1]]);
    let table = [
        ("geo:point", json!("1, 2"), "point", corner(1.0, 2.0)),
        ("geo:json", json!({ "type": "Point", "coordinates": [2, 1] }), "point", corner(1.0, 2.0)),
        ("geo:polygon", json!(["1,1", "1,2", "2,2", "1,1"]), "polygon", triangle.clone()),
        ("geo:json", json!({ "type": "Polygon", "coordinates": [ring] }), "polygon", triangle),
        ("geo:box", json!(["1,1", "2,2"]), "polygon", around.clone()),
        ("geo:line", json!(["1,1", "2,2"]), "polygon", around.clone()),
        ("geo:json", json!({ "type": "LineString", "coordinates": [[1, 1], [2, 2]] }), "polygon", around),
    ];
    for (geo_type, value, domain_type, expected) in table {
        let site = Site::alone().await;
        create(&site, &json!({ "id": "e", "type": "T", "location": { "type": geo_type, "value": value } })).await;
        let metadatum = json!([{ "name": "location", "type": domain_type, "value": expected }]);
        assert_eq!(domain(&site).await, metadatum, "{geo_type} {value}");
        assert_eq!(get(&site, "/v2/entities/e").await.json()["location"]["value"], value);
        let (_, found) = site.post("/ngsi10/queryContext", &in_circle(1.0, 2.0)).await;
        assert_eq!(found["contextResponses"].as_array().unwrap().len(), 1, "{geo_type} {value}");
    }
}

#[tokio::test]
async fn domain_metadata_are_attributes_of_ngsi_v2() {
    let table = [
        ("location", "point", corner(1.5, 2.0), "geo:point", json!("1.5, 2")),
        (
            "location",
            "polygon",
            json!({ "vertices": [corner(1.0, 1.0), corner(1.0, 2.0), corner(2.0, 2.0)] }),
            "geo:polygon",
            json!(["1, 1", "1, 2", "2, 2", "1, 1"]),
        ),
        (
            "location",
            "circle",
            json!({ "centerLatitude": 1, "centerLongitude": 2, "radius": 3 }),
            "circle",
            json!({ "centerLatitude": 1, "centerLongitude": 2, "radius": 3 }),
        ),
        ("owner", "string", json!("me"), "string", json!("me")),
        ("owner", "", json!(7), "Number", json!(7)),
    ];
    for (name, domain_type, value, v2_type, expected) in table {
        let site = Site::alone().await;
        let element = json!({ "entityId": { "id": "e" }, "attributes": [],
            "domainMetadata": [{ "name": name, "type": domain_type, "value": value }] });
        site.post("/ngsi10/updateContext", &json!({ "contextElements": [element] })).await;
        let read = json!({ "id": "e", "type": "Thing", name: { "type": v2_type, "value": expected, "metadata": {} } });
        assert_eq!(get(&site, "/v2/entities/e").await.json(), read, "{value}");
    }
}

#[tokio::test]
async fn a_place_follows_whoever_moves_it() {
    let site = Site::alone().await;
    let place = |latitude: f64| json!([{ "name": "location", "type": "point", "value": corner(latitude, 2.0) }]);
    let point = |latitude: i64| json!({ "location": { "type": "geo:point", "value": format!("{latitude}, 2") } });
    let by_ngsi10 = |latitude: f64| {
        json!({ "contextElements": [{ "entityId": { "id": "e" }, "attributes": [],
        "domainMetadata": place(latitude) }] })
    };
    site.post("/ngsi10/updateContext", &by_ngsi10(1.0)).await;
    check(&site, &[("PATCH", "/v2/entities/e/attrs", point(5), 204, "")]).await;
    assert_eq!(domain(&site).await, place(5.0));
    site.post("/ngsi10/updateContext", &by_ngsi10(6.0)).await;
    assert_eq!(get(&site, "/v2/entities/e/attrs/location/value").await.text, "\"6, 2\"");
    check(&site, &[("PUT", "/v2/entities/e/attrs/location/value", json!("\"7, 2\""), 204, "")]).await;
    assert_eq!(domain(&site).await, place(7.0));
    check(
        &site,
        &[
            ("PUT", "/v2/entities/e/attrs/location/value", json!("\"here\""), 400, "BadRequest"),
            ("DELETE", "/v2/entities/e/attrs/location", Value::Null, 204, ""),
        ],
    )
    .await;
    assert_eq!(domain(&site).await, Value::Null);
    assert_eq!(get(&site, "/v2/entities/e").await.json(), json!({ "id": "e", "type": "Thing" }));
}

#[tokio::test]
async fn a_name_keeps_its_kind() {
    let site = Site::alone().await;
    let element = json!({ "entityId": { "id": "e", "type": "T" }, "attributes": [],
        "domainMetadata": [{ "name": "owner", "type": "string", "value": "me" }] });
    site.post("/ngsi10/updateContext", &json!({ "contextElements": [element] })).await;
    check(&site, &[("PATCH", "/v2/entities/e/attrs?options=keyValues", json!({ "owner": "you" }), 204, "")]).await;
    assert_eq!(domain(&site).await, json!([{ "name": "owner", "type": "Text", "value": "you" }]));
    let answer = call(&site, "GET", "/v2/entities?q=owner%3D%3Dyou", &Value::Null).await;
    assert_eq!(answer.json().as_array().map(Vec::len), Some(1), "{}", answer.text);
    check(&site, &[("PUT", "/v2/entities/e/attrs", json!({ "a": { "value": 1 } }), 204, "")]).await;
    assert_eq!(domain(&site).await, Value::Null);
}

#[tokio::test]
async fn a_place_of_another_name_is_shown_once() {
    let site = Site::alone().await;
    create(&site, &json!({ "id": "e", "type": "T", "spot": { "type": "geo:point", "value": "1, 2" } })).await;
    let expected = json!({ "id": "e", "type": "T", "spot": "1, 2" });
    assert_eq!(get(&site, "/v2/entities/e?options=keyValues").await.json(), expected);
    assert_eq!(get(&site, "/v2/entities?options=keyValues").await.json(), json!([expected]));
    assert_eq!(domain(&site).await[0]["name"], "location");
}
