//! A designer that asks the worker.

use std::time::Duration;

use flow::{Envelope, LogLease, Message, TaskRef, TryOut, TryOutput, WorkerOrder, WorkerReply, WorkerRequest};
use message_bus::Subscription;

use super::{Site, WAIT, sensor};

pub struct Designer(Subscription);

impl Designer {
    pub fn of(site: &Site) -> Self {
        Self(site.bus.subscribe("Designer.asking", &["designer.*"]))
    }

    pub async fn ask(&self, site: &Site, id: &str, order: WorkerOrder) {
        let request = WorkerRequest { id: id.into(), from: "Designer.asking".into(), order };
        let message = Message::WorkerRequest(request);
        site.bus
            .publish(Envelope::new(format!("{}.", site.worker), "Designer.asking", &message).unwrap())
            .await
            .unwrap();
    }

    pub async fn any(&mut self) -> WorkerReply {
        let delivery = tokio::time::timeout(WAIT, self.0.next()).await.unwrap().unwrap();
        let message = delivery.envelope.message().unwrap();
        delivery.ack();
        match message {
            Message::WorkerReply(reply) => reply,
            other => panic!("not an answer: {other:?}"),
        }
    }

    /// The next answer to that request.
    pub async fn reply(&mut self, id: &str) -> WorkerReply {
        loop {
            let reply = self.any().await;
            if reply.id.as_str() == id {
                return reply;
            }
        }
    }

    /// The last answer to that request.
    pub async fn last(&mut self, id: &str) -> WorkerReply {
        loop {
            let reply = self.reply(id).await;
            if reply.last {
                return reply;
            }
        }
    }

    pub async fn nothing_for(&mut self, time: Duration) {
        assert!(tokio::time::timeout(time, self.0.next()).await.is_err(), "an answer too many");
    }
}

/// The lines of a lease as its reader puts them together.
#[derive(Default)]
pub struct TaskLines {
    pub lines: Vec<String>,
}

impl TaskLines {
    /// Reads until a line ends so.
    pub async fn until(&mut self, designer: &mut Designer, lease: &str, end: &str) {
        loop {
            let reply = designer.reply(lease).await;
            assert!(!reply.last, "{reply:?}");
            if reply.reset {
                self.lines.clear();
            }
            let new = self.lines.len();
            self.lines.extend(reply.lines);
            if self.lines[new..].iter().any(|line| line.ends_with(end)) {
                return;
            }
        }
    }
}

pub fn follow(task: &str, seconds: u64) -> WorkerOrder {
    WorkerOrder::Log(LogLease { task_id: task.into(), seconds })
}

pub fn restart(task: &str) -> WorkerOrder {
    WorkerOrder::Restart(TaskRef { task_id: task.into() })
}

pub fn try_out(code: &str) -> WorkerOrder {
    let entity = serde_json::from_str(&sensor(4).to_string()).unwrap();
    let outputs = vec![TryOutput { id: "Out.1".into(), r#type: "Out".into() }];
    WorkerOrder::Try(TryOut { code: code.into(), entity, outputs, parameters: Vec::new() })
}
