//! Logs, restarts and try-outs: requests to workers over the bus.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::time::Duration;

use crate::common::events::Events;
use crate::common::{Designer, eventually, next, publish};
use axum::body::Bytes;
use flow::{
    Engine, InstanceStatus, Message, TaskUpdate, TryReport, WorkerOrder, WorkerProfile, WorkerReply, WorkerRequest,
};
use message_bus::{Bus, Subscription};
use serde_json::{Value, json};

/// A designer, and a worker `Worker.a` that has the task instance `t`.
async fn started() -> (tempfile::TempDir, Designer, Worker) {
    let bus = Bus::in_process();
    let dir = tempfile::tempdir().unwrap();
    let designer = Designer::start_with(dir.path(), bus.clone(), json!({})).await;
    let inbox = bus.subscribe("Worker.a", &["Worker.a.*"]);
    let update = TaskUpdate { task_id: "t".into(), status: InstanceStatus::Running, ..TaskUpdate::default() };
    let told = async || {
        publish(&bus, "task.", "Worker.a", &Message::TaskUpdate(update.clone())).await;
        designer.get("/instance").await.1
    };
    eventually(told, |list| list[0]["ID"] == "t").await;
    (dir, designer, Worker { bus, inbox })
}

struct Worker {
    bus: Bus,
    inbox: Subscription,
}

impl Worker {
    async fn asked(&mut self) -> WorkerRequest {
        match next(&mut self.inbox).await.message().unwrap() {
            Message::WorkerRequest(request) => request,
            other => panic!("{other:?}"),
        }
    }

    async fn reply(&self, reply: WorkerReply) {
        let worker = "Worker.a".into();
        publish(&self.bus, "designer.", "Worker.a", &Message::WorkerReply(WorkerReply { worker, ..reply })).await;
    }

    /// Answers the next request with one answer, and gives it back.
    async fn answer(&mut self, reply: WorkerReply) -> WorkerOrder {
        let request = self.asked().await;
        assert_eq!(request.from, "Designer.test");
        self.reply(WorkerReply { id: request.id, last: true, ..reply }).await;
        request.order
    }
}

#[tokio::test]
async fn a_log_is_followed_until_nobody_reads_it() {
    let (_dir, designer, mut worker) = started().await;
    let url = designer.url.clone();
    let page = tokio::spawn(async move { Events::open(&url, "/instance/t/log").await });
    let request = worker.asked().await;
    assert!(matches!(&request.order, WorkerOrder::Log(lease) if lease.task_id == "t" && lease.seconds == 60));
    let id = request.id.clone();
    let lines = |lines: &[&str], reset| WorkerReply {
        id: id.clone(),
        lines: lines.iter().map(ToString::to_string).collect(),
        reset,
        ..WorkerReply::default()
    };
    worker.reply(lines(&["old"], true)).await;
    let mut page = page.await.unwrap();
    assert_eq!(page.next().await.unwrap(), ("lines".to_owned(), json!({ "lines": ["old"], "reset": true })));
    worker.reply(lines(&["new", "newer"], false)).await;
    assert_eq!(page.next().await.unwrap().1, json!({ "lines": ["new", "newer"] }));
    drop(page);
    assert_eq!(worker.asked().await.order, WorkerOrder::End(id));
    designer.stop().await;
}

#[tokio::test]
async fn a_log_ends_with_a_reason() {
    let (_dir, designer, mut worker) = started().await;
    let url = designer.url.clone();
    let page = tokio::spawn(async move { Events::open(&url, "/instance/t/log").await });
    let id = worker.asked().await.id;
    worker.reply(WorkerReply { id: id.clone(), reset: true, ..WorkerReply::default() }).await;
    let mut page = page.await.unwrap();
    page.next().await.unwrap();
    let removed = TaskUpdate { task_id: "t".into(), status: InstanceStatus::Removed, ..TaskUpdate::default() };
    publish(&worker.bus, "task.", "Worker.a", &Message::TaskUpdate(removed)).await;
    let reason = json!({ "reason": "the task instance is not on Worker.a any more" });
    assert_eq!(page.next().await.unwrap(), ("end".to_owned(), reason));
    assert!(page.next().await.is_none());
    designer.stop().await;
}

async fn post_answered(
    designer: &Designer,
    worker: &mut Worker,
    path: &str,
    body: &str,
    reply: WorkerReply,
) -> (u16, Value) {
    let (answer, _) = tokio::join!(designer.post(path, body), worker.answer(reply));
    answer
}

#[tokio::test]
async fn a_restart_is_passed_on_and_its_outcome_told() {
    let (_dir, designer, mut worker) = started().await;
    let done = WorkerReply::default();
    assert_eq!(
        post_answered(&designer, &mut worker, "/instance/t/restart", "", done).await,
        (202, json!({ "id": "t" }))
    );
    let gone = WorkerReply { not_found: true, problem: "no such instance".to_owned(), ..WorkerReply::default() };
    assert_eq!(post_answered(&designer, &mut worker, "/instance/t/restart", "", gone).await.0, 404);
    let refused = WorkerReply { problem: "it is being removed".to_owned(), ..WorkerReply::default() };
    let (status, answer) = post_answered(&designer, &mut worker, "/instance/t/restart", "", refused).await;
    assert_eq!((status, &answer["error"]), (502, &json!("the worker refused: it is being removed")));
    assert_eq!(designer.post("/instance/unknown/restart", "").await.0, 404);
    assert_eq!(designer.get("/instance/unknown/log").await.0, 404);
    let unanswered = http::Request::post(format!("{}/instance/t/restart", designer.url)).body(Bytes::new()).unwrap();
    let answer = designer.node.client.send_with_timeout(unanswered, Duration::from_secs(15)).await.unwrap();
    let (status, answer) = crate::common::answer(&answer);
    assert_eq!(status, 504, "nobody answered: {answer}");
    assert!(answer["error"].as_str().unwrap().starts_with("Worker.a did not answer within 10 s"), "{answer}");
    designer.stop().await;
}

const SAMPLE: &str = r#"{"code":"exports.handler = function () {}",
    "entity":{"entityId":{"id":"a","type":"Panel"},"attributes":[{"name":"usage","value":1}]},"outputs":[{"id":"o","type":"Sum"}],
    "parameters":[{"name":"memory_mb","value":"8"}]}"#;

#[tokio::test]
async fn a_function_is_tried_at_a_worker_that_runs_functions() {
    let (_dir, designer, mut worker) = started().await;
    let (status, answer) = designer.post("/tryout", SAMPLE).await;
    assert_eq!((status, answer["error"].is_string()), (503, true), "the worker has not said that it runs functions");
    let engines = vec![Engine::Function];
    let profile = WorkerProfile { id: "Worker.a".into(), engines, ..WorkerProfile::default() };
    publish(&worker.bus, "heartbeat.", "Worker.a", &Message::WorkerHeartbeat(profile)).await;
    eventually(async || designer.get("/info/worker").await.1, |list| list[0].is_object()).await;
    let report = TryReport { log: vec!["hello".to_owned()], took_ms: 3, ..TryReport::default() };
    let reply = WorkerReply { tried: Some(report), ..WorkerReply::default() };
    let ((status, answer), order) = tokio::join!(designer.post("/tryout", SAMPLE), worker.answer(reply));
    assert_eq!((status, &answer["log"], &answer["took_ms"]), (200, &json!(["hello"]), &json!(3)));
    assert_eq!(answer["published"], json!([]));
    let WorkerOrder::Try(tried) = order else { panic!("{order:?}") };
    assert_eq!((tried.entity.entity.id.as_str(), tried.outputs[0].id.as_str()), ("a", "o"));
    assert_eq!((tried.parameters[0].name.as_str(), tried.parameters[0].value.as_str()), ("memory_mb", "8"));
    let (status, answer) = designer.post("/tryout", r#"{"code":"x"}"#).await;
    assert_eq!((status, &answer["field"]), (400, &json!("entity")));
    designer.stop().await;
}
