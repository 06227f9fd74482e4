//! What is notified, when, and in which form.

use serde_json::{Value, json};
use testkit::{Receiver, wait_until};

use super::common::{SOON, Site};
use super::subscriptions::{subscribe, to_rooms};
use super::{call_with, check, create, get};

fn room(attributes: &Value) -> Value {
    let mut room = json!({ "id": "Room1", "type": "Room" });
    room.as_object_mut().unwrap().extend(attributes.as_object().unwrap().clone());
    room
}

/// An update that everybody hears of, behind which nothing is on its way any more.
async fn end(site: &Site) {
    create(site, &json!({ "id": "End", "type": "Room", "end": { "value": 1 } })).await;
}

/// What a receiver is told, up to [`end`].
async fn told(receiver: &Receiver) -> Vec<Value> {
    let mut told = wait_until(SOON, "the end is notified", async || {
        let all: Vec<_> = receiver.received().iter().map(testkit::Received::json).collect();
        all.last().is_some_and(|last| last["data"][0]["id"] == "End").then_some(all)
    })
    .await;
    told.pop();
    told.into_iter().map(|notification| notification["data"][0].clone()).collect()
}

#[tokio::test]
async fn a_notification_has_the_form_of_ngsi_v2() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    create(&site, &room(&json!({ "temperature": { "value": 1 } }))).await;
    let location = subscribe(&site, &to_rooms(&format!("{}/path?a=b", receiver.url()), &json!({}))).await;
    let headers = [("content-type", "application/json"), ("fiware-correlator", "c1")];
    let body = json!({ "temperature": { "value": 2, "metadata": { "unit": { "value": "C" } } } }).to_string();
    call_with(&site, "PATCH", "/v2/entities/Room1/attrs", &headers, &body).await;
    let received = receiver.wait_for(1, SOON).await.remove(0);
    assert_eq!((received.method.as_str(), received.path.as_str()), ("POST", "/path?a=b"));
    let header = |name: &str| received.headers.get(name).map(|value| value.to_str().unwrap());
    assert_eq!(header("content-type"), Some("application/json"));
    assert_eq!(header("ngsiv2-attrsformat"), Some("normalized"));
    assert_eq!((header("fiware-correlator"), header("fiware-servicepath")), (Some("c1"), Some("/")));
    let id = location.rsplit('/').next().unwrap();
    let entity = json!({ "id": "Room1", "type": "Room", "temperature":
        { "type": "Number", "value": 2, "metadata": { "unit": { "type": "Text", "value": "C" } } } });
    assert_eq!(received.json(), json!({ "subscriptionId": id, "data": [entity] }));
    let counted = wait_until(SOON, "it is counted", async || {
        let now = get(&site, &location).await.json()["notification"].clone();
        (now["lastSuccessCode"] == 200).then_some(now)
    });
    let counted = counted.await;
    assert_eq!(counted["timesSent"], 1);
    assert!(counted["lastNotification"].is_string() && counted["lastSuccess"].is_string(), "{counted}");
    assert_eq!((counted.get("failsCounter"), counted.get("lastFailure")), (None, None));
}

/// The correlators of notifications, each of which tells the update behind it, up to the end.
async fn steps(receiver: &Receiver) -> String {
    told(receiver).await;
    let received = receiver.received();
    let correlators = received.iter().map(|request| request.headers["fiware-correlator"].to_str().unwrap());
    correlators.filter(|step| step.len() == 1).collect::<Vec<_>>().join(" ")
}

async fn update(site: &Site, step: usize, method: &str, path: &str, body: &Value) {
    let step = step.to_string();
    let headers = [("content-type", "application/json"), ("fiware-correlator", step.as_str())];
    let headers = if body.is_null() { &headers[1..] } else { &headers[..] };
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let answer = call_with(site, method, path, headers, &body).await;
    assert!(answer.status < 300, "{step} {}", answer.text);
}

#[tokio::test]
async fn conditions_choose_what_is_notified() {
    let table = [
        (json!({ "attrs": [] }), "1 2 3 5 6"),
        (json!({ "alterationTypes": ["entityCreate"] }), "1"),
        (json!({ "alterationTypes": ["entityUpdate"] }), "2 3 4 5 6"),
        (json!({ "alterationTypes": ["entityChange"] }), "2 3 5 6"),
        (json!({ "alterationTypes": ["entityDelete"] }), "7"),
        (json!({ "alterationTypes": ["entityDelete", "entityCreate"], "attrs": ["a"] }), "1 7"),
        (json!({ "attrs": ["a"] }), "1 2 3 6"),
        (json!({ "attrs": ["a"], "notifyOnMetadataChange": false }), "1 2 6"),
        (json!({ "attrs": ["a"], "alterationTypes": ["entityUpdate"] }), "2 3 4 6"),
        (json!({ "attrs": ["b"] }), "5"),
        (json!({ "attrs": ["none"] }), ""),
        (json!({ "expression": { "q": "a<2" } }), "1"),
        (json!({ "expression": { "q": "a==2" } }), "2 3 5"),
        (json!({ "expression": { "mq": "a.unit==K" } }), "3 5"),
        (json!({ "expression": { "georel": "near;maxDistance:10", "geometry": "point", "coords": "49,8" } }), "5 6"),
    ];
    let site = Site::alone().await;
    let mut subscriptions = Vec::new();
    for (condition, expected) in table {
        let receiver = Receiver::start().await.unwrap();
        let body = to_rooms(&receiver.url(), &json!({ "subject": { "condition": &condition } }));
        subscriptions.push((subscribe(&site, &body).await, receiver, condition, expected));
    }
    let a = |value: i64, unit: &str| json!({ "value": value, "metadata": { "unit": { "value": unit } } });
    let place = json!({ "type": "geo:point", "value": "49,8" });
    let attributes = "/v2/entities/Room1/attrs";
    let updates = [
        ("POST", "/v2/entities", room(&json!({ "a": a(1, "C") }))),
        ("PATCH", attributes, json!({ "a": a(2, "C") })),
        ("PATCH", attributes, json!({ "a": a(2, "K") })),
        ("PATCH", attributes, json!({ "a": a(2, "K") })),
        ("POST", attributes, json!({ "b": { "value": 1 }, "place": place })),
        ("DELETE", "/v2/entities/Room1/attrs/a", Value::Null),
        ("DELETE", "/v2/entities/Room1", Value::Null),
    ];
    for (index, (method, path, body)) in updates.iter().enumerate() {
        update(&site, index + 1, method, path, body).await;
    }
    for (location, ..) in &subscriptions {
        check(&site, &[("PATCH", location, json!({ "subject": { "condition": { "attrs": [] } } }), 204, "")]).await;
    }
    end(&site).await;
    for (_, receiver, condition, expected) in &subscriptions {
        assert_eq!(steps(receiver).await, *expected, "{condition}");
    }
}

#[tokio::test]
async fn updates_of_ngsi10_are_notified_alike() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    subscribe(&site, &to_rooms(&receiver.url(), &json!({ "notification": { "attrs": ["alterationType", "value"] } })))
        .await;
    for value in [1, 1, 2] {
        site.set("Room1", "Room", value).await;
    }
    site.delete("/ngsi10/entity/Room1").await;
    end(&site).await;
    let told: Vec<_> =
        told(&receiver).await.iter().map(|e| json!([e["alterationType"]["value"], e["value"]["value"]])).collect();
    assert_eq!(json!(told), json!([["entityCreate", 1], ["entityChange", 2]]));
}

#[tokio::test]
async fn the_subscription_chooses_what_is_sent() {
    let table = [
        (json!({ "attrs": ["b"] }), json!({ "b": { "type": "Number", "value": 1, "metadata": {} } })),
        (json!({ "attrs": ["b"], "attrsFormat": "keyValues" }), json!({ "b": 1 })),
        (json!({ "attrs": ["b", "*"], "attrsFormat": "keyValues" }), json!({ "b": 1, "a": 2, "c": "x" })),
        (json!({ "exceptAttrs": ["b"], "attrsFormat": "keyValues" }), json!({ "a": 2, "c": "x" })),
        (json!({ "onlyChangedAttrs": true, "attrsFormat": "keyValues" }), json!({ "a": 2 })),
        (
            json!({ "onlyChangedAttrs": true, "attrs": ["a", "c", "alterationType"], "attrsFormat": "keyValues" }),
            json!({ "a": 2, "alterationType": "entityChange" }),
        ),
        (
            json!({ "attrs": ["b", "z"], "covered": true }),
            json!({ "b": { "type": "Number", "value": 1, "metadata": {} },
                "z": { "type": "None", "value": null, "metadata": {} } }),
        ),
        (
            json!({ "attrs": ["a"], "metadata": ["previousValue", "actionType"] }),
            json!({ "a": { "type": "Number", "value": 2, "metadata": {
                "previousValue": { "type": "Text", "value": "old" }, "actionType": { "type": "Text", "value": "update" } } } }),
        ),
        (
            json!({ "attrs": ["a"], "metadata": ["*"] }),
            json!({ "a": { "type": "Number", "value": 2, "metadata": { "unit": { "type": "Text", "value": "C" } } } }),
        ),
    ];
    let site = Site::alone().await;
    create(&site, &room(&json!({ "a": { "value": "old" }, "b": { "value": 1 }, "c": { "value": "x" } }))).await;
    let mut receivers = Vec::new();
    for (notification, _) in &table {
        let receiver = Receiver::start().await.unwrap();
        subscribe(&site, &to_rooms(&receiver.url(), &json!({ "notification": notification }))).await;
        receivers.push(receiver);
    }
    let body = json!({ "a": { "value": 2, "metadata": { "unit": { "value": "C" } } }, "b": { "value": 1 } });
    check(&site, &[("PATCH", "/v2/entities/Room1/attrs", body, 204, "")]).await;
    for ((notification, expected), receiver) in table.iter().zip(receivers) {
        let received = receiver.wait_for(1, SOON).await.remove(0).json();
        assert_eq!(received["data"][0], room(expected), "{notification}");
    }
}

#[tokio::test]
async fn formats() {
    let site = Site::alone().await;
    let attribute = json!({ "type": "Number", "value": 1, "metadata": {} });
    let table = [
        ("values", json!({ "data": [[2, 1]] })),
        ("keyValues", json!({ "data": [{ "id": "Room1", "type": "Room", "b": 2, "a": 1 }] })),
        ("simplifiedKeyValues", json!({ "id": "Room1", "type": "Room", "b": 2, "a": 1 })),
        (
            "simplifiedNormalized",
            json!({ "id": "Room1", "type": "Room", "a": attribute,
            "b": { "type": "Number", "value": 2, "metadata": {} } }),
        ),
        (
            "legacy",
            json!({ "contextResponses": [{
            "contextElement": { "id": "Room1", "type": "Room", "isPattern": "false", "attributes": [
                { "name": "b", "type": "Number", "value": 2 }, { "name": "a", "type": "Number", "value": 1 }] },
            "statusCode": { "code": "200", "reasonPhrase": "OK" } }] }),
        ),
    ];
    let mut receivers = Vec::new();
    for (format, _) in &table {
        let receiver = Receiver::start().await.unwrap();
        let notification = json!({ "attrs": ["b", "a"], "attrsFormat": format });
        subscribe(&site, &to_rooms(&receiver.url(), &json!({ "notification": notification }))).await;
        receivers.push(receiver);
    }
    create(&site, &room(&json!({ "a": { "value": 1 }, "b": { "value": 2 } }))).await;
    for ((format, expected), receiver) in table.iter().zip(receivers) {
        let received = receiver.wait_for(1, SOON).await.remove(0);
        assert_eq!(received.headers["ngsiv2-attrsformat"], *format);
        let mut body = received.json();
        let members = body.as_object_mut().unwrap();
        if !format.starts_with("simplified") {
            assert!(members.remove("subscriptionId").is_some(), "{format}");
        }
        members.remove("originator");
        assert_eq!(body, *expected, "{format}");
    }
}
