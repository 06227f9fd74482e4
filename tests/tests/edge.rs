//! An edge node in one process, `fogflow edge`, joins a cloud node.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::time::Duration;

use serde_json::json;
use system_tests::{Part, System, Workers, anomaly, panel, rule};
use testkit::{Fogflow, wait_until};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_node_takes_updates_and_runs_their_task() {
    let system = System::start(&[("cloud", 0.0, 0.0)], 1, Workers::Function).await.unwrap();
    let mut config = system.config(0);
    config["site_id"] = json!("edge");
    config["physical_location"] = json!({ "latitude": 60.0, "longitude": 10.0 });
    config["broker"]["http_port"] = json!(0);
    let mut edge = Fogflow::start(&["edge"], &config).await.unwrap();
    system.wait_for_workers(2).await;

    let topology = anomaly::topology("at-the-edge");
    system.submit(&anomaly::functions(), &topology, &anomaly::everywhere()).await.unwrap();
    let (cloud, here) = (system.url(Part::Broker(0)), edge.url("broker").unwrap());
    system.api.update(&cloud, &rule(50.0)).await.unwrap();
    system.api.update(&here, &panel("p1", 99.0, 60.0, 10.0)).await.unwrap();

    let tasks = format!("{}/tasks", edge.url("worker").unwrap());
    wait_until(PATIENCE, "the detector runs at the edge", async || {
        let tasks = system.api.get(&tasks).await?;
        tasks
            .as_array()?
            .iter()
            .any(|task| task["ID"].as_str().is_some_and(|id| id.contains(".Detector.")))
            .then_some(())
    })
    .await;
    wait_until(PATIENCE, "its result is found from the cloud", async || {
        let found = system.api.query_type(&cloud, "Anomaly").await.ok()?;
        (!found.is_empty()).then_some(())
    })
    .await;
    assert!(edge.terminate(PATIENCE).await.unwrap().success());
}
