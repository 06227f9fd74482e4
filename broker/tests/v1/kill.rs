//! A broker that is killed without warning, as by a power cut of its process.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use service::http::Client;
use testkit::{Behaviour, DEADLINE, Receiver, free_port, wait_until};

use crate::common::killed;

const WRITERS: u64 = 4;

#[tokio::test(flavor = "multi_thread")]
async fn child() {
    killed::serve(json!({})).await;
}

async fn start(directory: &Path, port: u16) -> killed::Broker {
    killed::start("kill::child", directory, port).await
}

/// Writes rising values until told to stop or the broker is gone; gives back the last one acknowledged.
async fn write(port: u16, writer: u64, from: u64, stop: Arc<AtomicBool>) -> u64 {
    let client = Client::new(None);
    let mut acknowledged = from;
    while !stop.load(Ordering::Relaxed) {
        let body = json!({
            "contextElements": [{ "entityId": { "id": format!("Room.{writer}"), "type": "Room" },
                "attributes": [{ "name": "value", "type": "integer", "value": acknowledged + 1 }] }],
            "updateAction": "UPDATE",
        });
        let url = format!("http://127.0.0.1:{port}/ngsi10/updateContext");
        match client.post_json(&url, &[], &body).await {
            Ok(answer) if answer.status().is_success() => acknowledged += 1,
            _ => break,
        }
    }
    acknowledged
}

/// The values each entity was notified with, in order of arrival.
fn notified(receiver: &Receiver) -> BTreeMap<String, Vec<u64>> {
    let mut values: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for request in receiver.received() {
        for response in request.json()["contextResponses"].as_array().into_iter().flatten() {
            let element = &response["contextElement"];
            let id = element["entityId"]["id"].as_str().unwrap().to_owned();
            values.entry(id).or_default().push(element["attributes"][0]["value"].as_u64().unwrap());
        }
    }
    values
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_every_due_notification_arrives() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port().unwrap();
    let receiver = Receiver::start().await.unwrap();
    let client = Client::new(None);
    let mut acknowledged = vec![0; usize::try_from(WRITERS).unwrap()];
    for round in 0..3 {
        let process = start(directory.path(), port).await;
        if round == 0 {
            let body = json!({ "entities": [{ "type": "Room" }], "reference": receiver.url() });
            let url = format!("http://127.0.0.1:{port}/ngsi10/subscribeContext");
            let headers = [("Require-Reliability", "true")];
            assert!(client.post_json(&url, &headers, &body).await.unwrap().status().is_success());
        }
        let stop = Arc::new(AtomicBool::new(false));
        let writers: Vec<_> = (0..WRITERS)
            .zip(&acknowledged)
            .map(|(writer, from)| tokio::spawn(write(port, writer, *from, stop.clone())))
            .collect();
        tokio::time::sleep(Duration::from_millis(400)).await;
        drop(process);
        stop.store(true, Ordering::Relaxed);
        for (last, writer) in acknowledged.iter_mut().zip(writers) {
            *last = writer.await.unwrap();
        }
    }
    let _process = start(directory.path(), port).await;
    for (writer, last) in (0..WRITERS).zip(&acknowledged) {
        let url = format!("http://127.0.0.1:{port}/ngsi10/entity/Room.{writer}/value");
        let attribute: Value = serde_json::from_slice(client.get(&url).await.unwrap().body()).unwrap();
        assert!(*last > 0 && attribute["value"].as_u64().unwrap() >= *last, "{attribute}, acknowledged {last}");
    }
    wait_until(DEADLINE, "every acknowledged value is notified", async || {
        let all = notified(&receiver);
        let complete = (0..WRITERS).zip(&acknowledged).all(|(writer, last)| {
            all.get(&format!("Room.{writer}")).is_some_and(|told| (1..=*last).all(|value| told.contains(&value)))
        });
        complete.then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_of_ngsi_v2_and_their_counters_survive() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port().unwrap();
    let receiver = Receiver::start().await.unwrap();
    let client = Client::new(None);
    let url = |path: &str| format!("http://127.0.0.1:{port}{path}");
    let mut process = Some(start(directory.path(), port).await);
    let body = json!({ "subject": { "entities": [{ "id": "Room.1" }] }, "notification": { "http": { "url": receiver.url() },
        "metadata": ["previousValue"] } });
    let made = client.post_json(&url("/v2/subscriptions"), &[], &body).await.unwrap();
    let location = made.headers()["location"].to_str().unwrap().to_owned();
    let mut value = 0;
    let counted = wait_until(DEADLINE, "counters are found after a crash", async || {
        value += 1;
        let body = json!({ "id": "Room.1", "type": "Room", "t": { "value": value } });
        let answer = client.post_json(&url("/v2/entities?options=upsert"), &[], &body).await.unwrap();
        assert!(answer.status().is_success());
        // Killed while it may be on its way, it is sent after the restart.
        if value > 1 {
            receiver.wait_for(value, DEADLINE).await;
            tokio::time::sleep(Duration::from_millis(1_500)).await;
        }
        drop(process.take());
        process = Some(start(directory.path(), port).await);
        let shown: Value = serde_json::from_slice(client.get(&url(&location)).await.unwrap().body()).unwrap();
        assert_eq!(shown["status"], "active");
        shown["notification"]["timesSent"].as_u64().filter(|count| *count > 0)
    })
    .await;
    receiver.wait_for(value, DEADLINE).await;
    let told: Vec<_> = receiver.received().iter().map(|request| request.json()["data"][0]["t"].clone()).collect();
    assert!(counted <= told.len() as u64, "{counted} {told:?}");
    for (earlier, later) in (1..value).zip(2..) {
        let complete = |t: &Value| t["value"] == later && t["metadata"]["previousValue"]["value"] == earlier;
        assert!(told.iter().any(complete), "{later}: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_subscribed_at_sources_is_known_after_a_crash() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port().unwrap();
    let (source, receiver) = (Receiver::start().await.unwrap(), Receiver::start().await.unwrap());
    let client = Client::new(None);
    let url = |path: &str| format!("http://127.0.0.1:{port}/ngsi-ld/v1{path}");
    let process = start(directory.path(), port).await;
    let registration = json!({ "id": "urn:r:1", "type": "ContextSourceRegistration", "endpoint": source.url(),
        "information": [{ "entities": [{ "type": "Car" }] }] });
    let subscription = json!({ "id": "urn:s:1", "type": "Subscription", "entities": [{ "type": "Car" }],
        "notification": { "endpoint": { "uri": receiver.url() } } });
    source.behave(Behaviour::Hang);
    for (path, body) in [("/csourceRegistrations", registration), ("/subscriptions", subscription)] {
        assert_eq!(client.post_json(&url(path), &[], &body).await.unwrap().status(), 201);
    }
    let asked = source.wait_for(1, DEADLINE).await[0].json();
    drop(process);
    source.behave(Behaviour::Answer(json!({})));
    let process = start(directory.path(), port).await;
    assert_eq!(source.wait_for(2, DEADLINE).await[1].json(), asked, "the same is asked again");

    let uri = asked["notification"]["endpoint"]["uri"].as_str().unwrap();
    let told =
        json!({ "type": "Notification", "subscriptionId": asked["id"], "data": [{ "id": "urn:c:1", "type": "Car" }] });
    assert_eq!(client.post_json(uri, &[], &told).await.unwrap().status(), 204);
    drop(process);
    let _process = start(directory.path(), port).await;
    assert_eq!(receiver.wait_for(1, DEADLINE).await[0].json()["subscriptionId"], "urn:s:1");
    assert_eq!(client.delete(&url("/subscriptions/urn:s:1")).await.unwrap().status(), 204);
    let ended = wait_until(DEADLINE, "it is ended", async || {
        source.received().into_iter().find(|request| request.method == "DELETE")
    })
    .await;
    assert!(ended.path.ends_with(asked["id"].as_str().unwrap()), "{}", ended.path);
}
