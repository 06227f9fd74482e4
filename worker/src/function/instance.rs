//! The driver of one function: notifications and timers in, updates, queries and subscriptions out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use flow::{OutputStream, TaskId};
use ngsi::v1::ContextElement;
use ngsi::v1::ngsi10::{
    NotifyContextRequest, QueryContextRequest, SubscribeContextRequest, UpdateAction, UpdateContextRequest,
};
use parking_lot::Mutex;
use tasks::{Event, Run};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::outputs::{self, identified};
use super::timers::Timers;
use super::{Effect, Script, ScriptError};
use crate::broker::{BrokerClient, Nearest, OwnSubscriptions};
use crate::logs::TaskLog;
use crate::metrics::FunctionMetrics;

/// After so many failed calls in a row the instance is reported as failed.
const FAILURES_UNTIL_TROUBLE: u32 = 3;
/// How long a notification waits for the broker to take what it led to, before it is handed back to its sender.
const PUBLISH_PATIENCE: Duration = Duration::from_secs(8);
const RETRY_PAUSE: Duration = Duration::from_millis(100);
/// How often one notification may lead to queries that lead to queries.
const ROUNDS: usize = 100;
const SUBSCRIPTIONS: usize = 100;
/// The longest rest, in time limits of a call.
const LONGEST_REST: u32 = 10;

/// A notification, to be answered when it has been handled; an error hands it back to its sender.
pub(super) struct Notification {
    pub(super) request: NotifyContextRequest,
    pub(super) handled: oneshot::Sender<Result<(), String>>,
}

/// What an instance works with.
pub(super) struct Surroundings {
    pub(super) broker: BrokerClient,
    pub(super) nearest: Nearest,
    pub(super) events: mpsc::Sender<Event>,
    pub(super) metrics: FunctionMetrics,
    /// What functions asked for themselves.
    pub(super) own: OwnSubscriptions,
}

pub(super) struct Instance {
    pub(super) task: TaskId,
    pub(super) run: Run,
    pub(super) reference: String,
    pub(super) script: Arc<Script>,
    pub(super) outputs: Arc<Mutex<Vec<OutputStream>>>,
    /// The outputs the script knows of.
    pub(super) introduced: Option<Vec<OutputStream>>,
    pub(super) log: TaskLog,
    pub(super) around: Arc<Surroundings>,
    pub(super) timers: Timers,
    /// Subscriptions the function asked for itself, with broker and id.
    pub(super) subscriptions: Vec<(SubscribeContextRequest, String, String)>,
    pub(super) failures: u32,
    /// After a call that took too long the function rests, longer each time, so that it cannot keep a processor busy.
    pub(super) rest: Option<Duration>,
}

impl Instance {
    pub(super) async fn drive(mut self, mut inbox: mpsc::Receiver<Notification>, stop: CancellationToken) {
        let started = self.script.start();
        self.follow(started).await.unwrap_or_else(|reason| self.log.write("error", &reason));
        loop {
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                notification = inbox.recv() => match notification {
                    Some(notification) => self.handle(notification).await,
                    None => break,
                },
                id = self.timers.next() => {
                    let outcome = self.call(move |script| script.fire(id)).await;
                    self.follow(outcome).await.unwrap_or_else(|reason| self.log.write("error", &reason));
                }
            }
            if let Some(rest) = self.rest.take() {
                stop.run_until_cancelled(tokio::time::sleep(rest)).await;
            }
        }
        drop(inbox);
        self.unsubscribe().await;
    }

    async fn handle(&mut self, notification: Notification) {
        let begun = Instant::now();
        let mut outcome = Ok(());
        for response in notification.request.context_responses {
            let element = response.context_element;
            let called = self.notify(&element).await;
            outcome = self.follow(called).await;
            if outcome.is_err() {
                break;
            }
        }
        self.around.metrics.duration.observe(begun.elapsed().as_secs_f64());
        // Nobody waits any more when the sender has given up: it will send again.
        let _ = notification.handled.send(outcome);
    }

    async fn notify(&mut self, element: &ContextElement) -> Result<Vec<Effect>, ScriptError> {
        let element = serde_json::to_string(element).map_err(|error| ScriptError::Effect(error.to_string()))?;
        let task = self.task.clone();
        let news = self.news();
        self.call(move |script| {
            if let Some(outputs) = news {
                script.introduce(task.as_str(), &outputs)?;
            }
            script.notify(&element)
        })
        .await
    }

    /// The task's outputs for the script, when it does not know them yet.
    fn news(&mut self) -> Option<String> {
        let outputs = self.outputs.lock();
        if self.introduced.as_ref() == Some(&*outputs) {
            return None;
        }
        self.introduced = Some(outputs.clone());
        Some(outputs::as_json(&outputs))
    }

    /// Runs a call on a thread where it may take its time.
    async fn call(
        &self,
        work: impl FnOnce(&Script) -> Result<Vec<Effect>, ScriptError> + Send + 'static,
    ) -> Result<Vec<Effect>, ScriptError> {
        let script = self.script.clone();
        self.around.metrics.calls.inc();
        match tokio::task::spawn_blocking(move || work(&script)).await {
            Ok(outcome) => outcome,
            Err(error) => Err(ScriptError::Effect(error.to_string())),
        }
    }

    /// Performs what a call asked for, and what that leads to. A failed call is logged and counted, never repeated.
    async fn follow(&mut self, called: Result<Vec<Effect>, ScriptError>) -> Result<(), String> {
        let mut effects = match self.judge(called).await {
            Some(effects) => VecDeque::from(effects),
            None => return Ok(()),
        };
        let mut rounds = 0;
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Publish(element) => {
                    let mut elements = vec![element];
                    while let Some(Effect::Publish(next)) = effects.pop_front_if(|e| matches!(e, Effect::Publish(_))) {
                        elements.push(next);
                    }
                    self.publish(elements).await?;
                }
                Effect::Query { id, request } if rounds < ROUNDS => {
                    rounds += 1;
                    let answered = self.query(id, request).await;
                    effects.extend(self.judge(answered).await.unwrap_or_default());
                }
                Effect::Query { .. } => self.log.write("error", "too many queries follow one another"),
                Effect::Subscribe(request) => self.subscribe(request).await,
                Effect::Timer { id, after_ms } => {
                    if !self.timers.set(id, after_ms) {
                        self.log.write("error", "too many timers");
                    }
                }
            }
        }
        Ok(())
    }

    /// Reports an instance whose calls keep failing, and one that has recovered.
    async fn judge(&mut self, called: Result<Vec<Effect>, ScriptError>) -> Option<Vec<Effect>> {
        match called {
            Ok(effects) => {
                if std::mem::take(&mut self.failures) >= FAILURES_UNTIL_TROUBLE {
                    self.report(None).await;
                }
                Some(effects)
            }
            Err(error) => {
                self.failures = self.failures.saturating_add(1);
                self.around.metrics.errors.inc();
                self.log.write("error", &error.to_string());
                if let ScriptError::Time(ms) = error {
                    let limit = Duration::from_millis(u64::try_from(ms).unwrap_or(u64::MAX));
                    self.rest = Some(limit.saturating_mul(self.failures.min(LONGEST_REST)));
                }
                if self.failures == FAILURES_UNTIL_TROUBLE {
                    tracing::warn!(task = %self.task, %error, "the function keeps failing");
                    self.report(Some(error.to_string())).await;
                }
                None
            }
        }
    }

    async fn report(&self, trouble: Option<String>) {
        let event = Event::Health { task: self.task.clone(), run: self.run, trouble };
        // The reconciler is gone only when the worker stops.
        let _ = self.around.events.send(event).await;
    }

    /// Waits until the broker has taken the update; an error when it does not in time.
    async fn publish(&self, elements: Vec<ContextElement>) -> Result<(), String> {
        let elements: Vec<ContextElement> = {
            let outputs = self.outputs.lock();
            elements.into_iter().filter_map(|element| identified(element, &outputs, &self.log)).collect()
        };
        if elements.is_empty() {
            return Ok(());
        }
        let request = UpdateContextRequest { context_elements: elements, update_action: UpdateAction::Update };
        let begun = Instant::now();
        loop {
            let broker = self.around.nearest.url().await;
            match self.around.broker.update(&broker, self.task.as_str(), &request).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_passing() && begun.elapsed() < PUBLISH_PATIENCE => {
                    tracing::debug!(task = %self.task, %error, "publishing again");
                    tokio::time::sleep(RETRY_PAUSE).await;
                }
                Err(error) => {
                    self.log.write("error", &format!("publish failed: {error}"));
                    return if error.is_passing() { Err(error.to_string()) } else { Ok(()) };
                }
            }
        }
    }

    async fn query(&self, id: u32, request: QueryContextRequest) -> Result<Vec<Effect>, ScriptError> {
        let broker = self.around.nearest.url().await;
        let answer = self.around.broker.query(&broker, &request).await.map_err(|error| error.to_string());
        let answer = answer.and_then(|elements| serde_json::to_string(&elements).map_err(|error| error.to_string()));
        self.call(move |script| script.answer(id, answer.as_deref().map_err(String::as_str))).await
    }

    /// A function may ask for the same subscription in every call; it gets it once.
    async fn subscribe(&mut self, mut request: SubscribeContextRequest) {
        request.reference.clone_from(&self.reference);
        if self.subscriptions.iter().any(|(known, ..)| *known == request) {
            return;
        }
        if self.subscriptions.len() == SUBSCRIPTIONS {
            return self.log.write("error", "too many subscriptions");
        }
        let broker = self.around.nearest.url().await;
        match self.around.broker.subscribe(&broker, self.task.as_str(), &request).await {
            Ok(id) => {
                self.around.own.lock().insert(id.clone());
                self.subscriptions.push((request, broker, id));
            }
            Err(error) => self.log.write("error", &format!("subscribe failed: {error}")),
        }
    }

    async fn unsubscribe(&self) {
        for (_, broker, id) in &self.subscriptions {
            self.around.own.lock().remove(id);
            if let Err(error) = self.around.broker.unsubscribe(broker, id).await {
                tracing::warn!(task = %self.task, %error, "a subscription of a function stays behind");
            }
        }
    }
}
