//! Existing programs in the place of ours: a worker and a master that know only the original protocol.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::time::Duration;

use serde_json::{Value, json};
use system_tests::{BusClient, Part, System, Workers, anomaly, panel, rule};
use testkit::{Receiver, wait_until};

const PATIENCE: Duration = Duration::from_secs(30);

fn original_profile(id: &str) -> Value {
    json!({ "id": id, "location": { "latitude": 10.0, "longitude": 10.0 }, "geohash_id": "", "os": "linux",
        "hardware": "amd64", "capacity": 10, "workload": 0, "CAdvisorPort": 9092, "EdgeAddress": "10.0.0.1",
        "Last_Heartbeat_Update": "0001-01-01T00:00:00Z" })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_of_the_original_gets_its_commands() {
    let system = System::start(&[], 1, Workers::Function).await.unwrap();
    let mut worker = BusClient::join(&system.rabbitmq, "Worker.original", &["Worker.original.*"]).await.unwrap();
    worker.send("heartbeat.", "WORKER_JOIN", &original_profile("Worker.original")).await.unwrap();
    system.wait_for_workers(1).await;

    let topology = anomaly::topology("wire");
    system.submit(&anomaly::containers(), &topology, &anomaly::everywhere()).await.unwrap();
    let broker = system.url(Part::Broker(0));
    system.api.update(&broker, &rule(50.0)).await.unwrap();
    system.api.update(&broker, &panel("p1", 1.0, 10.0, 10.0)).await.unwrap();

    let task = worker.expect("ADD_TASK", PATIENCE).await.unwrap();
    assert_eq!(task["TopologyName"], "wire");
    assert_eq!(task["TaskName"], "Detector");
    assert_eq!(task["OperatorName"], "anomaly");
    assert_eq!(task["DockerImage"], "fogflow/anomaly:test");
    assert_eq!(task["WorkerID"], "Worker.original");
    assert_eq!(task["Status"], "scheduled");
    assert_eq!(task["PriorityLevel"], 50);
    let id = task["ID"].as_str().unwrap();
    let hash = id.strip_prefix("Task.wire.Detector.").unwrap();
    assert!(hash.len() >= 8 && hash.bytes().all(|digit| digit.is_ascii_digit()), "{id}");
    assert_eq!(task["Outputs"][0]["StreamID"], format!("Anomaly.{hash}.1"));
    let mut inputs: Vec<&str> = task["Inputs"].as_array().unwrap().iter().filter_map(|i| i["ID"].as_str()).collect();
    inputs.sort_unstable();
    assert_eq!(inputs, ["Rule.1", "p1"]);
    let update = json!({ "TaskID": id, "TopologyName": "wire", "TaskName": "Detector",
        "ServiceIntentID": task["ServiceIntentID"], "Status": "running" });
    worker.send("task.", "TASK_UPDATE", &update).await.unwrap();

    let mut another_rule = rule(60.0);
    another_rule["entityId"]["id"] = json!("Rule.2");
    system.api.update(&broker, &another_rule).await.unwrap();
    let input = worker.expect("ADD_INPUT", PATIENCE).await.unwrap();
    assert_eq!((&input["TaskInstanceID"], &input["InputStream"]["ID"]), (&json!(id), &json!("Rule.2")));

    system.api.delete(&broker, "Rule.2").await.unwrap();
    let input = worker.expect("REMOVE_INPUT", PATIENCE).await.unwrap();
    assert_eq!(input["InputStream"]["ID"], "Rule.2");

    system.api.delete(&broker, "p1").await.unwrap();
    let removed = worker.expect("REMOVE_TASK", PATIENCE).await.unwrap();
    assert_eq!((&removed["ID"], &removed["WorkerID"]), (&json!(id), &json!("Worker.original")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_of_ours_obeys_a_master_of_the_original() {
    let mut system = System::start(&[("here", 1.0, 1.0)], 1, Workers::Function).await.unwrap();
    system.process(Part::Master).kill();
    let mut master =
        BusClient::join(&system.rabbitmq, "Master.original", &["heartbeat.*", "task.*", "orchestration.*"])
            .await
            .unwrap();
    let profile = master.expect("WORKER_HEARTBEAT", PATIENCE).await.unwrap();
    assert_eq!(profile["id"], "Worker.here");
    assert_eq!(profile["location"], json!({ "latitude": 1.0, "longitude": 1.0 }));

    let results = Receiver::start().await.unwrap();
    let broker = system.url(Part::Broker(0));
    system.api.subscribe_reliably(&broker, "Out", &results.url()).await.unwrap();
    let code = "exports.handler = function(entity, publish) { \
        publish({ attributes: { doubled: { type: 'integer', value: entity.attributes.usage.value * 2 } } }); };";
    let task = json!({ "ID": "Task.t.double.00000001", "TopologyName": "t", "TaskName": "double",
        "ServiceIntentID": "ServiceIntent.1", "OperatorName": "double", "TaskType": "", "FunctionCode": code, "DockerImage": "",
        "Parameters": [], "WorkerID": "Worker.here", "IsExclusive": false, "PriorityLevel": 0, "Status": "scheduled",
        "Inputs": [{ "Type": "PowerPanel", "ID": "p1", "AttributeList": null }],
        "Outputs": [{ "Type": "Out", "StreamID": "Out.00000001.1", "Annotations": null }] });
    system.api.update(&broker, &panel("p1", 21.0, 1.0, 1.0)).await.unwrap();
    for nonsense in [&b"{"[..], b"[]", b"{\"Type\":5}", b"\xff\xfe", b"{\"Type\":\"ADD_TASK\",\"PayLoad\":{\"ID\":7}}"]
    {
        master.send_raw("Worker.here.", nonsense).await.unwrap();
    }
    master.send("Worker.here.", "MAKE_COFFEE", &json!({ "milk": true })).await.unwrap();
    master.send("Worker.here.", "ADD_TASK", &task).await.unwrap();

    let update = master.expect("TASK_UPDATE", PATIENCE).await.unwrap();
    assert_eq!(update["TaskID"], "Task.t.double.00000001");
    let doubled = wait_until(PATIENCE, "the function's first output", async || {
        results.received().iter().map(|r| r.json().to_string()).find(|text| text.contains("doubled"))
    })
    .await;
    assert!(doubled.contains("42") && doubled.contains("Out.00000001.1"), "{doubled}");

    master.send("Worker.here.", "REMOVE_TASK", &task).await.unwrap();
    wait_until(PATIENCE, "the task is reported removed", async || {
        let update = master.expect("TASK_UPDATE", PATIENCE).await.ok()?;
        (update["Status"] == "removed").then_some(())
    })
    .await;
    wait_until(PATIENCE, "its output is deleted", async || {
        let found = system.api.query_type(&broker, "Out").await.ok()?;
        found.is_empty().then_some(())
    })
    .await;
}
