use serde_json::{Value, json};

use crate::common::Site;
use crate::{call, check, drive, get, observed, read, sites, values};

const NONE: Value = Value::Null;

async fn cars(site: &Site) {
    for (id, minutes) in [("urn:ngsi-ld:Car:1", 0..5), ("urn:ngsi-ld:Car:2", 3..10), ("urn:ngsi-ld:Car:3", 8..9)] {
        drive(site, id, minutes).await;
    }
    let bus = json!({ "id": "urn:ngsi-ld:Bus:1", "type": "Bus", "scope": "/Madrid/Center",
        "speed": observed(9, "2030-01-01T12:04:00Z"),
        "location": { "type": "GeoProperty", "value": { "type": "Point", "coordinates": [10, 20] }, "observedAt": "2030-01-01T12:04:00Z" } });
    check(site, &[("POST", "/temporal/entities", bus, 201)]).await;
}

fn ids(found: &Value) -> Vec<&str> {
    found
        .as_array()
        .unwrap()
        .iter()
        .map(|entity| entity["id"].as_str().unwrap().trim_start_matches("urn:ngsi-ld:"))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn entities_are_found_by_what_was_recorded_in_the_time() {
    for site in sites(json!({})).await {
        cars(&site).await;
        let from = "timerel=after&timeAt=2030-01-01T12:03:00Z";
        for (query, expected) in [
            ("type=Car&timerel=after&timeAt=2030-01-01T12:03:00Z", &["Car:1", "Car:2", "Car:3"][..]),
            ("type=Car&timerel=before&timeAt=2030-01-01T12:03:00Z", &["Car:1"]),
            ("type=Car&timerel=between&timeAt=2030-01-01T12:05:00Z&endTimeAt=2030-01-01T12:08:00Z", &["Car:2"]),
            (&format!("type=Car,Bus&{from}"), &["Bus:1", "Car:1", "Car:2", "Car:3"]),
            (&format!("id=urn:ngsi-ld:Car:3,urn:ngsi-ld:Car:1&{from}"), &["Car:1", "Car:3"]),
            (&format!("idPattern=Car:[23]$&{from}"), &["Car:2", "Car:3"]),
            (&format!("type=Car&q=speed>8&{from}"), &["Car:2"]),
            (&format!("type=Car&q=speed==4&{from}"), &["Car:1", "Car:2"]),
            (&format!("attrs=location&{from}"), &["Bus:1"]),
            (&format!("type=Bus&scopeQ=/Madrid/%23&{from}"), &["Bus:1"]),
            (&format!("type=Bus&scopeQ=/Berlin&{from}"), &[]),
            (&format!("type=Bus&georel=near;maxDistance==1000&geometry=Point&coordinates=[10,20]&{from}"), &["Bus:1"]),
            (&format!("type=Bus&georel=near;maxDistance==1000&geometry=Point&coordinates=[11,20]&{from}"), &[]),
            (&format!("type=Car&limit=1&offset=1&{from}"), &["Car:2"]),
            ("type=Car&timeproperty=createdAt&timerel=before&timeAt=2020-01-01T00:00:00Z", &[]),
            (
                "type=Car&timeproperty=modifiedAt&timerel=after&timeAt=2020-01-01T00:00:00Z",
                &["Car:1", "Car:2", "Car:3"],
            ),
        ] {
            let found = read(&site, &format!("/temporal/entities?{query}")).await;
            assert_eq!(ids(&found), expected, "{query}");
        }
        let counted = get(&site, &format!("/temporal/entities?type=Car&limit=1&count=true&{from}")).await;
        assert_eq!((counted.header("ngsild-results-count"), ids(&counted.json())), ("3", vec!["Car:1"]));
        let last = read(&site, &format!("/temporal/entities?type=Car&lastN=2&{from}")).await;
        assert_eq!(values(&last[1], "speed"), [9, 8]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_queries_are_refused() {
    for site in sites(json!({})).await {
        let table: Vec<_> = [
            "type=Car",
            "type=Car&timerel=after",
            "type=Car&timeAt=2030-01-01T12:03:00Z",
            "type=Car&timerel=around&timeAt=2030-01-01T12:03:00Z",
            "type=Car&timerel=between&timeAt=2030-01-01T12:03:00Z",
            "type=Car&timerel=between&timeAt=2030-01-01T12:03:00Z&endTimeAt=2030-01-01T12:03:00Z",
            "type=Car&timerel=after&timeAt=yesterday",
            "type=Car&timerel=after&timeAt=2030-01-01T12:03:00Z&lastN=0",
            "type=Car&timerel=after&timeAt=2030-01-01T12:03:00Z&timeproperty=other",
            "type=Car&timerel=after&timeAt=2030-01-01T12:03:00Z&options=aggregatedValues",
            "type=Car&timerel=after&timeAt=2030-01-01T12:03:00Z&options=aggregatedValues&aggrMethods=median",
            "type=Car&timerel=after&timeAt=2030-01-01T12:03:00Z&options=aggregatedValues&aggrMethods=sum&aggrPeriodDuration=1h",
            "timerel=after&timeAt=2030-01-01T12:03:00Z",
        ]
        .map(|query| format!("/temporal/entities?{query}"))
        .into();
        for path in &table {
            check(&site, &[("GET", path, NONE, 400)]).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_and_figures_stand_for_instances() {
    for site in sites(json!({})).await {
        drive(&site, "urn:ngsi-ld:Car:1", 0..4).await;
        let relation =
            json!({ "owner": [{ "type": "Relationship", "object": "urn:p:1", "observedAt": "2030-01-01T12:00:00Z" }] });
        check(&site, &[("POST", "/temporal/entities/urn:ngsi-ld:Car:1/attrs", relation, 204)]).await;
        let car = "/temporal/entities/urn:ngsi-ld:Car:1?timerel=between&timeAt=2030-01-01T12:00:00Z&endTimeAt=2030-01-01T12:03:00Z";
        let time = |minute: i32| format!("2030-01-01T12:{minute:02}:00Z");
        for options in ["options=temporalValues", "format=temporalValues", "options=simplified"] {
            assert_eq!(
                read(&site, &format!("{car}&{options}")).await,
                json!({ "id": "urn:ngsi-ld:Car:1", "type": "Car",
                    "owner": { "type": "Relationship", "objects": [["urn:p:1", time(0)]] },
                    "speed": { "type": "Property", "values": [[0, time(0)], [1, time(1)], [2, time(2)]] } }),
            );
        }
        let figures = read(
            &site,
            &format!(
                "{car}&attrs=speed&options=aggregatedValues&aggrMethods=sum,max,totalCount&aggrPeriodDuration=PT2M"
            ),
        )
        .await;
        assert_eq!(
            figures["speed"],
            json!({ "type": "Property",
                "sum": [[1, time(0), time(2)], [2, time(2), time(4)]],
                "max": [[1, time(0), time(2)], [2, time(2), time(4)]],
                "totalCount": [[2, time(0), time(2)], [1, time(2), time(4)]] }),
        );
        let whole = read(&site, &format!("{car}&attrs=speed&options=aggregatedValues&aggrMethods=avg")).await;
        assert_eq!(whole["speed"]["avg"], json!([[1, time(0), time(3)]]));
        let picked = read(&site, &format!("{car}&pick=id,owner&options=temporalValues")).await;
        assert_eq!(
            picked,
            json!({ "id": "urn:ngsi-ld:Car:1", "owner": { "type": "Relationship", "objects": [["urn:p:1", time(0)]] } })
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_say_what_they_are_where_it_matters() {
    for site in sites(json!({})).await {
        let at = "2030-01-01T12:00:00Z";
        let sign = json!({
            "id": "urn:ngsi-ld:Sign:1", "type": "Sign",
            "street": [{ "type": "LanguageProperty", "languageMap": { "fr": "rue" }, "observedAt": at }],
            "kind": [{ "type": "VocabProperty", "vocab": "oneway", "observedAt": at }],
            "raw": [{ "type": "JsonProperty", "json": { "a": 1 }, "observedAt": at }],
        });
        let path = "/temporal/entities/urn:ngsi-ld:Sign:1";
        check(
            &site,
            &[
                ("POST", "/temporal/entities", sign, 201),
                ("GET", &format!("{path}?pick=other"), NONE, 404),
                ("GET", &format!("{path}?omit=id,type,street,kind,raw"), NONE, 404),
                ("GET", &format!("{path}?format=nonsense"), NONE, 400),
            ],
        )
        .await;
        let values = read(&site, &format!("{path}?format=temporalValues")).await;
        assert_eq!(values["street"]["languageMaps"], json!([[{ "languageMap": { "fr": "rue" } }, at]]));
        assert_eq!(values["kind"]["vocabs"], json!([[{ "vocab": "oneway" }, at]]));
        assert_eq!(values["raw"]["jsons"], json!([[{ "json": { "a": 1 } }, at]]));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_may_stand_in_the_body() {
    for site in sites(json!({})).await {
        cars(&site).await;
        let query = json!({
            "type": "Query", "entities": [{ "type": "Car" }], "q": "speed>3",
            "temporalQ": { "timerel": "after", "timeAt": "2030-01-01T12:03:00Z", "lastN": 1 },
        });
        let answer = call(&site, "POST", "/temporal/entityOperations/query?options=temporalValues", &query).await;
        assert_eq!((answer.status, ids(&answer.json())), (200, vec!["Car:1", "Car:2", "Car:3"]), "{}", answer.text);
        assert_eq!(answer.json()[1]["speed"]["values"], json!([[9, "2030-01-01T12:09:00Z"]]));
        let figures = json!({
            "type": "Query", "entities": [{ "type": "Bus" }],
            "temporalQ": { "timerel": "after", "timeAt": "2030-01-01T12:03:00Z" },
            "aggrParams": { "aggrMethods": ["max"], "aggrPeriodDuration": "PT1H" },
        });
        let answer = call(&site, "POST", "/temporal/entityOperations/query?options=aggregatedValues", &figures).await;
        assert_eq!(answer.json()[0]["speed"]["max"][0][0], 9, "{}", answer.text);
        check(
            &site,
            &[(
                "POST",
                "/temporal/entityOperations/query",
                json!({ "type": "Query", "entities": [{ "type": "Car" }] }),
                400,
            )],
        )
        .await;
    }
}
