//! Service paths: where entities stand, and where requests look.

use serde_json::{Value, json};
use testkit::{Receiver, wait_until};

use super::common::{SOON, Site};
use super::{Answer, call_with, get};

async fn call(site: &Site, path: &str, method: &str, url: &str, body: &Value) -> Answer {
    let mut headers = vec![("Fiware-ServicePath", path)];
    if body.is_null() {
        return call_with(site, method, url, &headers, "").await;
    }
    headers.push(("content-type", "application/json"));
    call_with(site, method, url, &headers, &body.to_string()).await
}

/// An entity for each of the paths, with the path's last level as its identifier.
async fn with_entities() -> Site {
    let site = Site::alone().await;
    for (path, id) in [("", "root"), ("/a", "a"), ("/a/b", "b"), ("/c/", "c")] {
        let body = json!({ "id": id, "type": if id == "c" { "C" } else { "T" }, "n": { "value": 1 } });
        assert_eq!(call(&site, path, "POST", "/v2/entities", &body).await.status, 201, "{path}");
    }
    site
}

fn ids(found: &Value) -> Vec<&str> {
    found.as_array().unwrap().iter().map(|entity| entity["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn reads_look_where_the_header_says() {
    let site = with_entities().await.restart().await;
    let table = [
        ("", vec!["root", "a", "b", "c"]),
        ("/#", vec!["root", "a", "b", "c"]),
        ("/", vec!["root"]),
        ("/a", vec!["a"]),
        ("/a/#", vec!["a", "b"]),
        ("/a/b, /c", vec!["b", "c"]),
        ("/none", vec![]),
    ];
    for (path, expected) in table {
        let answer = call(&site, path, "GET", "/v2/entities?options=count&limit=1", &Value::Null).await;
        assert_eq!(answer.header("fiware-total-count"), expected.len().to_string(), "{path}");
        let answer = call(&site, path, "GET", "/v2/entities", &Value::Null).await;
        assert_eq!(ids(&answer.json()), expected, "{path}");
        let answer = call(&site, path, "POST", "/v2/op/query", &json!({})).await;
        assert_eq!(ids(&answer.json()), expected, "{path}");
        for id in ["root", "a", "b", "c"] {
            let found = call(&site, path, "GET", &format!("/v2/entities/{id}"), &Value::Null).await;
            assert_eq!(found.status == 200, expected.contains(&id), "{path} {id}");
        }
        let types = call(&site, path, "GET", "/v2/types?options=values", &Value::Null).await.json();
        assert_eq!(types.as_array().unwrap().contains(&json!("C")), expected.contains(&"c"), "{path}");
    }
    assert_eq!(get(&site, "/v2/entities/b?attrs=servicePath&options=keyValues").await.json()["servicePath"], "/a/b");
}

#[tokio::test]
async fn updates_take_place_where_the_header_says() {
    let site = with_entities().await;
    let set = json!({ "n": { "value": 2 } });
    let entity = json!({ "id": "b", "type": "T", "n": { "value": 3 } });
    let batch = |action: &str| json!({ "actionType": action, "entities": [entity] });
    let table = [
        ("", "PATCH", "/v2/entities/b/attrs", set.clone(), 404, "NotFound"),
        ("/a", "PATCH", "/v2/entities/b/attrs", set.clone(), 404, "NotFound"),
        ("/a/b", "PATCH", "/v2/entities/b/attrs", set.clone(), 204, ""),
        ("/a/b/", "PUT", "/v2/entities/b/attrs/n", json!({ "value": 4 }), 204, ""),
        ("/a", "DELETE", "/v2/entities/b/attrs/n", Value::Null, 404, "NotFound"),
        ("/a", "DELETE", "/v2/entities/b", Value::Null, 404, "NotFound"),
        ("/a", "POST", "/v2/op/update", batch("update"), 404, "NotFound"),
        ("/a", "POST", "/v2/entities", entity.clone(), 201, ""),
        ("/a", "POST", "/v2/entities", entity.clone(), 422, "Unprocessable"),
        ("/a", "POST", "/v2/entities?options=upsert", entity.clone(), 204, ""),
        ("/a", "DELETE", "/v2/entities/b", Value::Null, 204, ""),
        ("/a/b", "POST", "/v2/op/update", batch("append"), 204, ""),
        ("/a/b", "POST", "/v2/op/update", batch("delete"), 204, ""),
        (
            "/a",
            "POST",
            "/v2/op/update",
            json!({ "actionType": "append", "entities": [{ "id": "new", "type": "T" }] }),
            204,
            "",
        ),
        ("/a", "DELETE", "/v2/entities/new", Value::Null, 204, ""),
    ];
    for (path, method, url, body, status, error) in table {
        let answer = call(&site, path, method, url, &body).await;
        assert_eq!(answer.outcome(), (status, error.to_owned()), "{path} {method} {url}: {}", answer.text);
    }
}

#[tokio::test]
async fn what_is_no_path_is_refused() {
    let site = with_entities().await;
    let body = json!({ "id": "new", "type": "T" });
    for path in ["a", "/a,/b", "/a/#", "/a-b", "//a", "/1/2/3/4/5/6/7/8/9/10/11"] {
        let answer = call(&site, path, "POST", "/v2/entities", &body).await;
        assert_eq!(answer.outcome(), (400, "BadRequest".to_owned()), "{path}");
        assert!(answer.json()["description"].as_str().unwrap().starts_with("Fiware-ServicePath: "));
    }
    for path in ["a", "/a,,/b", "/#/a", "/a-b", "/1,/2,/3,/4,/5,/6,/7,/8,/9,/10,/11"] {
        for url in ["/v2/entities", "/v2/entities/a", "/v2/types", "/v2/entities/a/attrs"] {
            let answer = call(&site, path, "GET", url, &Value::Null).await;
            assert_eq!(answer.outcome(), (400, "BadRequest".to_owned()), "{path} {url}");
        }
    }
}

#[tokio::test]
async fn a_subscription_hears_of_its_paths() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let subscription = json!({ "subject": { "entities": [{ "idPattern": ".*" }] },
        "notification": { "http": { "url": receiver.url() } } });
    assert_eq!(call(&site, "/a-b", "POST", "/v2/subscriptions", &subscription).await.outcome().0, 400);
    assert_eq!(call(&site, "/a/#", "POST", "/v2/subscriptions", &subscription).await.status, 201);
    let site = site.restart().await;
    for (path, id) in [("/", "root"), ("/b", "b"), ("/a", "a"), ("/c", "c"), ("/a/d", "d")] {
        let body = json!({ "id": id, "type": "T", "n": { "value": 1 } });
        assert_eq!(call(&site, path, "POST", "/v2/entities", &body).await.status, 201);
    }
    let told = wait_until(SOON, "the last entity", async || {
        let received = receiver.received();
        let told = received.iter().flat_map(|request| request.json()["data"].as_array().cloned().unwrap_or_default());
        let told: Vec<_> = told.map(|entity| entity["id"].clone()).collect();
        (told.last() == Some(&json!("d"))).then_some(told)
    })
    .await;
    assert_eq!(told, [json!("a"), json!("d")]);
    assert_eq!(receiver.received()[0].headers["fiware-servicepath"], "/a");
}
