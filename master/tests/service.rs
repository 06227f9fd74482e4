//! The master between a real discovery, a bus in this process and workers that are a few lines of the test.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::time::Duration;

use flow::{Envelope, InstanceStatus, IntentAction, Message, ServiceIntent, routing};
use serde_json::{Value, json};
use support::{Bed, PATIENCE, intent};

#[tokio::test(flavor = "multi_thread")]
async fn an_entity_becomes_a_command_and_a_restarted_master_adopts_what_runs() {
    let mut bed = Bed::new().await;
    let master = bed.master().await;
    bed.hear(true, &[]).await;
    bed.publish(routing::ORCHESTRATION, "Designer", intent(IntentAction::Add, true)).await;
    bed.register("panel.1", "PT10M").await;
    let first = bed.added().await;
    assert_eq!(first.inputs[0].id, "panel.1");
    assert_eq!(first.docker_image, "fogflow/op:v1");
    bed.hear(false, &[&first]).await;
    master.until("/instances", |all| all[0]["status"] == "running").await;
    assert_eq!(master.get("/workers").await["Worker.a"]["capacity"], 10);
    assert_eq!(master.get("/status").await["id"], "Master.test");
    assert_eq!(master.get("/intents").await[0]["tasks"][0]["running"], 1);
    assert_eq!(master.get("/instances/ServiceIntent.1").await[0]["id"], first.id.as_str());
    master.stop().await;

    bed.register("panel.2", "PT10M").await;
    let master = bed.master().await;
    let second = bed.added().await;
    assert_eq!(second.inputs[0].id, "panel.2", "the running instance is not commanded again");
    master.until("/instances", |all| all.as_array().is_some_and(|all| all.len() == 2)).await;

    bed.register("panel.1", "0").await;
    assert!(matches!(bed.command().await, Message::RemoveTask(task) if task.id == first.id));
    bed.publish(routing::ORCHESTRATION, "Designer", intent(IntentAction::Delete, false)).await;
    assert!(matches!(bed.command().await, Message::RemoveTask(task) if task.id == second.id));
    let subscriptions = format!("{}/ngsi9/subscription", bed.discovery.url());
    let end = tokio::time::Instant::now() + PATIENCE;
    while bed.discovery_node.client.get(&subscriptions).await.unwrap().body().as_ref() != b"{}" {
        assert!(tokio::time::Instant::now() < end, "subscriptions of earlier lives are ended");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    master.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demand_counts_instances_and_those_without_a_worker_say_why() {
    let mut bed = Bed::new().await;
    let master = bed.master().await;
    bed.publish(routing::ORCHESTRATION, "Designer", intent(IntentAction::Add, true)).await;
    bed.register("panel.1", "PT10M").await;
    let waiting = master.until("/instances/ServiceIntent.1?waiting=true", |all| all[0].is_object()).await;
    assert!(waiting[0]["reason"].as_str().unwrap().ends_with("no worker is connected"), "{waiting}");
    let demand = |waiting: u8, running: u8, failed: u8| json!({ "instances": 1, "waiting": waiting, "running": running, "failed": failed });
    assert_eq!(master.get("/demand").await, demand(1, 0, 0));
    bed.hear(true, &[]).await;
    let task = bed.added().await;
    assert_eq!(master.get("/demand").await, demand(0, 0, 0));
    bed.hear(false, &[&task]).await;
    master.until("/demand", |now| *now == demand(0, 1, 0)).await;
    assert_eq!(master.get("/instances?waiting=true").await, json!([]));
    let failed = flow::TaskUpdate {
        task_id: task.id.clone(),
        status: InstanceStatus::Failed,
        reason: "image not found".into(),
        generation: task.generation,
        ..Default::default()
    };
    bed.publish(routing::TASK, "Worker.a", Message::TaskUpdate(failed)).await;
    master.until("/demand", |now| *now == demand(0, 0, 1)).await;
    assert_eq!(master.get("/instances").await[0]["reason"], "image not found");
    master.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_notifications_are_refused_and_unknown_ones_taken() {
    let bed = Bed::new().await;
    let master = bed.master().await;
    let profile = master.get("/status").await;
    let agent = profile["agent"].as_str().unwrap().to_owned();
    let post = async |path: &str, body: &Value| {
        let answer = master.node.client.post_json(&format!("{agent}{path}"), &[], body).await.unwrap();
        (answer.status().as_u16(), String::from_utf8_lossy(answer.body()).into_owned())
    };
    let (status, body) = post("/ngsi9/notifyContextAvailability", &json!({ "subscribeId": 7 })).await;
    assert_eq!(status, 400);
    assert!(body.contains("subscribeId"), "{body}");
    let nobody = json!({ "subscribeId": "gone", "errorCode": { "code": 301 } });
    for path in
        ["/notifyContextAvailability", "/ngsi9/notifyContextAvailability/0/1", "/ngsi9/notifyContextAvailability/x/y"]
    {
        let (status, body) = post(path, &nobody).await;
        assert_eq!((status, body.contains("\"code\":200")), (200, true), "{path} {body}");
    }
    assert_eq!(post("/nothing", &nobody).await.0, 404);
    let url = format!("{}/instances/none", master.running.url());
    assert_eq!(master.node.client.get(&url).await.unwrap().status(), 404);
    for (key, kind) in [("heartbeat.", "WORKER_JOIN"), ("task.", "TASK_UPDATE"), ("orchestration.", "ServiceIntent")] {
        let envelope = Envelope {
            message_type: kind.into(),
            routing_key: key.into(),
            from: "Worker.x".into(),
            payload: ngsi::JsonText::from(json!({ "id": [[[]]], "location": { "latitude": "x" } })),
        };
        bed.bus.publish(envelope).await.unwrap();
    }
    assert_eq!(master.get("/workers").await, json!({}));
    master.stop().await;
}

/// A designer that knows one intent, and one of a fog function.
async fn designer() -> u16 {
    let intents = json!({ "ServiceIntent.1": { "id": "ServiceIntent.1", "topology": "panels" } });
    let function = |id: &str, status: &str| json!({ "intent": { "id": id, "topology": "panels" }, "status": status });
    let functions =
        json!({ "f": function("ServiceIntent.2", "enabled"), "g": function("ServiceIntent.3", "disabled") });
    let router = axum::Router::new()
        .route("/intent", axum::routing::get(async move || axum::Json(intents)))
        .route("/fogfunction", axum::routing::get(async move || axum::Json(functions)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, router).await });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn intents_withdrawn_while_the_master_was_away_are_noticed() {
    let mut bed = Bed::new().await;
    let master = bed.master().await;
    for (id, from) in [(1, "Designer.x"), (2, "Designer.x"), (3, "Designer.x"), (4, "Designer.x"), (5, "by hand")] {
        let Message::ServiceIntent(wish) = intent(IntentAction::Add, true) else { unreachable!() };
        let wish = ServiceIntent { id: format!("ServiceIntent.{id}"), ..wish };
        bed.publish(routing::ORCHESTRATION, from, Message::ServiceIntent(wish)).await;
    }
    master.until("/intents", |all| all.as_array().is_some_and(|all| all.len() == 5)).await;
    master.stop().await;
    bed.designer_port = designer().await;
    let master = bed.master().await;
    let left = master.until("/intents", |all| all.as_array().is_some_and(|all| all.len() == 3)).await;
    let left: Vec<&str> = left.as_array().unwrap().iter().map(|intent| intent["id"].as_str().unwrap()).collect();
    assert_eq!(left, ["ServiceIntent.1", "ServiceIntent.2", "ServiceIntent.5"]);
    master.stop().await;
}
