//! Updates of many entities at once.

use serde_json::{Value, json};

use super::common::Site;
use super::{check, create, get};

const UPDATE: &str = "/v2/op/update";

#[tokio::test]
async fn each_action_does_what_its_single_request_does() {
    let set = |id: &str, name: &str| json!({ "id": id, "type": "T", name: { "value": 2 } });
    let table = [
        ("append", json!([set("e", "a"), set("new", "a")]), 204, "", json!({ "a": 2, "b": 1 }), true),
        ("APPEND", json!([set("e", "c")]), 204, "", json!({ "a": 1, "b": 1, "c": 2 }), false),
        ("appendStrict", json!([set("e", "c"), set("new", "a")]), 204, "", json!({ "a": 1, "b": 1, "c": 2 }), true),
        ("appendStrict", json!([set("e", "a")]), 422, "Unprocessable", json!({ "a": 1, "b": 1 }), false),
        (
            "appendStrict",
            json!([set("e", "a"), set("new", "a")]),
            422,
            "PartialUpdate",
            json!({ "a": 1, "b": 1 }),
            true,
        ),
        ("update", json!([set("e", "a")]), 204, "", json!({ "a": 2, "b": 1 }), false),
        ("update", json!([set("new", "a")]), 404, "NotFound", json!({ "a": 1, "b": 1 }), false),
        ("update", json!([set("e", "a"), set("new", "a")]), 422, "PartialUpdate", json!({ "a": 2, "b": 1 }), false),
        ("replace", json!([set("e", "c")]), 204, "", json!({ "c": 2 }), false),
        ("replace", json!([set("new", "c")]), 404, "NotFound", json!({ "a": 1, "b": 1 }), false),
        ("delete", json!([{ "id": "e", "a": {} }]), 204, "", json!({ "b": 1 }), false),
        ("delete", json!([{ "id": "e", "type": "T" }]), 204, "", Value::Null, false),
        ("delete", json!([{ "id": "new" }]), 404, "NotFound", json!({ "a": 1, "b": 1 }), false),
    ];
    for (action, entities, status, error, expected, created) in table {
        let site = Site::alone().await;
        create(&site, &json!({ "id": "e", "type": "T", "a": { "value": 1 }, "b": { "value": 1 } })).await;
        let body = json!({ "actionType": action, "entities": entities });
        check(&site, &[("POST", UPDATE, body.clone(), status, error)]).await;
        let left = get(&site, "/v2/entities/e/attrs?options=keyValues").await;
        assert_eq!(if left.status == 404 { Value::Null } else { left.json() }, expected, "{body}");
        assert_eq!(get(&site, "/v2/entities/new").await.status == 200, created, "{body}");
    }
}

#[tokio::test]
async fn batches_are_checked_before_anything_happens() {
    let site = Site::alone().await;
    let good = json!({ "id": "good", "a": { "value": 1 } });
    check(
        &site,
        &[
            (
                "POST",
                "/v2/op/update?options=keyValues",
                json!({ "actionType": "append", "entities": [{ "id": "kv", "a": 1 }] }),
                204,
                "",
            ),
            ("POST", UPDATE, json!({ "entities": [good] }), 400, "BadRequest"),
            ("POST", UPDATE, json!({ "actionType": "none", "entities": [good] }), 400, "BadRequest"),
            ("POST", UPDATE, json!({ "actionType": "append", "entities": [] }), 400, "BadRequest"),
            ("POST", UPDATE, json!({ "actionType": "append", "entities": [good, { "id": "b<d" }] }), 400, "BadRequest"),
            ("POST", UPDATE, json!({ "actionType": "append", "entities": [good, 7] }), 400, "BadRequest"),
            ("POST", UPDATE, json!({ "actionType": "append", "entities": [good], "more": 1 }), 400, "BadRequest"),
            ("GET", "/v2/entities/good", Value::Null, 404, "NotFound"),
            ("GET", "/v2/entities/kv", Value::Null, 200, ""),
        ],
    )
    .await;
}
