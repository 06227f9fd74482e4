//! Methods, origins and versions.

use serde_json::{Value, json};

use super::common::Site;
use super::{call, call_with, get};

#[tokio::test]
async fn resources_tell_their_methods() {
    let site = Site::alone().await;
    let answer = call(&site, "OPTIONS", "/v2/entities", &Value::Null).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, ""));
    assert!(answer.header("allow").contains("GET") && answer.header("allow").contains("POST"));
    let answer = call(&site, "DELETE", "/v2/entities", &Value::Null).await;
    assert_eq!(answer.outcome(), (405, "MethodNotAllowed".to_owned()));
    assert!(answer.header("allow").contains("GET"), "{:?}", answer.headers);
    assert!(!answer.header("fiware-correlator").is_empty());
    let named = json!({ "entities_url": "/v2/entities", "types_url": "/v2/types",
        "subscriptions_url": "/v2/subscriptions", "registrations_url": "/v2/registrations" });
    assert_eq!(get(&site, "/v2").await.json(), named);
}

#[tokio::test]
async fn a_slash_at_the_end_says_nothing() {
    let site = Site::alone().await;
    let entity = json!({ "id": "e", "type": "T" });
    assert_eq!(call(&site, "POST", "/v2/entities/?options=keyValues", &entity).await.status, 201);
    for path in ["/v2/", "/v2/entities/?limit=1", "/v2/entities/e/", "/v2/subscriptions/?options=count", "/v2/types/T/"]
    {
        assert_eq!(get(&site, path).await.status, 200, "{path}");
    }
    assert_eq!(call_with(&site, "GET", "/v2/entities/", &[("Fiware-Service", "other")], "").await.text, "[]");
}

#[tokio::test]
async fn a_client_that_accepts_no_json_is_told_so() {
    let site = Site::alone().await;
    assert_eq!(call(&site, "POST", "/v2/entities", &json!({ "id": "e", "type": "T" })).await.status, 201);
    let query = json!({ "entities": [{ "idPattern": ".*" }] }).to_string();
    let table = [
        ("GET", "/v2/entities/e", "text/html", 406),
        ("GET", "/v2/entities/e", "text/plain", 406),
        ("GET", "/v2/entities", "text/html", 406),
        ("GET", "/v2/entities", "text/html, */*;q=0.1", 200),
        ("GET", "/v2/entities", "application/*", 200),
        ("GET", "/v2/subscriptions", "application/json; charset=utf-8", 200),
        ("GET", "/v2/entities/none", "text/html", 404),
        ("DELETE", "/v2/entities/e", "text/html", 204),
    ];
    for (method, path, accept, expected) in table {
        let answer = call_with(&site, method, path, &[("accept", accept)], "").await;
        assert_eq!(answer.status, expected, "{method} {path} {accept}: {}", answer.text);
        assert!(expected != 406 || answer.json()["error"] == "NotAcceptable", "{}", answer.text);
    }
    let headers = [("accept", "text/html"), ("content-type", "application/json")];
    assert_eq!(call_with(&site, "POST", "/v2/op/query", &headers, &query).await.status, 406);
}

#[tokio::test]
async fn the_version_is_where_clients_look_for_it() {
    let site = Site::alone().await;
    let version = get(&site, "/version").await.json();
    assert_eq!(version["orion"]["version"], version["version"]);
    assert!(version["orion"]["uptime"].as_str().unwrap().starts_with("0 d, 0 h, 0 m, "), "{version}");
}

#[tokio::test]
async fn pages_of_the_allowed_origin_may_call() {
    let table = [
        ("", "https://a.example", ""),
        ("*", "https://a.example", "*"),
        ("https://a.example", "https://a.example", "https://a.example"),
        ("https://a.example", "https://b.example", ""),
    ];
    for (configured, origin, allowed) in table {
        let site = Site::with_broker(json!({ "cors_origin": configured, "cors_max_age": 600 })).await;
        let answer = call_with(&site, "GET", "/v2/entities", &[("Origin", origin)], "").await;
        assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, allowed), "{configured}");
        let headers = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "PATCH"),
            ("Access-Control-Request-Headers", "fiware-service"),
        ];
        let preflight = call_with(&site, "OPTIONS", "/v2/entities/e/attrs", &headers, "").await;
        assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (200, allowed), "{configured}");
        if !allowed.is_empty() {
            assert!(answer.header("access-control-expose-headers").contains("fiware-total-count"));
            assert!(preflight.header("access-control-allow-methods").contains("PATCH"));
            assert!(preflight.header("access-control-allow-headers").contains("fiware-service"));
            assert_eq!(preflight.header("access-control-max-age"), "600");
        }
    }
}
