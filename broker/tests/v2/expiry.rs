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
