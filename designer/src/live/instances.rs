//! A task instance, as its worker and the master tell of it.

use flow::{InputStream, InstanceStatus, OutputStream, ReportedInstance, TaskId, TaskUpdate};
use ngsi::Timestamp;
use serde::{Deserialize, Serialize};

/// A task instance.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Instance {
    pub(crate) id: TaskId,
    pub(crate) topology: String,
    pub(crate) task: String,
    pub(crate) intent: String,
    pub(crate) status: InstanceStatus,
    pub(crate) reason: String,
    /// Empty while it waits for one.
    pub(crate) worker: String,
    pub(crate) info: String,
    /// Type and identifier of each entity it reads.
    pub(crate) inputs: Vec<Stream>,
    pub(crate) outputs: Vec<Stream>,
    pub(crate) input_rate: Option<f64>,
    pub(crate) output_rate: Option<f64>,
    /// Since when it has had its status, as far as is known here.
    pub(crate) since: Timestamp,
}

/// An entity that is read or written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Stream {
    r#type: String,
    #[serde(rename = "ID")]
    id: String,
}

impl Stream {
    pub(crate) fn key(&self) -> (&str, &str) {
        (&self.r#type, &self.id)
    }
}

impl From<InputStream> for Stream {
    fn from(stream: InputStream) -> Self {
        Self { r#type: stream.r#type, id: stream.id }
    }
}

impl From<OutputStream> for Stream {
    fn from(stream: OutputStream) -> Self {
        Self { r#type: stream.r#type, id: stream.stream_id }
    }
}

impl Instance {
    /// What a worker says of one that was not known.
    pub(super) fn told(worker: &str, update: TaskUpdate, now: Timestamp) -> Self {
        Self {
            id: update.task_id,
            topology: update.topology_name,
            task: update.task_name,
            intent: update.service_intent_id,
            status: update.status,
            reason: update.reason,
            worker: worker.to_owned(),
            info: String::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            input_rate: None,
            output_rate: None,
            since: now,
        }
    }

    /// Keeps what the news do not say of the same instance.
    pub(super) fn keep_from(mut self, before: Option<&Self>) -> Self {
        let Some(before) = before else { return self };
        if self.inputs.is_empty() && self.outputs.is_empty() {
            (self.inputs, self.outputs) = (before.inputs.clone(), before.outputs.clone());
        }
        if before.worker != self.worker {
            return self;
        }
        self.info.clone_from(&before.info);
        (self.input_rate, self.output_rate) = (before.input_rate, before.output_rate);
        if before.status == self.status {
            self.since = before.since;
        }
        self
    }

    /// The word that pages know for its status: one that is being started is not running yet.
    fn shown_status(&self) -> InstanceStatus {
        match self.status {
            InstanceStatus::Starting => InstanceStatus::Scheduled,
            status => status,
        }
    }

    /// As `/live` shows it.
    pub(crate) fn view(&self) -> InstanceView<'_> {
        InstanceView {
            names: self.names(),
            status: self.shown_status(),
            inputs: &self.inputs,
            outputs: &self.outputs,
            input_rate: self.input_rate,
            output_rate: self.output_rate,
            since: self.since.as_micros() / 1_000,
        }
    }

    /// As `/info/task` shows it.
    pub(crate) fn task(&self) -> TaskView<'_> {
        TaskView { task_id: &self.id, names: self.names(), status: self.status }
    }

    fn names(&self) -> Names<'_> {
        Names {
            id: &self.id,
            topology_name: &self.topology,
            task_name: &self.task,
            service_intent_id: &self.intent,
            worker: &self.worker,
            info: &self.info,
            reason: &self.reason,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Names<'a> {
    #[serde(rename = "ID")]
    id: &'a TaskId,
    topology_name: &'a str,
    task_name: &'a str,
    #[serde(rename = "ServiceIntentID")]
    service_intent_id: &'a str,
    worker: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    info: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    reason: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct InstanceView<'a> {
    #[serde(flatten)]
    names: Names<'a>,
    status: InstanceStatus,
    inputs: &'a [Stream],
    outputs: &'a [Stream],
    #[serde(skip_serializing_if = "Option::is_none")]
    input_rate: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_rate: Option<f64>,
    since: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TaskView<'a> {
    #[serde(rename = "TaskID")]
    task_id: &'a TaskId,
    #[serde(flatten)]
    names: Names<'a>,
    status: InstanceStatus,
}

/// What a heartbeat says of an instance, as the update that says the same.
pub(super) fn reported(instance: ReportedInstance) -> TaskUpdate {
    TaskUpdate {
        task_id: instance.id,
        topology_name: instance.topology_name,
        task_name: instance.task_name,
        service_intent_id: instance.service_intent_id,
        status: instance.status,
        reason: instance.reason,
        generation: instance.generation,
    }
}

/// A task instance as the master lists it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Planned {
    pub(crate) id: TaskId,
    topology: String,
    task: String,
    pub(crate) intent: String,
    #[serde(default)]
    pub(crate) worker: Option<String>,
    #[serde(default)]
    status: InstanceStatus,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    inputs: Vec<InputStream>,
    #[serde(default)]
    outputs: Vec<OutputStream>,
}

impl Planned {
    /// Whether it waits for a worker: none tells of it then.
    pub(crate) fn waits(&self) -> bool {
        self.worker.is_none()
    }

    pub(crate) fn streams(&self) -> (Vec<Stream>, Vec<Stream>) {
        let inputs = self.inputs.iter().cloned().map(Stream::from).collect();
        (inputs, self.outputs.iter().cloned().map(Stream::from).collect())
    }

    /// The instance, as far as the master knows it.
    pub(crate) fn instance(self, now: Timestamp) -> Instance {
        let (inputs, outputs) = self.streams();
        let update = TaskUpdate {
            task_id: self.id,
            topology_name: self.topology,
            task_name: self.task,
            service_intent_id: self.intent,
            status: self.status,
            reason: self.reason,
            generation: 0,
        };
        Instance { inputs, outputs, ..Instance::told(self.worker.as_deref().unwrap_or_default(), update, now) }
    }
}
