//! What masters hear of intents, and what the designer hears of tasks.
#![allow(clippy::unwrap_used)]

use crate::common::{Designer, eventually, next, publish};
use flow::{InstanceStatus, MasterProfile, Message, ReportedInstance, TaskUpdate, WorkerProfile};
use message_bus::{Bus, Subscription};
use serde_json::{Value, json};

async fn started(bus: &Bus) -> (tempfile::TempDir, Designer, Subscription) {
    let dir = tempfile::tempdir().unwrap();
    let designer = Designer::start_with(dir.path(), bus.clone(), json!({})).await.with_shop().await;
    let messages = bus.subscribe("Master.test", &["orchestration.*"]);
    (dir, designer, messages)
}

fn joined() -> Message {
    Message::MasterJoin(MasterProfile { id: "Master.test".to_owned(), ..MasterProfile::default() })
}

#[tokio::test]
async fn an_intent_is_announced_exactly_as_the_contract_says() {
    let bus = Bus::in_process();
    let (_dir, designer, mut messages) = started(&bus).await;
    designer.post("/intent", r#"{"id":"ServiceIntent.1","topology":"shop","priority":{"level":3}}"#).await;
    let message = serde_json::to_value(next(&mut messages).await).unwrap();
    assert_eq!(message["Type"], "ServiceIntent");
    assert_eq!(message["RoutingKey"], "orchestration.");
    assert_eq!(message["From"], "Designer.test");
    let payload = &message["PayLoad"];
    assert_eq!(payload["id"], "ServiceIntent.1");
    assert_eq!(payload["topology"], "shop");
    assert_eq!(payload["action"], "ADD");
    assert_eq!(payload["priority"], json!({ "exclusive": false, "level": 3 }));
    assert_eq!(payload["TopologyObject"]["tasks"][0]["name"], "count");
    assert_eq!(payload["TopologyObject"]["operators"][0]["name"], "counter");
    designer.post("/intent", r#"{"id":"ServiceIntent.1","topology":"shop"}"#).await;
    assert_eq!(action(&mut messages).await, ("ServiceIntent.1".to_owned(), "UPDATE".to_owned()));
    designer.delete("/intent/ServiceIntent.1").await;
    assert_eq!(action(&mut messages).await, ("ServiceIntent.1".to_owned(), "DELETE".to_owned()));
    designer.stop().await;
}

async fn action(messages: &mut Subscription) -> (String, String) {
    let payload: Value = next(messages).await.payload.to_value();
    (payload["id"].as_str().unwrap().to_owned(), payload["action"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn every_intent_and_withdrawal_is_announced_again_to_a_master_that_joins() {
    let bus = Bus::in_process();
    let (_dir, designer, mut messages) = started(&bus).await;
    for id in ["ServiceIntent.1", "ServiceIntent.2", "ServiceIntent.3"] {
        designer.post("/intent", &json!({ "id": id, "topology": "shop" }).to_string()).await;
        action(&mut messages).await;
    }
    designer.delete("/intent/ServiceIntent.2").await;
    action(&mut messages).await;
    publish(&bus, "designer.", "Master.test", &joined()).await;
    assert_eq!(action(&mut messages).await, ("ServiceIntent.1".to_owned(), "ADD".to_owned()));
    assert_eq!(action(&mut messages).await, ("ServiceIntent.2".to_owned(), "DELETE".to_owned()));
    assert_eq!(action(&mut messages).await, ("ServiceIntent.3".to_owned(), "ADD".to_owned()));
    designer.stop().await;
}

#[tokio::test]
async fn intents_and_enabled_fog_functions_are_announced_when_the_designer_starts() {
    let bus = Bus::in_process();
    let (dir, designer, mut messages) = started(&bus).await;
    designer.post("/intent", r#"{"id":"ServiceIntent.1","topology":"shop"}"#).await;
    action(&mut messages).await;
    for (name, id) in [("on", "ServiceIntent.on"), ("off", "ServiceIntent.off")] {
        let function = crate::common::SHOP.replace("\"shop\"", &format!("{name:?}"));
        let function = function.replacen("[{", &format!("[{{\"name\":{name:?},\"intent\":{{\"id\":{id:?}}},"), 1);
        assert_eq!(designer.post("/fogfunction", &function).await, (200, json!("OK")));
        action(&mut messages).await;
    }
    designer.get("/fogfunction/off/disable").await;
    assert_eq!(action(&mut messages).await, ("ServiceIntent.off".to_owned(), "DELETE".to_owned()));
    designer.stop().await;
    let designer = Designer::start_with(dir.path(), bus.clone(), json!({})).await;
    assert_eq!(action(&mut messages).await, ("ServiceIntent.1".to_owned(), "ADD".to_owned()));
    assert_eq!(action(&mut messages).await, ("ServiceIntent.off".to_owned(), "DELETE".to_owned()));
    assert_eq!(action(&mut messages).await, ("ServiceIntent.on".to_owned(), "ADD".to_owned()));
    designer.stop().await;
}

#[tokio::test]
async fn tasks_and_workers_are_shown_as_they_were_heard() {
    let bus = Bus::in_process();
    let (_dir, designer, _messages) = started(&bus).await;
    let update = TaskUpdate {
        task_id: "Task.shop.count.1".into(),
        topology_name: "shop".to_owned(),
        task_name: "count".to_owned(),
        service_intent_id: "ServiceIntent.1".to_owned(),
        status: InstanceStatus::Failed,
        reason: "no memory".to_owned(),
        generation: 1,
    };
    publish(&bus, "task.", "Worker.a", &Message::TaskUpdate(update)).await;
    let (_, tasks) = eventually(async || designer.get("/info/task").await, |(_, tasks)| tasks[0].is_object()).await;
    let expected = json!([{
        "ID": "Task.shop.count.1", "TaskID": "Task.shop.count.1", "TopologyName": "shop", "TaskName": "count",
        "ServiceIntentID": "ServiceIntent.1", "Status": "failed", "Worker": "Worker.a", "Reason": "no memory",
    }]);
    assert_eq!(tasks, expected);
    assert_eq!(designer.get("/info/task/ServiceIntent.1").await, (200, expected));
    assert_eq!(designer.get("/info/task/other").await, (200, json!([])));
    let instance = ReportedInstance { id: "Task.shop.count.2".into(), ..ReportedInstance::default() };
    let worker = WorkerProfile { id: "Worker.a".into(), instances: Some(vec![instance]), ..WorkerProfile::default() };
    publish(&bus, "heartbeat.", "Worker.a", &Message::WorkerHeartbeat(worker.clone())).await;
    let repaired = |(_, tasks): &(u16, Value)| tasks[0]["ID"] == "Task.shop.count.2";
    eventually(async || designer.get("/info/task").await, repaired).await;
    assert_eq!(designer.get("/info/worker").await.1[0]["id"], "Worker.a", "no master answers here");
    publish(&bus, "heartbeat.", "Worker.a", &Message::WorkerLeave(worker)).await;
    eventually(async || designer.get("/info/task").await, |(_, tasks)| *tasks == json!([])).await;
    publish(&bus, "designer.", "Master.test", &joined()).await;
    eventually(async || designer.get("/info/master").await, |(_, masters)| masters[0]["id"] == "Master.test").await;
    designer.stop().await;
}
