//! What was acknowledged is in the history, whoever was killed meanwhile.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use service::http::Client;
use testkit::{DEADLINE, Postgres, free_port, wait_until};

use crate::common::{self, Site, killed};
use crate::{get, values, with_database};

#[tokio::test(flavor = "multi_thread")]
async fn child() {
    killed::serve(json!({ "temporal": { "record": ["*"] } })).await;
}

async fn start(directory: &Path, port: u16) -> killed::Broker {
    killed::start("durability::child", directory, port).await
}

/// Sets rising values until told to stop or the broker is gone; gives back the last one acknowledged.
async fn write(url: String, from: u64, stop: Arc<AtomicBool>) -> u64 {
    let (client, mut acknowledged) = (Client::new(None), from);
    while !stop.load(Ordering::Relaxed) {
        let body = common::update("urn:ngsi-ld:Car:1", "Car", acknowledged + 1);
        match client.post_json(&format!("{url}/ngsi10/updateContext"), &[], &body).await {
            Ok(answer) if answer.status().is_success() => acknowledged += 1,
            _ => break,
        }
    }
    acknowledged
}

/// Waits until the writer is under way.
async fn some_are_written(url: &str, more_than: u64) {
    let client = Client::new(None);
    let url = format!("{url}/ngsi10/entity/urn:ngsi-ld:Car:1/value");
    wait_until(DEADLINE, "values are written", async || {
        let answer = client.get(&url).await.ok()?;
        let value = serde_json::from_slice::<Value>(answer.body()).ok()?["value"].as_u64()?;
        (value > more_than).then_some(())
    })
    .await;
}

fn all(last: u64) -> Vec<Value> {
    (1..=last).map(Value::from).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_broker_has_recorded_what_it_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    let port = free_port().unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let mut acknowledged = 0;
    for _ in 0..3 {
        let process = start(directory.path(), port).await;
        let writer = tokio::spawn(write(url.clone(), acknowledged, Arc::default()));
        some_are_written(&url, acknowledged + 50).await;
        drop(process);
        acknowledged = writer.await.unwrap();
    }
    let _process = start(directory.path(), port).await;
    let path = format!("{url}/ngsi-ld/v1/temporal/entities/urn:ngsi-ld:Car:1?lastN=10000");
    let answer = Client::new(None).get(&path).await.unwrap();
    let mut recorded = values(&serde_json::from_slice(answer.body()).unwrap(), "value");
    recorded.reverse();
    // A value that was on its way when the broker was killed may be there, and be written again.
    recorded.dedup();
    assert!(recorded.starts_with(&all(acknowledged)) || recorded == all(acknowledged), "{acknowledged}: {recorded:?}");
}

async fn recorded(site: &Site) -> Vec<Value> {
    let answer = get(site, "/temporal/entities/urn:ngsi-ld:Car:1").await;
    if answer.status == 200 { values(&answer.json(), "value") } else { Vec::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_the_database_is_killed_under_load() {
    let mut postgres = Postgres::start().await.unwrap();
    let site = Site::with_config(with_database(json!({ "record": ["Car"] }), &postgres)).await;
    let stop = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn(write(site.url.clone(), 0, stop.clone()));
    some_are_written(&site.url, 50).await;
    postgres.kill();
    let before = 200;
    some_are_written(&site.url, before).await;
    postgres.resume().await.unwrap();
    some_are_written(&site.url, before + 100).await;
    postgres.stop().await.unwrap();
    some_are_written(&site.url, before + 200).await;
    stop.store(true, Ordering::Relaxed);
    let last = writer.await.unwrap();
    let site = site.restart().await;
    assert_eq!(get(&site, "/temporal/entities/urn:ngsi-ld:Car:1").await.status, 503);
    postgres.resume().await.unwrap();
    wait_until(DEADLINE, "the history is whole", async || (recorded(&site).await == all(last)).then_some(())).await;
}
