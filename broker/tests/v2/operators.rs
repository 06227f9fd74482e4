//! Update operators, and options of updates.

use serde_json::{Value, json};
use testkit::{Receiver, wait_until};

use super::common::{SOON, Site};
use super::{call, check, create, get};

async fn with_entity() -> Site {
    let site = Site::alone().await;
    let entity = json!({ "id": "e", "type": "T", "n": { "value": 10, "type": "integer" }, "l": { "value": [1, 2] },
        "o": { "value": { "x": 1 } }, "s": { "value": "b" } });
    create(&site, &entity).await;
    site
}

#[tokio::test]
async fn operators_are_applied_wherever_attributes_are_updated() {
    let site = with_entity().await;
    let inc = json!({ "n": { "value": { "$inc": 1 } } });
    let batch = |action: &str| json!({ "actionType": action, "entities": [{ "id": "e", "type": "T", "n": { "value": { "$inc": 1 } } }] });
    let table = [
        ("PATCH", "/v2/entities/e/attrs", inc.clone()),
        ("POST", "/v2/entities/e/attrs", inc.clone()),
        ("PATCH", "/v2/entities/e/attrs?options=keyValues", json!({ "n": { "$inc": 1 } })),
        ("PUT", "/v2/entities/e/attrs/n", json!({ "value": { "$inc": 1 } })),
        ("PUT", "/v2/entities/e/attrs/n/value", json!({ "$inc": 1 })),
        ("POST", "/v2/op/update", batch("append")),
        ("POST", "/v2/op/update", batch("update")),
        ("POST", "/v2/entities?options=upsert", json!({ "id": "e", "type": "T", "n": { "value": { "$inc": 1 } } })),
    ];
    for (done, (method, path, body)) in table.into_iter().enumerate() {
        let answer = call(&site, method, path, &body).await;
        assert!(answer.status < 300, "{method} {path}: {}", answer.text);
        let attribute = get(&site, "/v2/entities/e/attrs/n").await.json();
        assert_eq!(attribute, json!({ "type": "integer", "value": 11 + done, "metadata": {} }), "{method} {path}");
    }
}

#[tokio::test]
async fn operators_change_what_is_there() {
    let site = with_entity().await;
    let body = json!({
        "n": { "value": { "$mul": 1.5 }, "type": "Number" },
        "l": { "value": { "$addToSet": 3 } },
        "o": { "value": { "$set": { "y": [2] }, "$unset": { "x": 1 } } },
        "s": { "value": { "$max": "c" } },
        "new": { "value": { "$push": "a" } },
    });
    check(&site, &[("POST", "/v2/entities/e/attrs", body, 204, "")]).await;
    let expected =
        json!({ "id": "e", "type": "T", "n": 15.0, "l": [1, 2, 3], "o": { "y": [2] }, "s": "c", "new": ["a"] });
    assert_eq!(get(&site, "/v2/entities/e?options=keyValues").await.json(), expected);
    assert_eq!(get(&site, "/v2/entities/e/attrs/new").await.json()["type"], "StructuredValue");
    let plain = json!({ "s": { "value": { "$set": "d" } }, "o": { "value": { "$unset": "y" } } });
    check(&site, &[("PATCH", "/v2/entities/e/attrs", plain, 204, "")]).await;
    let values = get(&site, "/v2/entities/e/attrs?options=keyValues&attrs=s,o").await.json();
    assert_eq!(values, json!({ "s": "d", "o": { "y": [2] } }));
    let wrong = |value: Value| json!({ "n": { "value": value } });
    check(
        &site,
        &[
            ("PATCH", "/v2/entities/e/attrs", wrong(json!({ "$inc": "x" })), 400, "BadRequest"),
            ("PATCH", "/v2/entities/e/attrs", wrong(json!({ "$inc": 1, "$mul": 1 })), 400, "BadRequest"),
            ("PATCH", "/v2/entities/e/attrs", wrong(json!({ "$set": 1, "$unset": { "x": 1 } })), 400, "BadRequest"),
            ("PATCH", "/v2/entities/e/attrs", wrong(json!({ "$push": 1 })), 422, "Unprocessable"),
            ("PUT", "/v2/entities/e/attrs/n", json!({ "value": { "$push": 1 } }), 422, "Unprocessable"),
            ("PUT", "/v2/entities/e/attrs/n/value", json!({ "$push": [] }), 422, "Unprocessable"),
            ("PUT", "/v2/entities/e/attrs/none", json!({ "value": { "$push": 1 } }), 404, "NotFound"),
            ("PATCH", "/v2/entities/e/attrs", json!({ "s": { "value": { "$inc": 1 } } }), 422, "Unprocessable"),
            ("PATCH", "/v2/entities/e/attrs", json!({ "l": { "value": { "$push": "<" } } }), 400, "BadRequest"),
            ("PUT", "/v2/entities/e/attrs", json!({ "n": { "value": { "$inc": 1 } } }), 204, ""),
            ("POST", "/v2/entities", json!({ "id": "f", "n": { "value": { "$inc": 1 } } }), 201, ""),
        ],
    )
    .await;
    for id in ["e", "f"] {
        let literal = get(&site, &format!("/v2/entities/{id}/attrs/n/value")).await.json();
        assert_eq!(literal, json!({ "$inc": 1 }), "creation and replacement take values as they are");
    }
}

#[tokio::test]
async fn options_are_taken_where_they_belong() {
    let site = with_entity().await;
    let set = json!({ "n": { "value": 1 } });
    let batch = json!({ "actionType": "append", "entities": [{ "id": "e", "type": "T" }] });
    let upsert = "/v2/entities?options=upsert,forcedUpdate,overrideMetadata,flowControl";
    check(
        &site,
        &[
            ("PATCH", "/v2/entities/e/attrs?options=forcedUpdate,overrideMetadata,flowControl", set.clone(), 204, ""),
            ("PUT", "/v2/entities/e/attrs/n?options=forcedUpdate", json!({ "value": 1 }), 204, ""),
            ("PUT", "/v2/entities/e/attrs/n/value?options=forcedUpdate", json!("7"), 204, ""),
            ("POST", "/v2/op/update?options=forcedUpdate,overrideMetadata,keyValues", batch, 204, ""),
            ("POST", upsert, json!({ "id": "e", "type": "T" }), 204, ""),
            ("PATCH", "/v2/entities/e/attrs?options=append", set.clone(), 400, "BadRequest"),
            ("PATCH", "/v2/entities/e/attrs?options=upsert", set, 400, "BadRequest"),
            ("GET", "/v2/entities?options=skipForwarding,count", Value::Null, 200, ""),
            ("GET", "/v2/entities/e?options=skipForwarding", Value::Null, 200, ""),
            ("POST", "/v2/op/query?options=skipForwarding", json!({}), 200, ""),
            ("GET", "/v2/entities/e?options=forcedUpdate", Value::Null, 400, "BadRequest"),
        ],
    )
    .await;
    let types = get(&site, "/v2/types?options=noAttrDetail").await.json();
    assert_eq!(types[0]["attrs"]["n"], json!({ "types": [] }));
}

#[tokio::test]
async fn notifications_are_taken_as_updates() {
    let site = with_entity().await;
    let told = json!({ "subscriptionId": "s", "data": [
        { "id": "e", "type": "T", "n": { "value": 3, "metadata": { "previousValue": { "value": 2 }, "unit": { "value": "C" } } },
            "dateModified": { "type": "DateTime", "value": "2026-01-01" } },
        { "id": "new", "type": "T" },
    ] });
    check(
        &site,
        &[
            ("POST", "/v2/op/notify", told, 200, ""),
            (
                "POST",
                "/v2/op/notify?options=keyValues",
                json!({ "subscriptionId": "s", "data": [{ "id": "new", "type": "T", "n": 1 }] }),
                200,
                "",
            ),
            ("POST", "/v2/op/notify", json!({ "data": [] }), 400, "BadRequest"),
            ("POST", "/v2/op/notify", json!({ "subscriptionId": "s" }), 400, "BadRequest"),
            ("POST", "/v2/op/notify", json!({ "subscriptionId": "s", "data": [7] }), 400, "BadRequest"),
        ],
    )
    .await;
    let metadata = json!({ "unit": { "type": "Text", "value": "C" } });
    assert_eq!(get(&site, "/v2/entities/e/attrs/n").await.json()["metadata"], metadata);
    assert_eq!(get(&site, "/v2/entities/new/attrs/n/value").await.text, "1");
}

#[tokio::test]
async fn a_forced_update_counts_as_a_change() {
    let (site, receiver) = (with_entity().await, Receiver::start().await.unwrap());
    let subscription = json!({ "subject": { "entities": [{ "id": "e" }], "condition": { "attrs": ["n"] } },
        "notification": { "http": { "url": receiver.url() } } });
    check(&site, &[("POST", "/v2/subscriptions", subscription, 201, "")]).await;
    for (path, value) in [("", 11), ("", 11), ("?options=forcedUpdate", 11), ("", 12)] {
        let path = format!("/v2/entities/e/attrs{path}");
        check(&site, &[("PATCH", &path, json!({ "n": { "value": value } }), 204, "")]).await;
    }
    let told = wait_until(SOON, "the last update", async || {
        let received = receiver.received();
        let told = received.iter().flat_map(|request| request.json()["data"].as_array().cloned().unwrap_or_default());
        let told: Vec<_> = told.map(|entity| entity["n"]["value"].clone()).collect();
        (told.last() == Some(&json!(12))).then_some(told)
    })
    .await;
    assert!(told.ends_with(&[json!(11), json!(11), json!(12)]), "{told:?}");
    assert_eq!(told.iter().filter(|value| **value == 11).count(), 2, "{told:?}");
}
