//! What is wrong is answered with 400 and the member's name, on every route that reads a body.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::common::{Discovery, registration};
use http::StatusCode;
use serde_json::{Value, json};

const BODIES: [&str; 7] = [
    "registerContext",
    "discoverContextAvailability",
    "subscribeContextAvailability",
    "unsubscribeContextAvailability",
    "UpdateLDContextAvailability/any",
    "broker",
    "broker/heartbeat",
];

async fn refused(discovery: &Discovery, route: &str, body: &str) -> String {
    let (status, answer) = discovery.post_raw(&format!("/ngsi9/{route}"), body).await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{route} answered {answer}");
    assert_eq!(answer["errorCode"]["code"], 400);
    assert_eq!(answer["errorCode"]["reasonPhrase"], "Bad Request");
    answer["errorCode"]["details"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn documents_that_are_not_json_objects_are_refused_on_every_route() {
    let discovery = Discovery::start().await;
    let deep = format!("{{\"entities\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    for route in BODIES {
        for body in ["", "{", "nonsense", "[]", "[1,2]", "\"text\"", "{\"entities\":[NaN]}", "\u{0}\u{1}", &deep] {
            let details = refused(&discovery, route, body).await;
            assert!(!details.is_empty());
        }
    }
    assert!(refused(&discovery, "registerContext", &deep).await.contains("nested deeper"));
}

#[tokio::test]
async fn bodies_beyond_the_limit_are_refused_on_every_route() {
    let discovery = Discovery::start().await;
    let huge = format!("{{\"id\":\"{}\"}}", "x".repeat(3 * 1024 * 1024));
    for route in BODIES {
        let (status, _) = discovery.post_raw(&format!("/ngsi9/{route}"), &huge).await;
        assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE, "{route}");
    }
}

fn with_metadata(kind: &str, value: &str) -> String {
    let mut body = registration("Car1", "Car", "http://b:1");
    body["contextRegistrations"][0]["contextMetadata"] = json!([{"name": "location", "type": kind, "value": "HERE"}]);
    body.to_string().replace("\"HERE\"", value)
}

#[tokio::test]
async fn wrong_registrations_name_the_member() {
    let discovery = Discovery::start().await;
    let metadatum = "contextRegistrations[0].contextMetadata[0]";
    let cases = [
        ("{}".to_owned(), "contextRegistrations".to_owned()),
        (r#"{"contextRegistrations":[{}]}"#.to_owned(), "contextRegistrations[0].entities".to_owned()),
        (
            r#"{"contextRegistrations":[{"entities":[{"type":"T"}]}]}"#.to_owned(),
            "contextRegistrations[0].entities[0].id".to_owned(),
        ),
        (
            r#"{"contextRegistrations":[{"entities":[{"id":7}]}]}"#.to_owned(),
            "contextRegistrations[0].entities[0].id".to_owned(),
        ),
        (r#"{"contextRegistrations":{"entities":[]}}"#.to_owned(), "contextRegistrations".to_owned()),
        (json!({"contextRegistrations": [], "duration": "soon"}).to_string(), "duration".to_owned()),
        (with_metadata("point", r#"{"latitude":91,"longitude":0}"#), format!("{metadatum}.value.latitude")),
        (with_metadata("point", r#"{"latitude":"NaN","longitude":0}"#), format!("{metadatum}.value.latitude")),
        (with_metadata("point", "NaN"), metadatum.to_owned()),
        (
            with_metadata("polygon", r#"{"vertices":[{"latitude":1,"longitude":1},{"latitude":2,"longitude":2}]}"#),
            format!("{metadatum}.value.vertices"),
        ),
        (
            with_metadata("circle", r#"{"centerLatitude":1,"centerLongitude":1,"radius":-5}"#),
            format!("{metadatum}.value.radius"),
        ),
    ];
    for (body, member) in cases {
        let details = refused(&discovery, "registerContext", &body).await;
        assert!(details.starts_with(&member), "{body}: {details}");
    }
    assert_eq!(discovery.get("/etype").await, json!([]));
}

#[tokio::test]
async fn wrong_queries_name_the_member() {
    let discovery = Discovery::start().await;
    let pattern = |text: &str| json!({"entities": [{"id": text, "isPattern": true}]});
    let scope =
        |kind: &str, value: Value| json!({"restriction": {"scopes": [{"scopeType": kind, "scopeValue": value}]}});
    let value = "restriction.scopes[0].scopeValue";
    let cases = [
        (pattern("("), "entities[0].id".to_owned()),
        (pattern("(a{1000}){1000}"), "entities[0].id".to_owned()),
        (pattern(&"(".repeat(900)), "entities[0].id".to_owned()),
        (json!({"entities": vec![json!({"id": "a+", "isPattern": true}); 65]}), "entities".to_owned()),
        (json!({"entities": vec![json!({}); 10_001]}), "entities".to_owned()),
        (scope("polygon", json!({"vertices": []})), format!("{value}.vertices")),
        (
            scope("circle", json!({"centerLatitude": 200, "centerLongitude": 0, "radius": 1})),
            format!("{value}.centerLatitude"),
        ),
        (scope("nearby", json!({"latitude": 0, "longitude": 0, "limit": -1})), format!("{value}.limit")),
        (scope("simplegeolocation", json!({"nw_Corner": "1", "se_Corner": "1,1"})), format!("{value}.nw_Corner")),
        (scope("sphere", json!({})), "restriction.scopes[0].scopeType".to_owned()),
        (scope("stringQuery", json!("owner")), value.to_owned()),
    ];
    for (mut body, member) in cases {
        body["reference"] = json!("http://127.0.0.1:9/");
        for route in ["discoverContextAvailability", "subscribeContextAvailability"] {
            let details = refused(&discovery, route, &body.to_string()).await;
            assert!(details.starts_with(&member), "{body}: {details}");
        }
    }
    assert_eq!(discovery.get("/ngsi9/subscription").await, json!({}));
}

#[tokio::test]
async fn subscription_needs_a_reference_that_can_be_called() {
    let discovery = Discovery::start().await;
    for reference in ["", "nonsense", "ftp://host/", "http://", "/path", "http:// space/"] {
        let body = json!({"entities": [{"type": "Car"}], "reference": reference});
        let details = refused(&discovery, "subscribeContextAvailability", &body.to_string()).await;
        assert!(details.starts_with("reference"), "{reference}: {details}");
    }
}

#[tokio::test]
async fn pages_heartbeats_and_ends_of_subscriptions_are_checked() {
    let discovery = Discovery::start().await;
    assert!(refused(&discovery, "discoverContextAvailability?offset=-1", "{}").await.starts_with("offset"));
    assert!(refused(&discovery, "broker/heartbeat", r#"{"id":"","myURL":"http://b"}"#).await.starts_with("id"));
    assert!(refused(&discovery, "broker/heartbeat", r#"{"id":"b"}"#).await.starts_with("myURL"));
    let (status, answer) = discovery.get_raw("/etype?counts=yes").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(answer["errorCode"]["details"], "counts: must be true or false, is `yes`");
    let details = refused(&discovery, "unsubscribeContextAvailability", r#"{"subscriptionId":""}"#).await;
    assert!(details.starts_with("subscriptionId"));
}
