//! A worker in this process, between a recording broker and a bus on which the test is the master.

#![allow(dead_code, reason = "each test file uses its part")]
#![allow(unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

pub mod requests;

use std::path::Path;
use std::time::Duration;

use flow::{
    Envelope, InputStream, InstanceStatus, Message, OutputStream, ReportedInstance, TaskInstance, WorkerProfile,
};
use message_bus::{Bus, Subscription};
use serde_json::{Value, json};
use service::{Config, Node, Running};
use storage::Store;
use testkit::{Behaviour, Receiver};

pub const WAIT: Duration = Duration::from_secs(30);
pub const WORKER: &str = "Worker.test";

pub struct Site {
    pub worker: String,
    pub broker: Receiver,
    pub bus: Bus,
    pub node: Node,
    pub url: String,
    pub heartbeats: Subscription,
    pub updates: Subscription,
    running: Option<Running>,
    store: Option<Store>,
}

impl Site {
    pub async fn start(data: &Path, worker: Value) -> Self {
        let broker = Receiver::start().await.unwrap();
        accept_all(&broker);
        Self::with_broker(data, "test", worker, broker).await
    }

    pub async fn with_broker(data: &Path, site: &str, worker: Value, broker: Receiver) -> Self {
        let config = json!({
            "site_id": site, "bind_ip": "127.0.0.1", "data_dir": data.join("files"),
            "broker": { "http_port": broker.address().port() }, "worker": worker,
        });
        let config = Config::parse(&config.to_string(), |_| None).unwrap();
        let node = Node::new(config, 1).unwrap();
        let (bus, store) = (Bus::in_process(), Store::open(&data.join("store")).unwrap());
        let heartbeats = bus.subscribe("Master.test", &["heartbeat.*"]);
        let updates = bus.subscribe("Designer.test", &["task.*"]);
        let running = worker::start(node.clone(), bus.clone(), store.clone()).await.unwrap();
        let url = running.url();
        let worker = format!("Worker.{site}");
        Self { worker, broker, bus, node, url, heartbeats, updates, running: Some(running), store: Some(store) }
    }

    pub async fn command(&self, message: Message) {
        let envelope = Envelope::new(format!("{}.", self.worker), "Master.test", &message).unwrap();
        self.bus.publish(envelope).await.unwrap();
    }

    pub async fn heartbeat(&mut self) -> (String, WorkerProfile) {
        let delivery = tokio::time::timeout(WAIT, self.heartbeats.next()).await.unwrap().unwrap();
        let kind = delivery.envelope.message_type.clone();
        let message = delivery.envelope.message().unwrap();
        delivery.ack();
        match message {
            Message::WorkerJoin(p) | Message::WorkerHeartbeat(p) | Message::WorkerLeave(p) => (kind, p),
            other => panic!("not a profile: {other:?}"),
        }
    }

    /// Waits for a heartbeat in which the instance has that status.
    pub async fn reported(&mut self, task: &str, status: InstanceStatus) -> ReportedInstance {
        let found = async {
            loop {
                let (_, profile) = self.heartbeat().await;
                let instances = profile.instances.unwrap();
                if let Some(found) = instances.into_iter().find(|i| i.id.as_str() == task && i.status == status) {
                    return found;
                }
            }
        };
        tokio::time::timeout(WAIT, found).await.unwrap_or_else(|_| panic!("{task} never {status:?}"))
    }

    /// The requests the broker got at that path so far.
    pub fn broker_got(&self, path: &str) -> Vec<Value> {
        self.broker.received().into_iter().filter(|r| r.path == path).map(|r| r.json()).collect()
    }

    pub async fn broker_gets(&self, path: &str, count: usize) -> Vec<Value> {
        testkit::wait_until(WAIT, path, async || Some(self.broker_got(path)).filter(|got| got.len() >= count)).await
    }

    pub async fn notify(&self, task: &str, element: Value) -> http::StatusCode {
        let url = format!("{}/tasks/{task}/notifyContext", self.url);
        let body = json!({ "subscriptionId": "sub-1", "originator": "b",
            "contextResponses": [{ "contextElement": element, "statusCode": { "code": 200 } }] });
        self.node.client.post_json(&url, &[], &body).await.unwrap().status()
    }

    /// As a broker does: again until the function takes it.
    pub async fn notify_until_handled(&self, task: &str, element: Value) {
        testkit::wait_until(WAIT, "the notification is handled", async || {
            (self.notify(task, element.clone()).await == http::StatusCode::OK).then_some(())
        })
        .await;
    }

    /// Leaves the worker to be dropped with its runtime; gives back its broker and URL.
    pub fn kill(self) -> (Receiver, String) {
        (self.broker, self.url)
    }

    /// Stops the worker in order.
    pub async fn stop(mut self) -> Receiver {
        self.node.shutdown.cancel();
        self.running.take().unwrap().drained().await;
        self.node.tasks.close();
        self.node.tasks.wait().await;
        self.store.take().unwrap().close();
        self.broker
    }
}

/// An answer that fits every request to a broker.
pub fn accept_all(broker: &Receiver) {
    broker.behave(Behaviour::Answer(json!({
        "subscribeResponse": { "subscriptionId": "sub-1" }, "contextResponses": [],
        "errorCode": { "code": 200, "reasonPhrase": "OK" }
    })));
}

pub fn function(id: &str, generation: u64, code: &str) -> TaskInstance {
    TaskInstance {
        id: id.into(),
        generation,
        topology_name: "top".into(),
        task_name: "main".into(),
        function_code: code.into(),
        inputs: vec![InputStream { r#type: "Sensor".into(), id: "Sensor.1".into(), attribute_list: vec!["t".into()] }],
        outputs: vec![OutputStream { r#type: "Out".into(), stream_id: "Out.1".into(), annotations: Vec::new() }],
        ..TaskInstance::default()
    }
}

pub fn sensor(value: i64) -> Value {
    json!({ "entityId": { "id": "Sensor.1", "type": "Sensor", "isPattern": false },
        "attributes": [{ "name": "t", "type": "integer", "value": value }] })
}
