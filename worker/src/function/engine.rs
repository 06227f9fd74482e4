//! All functions of a worker.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use flow::{OutputStream, TaskId, TaskInstance};
use ngsi::v1::ngsi10::NotifyContextRequest;
use parking_lot::Mutex;
use service::Node;
use tasks::{Address, Event, Run};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::instance::{Instance, Notification, Surroundings};
use super::timers::Timers;
use super::{Limits, Script, ScriptError};
use crate::broker::{BrokerClient, Nearest, OwnSubscriptions};
use crate::engine::StartError;
use crate::logs::{Cursor, LogSource, TaskLog};
use crate::metrics::FunctionMetrics;

/// Notifications that wait for one instance; more are handed back to their senders.
const INBOX: usize = 64;
/// Functions loaded at once.
const LOADING: usize = 4;

/// How a notification fared.
pub(crate) enum Notified {
    Handled,
    /// To be sent again.
    Later(String),
    /// No such function here.
    Unknown,
}

#[derive(Clone)]
pub(crate) struct FunctionEngine(Arc<Inner>);

struct Inner {
    node: Node,
    lifetime: CancellationToken,
    around: Arc<Surroundings>,
    /// Where functions are notified: this and the id of the task.
    base_url: String,
    loading: Semaphore,
    instances: Mutex<HashMap<TaskId, Handle>>,
}

struct Handle {
    run: Run,
    inbox: mpsc::Sender<Notification>,
    paused: Arc<AtomicBool>,
    outputs: Arc<Mutex<Vec<OutputStream>>>,
    log: TaskLog,
    stop: CancellationToken,
}

impl FunctionEngine {
    pub(crate) fn new(
        node: Node,
        lifetime: CancellationToken,
        broker: BrokerClient,
        nearest: Nearest,
        events: mpsc::Sender<Event>,
        base_url: String,
        metrics: FunctionMetrics,
    ) -> Self {
        let around = Arc::new(Surroundings { broker, nearest, events, metrics, own: OwnSubscriptions::default() });
        let loading = Semaphore::new(LOADING);
        Self(Arc::new(Inner { node, lifetime, around, base_url, loading, instances: Mutex::default() }))
    }

    /// The subscriptions that functions asked for themselves.
    pub(crate) fn own_subscriptions(&self) -> OwnSubscriptions {
        self.0.around.own.clone()
    }

    pub(crate) async fn start(&self, instance: &TaskInstance, run: Run) -> Result<Address, StartError> {
        let task = instance.id.clone();
        self.stop(&task);
        let limits = Limits::of(&instance.parameters).map_err(StartError::permanent)?;
        let log = TaskLog::new(task.clone());
        let script = self.load(instance.function_code.clone(), limits, log.clone()).await?;
        let reference = format!("{}{}", self.0.base_url, service::http::path_segment(task.as_str()));
        let (inbox, notifications) = mpsc::channel(INBOX);
        let outputs = Arc::new(Mutex::new(instance.outputs.clone()));
        let stop = self.0.lifetime.child_token();
        let driver = Instance {
            task: task.clone(),
            run,
            reference: reference.clone(),
            script: Arc::new(script),
            outputs: outputs.clone(),
            introduced: None,
            log: log.clone(),
            around: self.0.around.clone(),
            timers: Timers::default(),
            subscriptions: Vec::new(),
            failures: 0,
            rest: None,
        };
        let handle = Handle { run, inbox, paused: Arc::default(), outputs, log, stop: stop.clone() };
        self.0.instances.lock().insert(task, handle);
        self.0.node.tasks.spawn(driver.drive(notifications, stop));
        Ok(Address { reference, container: String::new(), adopted: false })
    }

    async fn load(&self, code: String, limits: Limits, log: TaskLog) -> Result<Script, StartError> {
        let _slot = self.0.loading.acquire().await.map_err(|error| StartError::passing(error.to_string()))?;
        match tokio::task::spawn_blocking(move || Script::load(&code, limits, log)).await {
            Ok(Ok(script)) => Ok(script),
            Ok(Err(error @ ScriptError::Time(_))) => Err(StartError::passing(error.to_string())),
            Ok(Err(error)) => Err(StartError::permanent(error.to_string())),
            Err(error) => Err(StartError::passing(error.to_string())),
        }
    }

    /// Ends the function after the call under way; true when there was one.
    pub(crate) fn stop(&self, task: &TaskId) -> bool {
        let handle = self.0.instances.lock().remove(task);
        handle.is_some_and(|handle| {
            handle.stop.cancel();
            true
        })
    }

    pub(crate) fn runs(&self, task: &TaskId) -> bool {
        self.0.instances.lock().contains_key(task)
    }

    /// While paused, notifications are handed back to their senders.
    pub(crate) fn pause(&self, task: &TaskId, paused: bool) {
        if let Some(handle) = self.0.instances.lock().get(task) {
            handle.paused.store(paused, Ordering::Relaxed);
        }
    }

    pub(crate) fn configure(&self, instance: &TaskInstance) {
        if let Some(handle) = self.0.instances.lock().get(&instance.id) {
            handle.outputs.lock().clone_from(&instance.outputs);
        }
    }

    pub(crate) fn log(&self, task: &TaskId) -> Option<Vec<String>> {
        self.0.instances.lock().get(task).map(|handle| handle.log.lines())
    }

    pub(crate) fn follow_log(&self, task: &TaskId, after: Option<&Cursor>) -> Option<LogSource> {
        let instances = self.0.instances.lock();
        let handle = instances.get(task)?;
        Some(LogSource { id: format!("run {}", handle.run.0), items: handle.log.follow(after.is_some()) })
    }

    /// Waits until the function has handled the notification and its broker has taken the results.
    pub(crate) async fn notify(&self, task: &TaskId, request: NotifyContextRequest) -> Notified {
        let inbox = match self.0.instances.lock().get(task) {
            None => return Notified::Unknown,
            Some(handle) if handle.paused.load(Ordering::Relaxed) => return Notified::Later("paused".to_owned()),
            Some(handle) => handle.inbox.clone(),
        };
        let (handled, done) = oneshot::channel();
        match inbox.try_send(Notification { request, handled }) {
            Ok(()) => {}
            Err(mpsc::error::TrySendError::Full(_)) => return Notified::Later("busy".to_owned()),
            Err(mpsc::error::TrySendError::Closed(_)) => return Notified::Unknown,
        }
        match done.await {
            Ok(Ok(())) => Notified::Handled,
            Ok(Err(reason)) => Notified::Later(reason),
            Err(_) => Notified::Later("stopped".to_owned()),
        }
    }
}
