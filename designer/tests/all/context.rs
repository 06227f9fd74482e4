//! Subscriptions, entities, histories and settings; and requests that pages of other sites send.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::common::Designer;
use crate::common::system::System;
use axum::body::Bytes;
use http::Method;
use message_bus::Bus;
use serde_json::json;

#[tokio::test]
async fn subscriptions_of_all_brokers_are_listed_with_how_notifying_goes() {
    let (_dir, designer, system) = System::start().await;
    let entry = json!({ "request": { "reference": "http://r" }, "correlator": "Task.x",
        "statistics": { "status": "failing", "timesSent": 5, "failsCounter": 2, "queued": 1, "lastFailureReason": "refused" } });
    system.change(|state| drop(state.subscriptions.insert("s".to_owned(), entry)));
    let expected = json!([{ "id": "s", "broker": "Broker.a", "request": { "reference": "http://r" }, "correlator": "Task.x",
        "status": "failing", "timesSent": 5, "failsCounter": 2, "queued": 1, "lastFailureReason": "refused" }]);
    assert_eq!(designer.get("/info/subscription").await, (200, expected));
    designer.stop().await;
}

#[tokio::test]
async fn entities_come_in_pages() {
    let (_dir, designer, system) = System::start().await;
    let (status, page) = designer.get("/info/entity?type=Panel&limit=10&offset=5").await;
    assert_eq!((status, &page["total"], &page["entities"][0]["entityId"]["id"]), (200, &json!(12), &json!("a")));
    let (path, asked) = system.look(|state| state.queried.clone()).unwrap();
    assert_eq!(path, "/ngsi10/queryContext?limit=10&offset=5&details=on");
    assert_eq!(asked["entities"], json!([{ "type": "Panel", "isPattern": false }]));
    designer.get("/info/entity?type=Panel&idPattern=%5Ea").await;
    let asked = system.look(|state| state.queried.clone()).unwrap().1;
    assert_eq!(asked["entities"], json!([{ "id": "^a", "type": "^Panel$", "isPattern": true }]));
    for (query, field) in [("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "$")] {
        let (status, answer) = designer.get(&format!("/info/entity?{query}")).await;
        assert_eq!((status, &answer["field"]), (400, &json!(field)), "{query}: {answer}");
    }
    system.change(|state| state.away = true);
    assert_eq!(designer.get("/info/entity").await.0, 502);
    designer.stop().await;
}

#[tokio::test]
async fn a_history_comes_from_the_broker_that_holds_the_entity() {
    let (_dir, designer, _system) = System::start().await;
    let history = json!({ "entity": "a", "attribute": "usage", "points": [[1, 2]] });
    assert_eq!(designer.get("/info/entity/a/history?attribute=usage").await, (200, history));
    assert_eq!(designer.get("/info/entity/a/history?attribute=other").await.0, 404);
    assert_eq!(designer.get("/info/entity/b/history?attribute=usage").await.0, 404);
    let (status, answer) = designer.get("/info/entity/a/history").await;
    assert_eq!((status, &answer["field"]), (400, &json!("attribute")));
    designer.stop().await;
    let dir = tempfile::tempdir().unwrap();
    let alone = Designer::start(dir.path()).await;
    assert_eq!(alone.get("/info/entity/a/history?attribute=usage").await.0, 502);
    alone.stop().await;
}

#[tokio::test]
async fn settings_name_the_tile_server_if_there_is_one() {
    let dir = tempfile::tempdir().unwrap();
    let tiles = json!({ "url": "https://tiles.example.org/{z}/{x}/{y}.png", "attribution": "somebody" });
    let designer = json!({ "webSrvPort": 0, "agentPort": 0, "map_tiles": tiles });
    let designer = Designer::start_with(dir.path(), Bus::in_process(), json!({ "designer": designer })).await;
    let (status, settings) = designer.get("/info/settings").await;
    assert_eq!((status, &settings["tiles"], &settings["site"]), (200, &tiles, &json!("test")));
    assert!(settings["version"].is_string());
    designer.stop().await;
}

async fn status(designer: &Designer, method: Method, path: &str, headers: &[(&str, &str)]) -> u16 {
    let mut request = http::Request::builder().method(method).uri(format!("{}{path}", designer.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    designer.node.client.send(request.body(Bytes::from_static(b"[]")).unwrap()).await.unwrap().status().as_u16()
}

#[tokio::test]
async fn pages_of_other_sites_are_refused_whatever_they_ask_for() {
    let dir = tempfile::tempdir().unwrap();
    let designer = Designer::start(dir.path()).await;
    let own = designer.url.clone();
    let (site, mode) = ("sec-fetch-site", "sec-fetch-mode");
    let foreign: [&[(&str, &str)]; 4] = [
        &[(site, "cross-site")],
        &[(site, "same-site"), (mode, "navigate")],
        &[("origin", "http://evil.example")],
        &[("origin", "null")],
    ];
    for headers in foreign {
        for (method, path) in [
            (Method::POST, "/operator"),
            (Method::GET, "/fogfunction/f/disable"),
            (Method::GET, "/live"),
            (Method::DELETE, "/ngsi10/entity/a"),
            (Method::POST, "/data/photo"),
        ] {
            assert_eq!(status(&designer, method, path, headers).await, 403, "{path} {headers:?}");
        }
    }
    for headers in
        [&[][..], &[("origin", own.as_str())], &[(site, "same-origin")], &[(site, "none"), (mode, "navigate")]]
    {
        assert_eq!(status(&designer, Method::GET, "/operator", headers).await, 200, "{headers:?}");
        assert_eq!(status(&designer, Method::POST, "/operator", headers).await, 200, "{headers:?}");
    }
    let link = [(site, "cross-site"), (mode, "navigate")];
    assert_eq!(status(&designer, Method::GET, "/", &link).await, 307);
    designer.stop().await;
}
