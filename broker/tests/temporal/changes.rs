use serde_json::{Value, json};

use crate::{call, check, drive, get, observed, read, sites, values};

const NONE: Value = Value::Null;

#[tokio::test(flavor = "multi_thread")]
async fn evolutions_are_created_and_added_to() {
    for site in sites(json!({})).await {
        let car = json!({
            "id": "urn:ngsi-ld:Car:1", "type": ["Car", "Vehicle"], "scope": "/Madrid",
            "speed": [observed(1, "2030-01-01T12:00:00Z"), observed(2, "2030-01-01T12:01:00Z")],
            "fuel": observed(40, "2030-01-01T12:00:00Z"),
        });
        let answer = call(&site, "POST", "/temporal/entities", &car).await;
        assert_eq!(
            (answer.status, answer.header("location")),
            (201, "/ngsi-ld/v1/temporal/entities/urn:ngsi-ld:Car:1")
        );
        check(
            &site,
            &[
                ("POST", "/temporal/entities", json!({ "id": "urn:ngsi-ld:Car:1", "type": "Car", "speed": [3] }), 204),
                (
                    "POST",
                    "/temporal/entities/urn:ngsi-ld:Car:1/attrs",
                    json!({ "speed": [observed(4, "2030-01-01T12:03:00Z")] }),
                    204,
                ),
                ("POST", "/temporal/entities/urn:ngsi-ld:Car:2/attrs", json!({ "speed": 4 }), 404),
                (
                    "POST",
                    "/temporal/entities/urn:ngsi-ld:Car:1/attrs",
                    json!({ "speed": { "type": "Wrong", "value": 1 } }),
                    400,
                ),
                ("POST", "/temporal/entities", json!({ "type": "Car" }), 400),
                ("POST", "/temporal/entities", json!({ "id": "urn:ngsi-ld:Car:3" }), 400),
                ("POST", "/temporal/entities", json!({ "id": "no-uri", "type": "Car" }), 400),
                ("GET", "/temporal/entities/urn:ngsi-ld:Car:2", NONE, 404),
                ("GET", "/temporal/entities/no-uri", NONE, 400),
                ("GET", "/temporal/entities/urn:ngsi-ld:Car:1?attrs=none", NONE, 404),
            ],
        )
        .await;
        let car = read(&site, "/temporal/entities/urn:ngsi-ld:Car:1?timerel=after&timeAt=2030-01-01T00:00:00Z").await;
        assert_eq!((&car["type"], &car["scope"]), (&json!(["Car", "Vehicle"]), &json!("/Madrid")));
        assert_eq!(
            (values(&car, "speed"), values(&car, "fuel")),
            (vec![json!(1), json!(2), json!(4)], vec![json!(40)])
        );
        assert_eq!(car["speed"][0]["type"], "Property");
        assert!(car["speed"][0]["instanceId"].as_str().unwrap().starts_with("urn:ngsi-ld:instance:"), "{car}");
        let all = read(&site, "/temporal/entities/urn:ngsi-ld:Car:1").await;
        assert_eq!(values(&all, "speed").len(), 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn evolutions_and_their_attributes_are_deleted() {
    for site in sites(json!({})).await {
        let of_set = |value: i32| json!({ "type": "Property", "value": value, "datasetId": "urn:d" });
        let speed = [json!({ "type": "Property", "value": 1 }), of_set(2), of_set(3)];
        let car = json!({ "id": "urn:ngsi-ld:Car:1", "type": "Car", "speed": speed, "fuel": 4 });
        check(
            &site,
            &[
                ("POST", "/temporal/entities", car, 201),
                ("DELETE", "/temporal/entities/urn:ngsi-ld:Car:1/attrs/none", NONE, 404),
                ("DELETE", "/temporal/entities/urn:ngsi-ld:Car:1/attrs/no(name", NONE, 400),
                ("DELETE", "/temporal/entities/urn:ngsi-ld:Car:1/attrs/no(name/urn:none", NONE, 400),
                ("DELETE", "/temporal/entities/urn:ngsi-ld:Car:1/attrs/speed?datasetId=urn:e", NONE, 404),
                ("DELETE", "/temporal/entities/urn:ngsi-ld:Car:1/attrs/speed?deleteAll=maybe", NONE, 400),
                ("DELETE", "/temporal/entities/urn:ngsi-ld:Car:1/attrs/speed?datasetId=urn:d", NONE, 204),
            ],
        )
        .await;
        let car = read(&site, "/temporal/entities/urn:ngsi-ld:Car:1").await;
        assert_eq!((values(&car, "speed"), values(&car, "fuel")), (vec![json!(1)], vec![json!(4)]));
        check(
            &site,
            &[
                ("DELETE", "/temporal/entities/urn:ngsi-ld:Car:1/attrs/speed?deleteAll=true", NONE, 204),
                ("DELETE", "/temporal/entities/urn:ngsi-ld:Car:1/attrs/speed", NONE, 404),
                ("DELETE", "/temporal/entities/urn:ngsi-ld:Car:1", NONE, 204),
                ("DELETE", "/temporal/entities/urn:ngsi-ld:Car:1", NONE, 404),
                ("GET", "/temporal/entities/urn:ngsi-ld:Car:1", NONE, 404),
            ],
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_instance_is_amended_or_deleted() {
    for site in sites(json!({})).await {
        drive(&site, "urn:ngsi-ld:Car:1", 0..3).await;
        let car = "/temporal/entities/urn:ngsi-ld:Car:1";
        let ids = read(&site, car).await["speed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| i["instanceId"].clone())
            .collect::<Vec<_>>();
        let path = |id: &Value| format!("{car}/attrs/speed/{}", id.as_str().unwrap());
        let (first, second) = (path(&ids[0]), path(&ids[1]));
        check(
            &site,
            &[
                ("PATCH", &first, json!({ "speed": [{ "type": "Property", "value": 77 }] }), 204),
                ("PATCH", &second, json!({ "type": "Property", "value": 78, "unitCode": "KMH" }), 204),
                ("PATCH", &first, json!({ "speed": { "value": 1 }, "fuel": { "value": 2 } }), 400),
                (
                    "PATCH",
                    &first,
                    json!({ "speed": [observed(1, "2030-01-01T12:00:00Z"), { "type": "Property", "value": 2 }] }),
                    400,
                ),
                (
                    "PATCH",
                    &format!("{car}/attrs/speed/urn:ngsi-ld:instance:0000000000000001"),
                    json!({ "value": 1 }),
                    404,
                ),
                ("PATCH", &format!("{car}/attrs/speed/urn:other"), json!({ "value": 1 }), 404),
                ("PATCH", &format!("{car}/attrs/speed/other"), json!({ "value": 1 }), 400),
                ("PATCH", &first.replace("speed", "fuel"), json!({ "value": 1 }), 404),
                ("DELETE", &path(&ids[2]), NONE, 204),
                ("DELETE", &path(&ids[2]), NONE, 404),
            ],
        )
        .await;
        let car = read(&site, &format!("{car}?options=sysAttrs")).await;
        assert_eq!(values(&car, "speed"), [77, 78]);
        let second = &car["speed"][1];
        assert_eq!((&second["unitCode"], &second["observedAt"]), (&json!("KMH"), &json!("2030-01-01T12:01:00Z")));
        assert!(
            second["modifiedAt"].as_str() >= second["createdAt"].as_str() && second["createdAt"].is_string(),
            "{second}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_query_finds_is_purged() {
    for site in sites(json!({})).await {
        for id in 1..=3 {
            drive(&site, &format!("urn:ngsi-ld:Car:{id}"), 0..id).await;
        }
        check(&site, &[("DELETE", "/temporal/entities?type=Car&q=speed==2", NONE, 204)]).await;
        for (id, status) in [(1, 200), (2, 200), (3, 404)] {
            assert_eq!(get(&site, &format!("/temporal/entities/urn:ngsi-ld:Car:{id}")).await.status, status, "{id}");
        }
    }
}
