//! Many entities at once.

use serde_json::{Value, json};

use super::common::Site;
use super::{call, check, get};

fn entity(id: u32, value: i64) -> Value {
    json!({ "id": format!("urn:e:{id}"), "type": "T", "a": { "type": "Property", "value": value } })
}

#[tokio::test]
async fn batches_create_change_and_delete() {
    let site = Site::alone().await;
    let operation = |name: &str| format!("/entityOperations/{name}");
    let answer = call(&site, "POST", &operation("create"), &json!([entity(1, 1), entity(2, 2)])).await;
    assert_eq!((answer.status, answer.json()), (201, json!(["urn:e:1", "urn:e:2"])));
    let answer = call(&site, "POST", &operation("create"), &json!([entity(2, 2), entity(3, 3)])).await;
    assert_eq!(answer.status, 207);
    assert_eq!(answer.json()["success"], json!(["urn:e:3"]));
    assert_eq!(answer.json()["errors"][0]["entityId"], "urn:e:2");
    let answer = call(&site, "POST", &operation("upsert"), &json!([entity(3, 4), entity(4, 4)])).await;
    assert_eq!((answer.status, answer.json()), (201, json!(["urn:e:4"])));
    let more = json!([{ "id": "urn:e:4", "type": "T", "b": { "type": "Property", "value": 1 } }]);
    check(
        &site,
        &[
            ("POST", &operation("upsert"), json!([entity(3, 5)]), 204, ""),
            ("POST", &operation("upsert?options=update"), more, 204, ""),
            ("POST", &operation("update"), json!([entity(4, 9)]), 204, ""),
            ("POST", &operation("merge"), json!([{ "id": "urn:e:1", "a": { "value": 7 } }]), 204, ""),
            ("POST", &operation("delete"), json!(["urn:e:2"]), 204, ""),
            ("POST", &operation("create"), json!({}), 400, "BadRequestData"),
            ("POST", &operation("create"), json!([]), 400, "BadRequestData"),
            ("POST", &operation("create"), json!([entity(9, 1), null]), 400, "BadRequestData"),
        ],
    )
    .await;
    let values = get(&site, "/entities?type=T&options=keyValues").await.json();
    let expected = json!([
        { "id": "urn:e:1", "type": "T", "a": 7 },
        { "id": "urn:e:3", "type": "T", "a": 5 },
        { "id": "urn:e:4", "type": "T", "a": 9, "b": 1 },
    ]);
    assert_eq!(values, expected);
    let answer = call(&site, "POST", &operation("update"), &json!([entity(1, 1), entity(8, 8), { "id": 5 }])).await;
    assert_eq!(answer.status, 207, "{}", answer.text);
    assert_eq!(answer.json()["success"], json!(["urn:e:1"]));
    assert_eq!(answer.json()["errors"].as_array().unwrap().len(), 2);
}

/// Batches lock many entities at once and single changes come between them.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn batches_that_meet_do_not_wait_in_a_circle_and_leave_the_same_on_disk() {
    let site = Site::alone().await;
    let upserts = async |ids: Vec<u32>, first: i64| {
        for value in first..first + 20 {
            let batch: Vec<_> = ids.iter().map(|id| entity(*id, value)).collect();
            let answer = call(&site, "POST", "/entityOperations/upsert", &json!(batch)).await;
            assert!(matches!(answer.status, 201 | 204), "{}", answer.text);
        }
    };
    let singles = async {
        for value in 0..200 {
            let change = json!({ "a": { "type": "Property", "value": -value } });
            call(&site, "PATCH", &format!("/entities/urn:e:{}/attrs", value % 100), &change).await;
        }
    };
    tokio::join!(upserts((0..150).collect(), 0), upserts((0..150).rev().collect(), 100), singles);
    let before = get(&site, "/entities?type=T&options=keyValues&limit=1000").await.json();
    assert_eq!(before.as_array().unwrap().len(), 150);
    let site = site.restart().await;
    assert_eq!(get(&site, "/entities?type=T&options=keyValues&limit=1000").await.json(), before);
}
