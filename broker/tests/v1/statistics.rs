//! What a broker says of how its subscribers are notified.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use crate::common::{SOON, Site, wait_elements};
use http::StatusCode;
use serde_json::{Value, json};
use testkit::{Behaviour, Receiver, wait_until};

const ALL: &str = "/ngsi10/subscription?statistics=true";

fn rooms(receiver: &Receiver) -> Value {
    json!({ "entities": [{ "type": "Room", "isPattern": true }], "reference": receiver.url() })
}

async fn statistics_once(site: &Site, id: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    wait_until(SOON, what, async || {
        let statistics = site.get(ALL).await.1[id]["statistics"].clone();
        holds(&statistics).then_some(statistics)
    })
    .await
}

#[tokio::test]
async fn a_subscription_nobody_was_notified_for_has_sent_nothing() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let id = site.subscribe(&rooms(&receiver), &[("Fiware-Correlator", "Task.1")]).await;
    let request = site.get(&format!("/ngsi10/subscription/{id}")).await.1;
    let statistics = json!({ "status": "active", "timesSent": 0, "failsCounter": 0, "queued": 0 });
    let expected = json!({ "request": request, "correlator": "Task.1", "statistics": statistics });
    assert_eq!(
        site.get(&format!("/ngsi10/subscription/{id}?statistics=true")).await,
        (StatusCode::OK, expected.clone())
    );
    assert_eq!(site.get(ALL).await.1, json!({ &id: expected }));
}

#[tokio::test]
async fn the_list_without_statistics_is_as_it_was() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let id = site.subscribe(&rooms(&receiver), &[]).await;
    let request = site.get(&format!("/ngsi10/subscription/{id}")).await.1;
    assert_eq!(request["reference"], receiver.url());
    for path in ["/ngsi10/subscription", "/ngsi10/subscription?statistics=false", "/ngsi10/subscription?other=1"] {
        assert_eq!(site.get(path).await.1, json!({ &id: request }));
    }
    let (status, answer) = site.get("/ngsi10/subscription?statistics=yes").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["errorCode"]["details"].as_str().unwrap().contains("statistics"), "{answer}");
}

#[tokio::test]
async fn deliveries_and_failures_are_told_apart() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let id = site.subscribe(&rooms(&receiver), &[("Require-Reliability", "true")]).await;
    site.set("Room.1", "Room", 1).await;
    wait_elements(&receiver, 1).await;
    let delivered = |told: &Value| told["lastSuccess"].is_string() && told["queued"] == 0;
    let good = statistics_once(&site, &id, "one is delivered", delivered).await;
    assert_eq!((&good["status"], &good["timesSent"]), (&json!("active"), &json!(1)));
    assert!(good["lastNotification"].as_str().unwrap() <= good["lastSuccess"].as_str().unwrap());
    assert!(good["lastSuccess"].as_str().unwrap().ends_with('Z'));
    assert!(good.get("lastFailure").is_none() && good.get("lastFailureReason").is_none(), "{good}");

    receiver.behave(Behaviour::Refuse(StatusCode::SERVICE_UNAVAILABLE));
    for value in 2..=4 {
        site.set("Room.1", "Room", value).await;
    }
    let bad = statistics_once(&site, &id, "it fails twice", |told| told["failsCounter"].as_u64() >= Some(2)).await;
    assert_eq!((&bad["status"], &bad["queued"]), (&json!("failing"), &json!(3)));
    assert_eq!(bad["lastFailureReason"], "answered 503 Service Unavailable");
    assert_eq!(bad["lastSuccess"], good["lastSuccess"]);
    let others = json!({ "entities": [{ "type": "Other", "isPattern": true }], "reference": receiver.url() });
    let quiet = site.subscribe(&others, &[]).await;
    let listed = async |path: &str| {
        let found = site.get(path).await.1;
        found.as_object().unwrap().keys().cloned().collect::<Vec<_>>()
    };
    for (query, expected) in
        [("?status=failing", &id), ("?statistics=true&status=failing", &id), ("?status=active", &quiet)]
    {
        assert_eq!(listed(&format!("/ngsi10/subscription{query}")).await, std::slice::from_ref(expected), "{query}");
    }
    let (status, answer) = site.get("/ngsi10/subscription?status=poor").await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert!(answer["errorCode"]["details"].as_str().unwrap().contains("status"), "{answer}");
    assert!(bad["lastFailure"].as_str().unwrap() >= good["lastSuccess"].as_str().unwrap());
    assert!(bad["timesSent"].as_u64().unwrap() >= 3, "{bad}");

    receiver.behave(Behaviour::Answer(json!({})));
    let again = statistics_once(&site, &id, "it is delivered", |told| told["queued"] == 0).await;
    assert_eq!((&again["status"], &again["failsCounter"]), (&json!("active"), &json!(0)));
    assert_eq!(again["lastFailureReason"], bad["lastFailureReason"]);
    assert!(again["lastSuccess"].as_str().unwrap() > good["lastSuccess"].as_str().unwrap());
}

#[tokio::test]
async fn a_subscription_made_by_another_broker_says_so() {
    let (site, receiver) = (Site::alone().await, Receiver::start().await.unwrap());
    let id = site.subscribe(&rooms(&receiver), &[("User-Agent", "lightweight-iot-broker")]).await;
    assert_eq!(site.get(ALL).await.1[&id]["forBroker"], true);
}
