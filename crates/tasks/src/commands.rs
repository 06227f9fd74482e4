//! What masters command.

use std::sync::Arc;

use flow::{InputChange, InstanceStatus, Message, ReportedInstance, TaskId, TaskInstance};
use ngsi::Timestamp;

use crate::record::{Phase, Record, task_update};
use crate::{Action, Tasks, same_program};

impl Tasks {
    pub(crate) fn command(&mut self, message: Message, now: Timestamp, actions: &mut Vec<Action>) {
        match message {
            Message::AddTask(instance) => self.add(instance, now, actions),
            Message::RemoveTask(instance) => self.remove(&instance, now, actions),
            Message::AddInput(change) => self.change_input(change, now, actions, |inputs, input| {
                if !inputs.contains(&input) {
                    inputs.push(input);
                }
            }),
            Message::RemoveInput(change) => self.change_input(change, now, actions, |inputs, input| {
                inputs.retain(|i| (&i.id, &i.r#type) != (&input.id, &input.r#type));
            }),
            _ => {}
        }
    }

    fn add(&mut self, instance: TaskInstance, now: Timestamp, actions: &mut Vec<Action>) {
        let task = instance.id.clone();
        if let Some(removed) = self.removed.get(&task)
            && instance.generation != 0
            && instance.generation <= *removed
        {
            let known = TaskInstance { generation: *removed, ..instance };
            actions.push(Action::Report(task_update(&known, InstanceStatus::Removed, String::new())));
            return;
        }
        let full = self.workload() >= self.settings.capacity;
        match self.records.get_mut(&task) {
            Some(record) if is_stale(instance.generation, record) => {
                actions.push(Action::Report(record.update()));
                return;
            }
            Some(record) if !record.removing => change(record, instance, now, actions),
            _ if full => return self.refuse(&instance, now, actions),
            Some(record) => revive(record, instance, now, actions),
            None => drop(self.records.insert(task.clone(), Record::new(instance, now))),
        }
        self.refused.forget(&task);
        self.removed.forget(&task);
        self.settle_after_change(&task, now, actions);
    }

    fn refuse(&mut self, instance: &TaskInstance, now: Timestamp, actions: &mut Vec<Action>) {
        let reason = format!("the worker already has {} task instances, its capacity", self.settings.capacity);
        let update = task_update(instance, InstanceStatus::Refused, reason);
        let report = ReportedInstance {
            id: update.task_id.clone(),
            topology_name: update.topology_name.clone(),
            task_name: update.task_name.clone(),
            service_intent_id: update.service_intent_id.clone(),
            status: update.status,
            reason: update.reason.clone(),
            generation: update.generation,
            inputs: ReportedInstance::fingerprint(&instance.inputs),
        };
        self.refused.insert(instance.id.clone(), report, now);
        actions.push(Action::Report(update));
    }

    fn remove(&mut self, instance: &TaskInstance, now: Timestamp, actions: &mut Vec<Action>) {
        let task = &instance.id;
        self.refused.forget(task);
        let Some(record) = self.records.get_mut(task) else {
            let generation =
                self.removed.get(task).map_or(instance.generation, |known| instance.generation.max(*known));
            self.removed.insert(task.clone(), generation, now);
            actions.push(Action::Report(task_update(instance, InstanceStatus::Removed, String::new())));
            return;
        };
        if is_stale(instance.generation, record) {
            actions.push(Action::Report(record.update()));
            return;
        }
        let generation = instance.generation.max(record.instance.generation);
        Arc::make_mut(&mut record.instance).generation = generation;
        self.removed.insert(task.clone(), generation, now);
        if record.removing {
            return;
        }
        record.removing = true;
        record.dirty = true;
        let moved = !instance.worker_id.is_empty() && instance.worker_id != self.settings.worker;
        record.leftovers = if moved { Vec::new() } else { record.instance.outputs.clone() };
        record.unsubscribe_all(actions);
        self.settle_after_change(task, now, actions);
    }

    fn change_input(
        &mut self,
        change: InputChange,
        now: Timestamp,
        actions: &mut Vec<Action>,
        apply: impl FnOnce(&mut Vec<flow::InputStream>, flow::InputStream),
    ) {
        let task: TaskId = change.task_instance_id;
        let Some(record) = self.records.get_mut(&task).filter(|record| !record.removing) else { return };
        if is_stale(change.generation, record) {
            actions.push(Action::Report(record.update()));
            return;
        }
        let instance = Arc::make_mut(&mut record.instance);
        instance.generation = instance.generation.max(change.generation);
        apply(&mut instance.inputs, change.input_stream);
        record.dirty = true;
        record.align_feeds(actions);
        self.settle_after_change(&task, now, actions);
    }
}

/// Whether a command is older than what is known; the original's masters do not count generations.
fn is_stale(generation: u64, record: &Record) -> bool {
    generation != 0 && generation < record.instance.generation
}

/// Brings an instance that is wanted already to its new description.
fn change(record: &mut Record, instance: TaskInstance, now: Timestamp, actions: &mut Vec<Action>) {
    let instance = with_generation(instance, record);
    if *record.instance == instance {
        return;
    }
    let restart = !same_program(&record.instance, &instance);
    let reconfigure = record.instance.outputs != instance.outputs;
    record.instance = Arc::new(instance);
    record.dirty = true;
    record.align_feeds(actions);
    if restart {
        record.restart(now, actions);
    } else if let Phase::Running { run, .. } = record.phase
        && reconfigure
    {
        actions.push(Action::Configure { instance: record.instance.clone(), run });
    }
}

/// Wants an instance again that was being removed.
fn revive(record: &mut Record, instance: TaskInstance, now: Timestamp, actions: &mut Vec<Action>) {
    if record.deleting {
        actions.push(Action::KeepOutputs { task: instance.id.clone() });
    }
    let mut revived = Record::new(with_generation(instance, record), now);
    revived.stale = std::mem::take(&mut record.stale);
    if let Phase::Stopping { run } = record.phase {
        revived.phase = Phase::Stopping { run };
    }
    *record = revived;
}

/// A command without a generation does not lower the one that is known.
fn with_generation(instance: TaskInstance, record: &Record) -> TaskInstance {
    TaskInstance { generation: instance.generation.max(record.instance.generation), ..instance }
}
