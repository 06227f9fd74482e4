//! The latest numbers of attributes, over HTTP.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use crate::common::Site;
use http::StatusCode;
use serde_json::{Value, json};

async fn set(site: &Site, id: &str, attributes: Value, action: &str) {
    let element = json!({ "entityId": { "id": id, "type": "Room" }, "attributes": attributes });
    let body = json!({ "contextElements": [element], "updateAction": action });
    let (status, answer) = site.post("/ngsi10/updateContext", &body).await;
    assert_eq!((status, &answer["contextResponses"][0]["statusCode"]["code"]), (StatusCode::OK, &json!(200)));
}

async fn numbers(site: &Site, id: &str, attribute: &str) -> Vec<Value> {
    let (status, answer) = site.get(&format!("/ngsi10/entity/{id}/{attribute}/history")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert_eq!((&answer["entity"], &answer["attribute"]), (&json!(id), &json!(attribute)));
    answer["points"].as_array().unwrap().iter().map(|point| point[1].clone()).collect()
}

#[tokio::test]
async fn numbers_are_kept_with_their_times_oldest_first() {
    let site = Site::alone().await;
    let before = service::now().as_micros() / 1_000;
    for value in [json!(21), json!(22.5), json!("-3.25")] {
        set(&site, "Room.1", json!([{ "name": "value", "type": "float", "value": value }]), "UPDATE").await;
        tokio::time::sleep(Duration::from_millis(1_010)).await;
    }
    let (status, answer) = site.get("/ngsi10/entity/Room.1/value/history").await;
    let points = answer["points"].as_array().unwrap();
    assert_eq!((status, points.len()), (StatusCode::OK, 3));
    assert_eq!(points.iter().map(|point| point[1].clone()).collect::<Vec<_>>(), [json!(21), json!(22.5), json!(-3.25)]);
    let times: Vec<_> = points.iter().map(|point| point[0].as_i64().unwrap()).collect();
    assert!(before <= times[0] && times[0] + 1_000 <= times[1] && times[1] + 1_000 <= times[2], "{before} {times:?}");
}

#[tokio::test]
async fn what_is_no_number_has_no_points_and_what_is_not_there_is_not_found() {
    let site = Site::alone().await;
    let text = json!([{ "name": "state", "type": "string", "value": "7" }, { "name": "history", "type": "integer", "value": 5 }]);
    set(&site, "Room.1", text, "UPDATE").await;
    assert_eq!(numbers(&site, "Room.1", "state").await, [] as [Value; 0]);
    assert_eq!(site.get("/ngsi10/entity/Room.2/state/history").await.0, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/ngsi10/entity/Room.1/other/history").await.0, StatusCode::NOT_FOUND);
    assert_eq!(site.get("/ngsi10/entity/Room.1/history").await.1["value"], 5);
    assert_eq!(numbers(&site, "Room.1", "history").await, [5]);
    let site = site.restart().await;
    assert_eq!(numbers(&site, "Room.1", "history").await, [] as [Value; 0]);
}

#[tokio::test]
async fn only_what_an_update_sets_is_recorded_and_what_is_deleted_is_forgotten() {
    let site = Site::alone().await;
    let number = |name: &str, value: i32| json!({ "name": name, "type": "integer", "value": value });
    set(&site, "Room.1", json!([number("one", 1), number("two", 2)]), "APPEND").await;
    let two = site.get("/ngsi10/entity/Room.1/two/history").await;
    tokio::time::sleep(Duration::from_millis(1_010)).await;
    set(&site, "Room.1", json!([number("one", 3)]), "UPDATE").await;
    assert_eq!(numbers(&site, "Room.1", "one").await, [1, 3]);
    assert_eq!(site.get("/ngsi10/entity/Room.1/two/history").await, two);
    set(&site, "Room.1", json!([number("one", 0)]), "DELETE").await;
    assert_eq!(site.get("/ngsi10/entity/Room.1/one/history").await.0, StatusCode::NOT_FOUND);
    set(&site, "Room.1", json!([number("one", 4)]), "APPEND").await;
    assert_eq!(
        (numbers(&site, "Room.1", "one").await, numbers(&site, "Room.1", "two").await.len()),
        (vec![json!(4)], 1)
    );
    site.delete("/ngsi10/entity/Room.1").await;
    set(&site, "Room.1", json!([{ "name": "two", "type": "string", "value": "new" }]), "APPEND").await;
    assert_eq!(numbers(&site, "Room.1", "two").await, [] as [Value; 0]);
}

#[tokio::test]
async fn who_comes_when_there_is_no_room_has_no_history_and_no_other_loses_its_own() {
    let site = Site::with_broker(json!({ "history_series": 2 })).await;
    for (id, value) in [("Room.1", 1), ("Room.2", 2), ("Room.3", 3), ("Room.1", 4)] {
        site.set(id, "Room", value).await;
    }
    let kept = async |id: &str| numbers(&site, id, "value").await.len();
    assert!(kept("Room.1").await > 0 && kept("Room.2").await == 1 && kept("Room.3").await == 0);
    site.delete("/ngsi10/entity/Room.2").await;
    site.set("Room.3", "Room", 5).await;
    assert_eq!(kept("Room.3").await, 1);
}

#[tokio::test]
async fn nothing_is_kept_when_it_is_turned_off() {
    let site = Site::with_broker(json!({ "history_series": 0 })).await;
    site.set("Room.1", "Room", 1).await;
    assert_eq!(numbers(&site, "Room.1", "value").await, [] as [Value; 0]);
    site.delete("/ngsi10/entity/Room.1").await;
    assert_eq!(site.get("/ngsi10/entity/Room.1/value/history").await.0, StatusCode::NOT_FOUND);
}
