//! The master between a real discovery, a bus in this process and workers that are a few lines of the test.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::Path;
use std::time::Duration;

use flow::{
    DockerImage, Envelope, GroupBy, InputStreamConfig, InstanceStatus, IntentAction, Message, Operator,
    OutputStreamConfig, ReportedInstance, ServiceIntent, Task, TaskInstance, Topology, WorkerProfile, routing,
};
use message_bus::{Bus, Subscription};
use serde_json::{Value, json};
use service::{Node, Running};
use storage::Store;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);

struct Bed {
    /// Where the designer would be.
    designer_port: u16,
    dir: tempfile::TempDir,
    bus: Bus,
    commands: Subscription,
    discovery: Running,
    discovery_node: Node,
}

struct Started {
    node: Node,
    running: Running,
    store: Store,
}

fn node(discovery_port: u16, designer_port: u16) -> Node {
    let mut config = service::Config { site_id: "test".into(), ..Default::default() };
    config.discovery.http_port = discovery_port;
    config.designer.web_srv_port = designer_port;
    config.master.rest_api_port = 0;
    config.master.ngsi_agent_port = 0;
    config.worker.heartbeat_interval = 5;
    Node::new(config, 1).unwrap()
}

impl Bed {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bus = Bus::in_process();
        let commands = bus.subscribe("Worker.a", &["Worker.a.*"]);
        let discovery_node = node(0, 1);
        let store = Store::open(&dir.path().join("discovery")).unwrap();
        let discovery = discovery::start(discovery_node.clone(), store).await.unwrap();
        Self { designer_port: 1, dir, bus, commands, discovery, discovery_node }
    }

    async fn master(&self) -> Started {
        let store = open(&self.dir.path().join("master")).await;
        let node = node(self.discovery.address.port(), self.designer_port);
        let running = master::start(node.clone(), store.clone(), self.bus.clone()).await.unwrap();
        Started { node, running, store }
    }

    async fn publish(&self, key: &str, from: &str, message: Message) {
        self.bus.publish(Envelope::new(key, from, &message).unwrap()).await.unwrap();
    }

    async fn hear(&self, joined: bool, tasks: &[&TaskInstance]) {
        let instances = tasks.iter().map(|task| ReportedInstance {
            id: task.id.clone(),
            service_intent_id: task.service_intent_id.clone(),
            status: InstanceStatus::Running,
            generation: task.generation,
            inputs: ReportedInstance::fingerprint(&task.inputs),
            ..Default::default()
        });
        let profile = WorkerProfile {
            id: "Worker.a".into(),
            os: "linux".into(),
            hardware: "amd64".into(),
            capacity: 10,
            incarnation: 1,
            instances: Some(instances.collect()),
            ..Default::default()
        };
        let message = if joined { Message::WorkerJoin(profile) } else { Message::WorkerHeartbeat(profile) };
        self.publish(routing::HEARTBEAT, "Worker.a", message).await;
    }

    async fn register(&self, id: &str, duration: &str) {
        let registration = json!({
            "contextRegistrations": [{
                "entities": [{ "id": id, "type": "Panel", "isPattern": false }],
                "attributes": [{ "name": "usage", "type": "integer", "isDomain": false }],
                "contextMetadata": [{ "name": "location", "type": "point", "value": { "latitude": 50.0, "longitude": 8.0 } }],
                "providingApplication": "http://127.0.0.1:1/ngsi10"
            }],
            "duration": duration
        });
        let url = format!("{}/ngsi9/registerContext", self.discovery.url());
        let answer = self.discovery_node.client.post_json(&url, &[], &registration).await.unwrap();
        assert!(answer.status().is_success(), "{answer:?}");
    }

    async fn command(&mut self) -> Message {
        let delivery = timeout(PATIENCE, self.commands.next()).await.expect("a command in time").unwrap();
        let message = delivery.envelope.message().unwrap();
        delivery.ack();
        message
    }

    async fn added(&mut self) -> TaskInstance {
        match self.command().await {
            Message::AddTask(task) => task,
            other => panic!("{other:?}"),
        }
    }
}

async fn open(path: &Path) -> Store {
    for _ in 0..200 {
        if let Ok(store) = Store::open(path) {
            return store;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Store::open(path).unwrap()
}

impl Started {
    async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.running.url());
        serde_json::from_slice(self.node.client.get(&url).await.unwrap().body()).unwrap()
    }

    /// Asks until the answer is as wanted.
    async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let answer = self.get(path).await;
            if wanted(&answer) {
                return answer;
            }
            assert!(tokio::time::Instant::now() < end, "GET {path}: {answer}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    async fn stop(self) {
        self.node.shutdown.cancel();
        self.running.drained().await;
        self.node.tasks.close();
        self.node.tasks.wait().await;
        self.store.close();
    }
}

fn topology() -> Topology {
    let image = DockerImage { name: "fogflow/op".into(), tag: "v1".into(), ..Default::default() };
    let operator = Operator { name: "op".into(), dockerimages: vec![image], ..Default::default() };
    let input = InputStreamConfig { selected_type: "Panel".into(), groupby: GroupBy::EntityId, ..Default::default() };
    let output = OutputStreamConfig { entity_type: "Out".into() };
    let task =
        Task { name: "watch".into(), operator: "op".into(), input_streams: vec![input], output_streams: vec![output] };
    Topology { name: "panels".into(), tasks: vec![task], operators: vec![operator], ..Default::default() }
}

fn intent(action: IntentAction, with_topology: bool) -> Message {
    Message::ServiceIntent(ServiceIntent {
        id: "ServiceIntent.1".into(),
        topology: "panels".into(),
        action,
        topology_object: with_topology.then(topology),
        ..Default::default()
    })
}

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
    assert!(matches!(bed.command().await, Message::Report(_)));
    bed.hear(false, &[&first]).await;
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
