//! A master between a real discovery, a bus in this process and workers that are a few lines of the test.
#![allow(dead_code, reason = "each test binary uses a part")]

use std::path::Path;
use std::sync::Mutex;
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

pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Bed {
    /// Where the designer would be.
    pub(crate) designer_port: u16,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) bus: Bus,
    pub(crate) commands: Subscription,
    /// What the worker has said of itself last.
    said: Mutex<WorkerProfile>,
    pub(crate) discovery: Running,
    pub(crate) discovery_node: Node,
}

pub(crate) struct Started {
    pub(crate) node: Node,
    pub(crate) running: Running,
    pub(crate) store: Store,
}

pub(crate) fn node(discovery_port: u16, designer_port: u16) -> Node {
    let mut config = service::Config { site_id: "test".into(), ..Default::default() };
    config.discovery.http_port = discovery_port;
    config.designer.web_srv_port = designer_port;
    config.master.rest_api_port = 0;
    config.master.ngsi_agent_port = 0;
    config.worker.heartbeat_interval = 5;
    Node::new(config, 1).unwrap()
}

fn worker() -> WorkerProfile {
    WorkerProfile {
        id: "Worker.a".into(),
        os: "linux".into(),
        hardware: "amd64".into(),
        capacity: 10,
        incarnation: 1,
        instances: Some(Vec::new()),
        ..Default::default()
    }
}

impl Bed {
    pub(crate) async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bus = Bus::in_process();
        let commands = bus.subscribe("Worker.a", &["Worker.a.*"]);
        let discovery_node = node(0, 1);
        let store = Store::open(&dir.path().join("discovery")).unwrap();
        let discovery = discovery::start(discovery_node.clone(), store).await.unwrap();
        let said = Mutex::new(worker());
        Self { designer_port: 1, dir, bus, commands, said, discovery, discovery_node }
    }

    pub(crate) async fn master(&self) -> Started {
        self.master_number(1).await
    }

    /// Starts a master with the state that number had before.
    pub(crate) async fn master_number(&self, number: u32) -> Started {
        let store = open(&self.dir.path().join(format!("master.{number}"))).await;
        let node = node(self.discovery.address.port(), self.designer_port);
        let node = Node::new(service::Config::clone(&node.config), number).unwrap();
        let running = master::start(node.clone(), store.clone(), self.bus.clone()).await.unwrap();
        Started { node, running, store }
    }

    pub(crate) async fn publish(&self, key: &str, from: &str, message: Message) {
        self.bus.publish(Envelope::new(key, from, &message).unwrap()).await.unwrap();
    }

    pub(crate) async fn hear(&self, joined: bool, tasks: &[&TaskInstance]) {
        let instances = tasks.iter().map(|task| ReportedInstance {
            id: task.id.clone(),
            service_intent_id: task.service_intent_id.clone(),
            status: InstanceStatus::Running,
            generation: task.generation,
            inputs: ReportedInstance::fingerprint(&task.inputs),
            ..Default::default()
        });
        let profile = WorkerProfile { instances: Some(instances.collect()), ..worker() };
        *self.said.lock().unwrap() = profile.clone();
        let message = if joined { Message::WorkerJoin(profile) } else { Message::WorkerHeartbeat(profile) };
        self.publish(routing::HEARTBEAT, "Worker.a", message).await;
    }

    pub(crate) async fn register(&self, id: &str, duration: &str) {
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

    /// The next command that changes something. A worker is asked how it is whenever a master becomes active, and answers.
    pub(crate) async fn command(&mut self) -> Message {
        loop {
            match self.message().await {
                Message::Report(_) => {
                    let said = self.said.lock().unwrap().clone();
                    self.publish(routing::HEARTBEAT, "Worker.a", Message::WorkerHeartbeat(said)).await;
                }
                command => return command,
            }
        }
    }

    pub(crate) async fn message(&mut self) -> Message {
        let delivery = timeout(PATIENCE, self.commands.next()).await.expect("a command in time").unwrap();
        let message = delivery.envelope.message().unwrap();
        delivery.ack();
        message
    }

    pub(crate) async fn added(&mut self) -> TaskInstance {
        match self.command().await {
            Message::AddTask(task) => task,
            other => panic!("{other:?}"),
        }
    }
}

pub(crate) async fn open(path: &Path) -> Store {
    for _ in 0..200 {
        if let Ok(store) = Store::open(path) {
            return store;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Store::open(path).unwrap()
}

impl Started {
    pub(crate) async fn get(&self, path: &str) -> Value {
        let url = format!("{}{path}", self.running.url());
        serde_json::from_slice(self.node.client.get(&url).await.unwrap().body()).unwrap()
    }

    /// Asks until the answer is as wanted.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
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

    /// Waits until these intents are on disk and no others.
    pub(crate) async fn keeps(&self, intents: &[&str]) {
        let table = self.store.table("master.intents").unwrap();
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let kept: Vec<_> = table.scan().map(|row| String::from_utf8(row.unwrap().0.to_vec()).unwrap()).collect();
            if kept == intents {
                return;
            }
            assert!(tokio::time::Instant::now() < end, "{kept:?} are kept");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn stop(self) {
        self.node.shutdown.cancel();
        self.running.drained().await;
        self.node.tasks.close();
        self.node.tasks.wait().await;
        self.store.close();
    }
}

pub(crate) fn topology() -> Topology {
    let image = DockerImage { name: "fogflow/op".into(), tag: "v1".into(), ..Default::default() };
    let operator = Operator { name: "op".into(), dockerimages: vec![image], ..Default::default() };
    let input = InputStreamConfig { selected_type: "Panel".into(), groupby: GroupBy::EntityId, ..Default::default() };
    let output = OutputStreamConfig { entity_type: "Out".into() };
    let task =
        Task { name: "watch".into(), operator: "op".into(), input_streams: vec![input], output_streams: vec![output] };
    Topology { name: "panels".into(), tasks: vec![task], operators: vec![operator], ..Default::default() }
}

pub(crate) fn intent(action: IntentAction, with_topology: bool) -> Message {
    Message::ServiceIntent(ServiceIntent {
        id: "ServiceIntent.1".into(),
        topology: "panels".into(),
        action,
        topology_object: with_topology.then(topology),
        ..Default::default()
    })
}
