//! Where an entity is: in one place, and what `ignoreType` makes of others.

use serde_json::{Value, json};

use super::common::Site;
use super::{call, check, create, get};

const ATTRS: &str = "/v2/entities/e/attrs";
const OVERRIDING: &str = "/v2/entities/e/attrs?options=overrideMetadata";

fn at(longitude: i64) -> Value {
    json!({ "type": "geo:json", "value": { "type": "Point", "coordinates": [longitude, 10] } })
}

fn extra(longitude: i64) -> Value {
    let mut place = at(longitude);
    place["metadata"] = json!({ "ignoreType": { "type": "Boolean", "value": true } });
    place
}

async fn is_found_at(site: &Site, longitude: i64) -> bool {
    let near = format!("georel=near%3BmaxDistance:1&geometry=point&coords=10,{longitude}");
    let found = get(site, &format!("/v2/entities?{near}")).await.json();
    found.as_array().unwrap().len() == 1
}

#[tokio::test]
async fn a_second_place_is_refused() {
    let batch = |action: &str, entity: Value| json!({ "actionType": action, "entities": [entity] });
    let second = json!({ "id": "e", "type": "T", "l2": at(20) });
    let two = json!({ "l1": at(1), "l2": at(2) });
    let table = [
        ("POST", "/v2/entities", json!({ "id": "f", "l1": at(1), "l2": { "type": "geo:point", "value": "1,1" } })),
        ("POST", "/v2/entities?options=upsert", second.clone()),
        ("POST", ATTRS, json!({ "l2": at(20) })),
        ("POST", "/v2/entities/e/attrs?options=append", json!({ "l2": at(20) })),
        ("POST", ATTRS, json!({ "text": at(20) })),
        ("PATCH", ATTRS, json!({ "text": at(20) })),
        ("PUT", "/v2/entities/e/attrs/text", at(20)),
        ("PUT", ATTRS, two),
        ("POST", OVERRIDING, json!({ "extra": at(30) })),
        (
            "PATCH",
            ATTRS,
            json!({ "extra": { "type": "geo:point", "value": "1,1", "metadata": { "ignoreType": { "value": false } } } }),
        ),
        ("PUT", "/v2/entities/e/attrs/later/value", json!("\"1,1\"")),
        ("POST", "/v2/op/update", batch("append", second.clone())),
        ("POST", "/v2/op/update", batch("appendStrict", second.clone())),
        ("POST", "/v2/op/notify", json!({ "subscriptionId": "s", "data": [second] })),
    ];
    let site = Site::alone().await;
    create(
        &site,
        &json!({ "id": "e", "type": "T", "l1": at(10), "extra": extra(30), "text": { "value": "x" },
        "later": { "type": "geo:point", "value": null } }),
    )
    .await;
    let before = get(&site, "/v2/entities/e").await.json();
    for (method, path, body) in table {
        let answer = call(&site, method, path, &body).await;
        assert_eq!(answer.outcome(), (413, "NoResourcesAvailable".to_owned()), "{method} {path} {body}");
        assert_eq!(
            answer.json()["description"],
            "You cannot use more than one geo location attribute when creating an entity. Use ignoreType metadata if you \
             want to add additional informative locations."
        );
    }
    assert_eq!(get(&site, "/v2/entities/e").await.json(), before);
    assert_eq!(get(&site, "/v2/entities/f").await.status, 404);
    assert!(is_found_at(&site, 10).await);
}

#[tokio::test]
async fn the_place_may_move_to_another_attribute() {
    let text = json!({ "value": "nowhere" });
    let table = [
        (ATTRS, json!({ "l1": text, "l2": at(20) }), 20),
        (ATTRS, json!({ "l1": extra(10), "l2": at(20) }), 20),
        (OVERRIDING, json!({ "l1": extra(10), "extra": at(30) }), 30),
        (ATTRS, json!({ "l1": { "type": "geo:json", "value": null }, "l2": at(20) }), 20),
        (ATTRS, json!({ "l1": at(40) }), 40),
        (ATTRS, json!({ "l2": extra(20), "extra": at(50) }), 10),
    ];
    for (path, body, place) in table {
        let site = Site::alone().await;
        create(&site, &json!({ "id": "e", "type": "T", "l1": at(10), "extra": extra(30) })).await;
        check(&site, &[("POST", path, body.clone(), 204, "")]).await;
        for longitude in [10, 20, 30, 40, 50] {
            assert_eq!(is_found_at(&site, longitude).await, longitude == place, "{longitude}: {body}");
        }
        let domain = site.get("/ngsi10/entity/e").await.1["domainMetadata"].clone();
        assert_eq!(domain[0]["value"]["longitude"].as_f64(), Some(place as f64), "{body}: {domain}");
    }
}

#[tokio::test]
async fn ignore_type_takes_the_place_away() {
    let site = Site::alone().await;
    create(&site, &json!({ "id": "e", "type": "T", "l1": at(10), "l2": extra(20) })).await;
    check(&site, &[("POST", ATTRS, json!({ "l1": extra(10) }), 204, "")]).await;
    assert!(!is_found_at(&site, 10).await && !is_found_at(&site, 20).await);
    assert_eq!(site.get("/ngsi10/entity/e").await.1["domainMetadata"], Value::Null);
    check(
        &site,
        &[
            // The metadatum stays, and with it any value goes.
            ("PUT", "/v2/entities/e/attrs/l1/value", json!("\"here\""), 204, ""),
            ("POST", OVERRIDING, json!({ "l2": at(20) }), 204, ""),
            ("POST", ATTRS, json!({ "l3": { "type": "geo:point", "value": "here" } }), 400, "BadRequest"),
        ],
    )
    .await;
    assert!(is_found_at(&site, 20).await);
}

#[tokio::test]
async fn an_entity_keeps_the_places_that_ngsi_ld_gave_it() {
    let site = Site::alone().await;
    let place =
        |longitude: i64| json!({ "type": "GeoProperty", "value": { "type": "Point", "coordinates": [longitude, 10] } });
    let entity = json!({ "id": "urn:e", "type": "T", "location": place(10), "observationSpace": place(20) });
    assert_eq!(call(&site, "POST", "/ngsi-ld/v1/entities", &entity).await.status, 201);
    let attrs = "/v2/entities/urn:e/attrs";
    let both = get(&site, attrs).await.json();
    check(
        &site,
        &[
            ("PATCH", attrs, json!({ "location": at(30), "observationSpace": at(40) }), 204, ""),
            ("PUT", attrs, both, 204, ""),
            ("POST", attrs, json!({ "third": at(50) }), 413, "NoResourcesAvailable"),
            ("DELETE", "/v2/entities/urn:e/attrs/location", Value::Null, 204, ""),
        ],
    )
    .await;
    assert!(is_found_at(&site, 20).await && !is_found_at(&site, 10).await, "the place that is left counts");
    let domain = site.get("/ngsi10/entity/urn:e").await.1["domainMetadata"].clone();
    assert_eq!(domain[0]["value"]["longitude"].as_f64(), Some(20.0), "{domain}");
}

#[tokio::test]
async fn of_a_feature_the_geometry_is_kept() {
    let point = json!({ "type": "Point", "coordinates": [10, 10] });
    let feature = json!({ "type": "Feature", "properties": { "a": 1 }, "geometry": point });
    let collection =
        |features: Value| json!({ "type": "geo:json", "value": { "type": "FeatureCollection", "features": features } });
    let table = [
        (json!({ "type": "geo:json", "value": feature }), 201),
        (collection(json!([feature])), 201),
        (collection(json!([feature, feature])), 400),
        (collection(json!([])), 400),
        (json!({ "type": "geo:json", "value": { "type": "Feature" } }), 400),
        (json!({ "type": "geo:json", "value": { "type": "GeometryCollection", "geometries": [point] } }), 400),
    ];
    for (place, status) in table {
        let site = Site::alone().await;
        let answer = call(&site, "POST", "/v2/entities", &json!({ "id": "e", "type": "T", "l": place })).await;
        assert_eq!(answer.status, status, "{place}: {}", answer.text);
        if status == 201 {
            assert_eq!(get(&site, "/v2/entities/e/attrs/l/value").await.json(), point);
            assert!(is_found_at(&site, 10).await);
        }
    }
}
