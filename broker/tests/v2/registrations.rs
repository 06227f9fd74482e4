//! Registrations of context providers, and what is passed on to them.

use serde_json::{Value, json};

use super::common::Site;
use super::{call, call_with, check, create, get};

fn registration(url: &str, entity: Value, attrs: &[&str]) -> Value {
    json!({ "dataProvided": { "entities": [entity], "attrs": attrs }, "provider": { "http": { "url": url } } })
}

/// What a registration becomes that says where its entities are.
fn scoped(coords: &str) -> Value {
    let expression = json!({ "georel": "coveredBy", "geometry": "point", "coords": coords });
    json!({ "dataProvided": { "entities": [{ "id": "e" }], "expression": expression } })
}

async fn register(site: &Site, body: &Value) -> String {
    let answer = call(site, "POST", "/v2/registrations", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.header("location").to_owned()
}

#[tokio::test]
async fn registrations_are_kept_changed_and_deleted() {
    let mut site = Site::alone().await;
    let mut body = registration("http://provider.example/v2", json!({ "id": "e", "type": "T" }), &["a"]);
    body["description"] = json!("a provider");
    body["expires"] = json!("2099-01-01");
    let location = register(&site, &body).await;
    body["id"] = json!(location.rsplit('/').next().unwrap());
    body["expires"] = json!("2099-01-01T00:00:00.000Z");
    body["status"] = json!("active");
    body["provider"]["supportedForwardingMode"] = json!("all");
    body["provider"]["legacyForwarding"] = json!(false);
    for _ in 0..2 {
        assert_eq!(get(&site, &location).await.json(), body);
        let list = get(&site, "/v2/registrations?options=count").await;
        assert_eq!((list.json(), list.header("fiware-total-count")), (json!([body]), "1"));
        site = site.restart().await;
    }
    assert_eq!(get(&site, "/v2/registrations?offset=1").await.json(), json!([]));
    check(
        &site,
        &[
            ("PATCH", &location, json!({ "status": "inactive", "description": null }), 204, ""),
            ("PATCH", &location, json!({ "status": "failed" }), 400, "BadRequest"),
            ("PATCH", &location, json!({ "id": "x" }), 400, "BadRequest"),
            ("PATCH", &location, scoped("1,2"), 204, ""),
            ("PATCH", &location, scoped("here"), 400, "BadRequest"),
        ],
    )
    .await;
    let shown = get(&site, &location).await.json();
    assert_eq!((&shown["status"], &shown["description"]), (&json!("inactive"), &Value::Null));
    check(
        &site,
        &[
            ("PATCH", &location, json!({ "expires": "2020-01-01", "status": "active" }), 204, ""),
            ("DELETE", "/v2/registrations/none", Value::Null, 404, "NotFound"),
            ("GET", "/v2/registrations/none", Value::Null, 404, "NotFound"),
            ("PATCH", "/v2/registrations/none", json!({}), 404, "NotFound"),
        ],
    )
    .await;
    let location = register(&site, &registration("http://provider.example", json!({ "idPattern": ".*" }), &[])).await;
    check(&site, &[("DELETE", &location, Value::Null, 204, ""), ("GET", &location, Value::Null, 404, "NotFound")])
        .await;
    site = site.restart().await;
    check(&site, &[("GET", &location, Value::Null, 404, "NotFound")]).await;
}

#[tokio::test]
async fn bad_registrations_name_what_is_wrong() {
    let site = Site::alone().await;
    let url = "http://provider.example";
    let entity = json!({ "id": "e" });
    let mut unknown_mode = registration(url, entity.clone(), &[]);
    unknown_mode["provider"]["supportedForwardingMode"] = json!("some");
    let mut bad_time = registration(url, entity.clone(), &[]);
    bad_time["expires"] = json!("tomorrow");
    let table = [
        (json!({}), "dataProvided"),
        (json!({ "dataProvided": { "entities": [{ "id": "e" }] } }), "provider"),
        (
            json!({ "dataProvided": { "entities": [] }, "provider": { "http": { "url": url } } }),
            "dataProvided.entities",
        ),
        (registration("ftp://provider", entity.clone(), &[]), "provider.http.url"),
        (registration("http://", entity.clone(), &[]), "provider.http.url"),
        (registration("http://a b", entity.clone(), &[]), "provider.http.url"),
        (registration(url, json!({}), &[]), "dataProvided.entities[0].id"),
        (registration(url, json!({ "id": "e", "idPattern": "e" }), &[]), "dataProvided.entities[0].id"),
        (
            registration(url, json!({ "id": "e", "type": "T", "typePattern": "T" }), &[]),
            "dataProvided.entities[0].type",
        ),
        (registration(url, json!({ "idPattern": "(" }), &[]), "dataProvided.entities[0].id"),
        (registration(url, json!({ "id": "a b" }), &[]), "dataProvided.entities[0].id"),
        (registration(url, entity.clone(), &["a;"]), "dataProvided.attrs"),
        (unknown_mode, "provider.supportedForwardingMode"),
        (bad_time, "expires"),
    ];
    for (body, named) in table {
        let answer = call(&site, "POST", "/v2/registrations", &body).await;
        assert_eq!(answer.outcome(), (400, "BadRequest".to_owned()), "{body}");
        assert!(answer.json()["description"].as_str().unwrap().contains(named), "{body}: {}", answer.text);
    }
    let answer = call_with(&site, "POST", "/v2/registrations", &[("content-type", "application/json")], "{").await;
    assert_eq!(answer.outcome(), (400, "ParseError".to_owned()));
    check(&site, &[("POST", "/v2/registrations", Value::Null, 411, "ContentLengthRequired")]).await;
}

/// A broker that knows an entity in part, and one that knows the rest and another one.
async fn two() -> (Site, Site) {
    let (site, provider) = (Site::alone().await, Site::alone().await);
    create(&site, &json!({ "id": "e", "type": "T", "a": { "value": 1 } })).await;
    create(&provider, &json!({ "id": "e", "type": "T", "a": { "value": 8 }, "b": { "value": 2 } })).await;
    create(&provider, &json!({ "id": "f", "type": "T", "a": { "value": 3 }, "c": { "value": 4 } })).await;
    (site, provider)
}

#[tokio::test]
async fn providers_are_asked_for_what_they_have() {
    for legacy in [false, true] {
        let (site, provider) = two().await;
        let url = format!("{}{}", provider.url, if legacy { "/v1" } else { "/v2" });
        let mut body = registration(&url, json!({ "idPattern": ".*", "type": "T" }), &[]);
        body["provider"]["legacyForwarding"] = json!(legacy);
        let location = register(&site, &body).await;
        let whole = json!({ "id": "e", "type": "T", "a": 1, "b": 2 });
        let other = json!({ "id": "f", "type": "T", "a": 3, "c": 4 });
        let table = [
            ("/v2/entities/e?options=keyValues", whole.clone()),
            ("/v2/entities/f?options=keyValues", other.clone()),
            ("/v2/entities/f/attrs?options=keyValues", json!({ "a": 3, "c": 4 })),
            ("/v2/entities/e?options=keyValues,skipForwarding", json!({ "id": "e", "type": "T", "a": 1 })),
            ("/v2/entities?options=keyValues", json!([whole, other])),
            ("/v2/entities?options=keyValues&type=U", json!([])),
            ("/v2/entities?options=keyValues&limit=1&offset=1", json!([other])),
            ("/v2/entities?options=keyValues&q=b==2", json!([whole])),
            ("/v2/entities?options=keyValues&q=a%3E2", json!([other])),
            ("/v2/entities?options=keyValues&orderBy=!a", json!([other, whole])),
            ("/v2/entities?options=keyValues,skipForwarding", json!([{ "id": "e", "type": "T", "a": 1 }])),
        ];
        for (path, expected) in table {
            let answer = get(&site, path).await;
            assert_eq!(answer.json(), expected, "legacy {legacy}: {path}");
        }
        assert_eq!(get(&site, "/v2/entities?options=count").await.header("fiware-total-count"), "2");
        assert_eq!(get(&site, "/v2/entities/f/attrs/c/value").await.text, "4");
        let query = json!({ "entities": [{ "id": "f" }] });
        assert_eq!(call(&site, "POST", "/v2/op/query?options=keyValues", &query).await.json(), json!([other]));
        let shown = get(&site, &location).await.json();
        assert_eq!(shown["status"], "active");
        assert!(shown["forwardingInformation"]["timesSent"].as_u64().unwrap() > 5, "{shown}");
        assert!(shown["forwardingInformation"]["lastSuccess"].is_string(), "{shown}");
    }
}

#[tokio::test]
async fn providers_are_updated_with_what_they_have() {
    for legacy in [false, true] {
        let (site, provider) = two().await;
        let url = format!("{}{}", provider.url, if legacy { "/v1" } else { "/v2" });
        let mut body = registration(&url, json!({ "idPattern": ".*" }), &["b", "c"]);
        body["provider"]["legacyForwarding"] = json!(legacy);
        register(&site, &body).await;
        let set = |names: &[&str]| Value::from_iter(names.iter().map(|name| (*name, json!({ "value": 9 }))));
        let batch = json!({ "actionType": "update", "entities": [{ "id": "f", "type": "T", "c": { "value": 10 } }] });
        check(
            &site,
            &[
                ("PATCH", "/v2/entities/e/attrs", set(&["a", "b"]), 204, ""),
                ("PUT", "/v2/entities/f/attrs/c", json!({ "value": 9 }), 204, ""),
                ("POST", "/v2/op/update", batch, 204, ""),
                ("PATCH", "/v2/entities/f/attrs", set(&["a"]), 404, "NotFound"),
                ("PATCH", "/v2/entities/e/attrs", set(&["b", "d"]), 422, "PartialUpdate"),
                ("PATCH", "/v2/entities/e/attrs", set(&["d"]), 422, "Unprocessable"),
                ("POST", "/v2/entities/f/attrs", set(&["c"]), 404, "NotFound"),
            ],
        )
        .await;
        let kept = get(&provider, "/v2/entities?options=keyValues").await.json();
        assert_eq!(
            (&kept[0]["b"], &kept[0]["a"], &kept[1]["c"]),
            (&json!(9), &json!(8), &json!(10)),
            "legacy {legacy}"
        );
        assert_eq!(get(&site, "/v2/entities/e/attrs?options=keyValues,skipForwarding").await.json(), json!({ "a": 9 }));
    }
}

#[tokio::test]
async fn modes_states_and_failures() {
    let (site, provider) = two().await;
    let url = format!("{}/v2", provider.url);
    let mut body = registration(&url, json!({ "id": "f" }), &[]);
    body["provider"]["supportedForwardingMode"] = json!("update");
    let location = register(&site, &body).await;
    let found = async |status: u16| {
        let answer = get(&site, "/v2/entities/f").await;
        assert_eq!(answer.status, status, "{}", answer.text);
    };
    let mode = |mode: &str| json!({ "provider": { "http": { "url": url }, "supportedForwardingMode": mode } });
    let set = json!({ "c": { "value": 5 } });
    found(404).await;
    for (change, read, updated) in [
        (mode("query"), 200, 404),
        (json!({ "status": "inactive" }), 404, 404),
        (json!({ "status": "active" }), 200, 404),
        (mode("none"), 404, 404),
        (mode("all"), 200, 204),
    ] {
        check(&site, &[("PATCH", &location, change.clone(), 204, "")]).await;
        found(read).await;
        let answer = call(&site, "PATCH", "/v2/entities/f/attrs", &set).await;
        assert_eq!(answer.status, updated, "{change}");
    }
    let nowhere = json!({ "provider": { "http": { "url": "http://127.0.0.1:9/v2" } } });
    check(&site, &[("PATCH", &location, nowhere, 204, "")]).await;
    found(404).await;
    let answer = get(&site, "/v2/entities?id=e,f").await;
    assert_eq!((answer.status, answer.json()[0]["id"].as_str()), (200, Some("e")));
    assert!(answer.header("warning").contains("context provider"), "{:?}", answer.headers);
    let answer = call(&site, "PATCH", "/v2/entities/f/attrs", &set).await;
    assert_eq!(answer.outcome(), (503, "ServiceUnavailable".to_owned()));
    let shown = get(&site, &location).await.json();
    assert_eq!(shown["status"], "failed");
    assert!(shown["forwardingInformation"]["lastFailure"].is_string());
}

#[tokio::test]
async fn nobody_is_asked_in_a_circle() {
    let (one, two) = (Site::alone().await, Site::alone().await);
    for (site, other) in [(&one, &two), (&two, &one), (&one, &one)] {
        register(site, &registration(&format!("{}/v2", other.url), json!({ "idPattern": ".*" }), &[])).await;
    }
    create(&two, &json!({ "id": "e", "type": "T" })).await;
    assert_eq!(get(&one, "/v2/entities/e").await.status, 200);
    assert_eq!(get(&one, "/v2/entities/none").await.status, 404);
    let answer = call(&one, "PATCH", "/v2/entities/none/attrs", &json!({ "a": { "value": 1 } })).await;
    assert_eq!(answer.outcome(), (404, "NotFound".to_owned()), "{}", answer.text);
}

#[tokio::test]
async fn registrations_are_those_of_a_tenant() {
    let (site, provider) = two().await;
    let headers = [("Fiware-Service", "one"), ("content-type", "application/json")];
    let body = json!({ "id": "g", "type": "T" }).to_string();
    assert_eq!(call_with(&provider, "POST", "/v2/entities", &headers, &body).await.status, 201);
    let body = registration(&format!("{}/v2", provider.url), json!({ "idPattern": ".*" }), &[]).to_string();
    assert_eq!(call_with(&site, "POST", "/v2/registrations", &headers, &body).await.status, 201);
    assert_eq!(get(&site, "/v2/entities/g").await.status, 404);
    assert_eq!(call_with(&site, "GET", "/v2/entities/g", &headers[..1], "").await.status, 200);
}

#[tokio::test]
async fn registrations_are_for_a_service_path() {
    let (site, provider) = (Site::alone().await, Site::alone().await);
    create(&provider, &json!({ "id": "e", "type": "T", "a": { "value": 1 } })).await;
    let json = ("content-type", "application/json");
    let at = |path: &'static str| ("Fiware-ServicePath", path);
    let call = async |path: &'static str, method: &str, url: &str, body: &Value| {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        call_with(&site, method, url, &[json, at(path)], &body).await
    };
    let body = registration(&format!("{}/v2", provider.url), json!({ "id": "e", "type": "T" }), &["a"]);
    let with_child = call("/a/#", "POST", "/v2/registrations", &body).await;
    assert_eq!(with_child.outcome(), (400, "BadRequest".to_owned()));
    // The provider looks in the same path, where it has the entity only when all are asked.
    assert_eq!(call("/", "POST", "/v2/registrations", &body).await.status, 201);
    assert_eq!(call("/a", "POST", "/v2/registrations", &body).await.status, 201);
    for (path, listed, found) in [("", 2, 200), ("/#", 2, 200), ("/", 1, 200), ("/a", 1, 404), ("/b", 0, 404)] {
        let answer = call(path, "GET", "/v2/registrations?options=count", &Value::Null).await;
        assert_eq!(answer.json().as_array().unwrap().len(), listed, "{path}");
        assert_eq!(answer.header("fiware-total-count"), listed.to_string(), "{path}");
        assert_eq!(call(path, "GET", "/v2/entities/e", &Value::Null).await.status, found, "{path}");
    }
    let set = json!({ "a": { "value": 2 } });
    for (path, status) in [("/b", 404), ("/", 204)] {
        assert_eq!(call(path, "PATCH", "/v2/entities/e/attrs?type=T", &set).await.status, status, "{path}");
    }
    assert_eq!(get(&provider, "/v2/entities/e/attrs/a/value").await.text, "2");
}
