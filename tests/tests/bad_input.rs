//! Nonsense on every route of every service: an answer, no crash, no growth.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use http::Method;
use serde_json::{Value, json};
use system_tests::{Api, Part, System, Workers};

/// Growth of a process's resident memory that is still no leak: allocators keep what they had at their peak.
const GROWTH_KIB: u64 = 48 * 1024;

/// Bodies that are no JSON, or too deep to be read: refused by every route.
fn unreadable() -> Vec<Vec<u8>> {
    vec![
        b"{".to_vec(),
        b"[1,2".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        b"{\"contextElements\":[{\"entityId\":{\"id\":\"a\"}".to_vec(),
        format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)).into_bytes(),
        format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)).into_bytes(),
        br#"{"contextElements":[{"entityId":{"id":"a"},"domainMetadata":[{"name":"location","type":"point","value":{"latitude":NaN,"longitude":0}}]}]}"#.to_vec(),
    ]
}

/// JSON with members of the wrong kind: refused by the routes that read them.
fn ill_fitting() -> Vec<Vec<u8>> {
    let bomb = r"((((a{100}){100}){100}){100}){100}";
    let corner = json!({ "latitude": 0, "longitude": 0 });
    let scope = |kind: &str, value: Value| {
        json!({ "entities": [{ "type": "T", "isPattern": true }],
        "reference": "http://127.0.0.1:9/", "restriction": { "scopes": [{ "scopeType": kind, "scopeValue": value }] } })
    };
    let documents = [
        json!({ "contextElements": 5 }),
        json!({ "contextElements": [{ "entityId": { "id": { "x": 1 } } }], "updateAction": "UPDATE" }),
        json!({ "contextElements": [{ "entityId": { "id": "a" }, "attributes": "none" }], "updateAction": "UPDATE" }),
        json!({ "contextElements": [{ "entityId": { "id": "a" } }], "updateAction": ["UPDATE"] }),
        json!({ "entities": [{ "id": bomb, "isPattern": true }], "reference": "http://127.0.0.1:9/" }),
        json!({ "entities": [{ "type": "(", "isPattern": true }], "reference": "http://127.0.0.1:9/" }),
        json!({ "entities": "all", "reference": 7, "subscriptionId": {} }),
        scope("polygon", json!({ "vertices": [corner, corner] })),
        scope("circle", json!({ "centerLatitude": 1e300, "centerLongitude": 0, "radius": 1 })),
        scope("nearby", json!({ "latitude": 0, "longitude": 0, "limit": -5 })),
        scope("square", json!(1)),
        json!({ "contextRegistrations": [{ "entities": 1 }], "duration": 5, "id": 5, "myURL": [], "subscriptionId": [] }),
        json!({ "name": 5, "tasks": "none", "topology": 5, "id": [], "errorCode": "x", "contextResponses": 1 }),
    ];
    documents.iter().map(|document| document.to_string().into_bytes()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_answered_on_every_route() {
    let mut system = System::start(&[("here", 1.0, 1.0)], 1, Workers::Function).await.unwrap();
    let status = system.api.get(&format!("{}/status", system.url(Part::Master))).await.unwrap();
    let agent = status["agent"].as_str().unwrap().to_owned();
    let routes: [(Part, &[&str]); 5] = [
        (
            Part::Broker(0),
            &[
                "ngsi10/updateContext",
                "ngsi10/queryContext",
                "ngsi10/subscribeContext",
                "ngsi10/unsubscribeContext",
                "ngsi10/notifyContext",
                "ngsi10/notifyContextAvailability",
            ],
        ),
        (
            Part::Discovery,
            &[
                "ngsi9/registerContext",
                "ngsi9/discoverContextAvailability",
                "ngsi9/subscribeContextAvailability",
                "ngsi9/unsubscribeContextAvailability",
                "ngsi9/broker/heartbeat",
            ],
        ),
        (
            Part::Designer,
            &["operator", "service", "intent", "fogfunction", "device", "subscription", "dockerimage/x", "data/photo"],
        ),
        (Part::Master, &["ngsi9/notifyContextAvailability", "ngsi9/notifyContextAvailability/0/0"]),
        (Part::Worker(0), &["tasks/none/notifyContext"]),
    ];
    let parts: Vec<Part> = routes.iter().map(|(part, _)| *part).collect();
    let huge = vec![b' '; 5 * 1024 * 1024];
    let mut before = Vec::new();
    for round in 0..2 {
        for (part, paths) in &routes {
            let base = if *part == Part::Master { agent.clone() } else { system.url(*part) };
            for path in *paths {
                let url = format!("{base}/{path}");
                for body in unreadable() {
                    let (status, shown) = refusal(&system.api, &url, body).await;
                    assert!((400..500).contains(&status), "{url} {shown}");
                }
                for body in ill_fitting() {
                    let (status, shown) = refusal(&system.api, &url, body).await;
                    assert!((400..500).contains(&status) || harmless(path, status), "{url} {shown}");
                }
                // The answer may be cut off while the client is still sending: either is a refusal.
                if let Ok((status, _)) = system.api.call(Method::POST, &url, huge.clone()).await {
                    assert!((400..500).contains(&status), "{url}: {status} for a body of 5 MiB");
                }
            }
        }
        let resident: Vec<u64> =
            parts.iter().map(|part| system.process(*part).process().unwrap().resident_kib().unwrap()).collect();
        if round == 0 {
            before = resident;
        } else {
            for ((part, before), now) in parts.iter().zip(&before).zip(resident) {
                assert!(now < before + GROWTH_KIB, "{part:?} grew from {before} to {now} KiB");
            }
        }
    }
    for part in parts {
        assert!(system.process(part).process().unwrap().is_running(), "{part:?} died");
        let health = format!("{}/healthz", system.url(part));
        assert!(system.api.get(&health).await.is_some(), "{part:?} does not answer any more");
    }
}

/// Posts a body; the status, and what to show when it is not the expected one. A refusal in the body counts as one.
async fn refusal(api: &Api, url: &str, body: Vec<u8>) -> (u16, String) {
    let shown = String::from_utf8_lossy(&body[..body.len().min(80)]).into_owned();
    let (status, answer) = api.call(Method::POST, url, body).await.unwrap();
    let refused_inside = status == 200 && answer.to_string().contains("\"code\":4");
    (if refused_inside { 400 } else { status }, format!("{shown}: {status} {answer}"))
}

/// Requests whose ill-fitting members are ones the route does not read.
fn harmless(path: &str, status: u16) -> bool {
    status == 200 && path.starts_with("ngsi")
}
