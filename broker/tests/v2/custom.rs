//! Notifications of the client's own making.

use serde_json::{Value, json};
use testkit::{Behaviour, Received, Receiver, wait_until};

use super::common::{SOON, Site};
use super::subscriptions::{subscribe, to_rooms};
use super::{call_with, create, get};

fn custom(url: &str, members: &Value) -> Value {
    let mut subscription = to_rooms("", &json!({ "notification": { "http": "-", "httpCustom": { "url": url } } }));
    let http = subscription["notification"]["httpCustom"].as_object_mut().unwrap();
    http.extend(members.as_object().unwrap().clone());
    subscription
}

/// What arrives for an update of a room, by a subscription with these members.
async fn sent(path: &str, members: &Value) -> Received {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    subscribe(&site, &custom(&format!("{}{path}", receiver.url()), members)).await;
    let room = json!({ "id": "Room:1", "type": "Room", "t": { "value": 23.4 }, "s": { "value": "a b/c" },
        "o": { "value": { "x": [1] } }, "service": { "value": "mine" } });
    let headers = [("content-type", "application/json"), ("x-auth-token", "tok"), ("fiware-correlator", "c")];
    let answer = call_with(&site, "POST", "/v2/entities", &headers, &room.to_string()).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    receiver.wait_for(1, SOON).await.remove(0)
}

#[tokio::test]
async fn urls_hold_values_that_cannot_break_them() {
    let table = [
        ("/e/${id}", json!({}), "POST", "/e/Room:1"),
        ("/${s}?k=${s}", json!({}), "POST", "/a%20b%2Fc?k=a%20b%2Fc"),
        (
            "/p",
            json!({ "method": "PUT", "qs": { "type": "${type}", "${type}": "a&b=${s}" } }),
            "PUT",
            "/p?Room=a%26b%3Da%20b%2Fc&type=Room",
        ),
        ("/none${nothing}", json!({ "method": "GET", "payload": null }), "GET", "/none"),
    ];
    for (path, members, method, expected) in table {
        let received = sent(path, &members).await;
        assert_eq!((received.method.as_str(), received.path.as_str()), (method, expected), "{path} {members}");
    }
}

#[tokio::test]
async fn payloads() {
    let table = [
        (
            json!({ "payload": "%22t%22 is ${t}, o ${o}, ${none}." }),
            "\"t\" is 23.4, o {\"x\":[1]}, .",
            "text/plain",
            "custom",
        ),
        (json!({ "payload": "${service} ${servicePath} ${authToken}" }), "mine / tok", "text/plain", "custom"),
        (json!({ "payload": null }), "", "application/json", "custom"),
        (
            json!({ "json": { "z": "${t}", "a": ["${o}", "t: ${t}", "${none}", "${s}"], "${t}": true } }),
            "{\"${t}\":true,\"a\":[{\"x\":[1]},\"t: 23.4\",null,\"a b/c\"],\"z\":23.4}",
            "application/json",
            "custom",
        ),
    ];
    for (members, body, content_type, format) in table {
        let received = sent("/", &members).await;
        assert_eq!(String::from_utf8_lossy(&received.body), body, "{members}");
        assert_eq!(received.headers["content-type"], content_type);
        assert_eq!(received.headers["ngsiv2-attrsformat"], format);
    }
    let ngsi = json!({ "ngsi": { "id": "prefix:${id}", "type": "New", "t": { "value": "${t} degrees" },
        "extra": { "value": "${o}", "type": "Copy" } } });
    let received = sent("/", &ngsi).await;
    let entity = &received.json()["data"][0];
    assert_eq!((&entity["id"], &entity["type"]), (&json!("prefix:Room:1"), &json!("New")));
    assert_eq!(entity["t"], json!({ "type": "Text", "value": "23.4 degrees", "metadata": {} }));
    assert_eq!(entity["extra"], json!({ "type": "Copy", "value": { "x": [1] }, "metadata": {} }));
    assert_eq!(received.headers["ngsiv2-attrsformat"], "normalized");
}

#[tokio::test]
async fn covered_macros_are_null_when_there_is_no_such_attribute() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let mut subscription = custom(&receiver.url(), &json!({ "payload": "${t} ${none}" }));
    subscription["notification"]["attrs"] = json!(["t", "none"]);
    subscription["notification"]["covered"] = json!(true);
    subscribe(&site, &subscription).await;
    create(&site, &json!({ "id": "Room1", "type": "Room", "t": { "value": 1 } })).await;
    assert_eq!(receiver.wait_for(1, SOON).await[0].body, "1 null");
}

#[tokio::test]
async fn headers_are_set_replaced_and_removed_but_not_ours() {
    let members = json!({ "headers": { "X-${type}": "${t}", "Authorization": "Basic abc%3D%3D", "Fiware-ServicePath": "",
        "Content-Type": "application/xml", "Fiware-Correlator": "other", "Ngsiv2-AttrsFormat": "other" } });
    let received = sent("/", &members).await;
    let header = |name: &str| received.headers.get(name).map(|value| value.to_str().unwrap());
    let table = [
        ("x-room", Some("23.4")),
        ("authorization", Some("Basic abc==")),
        ("fiware-servicepath", None),
        ("content-type", Some("application/xml")),
        ("fiware-correlator", Some("c")),
        ("ngsiv2-attrsformat", Some("normalized")),
        ("x-auth-token", Some("tok")),
    ];
    for (name, expected) in table {
        assert_eq!(header(name), expected, "{name}");
    }
    let received = sent("/", &json!({ "headers": { "X-Auth-Token": "" } })).await;
    assert_eq!(received.headers.get("x-auth-token"), None);
}

#[tokio::test]
async fn what_cannot_be_sent_is_counted_and_holds_nobody_up() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let location = subscribe(&site, &custom("${url}", &json!({}))).await;
    let room = |id: &str, url: &str| json!({ "id": id, "type": "Room", "url": { "value": url } });
    create(&site, &room("Room1", "no url")).await;
    create(&site, &room("Room2", &receiver.url())).await;
    let received = receiver.wait_for(1, SOON).await.remove(0);
    assert_eq!(received.json()["data"][0]["id"], "Room2");
    let now = get(&site, &location).await.json();
    assert!(now["notification"]["lastFailure"].is_string(), "{now}");
}

#[tokio::test]
async fn an_answer_is_waited_for_as_long_as_the_subscription_says() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    receiver.behave(Behaviour::Hang);
    let http = json!({ "notification": { "http": { "timeout": 50 } } });
    let location = subscribe(&site, &to_rooms(&receiver.url(), &http)).await;
    create(&site, &json!({ "id": "Room1", "type": "Room" })).await;
    let reason = wait_until(SOON, "it fails", async || {
        let reason = get(&site, &location).await.json()["notification"]["lastFailureReason"].clone();
        reason.as_str().map(str::to_owned)
    });
    assert!(reason.await.contains("50ms"));
}
