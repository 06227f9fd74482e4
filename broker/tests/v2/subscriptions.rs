//! Making, reading, changing and deleting subscriptions.

use serde_json::{Value, json};

use super::common::Site;
use super::{call, call_with, check, get};

/// A subscription to rooms that notifies a URL, with parts replaced.
pub(crate) fn to_rooms(url: &str, changes: &Value) -> Value {
    let mut subscription = json!({
        "subject": { "entities": [{ "idPattern": ".*", "type": "Room" }] },
        "notification": { "http": { "url": url } },
    });
    merge(&mut subscription, changes);
    subscription
}

fn merge(present: &mut Value, changes: &Value) {
    match (present, changes) {
        (Value::Object(present), Value::Object(changes)) => {
            for (name, change) in changes {
                merge(present.entry(name).or_insert(Value::Null), change);
            }
            present.retain(|_, value| *value != json!("-"));
        }
        (present, change) => *present = change.clone(),
    }
}

/// Makes a subscription; where it is.
pub(crate) async fn subscribe(site: &Site, subscription: &Value) -> String {
    let answer = call(site, "POST", "/v2/subscriptions", subscription).await;
    assert_eq!((answer.status, answer.text.as_str()), (201, ""), "{subscription}");
    answer.header("location").to_owned()
}

fn everything() -> Value {
    json!({
        "description": "all there is",
        "subject": {
            "entities": [{ "id": "Room1", "type": "Room" }, { "idPattern": "^L", "typePattern": "a|b" }],
            "condition": {
                "attrs": ["temperature"],
                "expression": { "q": "temperature>20", "mq": "temperature.unit==C", "georel": "near;maxDistance:100",
                    "geometry": "point", "coords": "49,8" },
                "alterationTypes": ["entityCreate", "entityDelete"],
                "notifyOnMetadataChange": false,
            },
        },
        "notification": {
            "httpCustom": {
                "url": "http://localhost:9/${id}", "headers": { "X-a": "b" }, "qs": { "t": "${type}" }, "method": "PUT",
                "json": { "z": "${temperature}", "a": [1] }, "timeout": 300,
            },
            "attrs": ["temperature", "open"], "onlyChangedAttrs": true, "covered": true, "metadata": ["previousValue"],
            "attrsFormat": "keyValues", "maxFailsLimit": 3,
        },
        "expires": "2040-01-01T14:00:00.000Z",
        "throttling": 5,
    })
}

#[tokio::test]
async fn what_was_asked_for_is_read_back() {
    let site = Site::alone().await;
    let location = subscribe(&site, &everything()).await;
    let id = location.strip_prefix("/v2/subscriptions/").unwrap();
    let mut expected = everything();
    merge(&mut expected, &json!({ "id": id, "status": "active", "notification": { "timesSent": 0 } }));
    assert_eq!(get(&site, &location).await.json(), expected);
    let site = site.restart().await;
    assert_eq!(get(&site, &location).await.json(), expected);
}

#[tokio::test]
async fn defaults_are_told() {
    let site = Site::alone().await;
    let location = subscribe(&site, &to_rooms("http://localhost:9", &json!({}))).await;
    let expected = json!({
        "id": location.rsplit('/').next(), "status": "active",
        "subject": { "entities": [{ "idPattern": ".*", "type": "Room" }],
            "condition": { "attrs": [], "notifyOnMetadataChange": true } },
        "notification": { "http": { "url": "http://localhost:9" }, "attrs": [], "onlyChangedAttrs": false,
            "covered": false, "attrsFormat": "normalized", "timesSent": 0 },
    });
    assert_eq!(get(&site, &location).await.json(), expected);
}

#[tokio::test]
async fn lists_come_in_pages_and_hold_only_subscriptions_of_ngsi_v2() {
    let site = Site::alone().await;
    let old = json!({ "entities": [{ "type": "Room" }], "reference": "http://localhost:9" });
    let ngsi10 = site.subscribe(&old, &[]).await;
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(subscribe(&site, &to_rooms("http://localhost:9", &json!({}))).await);
    }
    let listed = async |query: &str| {
        let answer = get(&site, &format!("/v2/subscriptions?options=count{query}")).await;
        let all = answer.json().as_array().unwrap().clone();
        let paths: Vec<_> =
            all.iter().map(|one| format!("/v2/subscriptions/{}", one["id"].as_str().unwrap())).collect();
        (paths, answer.header("fiware-total-count").to_owned())
    };
    assert_eq!(listed("").await, (made.clone(), "3".to_owned()));
    assert_eq!(listed("&limit=1&offset=1").await, (made[1..2].to_vec(), "3".to_owned()));
    assert_eq!(listed("&offset=9").await, (Vec::new(), "3".to_owned()));
    let headers = [("content-type", "application/json"), ("Fiware-ServicePath", "/a/#")];
    let body = to_rooms("http://localhost:9", &json!({})).to_string();
    assert_eq!(call_with(&site, "POST", "/v2/subscriptions", &headers, &body).await.status, 201);
    for (path, count) in [("/#", 4), ("/a/#", 1), ("/a/#/", 0), ("/a", 0)] {
        let answer = call_with(&site, "GET", "/v2/subscriptions", &[("Fiware-ServicePath", path)], "").await;
        assert_eq!(answer.json().as_array().map_or(0, Vec::len), count, "{path}");
    }
    let list = site.get("/ngsi10/subscription").await.1;
    assert_eq!(list.as_object().unwrap().keys().collect::<Vec<_>>(), [&ngsi10]);
    check(
        &site,
        &[
            ("GET", "/v2/subscriptions/none", Value::Null, 404, "NotFound"),
            ("GET", &format!("/v2/subscriptions/{ngsi10}"), Value::Null, 404, "NotFound"),
            ("DELETE", &format!("/v2/subscriptions/{ngsi10}"), Value::Null, 404, "NotFound"),
            ("DELETE", &made[0], Value::Null, 204, ""),
            ("DELETE", &made[0], Value::Null, 404, "NotFound"),
            ("GET", &made[0], Value::Null, 404, "NotFound"),
            ("PATCH", &made[0], json!({ "throttling": 1 }), 404, "NotFound"),
            ("GET", "/v2/subscriptions?limit=0", Value::Null, 400, "BadRequest"),
            ("GET", "/v2/subscriptions?options=keyValues", Value::Null, 400, "BadRequest"),
        ],
    )
    .await;
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let site = Site::alone().await;
    let custom = |members: Value| json!({ "notification": { "http": "-", "httpCustom": members } });
    let mqtt = |members: Value| json!({ "notification": { "http": "-", "mqtt": members } });
    let table = [
        (json!({ "subject": "-" }), "subject"),
        (json!({ "notification": "-" }), "notification"),
        (json!({ "subject": { "entities": [] } }), "subject.entities"),
        (json!({ "subject": { "entities": [{ "type": "Room" }] } }), "subject.entities[0].id"),
        (json!({ "subject": { "entities": [{ "id": "a", "idPattern": "b" }] } }), "subject.entities[0].id"),
        (json!({ "subject": { "entities": [{ "id": "a?" }] } }), "subject.entities[0].id"),
        (json!({ "subject": { "entities": [{ "id": "a", "typePattern": "" }] } }), "subject.entities[0].typePattern"),
        (json!({ "subject": { "entities": [{ "idPattern": "(" }] } }), "subject.entities[0].id"),
        (json!({ "subject": { "entities": [{ "id": 5 }] } }), "subject.entities[0].id"),
        (json!({ "subject": { "condition": { "expression": {} } } }), "subject.condition.expression"),
        (json!({ "subject": { "condition": { "expression": { "q": "" } } } }), "subject.condition.expression.q"),
        (json!({ "subject": { "condition": { "expression": { "q": "a>" } } } }), "subject.condition.expression.q"),
        (json!({ "subject": { "condition": { "expression": { "georel": "near" } } } }), "subject.condition.expression"),
        (json!({ "subject": { "condition": { "alterationTypes": ["entityMove"] } } }), "alterationTypes"),
        (json!({ "subject": { "other": 1 } }), "other"),
        (json!({ "notification": { "http": "-" } }), "notification"),
        (json!({ "notification": { "mqtt": { "url": "mqtt://a", "topic": "t" } } }), "notification"),
        (json!({ "notification": { "http": { "url": "" } } }), "notification.http.url"),
        (json!({ "notification": { "http": { "url": "ftp://a" } } }), "notification.http.url"),
        (json!({ "notification": { "http": { "url": "http:///a" } } }), "notification.http.url"),
        (json!({ "notification": { "http": { "timeout": 1_800_001 } } }), "notification.http.timeout"),
        (json!({ "notification": { "attrs": ["a"], "exceptAttrs": ["b"] } }), "notification.exceptAttrs"),
        (json!({ "notification": { "exceptAttrs": [] } }), "notification.exceptAttrs"),
        (json!({ "notification": { "covered": true } }), "notification.covered"),
        (json!({ "notification": { "attrsFormat": "xml" } }), "notification.attrsFormat"),
        (json!({ "notification": { "maxFailsLimit": 0 } }), "notification.maxFailsLimit"),
        (custom(json!({ "url": "http://a", "headers": {} })), "notification.httpCustom.headers"),
        (custom(json!({ "url": "http://a", "method": "SEND" })), "notification.httpCustom.method"),
        (custom(json!({ "url": "http://a", "payload": "a", "json": {} })), "notification.httpCustom.payload"),
        (custom(json!({ "url": "http://a", "json": "a" })), "notification.httpCustom.json"),
        (custom(json!({ "url": "http://a", "ngsi": { "a": 1 } })), "notification.httpCustom.ngsi.a"),
        (mqtt(json!({ "url": "http://a", "topic": "t" })), "notification.mqtt.url"),
        (mqtt(json!({ "url": "mqtt://a/b", "topic": "t" })), "notification.mqtt.url"),
        (mqtt(json!({ "url": "mqtt://a", "topic": "a/#" })), "notification.mqtt.topic"),
        (mqtt(json!({ "url": "mqtt://a", "topic": "t", "qos": 3 })), "notification.mqtt.qos"),
        (mqtt(json!({ "url": "mqtt://a", "topic": "t", "user": "u" })), "notification.mqtt.user"),
        (json!({ "expires": "tomorrow" }), "expires"),
        (json!({ "status": "failed" }), "status"),
        (json!({ "throttling": "PT5S" }), "throttling"),
        (json!({ "description": "a<b" }), "description"),
        (json!({ "id": "mine" }), "id"),
    ];
    for (changes, member) in table {
        let answer = call(&site, "POST", "/v2/subscriptions", &to_rooms("http://localhost:9", &changes)).await;
        assert_eq!(answer.outcome(), (400, "BadRequest".to_owned()), "{changes}");
        let description = answer.json()["description"].as_str().unwrap().to_owned();
        assert!(description.contains(member), "{member}: {description}");
    }
    assert_eq!(get(&site, "/v2/subscriptions").await.json(), json!([]));
    let json = [("content-type", "application/json")];
    assert_eq!(call_with(&site, "POST", "/v2/subscriptions", &json, "{").await.outcome().1, "ParseError");
    assert_eq!(call_with(&site, "POST", "/v2/subscriptions", &json, "").await.status, 411);
    assert_eq!(call_with(&site, "POST", "/v2/subscriptions", &[], "{}").await.status, 415);
}

#[tokio::test]
async fn only_what_a_patch_names_changes() {
    let site = Site::alone().await;
    let location = subscribe(&site, &everything()).await;
    let table = [
        json!({ "description": "other" }),
        json!({ "notification": { "attrs": ["x"], "onlyChangedAttrs": false } }),
        json!({ "subject": { "condition": { "attrs": ["y"], "notifyOnMetadataChange": true } } }),
        json!({ "throttling": 1, "status": "inactive" }),
        json!({ "status": "active" }),
    ];
    for patch in table {
        let mut expected = get(&site, &location).await.json();
        if let Some(condition) = patch["subject"].get("condition") {
            expected["subject"]["condition"] = condition.clone();
        } else {
            merge(&mut expected, &patch);
        }
        check(&site, &[("PATCH", &location, patch.clone(), 204, "")]).await;
        assert_eq!(get(&site, &location).await.json(), expected, "{patch}");
    }
    let before = get(&site, &location).await.json();
    let told = json!({ "notification": { "timesSent": 7, "failsCounter": 7, "lastNotification": "2026-01-01T00:00:00.000Z" } });
    check(&site, &[("PATCH", &location, told, 204, "")]).await;
    assert_eq!(get(&site, &location).await.json(), before, "what the broker tells is not the client's to change");
    let patch = json!({ "expires": "", "notification": { "mqtt": { "url": "mqtt://a", "topic": "t", "user": "u", "passwd": "p" } } });
    check(&site, &[("PATCH", &location, patch, 204, "")]).await;
    let now = get(&site, &location).await.json();
    assert_eq!(now.get("expires"), None);
    let shown = json!({ "url": "mqtt://a", "topic": "t", "qos": 0, "retain": false, "user": "u", "passwd": "*****" });
    assert_eq!((now["notification"].get("httpCustom"), &now["notification"]["mqtt"]), (None, &shown));
    for (patch, member) in [
        (json!({}), "body"),
        (json!({ "status": "failed" }), "status"),
        (json!({ "notification": { "covered": true, "attrs": [] } }), "notification.covered"),
        (json!({ "subject": 5 }), "subject"),
    ] {
        let answer = call(&site, "PATCH", &location, &patch).await;
        assert_eq!(answer.outcome(), (400, "BadRequest".to_owned()), "{patch}");
        assert!(answer.json()["description"].as_str().unwrap().contains(member), "{patch}: {}", answer.text);
    }
    assert_eq!(get(&site, &location).await.json(), now);
}
