//! Entities that end by themselves.

use serde_json::{Value, json};
use testkit::{Receiver, wait_until};

use super::common::{SOON, Site, elements};
use super::{check, create, get};

const PAST: &str = "2020-01-01T00:00:00.000Z";
const FUTURE: &str = "2099-01-01T00:00:00.000Z";

fn entity(id: &str, expires: &str) -> Value {
    json!({ "id": id, "type": "T", "n": { "value": 1 }, "dateExpires": { "type": "DateTime", "value": expires } })
}

#[tokio::test]
async fn an_entity_is_gone_when_it_has_ended() {
    let mut site = Site::alone().await;
    for _ in 0..2 {
        create(&site, &entity("e", FUTURE)).await;
        assert_eq!(get(&site, "/v2/entities/e/attrs/dateExpires/value").await.text, format!("\"{FUTURE}\""));
        site = site.restart().await;
        let past = json!({ "dateExpires": { "value": PAST } });
        check(
            &site,
            &[
                ("PATCH", "/v2/entities/e/attrs", past, 204, ""),
                ("GET", "/v2/entities/e", Value::Null, 404, "NotFound"),
                ("PATCH", "/v2/entities/e/attrs", json!({ "n": { "value": 1 } }), 404, "NotFound"),
                ("POST", "/v2/entities", entity("f", PAST), 201, ""),
                ("GET", "/v2/entities/f", Value::Null, 404, "NotFound"),
            ],
        )
        .await;
        assert_eq!(get(&site, "/v2/entities").await.text, "[]");
        assert_eq!(get(&site, "/v2/types").await.text, "[]");
        site = site.restart().await;
        assert_eq!(get(&site, "/v2/entities").await.text, "[]");
    }
}

#[tokio::test]
async fn the_end_is_shown_to_those_who_ask_for_it() {
    let site = Site::alone().await;
    create(&site, &entity("e", FUTURE)).await;
    let (bare, whole) = (json!({ "n": 1 }), json!({ "n": 1, "dateExpires": FUTURE }));
    for (query, expected) in [
        ("", &bare),
        ("&attrs=*", &bare),
        ("&attrs=n", &bare),
        ("&attrs=n,dateExpires", &whole),
        ("&attrs=*,dateExpires", &whole),
    ] {
        let found = get(&site, &format!("/v2/entities/e/attrs?options=keyValues{query}")).await;
        assert_eq!(found.json(), *expected, "{query}");
    }
    assert_eq!(get(&site, "/v2/types/T").await.json()["attrs"], json!({ "n": { "types": ["Number"] } }));
}

#[tokio::test]
async fn an_end_can_be_put_off() {
    let site = Site::alone().await;
    create(&site, &entity("e", FUTURE)).await;
    check(
        &site,
        &[
            ("PUT", "/v2/entities/e/attrs/dateExpires/value", json!("\"2098-06-01\""), 204, ""),
            ("GET", "/v2/entities?q=dateExpires%3E2098-01-01", Value::Null, 200, ""),
            ("DELETE", "/v2/entities/e/attrs/dateExpires", Value::Null, 204, ""),
            ("GET", "/v2/entities/e", Value::Null, 200, ""),
            ("PATCH", "/v2/entities/e/attrs", json!({ "dateExpires": { "value": 7 } }), 400, "BadRequest"),
            ("POST", "/v2/entities/e/attrs", json!({ "dateExpires": { "value": 7 } }), 400, "BadRequest"),
            (
                "POST",
                "/v2/entities/e/attrs",
                json!({ "dateExpires": { "value": FUTURE, "type": "Text" } }),
                400,
                "BadRequest",
            ),
            ("POST", "/v2/entities/e/attrs", json!({ "dateExpires": { "value": null } }), 400, "BadRequest"),
            ("POST", "/v2/entities/e/attrs?options=keyValues", json!({ "dateExpires": FUTURE }), 204, ""),
        ],
    )
    .await;
    let attribute = get(&site, "/v2/entities/e/attrs/dateExpires").await.json();
    assert_eq!(attribute, json!({ "type": "DateTime", "value": FUTURE, "metadata": {} }));
}

fn value(value: i64, expires: &str) -> Value {
    json!({ "value": value, "metadata": { "dateExpires": { "value": expires } } })
}

#[tokio::test]
async fn an_attribute_is_gone_when_it_has_ended() {
    let mut site = Site::alone().await;
    create(
        &site,
        &json!({ "id": "e", "type": "T", "stays": { "value": 1 }, "a": value(1, FUTURE), "b": value(2, PAST) }),
    )
    .await;
    for _ in 0..2 {
        let expected = json!({ "id": "e", "type": "T", "stays": 1, "a": 1 });
        assert_eq!(get(&site, "/v2/entities/e?options=keyValues").await.json(), expected);
        site = site.restart().await;
    }
    let end = json!({ "type": "DateTime", "value": FUTURE });
    assert_eq!(get(&site, "/v2/entities/e/attrs/a").await.json()["metadata"]["dateExpires"], end);
    let of_type =
        |value_type: &str| json!({ "value": 1, "metadata": { "dateExpires": { "value": PAST, "type": value_type } } });
    check(
        &site,
        &[
            ("PUT", "/v2/entities/e/attrs/a", value(3, "soon"), 400, "BadRequest"),
            ("PUT", "/v2/entities/e/attrs/a", value(3, PAST), 204, ""),
            ("GET", "/v2/entities/e/attrs/a", Value::Null, 404, "NotFound"),
            ("GET", "/v2/entities?q=a", Value::Null, 200, ""),
            ("PUT", "/v2/entities/e/attrs/stays", of_type("Text"), 204, ""),
            ("GET", "/v2/entities/e/attrs/stays", Value::Null, 200, ""),
            ("PUT", "/v2/entities/e/attrs/stays", of_type("DateTime"), 204, ""),
            ("GET", "/v2/entities/e/attrs/stays", Value::Null, 404, "NotFound"),
        ],
    )
    .await;
    assert_eq!(get(&site, "/v2/entities?q=a").await.text, "[]");
    let linked = json!({ "id": "urn:l", "type": "T",
        "a": { "type": "Property", "value": 1, "expiresAt": PAST }, "b": { "type": "Property", "value": 2 } });
    check(&site, &[("POST", "/ngsi-ld/v1/entities", linked, 201, "")]).await;
    assert_eq!(get(&site, "/ngsi-ld/v1/entities/urn:l?options=keyValues").await.json()["a"], Value::Null);
    let site = site.restart().await;
    assert_eq!(get(&site, "/v2/entities/e?options=keyValues").await.json(), json!({ "id": "e", "type": "T" }));
}

#[tokio::test]
async fn subscribers_hear_that_an_attribute_has_ended() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let condition = json!({ "attrs": ["a"], "alterationTypes": ["entityChange"] });
    let subscription = json!({ "subject": { "entities": [{ "id": "e" }], "condition": condition },
        "notification": { "http": { "url": receiver.url() }, "attrsFormat": "keyValues" } });
    check(&site, &[("POST", "/v2/subscriptions", subscription, 201, "")]).await;
    let soon = service::now().after(std::time::Duration::from_millis(50)).to_string();
    create(&site, &json!({ "id": "e", "type": "T", "a": value(1, &soon), "c": { "value": 3 } })).await;
    let told = receiver.wait_for(1, SOON).await;
    assert_eq!(told[0].json()["data"][0], json!({ "id": "e", "type": "T", "c": 3 }));
}

#[tokio::test]
async fn subscribers_hear_that_an_entity_has_ended() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let subscription = json!({ "entities": [{ "id": "e", "type": "T" }], "reference": receiver.url() });
    site.subscribe(&subscription, &[]).await;
    let soon = service::now().after(std::time::Duration::from_millis(50)).to_string();
    create(&site, &entity("e", &soon)).await;
    let bare = wait_until(SOON, "the deletion", async || {
        let told = elements(&receiver.received());
        told.into_iter().rfind(|element| element["attributes"].as_array().is_none_or(Vec::is_empty))
    })
    .await;
    assert_eq!(bare["entityId"]["id"], "e");
}
