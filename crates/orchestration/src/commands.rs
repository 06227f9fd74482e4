//! What workers and the log are told about an instance.

use flow::{InputChange, InputStream, Message, TaskId, TaskInstance, WorkerId};

use crate::event::{Effect, InstanceChange};
use crate::instance::{InputDelta, next};
use crate::orchestrator::Orchestrator;
use crate::plan::command;

/// More changes of inputs than this are told as the whole instance.
const MOST_INPUT_MESSAGES: usize = 16;

impl Orchestrator {
    /// Sends the whole desired state of an instance to its worker, as a new generation.
    pub(crate) fn command(&mut self, id: &TaskId) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let (Some(worker), Some(intent)) = (instance.worker.clone(), self.intents.get(&instance.intent)) else {
            return;
        };
        instance.generation = next(instance.generation);
        instance.commanded_at = self.now;
        instance.untold.clear();
        let mut task = command(&intent.intent, instance);
        if let Some(image) = self.fleet.get(&worker).and_then(|known| instance.plan.needs.image(&known.profile)) {
            task.docker_image = image.reference();
        }
        self.send(worker, Message::AddTask(task));
    }

    pub(crate) fn tell_inputs(&mut self, id: &TaskId) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let Some(worker) = instance.worker.clone() else { return };
        let reports = self.fleet.get(&worker).is_some_and(|known| known.reports);
        if instance.untold.is_empty() || instance.unverified {
            return;
        }
        let rewired = instance.untold.values().any(|(delta, _)| *delta == InputDelta::Changed);
        if reports && (rewired || instance.untold.len() > MOST_INPUT_MESSAGES) {
            return self.command(id);
        }
        let mut messages = Vec::with_capacity(instance.untold.len());
        for (entity, (delta, entity_type)) in std::mem::take(&mut instance.untold) {
            instance.generation = next(instance.generation);
            let input_stream = match instance.inputs.get(&entity) {
                Some(input) => instance.input_stream(&entity, input),
                None => InputStream { r#type: entity_type.to_string(), id: entity.to_string(), ..Default::default() },
            };
            let (task_instance_id, worker_id, generation) = (id.clone(), worker.clone(), instance.generation);
            let change = InputChange { input_stream, task_instance_id, worker_id, generation };
            let removed = delta == InputDelta::Removed;
            messages.push(if removed { Message::RemoveInput(change) } else { Message::AddInput(change) });
        }
        instance.commanded_at = self.now;
        for message in messages {
            self.send(worker.clone(), message);
        }
    }

    /// Tells a worker to end what it has, or may have, of an instance. A task that names another worker lives on there,
    /// so the worker leaves its outputs alone.
    pub(crate) fn send_remove(&mut self, worker: &WorkerId, task: TaskInstance) {
        let Some(known) = self.fleet.get_mut(worker) else { return };
        known.removals.insert(task.id.clone(), self.now);
        known.reported.remove(&task.id);
        self.forget_running(worker, &task.id);
        self.send(worker.clone(), Message::RemoveTask(task));
    }

    pub(crate) fn forget_running(&mut self, worker: &WorkerId, id: &TaskId) {
        if let Some(workers) = self.running_on.get_mut(id) {
            workers.remove(worker);
            if workers.is_empty() {
                self.running_on.remove(id);
            }
        }
    }

    pub(crate) fn send(&mut self, worker: WorkerId, message: Message) {
        self.effects.push(Effect::Send { worker, message: Box::new(message) });
    }

    /// Tells the log and the metrics how an instance stands.
    pub(crate) fn changed(&mut self, id: &TaskId) {
        let Some(instance) = self.instances.get(id) else { return };
        let change = InstanceChange {
            task: id.clone(),
            worker: instance.worker.clone(),
            from: instance.leaving.clone(),
            status: instance.status,
            reason: instance.reason.clone(),
        };
        self.effects.push(Effect::Changed(Box::new(change)));
    }
}
