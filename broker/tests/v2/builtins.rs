//! Attributes and metadata that a broker keeps itself, and those of a client that have their names.

use serde_json::{Value, json};
use testkit::Receiver;

use super::common::{SOON, Site};
use super::subscriptions::{subscribe, to_rooms};
use super::{call, check, create, get};

const LATER: &str = "2050-01-01T00:00:00.000Z";

fn room() -> Value {
    let later = json!({ "type": "DateTime", "value": LATER });
    json!({ "id": "Room1", "type": "Room", "dateModified": later, "alterationType": { "value": "mine" },
        "t": { "value": 1, "metadata": { "dateCreated": later, "actionType": { "value": "mine" } } } })
}

#[tokio::test]
async fn what_a_client_has_set_is_shown() {
    let site = Site::alone().await;
    create(&site, &room()).await;
    let named = "/v2/entities/Room1?options=keyValues&attrs=dateModified,alterationType";
    for path in ["/v2/entities/Room1?options=keyValues", named] {
        let shown = get(&site, path).await.json();
        assert_eq!((&shown["dateModified"], &shown["alterationType"]), (&json!(LATER), &json!("mine")), "{path}");
    }
    for path in
        ["/v2/entities/Room1/attrs/t", "/v2/entities/Room1/attrs/t?metadata=dateCreated,actionType,dateModified"]
    {
        let text = get(&site, path).await.text;
        let metadata = serde_json::from_str::<Value>(&text).unwrap()["metadata"].clone();
        let own = (&metadata["dateCreated"]["value"], &metadata["actionType"]["value"]);
        assert_eq!(own, (&json!(LATER), &json!("mine")), "{path}");
        assert_eq!(text.matches("dateCreated").count(), 1, "{path}");
    }
    check(
        &site,
        &[
            ("PUT", "/v2/entities/Room1/attrs/dateModified/value", json!("\"2051-01-01\""), 204, ""),
            ("POST", "/v2/entities/Room1/attrs?options=keyValues", json!({ "dateCreated": "mine" }), 204, ""),
            ("DELETE", "/v2/entities/Room1/attrs/dateCreated", Value::Null, 204, ""),
        ],
    )
    .await;
    assert_ne!(
        get(&site, "/v2/entities/Room1?options=keyValues&attrs=dateCreated").await.json()["dateCreated"],
        "mine"
    );
}

#[tokio::test]
async fn filters_look_at_what_the_broker_knows() {
    let site = Site::alone().await;
    create(&site, &room()).await;
    for (filter, count) in [
        ("q=dateModified>2049-12-31", 0),
        ("q=dateModified<2049-12-31", 1),
        ("mq=t.dateCreated>2049-12-31", 0),
        ("q=alterationType==mine", 1),
    ] {
        let filter = filter.replace('>', "%3E").replace('<', "%3C");
        let found = get(&site, &format!("/v2/entities?{filter}")).await.json();
        assert_eq!(found.as_array().map(Vec::len), Some(count), "{filter}: {found}");
    }
}

#[tokio::test]
async fn subscribers_are_told_what_a_client_has_set() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let what = json!({ "notification": { "attrs": ["t", "dateModified", "alterationType"], "metadata": ["dateCreated", "actionType"] } });
    subscribe(&site, &to_rooms(&receiver.url(), &what)).await;
    create(&site, &room()).await;
    let told = receiver.wait_for(1, SOON).await.remove(0).json()["data"][0].clone();
    assert_eq!((&told["dateModified"]["value"], &told["alterationType"]["value"]), (&json!(LATER), &json!("mine")));
    let metadata = &told["t"]["metadata"];
    assert_eq!((&metadata["dateCreated"]["value"], &metadata["actionType"]["value"]), (&json!(LATER), &json!("mine")));
}

#[tokio::test]
async fn times_may_be_asked_for_as_options() {
    let site = Site::alone().await;
    create(&site, &json!({ "id": "e", "type": "T", "a": { "value": 1 }, "b": { "value": 2 } })).await;
    let table = [
        ("/v2/entities/e?options=keyValues,dateCreated", "a b dateCreated id type"),
        ("/v2/entities/e/attrs?options=keyValues,dateModified&attrs=a", "a dateModified"),
        ("/v2/entities?options=keyValues,dateModified,dateCreated", "a b dateCreated dateModified id type"),
    ];
    for (path, expected) in table {
        let answer = get(&site, path).await.json();
        let shown = answer.get(0).unwrap_or(&answer).as_object().unwrap();
        assert_eq!(shown.keys().map(String::as_str).collect::<Vec<_>>().join(" "), expected, "{path}");
    }
}

#[tokio::test]
async fn the_old_attributes_of_a_query_are_those_that_entities_must_have() {
    let site = Site::alone().await;
    for (id, attributes) in [("1", "ab"), ("2", "b"), ("3", "c")] {
        let mut entity = json!({ "id": id, "type": "T" });
        attributes.chars().for_each(|name| entity[name.to_string()] = json!({ "value": 1 }));
        create(&site, &entity).await;
    }
    let table = [
        (json!({ "attributes": ["a"] }), json!([{ "id": "1", "type": "T", "a": 1 }])),
        (
            json!({ "attributes": ["a", "c"] }),
            json!([{ "id": "1", "type": "T", "a": 1 }, { "id": "3", "type": "T", "c": 1 }]),
        ),
        (json!({ "attributes": ["a"], "attrs": ["b"] }), json!([{ "id": "1", "type": "T", "b": 1 }])),
        (json!({ "attributes": ["none"] }), json!([])),
        (json!({ "attributes": [], "attrs": ["a"], "entities": [{ "id": "2" }] }), json!([{ "id": "2", "type": "T" }])),
    ];
    for (query, expected) in table {
        let answer = call(&site, "POST", "/v2/op/query?options=keyValues,count", &query).await;
        assert_eq!(answer.json(), expected, "{query}");
        assert_eq!(answer.header("fiware-total-count"), expected.as_array().unwrap().len().to_string());
    }
    let one = json!({ "attributes": ["b"] });
    let page = call(&site, "POST", "/v2/op/query?options=keyValues&limit=1&offset=1", &one).await;
    assert_eq!(page.json(), json!([{ "id": "2", "type": "T", "b": 1 }]));
    let times = json!({ "attributes": ["dateModified"] });
    assert_eq!(call(&site, "POST", "/v2/op/query", &times).await.json().as_array().map(Vec::len), Some(3));
}
