mod exclusive;
mod inputs;
mod lifecycle;
mod model;
mod restart;

use flow::{InputChange, InputStream, InstanceStatus, Message, OutputStream, TaskId, TaskInstance};
use ngsi::Timestamp;

use crate::{Action, Address, Event, Run, Settings, Subscription, Tasks};

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(1_000_000 + seconds * 1_000)
}

pub(crate) fn worker(capacity: u32) -> Tasks {
    Tasks::new(Settings { worker: "Worker.a".into(), capacity })
}

pub(crate) fn input(id: &str) -> InputStream {
    InputStream { r#type: "Sensor".into(), id: id.into(), attribute_list: Vec::new() }
}

pub(crate) fn instance(id: &str, generation: u64, inputs: &[&str]) -> TaskInstance {
    TaskInstance {
        id: id.into(),
        generation,
        docker_image: "dummy:latest".into(),
        worker_id: "Worker.a".into(),
        inputs: inputs.iter().copied().map(input).collect(),
        outputs: vec![OutputStream { r#type: "Out".into(), stream_id: format!("Out.{id}"), annotations: Vec::new() }],
        ..TaskInstance::default()
    }
}

pub(crate) fn add(instance: TaskInstance) -> Event {
    Event::Command(Message::AddTask(instance))
}

pub(crate) fn remove(instance: TaskInstance) -> Event {
    Event::Command(Message::RemoveTask(instance))
}

pub(crate) fn add_input(task: &str, generation: u64, id: &str) -> Event {
    Event::Command(Message::AddInput(InputChange {
        input_stream: input(id),
        task_instance_id: task.into(),
        worker_id: "Worker.a".into(),
        generation,
    }))
}

pub(crate) fn restart(task: &str) -> Event {
    Event::Restart { task: task.into() }
}

pub(crate) fn started(task: &str, run: Run) -> Event {
    let address = Address { reference: format!("http://host/{task}"), container: "c1".into(), adopted: false };
    Event::Started { task: task.into(), run, address }
}

pub(crate) fn exited(task: &str, run: Run) -> Event {
    Event::Exited { task: task.into(), run, reason: "exit code 1".into() }
}

pub(crate) fn subscription(task: &str, id: &str) -> Subscription {
    Subscription { id: id.into(), broker: "http://broker/ngsi10".into(), reference: format!("http://host/{task}") }
}

pub(crate) fn start_run(actions: &[Action]) -> Option<Run> {
    actions.iter().find_map(|action| match action {
        Action::Start { run, .. } => Some(*run),
        _ => None,
    })
}

pub(crate) fn statuses(actions: &[Action]) -> Vec<(String, InstanceStatus)> {
    let reports = actions.iter().filter_map(|action| match action {
        Action::Report(update) => Some((update.task_id.to_string(), update.status)),
        _ => None,
    });
    reports.collect()
}

pub(crate) fn status(tasks: &Tasks, id: &str) -> Option<InstanceStatus> {
    let id = TaskId::from(id);
    tasks.report().into_iter().find(|report| report.id == id).map(|report| report.status)
}

/// A worker with one running instance.
pub(crate) fn running(capacity: u32, instance: TaskInstance) -> (Tasks, Run) {
    let mut tasks = worker(capacity);
    let run = launch(&mut tasks, instance);
    (tasks, run)
}

pub(crate) fn launch(tasks: &mut Tasks, instance: TaskInstance) -> Run {
    let id = instance.id.to_string();
    let run = start_run(&tasks.handle(add(instance), at(0))).unwrap();
    tasks.handle(started(&id, run), at(0));
    run
}
