//! Entities of one identifier that differ in type or service path.

use serde_json::{Value, json};
use testkit::{Receiver, wait_until};

use super::common::{SOON, Site, update};
use super::{Answer, call_with, check, create, get};

const SEVERAL: (u16, &str) = (409, "TooManyResults");

fn entity(entity_type: &str, n: i64) -> Value {
    json!({ "id": "e", "type": entity_type, "n": { "value": n } })
}

async fn at(site: &Site, path: &str, method: &str, url: &str, body: &Value) -> Answer {
    let headers = [("Fiware-ServicePath", path), ("content-type", "application/json")];
    match body {
        Value::Null => call_with(site, method, url, &headers[..1], "").await,
        body => call_with(site, method, url, &headers, &body.to_string()).await,
    }
}

/// `e` of type `A`, then of `B`, then of `A` in `/p`, with 1, 2 and 3.
async fn with_three() -> Site {
    let site = Site::alone().await;
    create(&site, &entity("A", 1)).await;
    create(&site, &entity("B", 2)).await;
    assert_eq!(at(&site, "/p", "POST", "/v2/entities", &entity("A", 3)).await.status, 201);
    site
}

async fn numbers(site: &Site, query: &str) -> Value {
    let answer = get(site, &format!("/v2/entities?{query}&options=keyValues,count")).await;
    let found = answer.json();
    assert_eq!(answer.header("fiware-total-count"), found.as_array().unwrap().len().to_string());
    found.as_array().unwrap().iter().map(|entity| entity["n"].clone()).collect()
}

#[tokio::test]
async fn requests_that_mean_several_are_refused() {
    let site = with_three().await.restart().await;
    let set = json!({ "n": { "value": 7 } });
    let batch = |action: &str, entity: Value| json!({ "actionType": action, "entities": [entity] });
    let (unnamed, named) = (json!({ "id": "e", "n": { "value": 8 } }), entity("B", 9));
    let (status, error) = SEVERAL;
    for (method, rest, body) in [
        ("GET", "", Value::Null),
        ("GET", "/attrs", Value::Null),
        ("GET", "/attrs/n", Value::Null),
        ("GET", "/attrs/n/value", Value::Null),
        ("PATCH", "/attrs", set.clone()),
        ("POST", "/attrs", set.clone()),
        ("PUT", "/attrs", set.clone()),
        ("PUT", "/attrs/n", json!({ "value": 6 })),
        ("PUT", "/attrs/n/value", json!("6")),
        ("DELETE", "/attrs/n", Value::Null),
        ("DELETE", "", Value::Null),
    ] {
        let url = format!("/v2/entities/e{rest}");
        check(&site, &[(method, &url, body, status, error)]).await;
    }
    check(
        &site,
        &[
            ("POST", "/v2/op/update", batch("append", unnamed.clone()), status, error),
            ("POST", "/v2/op/update", batch("update", unnamed.clone()), status, error),
            ("POST", "/v2/op/update", batch("delete", json!({ "id": "e" })), status, error),
            ("POST", "/v2/entities", entity("B", 0), 422, "Unprocessable"),
            ("PATCH", "/v2/entities/e/attrs?type=C", set.clone(), 404, "NotFound"),
            ("GET", "/v2/entities/e?type=A", Value::Null, status, error),
            ("PATCH", "/v2/entities/e/attrs?type=A", set.clone(), 204, ""),
            ("POST", "/v2/op/update", batch("update", named), 204, ""),
        ],
    )
    .await;
    let answer = get(&site, "/v2/entities/e").await.json();
    assert_eq!(answer["description"], "More than one matching entity. Please refine your query");
    assert_eq!(numbers(&site, "").await, json!([7, 9, 3]));
    for (path, query, expected) in [("/", "?type=A", "7"), ("/#", "?type=B", "9"), ("/p", "", "3")] {
        let found = at(&site, path, "GET", &format!("/v2/entities/e/attrs/n/value{query}"), &Value::Null).await;
        assert_eq!(found.text, expected, "{path} {query}");
    }
}

#[tokio::test]
async fn each_is_listed_and_lives_by_itself() {
    let mut site = with_three().await;
    for _ in 0..2 {
        for (query, expected) in [
            ("", json!([1, 2, 3])),
            ("id=e", json!([1, 2, 3])),
            ("id=e&type=A", json!([1, 3])),
            ("type=B", json!([2])),
            ("q=n%3E1", json!([2, 3])),
            ("idPattern=%5Ee$&orderBy=!n", json!([3, 2, 1])),
        ] {
            assert_eq!(numbers(&site, query).await, expected, "{query}");
        }
        let query = json!({ "entities": [{ "id": "e", "type": "B" }, { "id": "e" }] });
        let found = at(&site, "/#", "POST", "/v2/op/query?options=count", &query).await;
        assert_eq!(found.header("fiware-total-count"), "3");
        assert_eq!(get(&site, "/v2/types/A").await.json()["count"], 2);
        site = site.restart().await;
    }
    check(
        &site,
        &[
            ("DELETE", "/v2/entities/e?type=B", Value::Null, 204, ""),
            ("DELETE", "/v2/entities/e?type=B", Value::Null, 404, "NotFound"),
            ("DELETE", "/v2/entities/e", Value::Null, 204, ""),
            ("GET", "/v2/entities/e", Value::Null, 200, ""),
        ],
    )
    .await;
    let site = site.restart().await;
    assert_eq!(numbers(&site, "").await, json!([3]));
    create(&site, &entity("A", 4)).await;
    assert_eq!(numbers(&site.restart().await, "").await, json!([3, 4]));
}

#[tokio::test]
async fn each_ends_by_itself_and_is_told_of() {
    let (site, receiver) = (with_three().await, Receiver::start().await.unwrap());
    let subscription = json!({ "subject": { "entities": [{ "id": "e" }] },
        "notification": { "http": { "url": receiver.url() }, "attrs": ["n"], "attrsFormat": "keyValues" } });
    check(&site, &[("POST", "/v2/subscriptions", subscription, 201, "")]).await;
    let values = |n: i64| json!({ "n": { "value": n } });
    let past = json!({ "dateExpires": { "value": "2020-01-01T00:00:00Z", "type": "DateTime" } });
    check(
        &site,
        &[
            ("PATCH", "/v2/entities/e/attrs?type=B", values(5), 204, ""),
            ("PATCH", "/v2/entities/e/attrs?type=A", values(6), 204, ""),
            ("POST", "/v2/entities/e/attrs?type=B", past, 204, ""),
            ("GET", "/v2/entities/e?type=B", Value::Null, 404, "NotFound"),
        ],
    )
    .await;
    let told = wait_until(SOON, "both changes", async || {
        let received = receiver.received();
        let told: Vec<_> = received.iter().map(|request| request.json()["data"][0].clone()).collect();
        (told.len() > 1).then_some(told)
    })
    .await;
    assert_eq!(told[0], json!({ "id": "e", "type": "B", "n": 5 }));
    assert_eq!(told[1], json!({ "id": "e", "type": "A", "n": 6 }));
    assert_eq!(numbers(&site.restart().await, "").await, json!([6, 3]));
}

/// What NGSI-10 and NGSI-LD reach by the identifier alone.
async fn reached(site: &Site) -> (Value, Value) {
    let linked = call_with(site, "GET", "/ngsi-ld/v1/entities/urn:e?options=keyValues", &[], "").await;
    let ngsi10 = site.get("/ngsi10/entity/e").await.1;
    (ngsi10["attributes"][0]["value"].clone(), linked.json()["n"].clone())
}

#[tokio::test]
async fn other_dialects_reach_the_first_and_list_all() {
    let site = with_three().await;
    assert_eq!(reached(&site).await, (json!(1), json!(1)));
    site.post("/ngsi10/updateContext", &json!({ "updateAction": "UPDATE",
        "contextElements": [{ "entityId": { "id": "e" }, "attributes": [{ "name": "n", "type": "Number", "value": 4 }] }] }))
        .await;
    site.post("/ngsi10/updateContext", &update("e", "B", 0)).await;
    assert_eq!(numbers(&site, "").await, json!([4, 2, 3]));
    assert_eq!(get(&site, "/v2/entities/e?type=B&options=keyValues").await.json()["value"], 0);
    let query = json!({ "entities": [{ "id": "e" }] });
    let found = site.post("/ngsi10/queryContext", &query).await.1;
    assert_eq!(found["contextResponses"].as_array().unwrap().len(), 3);
    let listed = async |query: &str| {
        let found = get(&site, &format!("/ngsi-ld/v1/entities?{query}&options=keyValues")).await.json();
        found.as_array().unwrap().iter().map(|entity| entity["n"].clone()).collect::<Value>()
    };
    assert_eq!(listed("type=A").await, json!([4, 3]));
    assert_eq!(listed("id=urn:e").await, json!([4, 2, 3]));
    let context = [("content-type", "application/json")];
    let taken = json!({ "id": "urn:e", "type": "B" }).to_string();
    let answer = call_with(&site, "PUT", "/ngsi-ld/v1/entities/urn:e", &context, &taken).await;
    assert_eq!((answer.status, answer.json()["type"].as_str().unwrap().ends_with("/AlreadyExists")), (409, true));
    for (left, others) in [(json!(2), json!([2, 3])), (json!(3), json!([3]))] {
        assert_eq!(site.delete("/ngsi10/entity/e").await.0, 200);
        assert_eq!(reached(&site).await, (left.clone(), left));
        assert_eq!(numbers(&site, "").await, others);
    }
    let answer = call_with(&site, "DELETE", "/ngsi-ld/v1/entities/urn:e", &[], "").await;
    assert_eq!((answer.status, numbers(&site, "").await), (204, json!([])));
}
