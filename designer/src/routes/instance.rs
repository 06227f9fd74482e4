//! `/instance`: task instances, what they log, and starting them anew.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use flow::{LogLease, TaskId, TaskRef, WorkerId, WorkerOrder, WorkerReply};
use futures_util::{Stream, stream};
use http::StatusCode;
use serde_json::{Value, json};
use service::http::{Event, event_stream};
use tokio::time::{Instant, sleep_until};

use super::Shared;
use crate::master;
use crate::refusal::Refusal;
use crate::requests::Answers;
use crate::state::Designer;

/// For how long a worker sends lines before it wants to be asked again.
const LEASE_S: u64 = 60;
/// When it is asked again, and whether the instance is still there is looked at.
const RENEWAL: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_secs(2);

pub(super) fn routes() -> Router<Arc<Designer>> {
    Router::new()
        .route("/instance", get(list))
        .route("/instance/{id}/log", get(log))
        .route("/instance/{id}/restart", post(restart))
}

/// With what each reads and writes, as the master says now.
async fn list(State(designer): Shared) -> Json<Vec<Value>> {
    let planned = master::planned(&designer, "/instances").await;
    let now = ::service::now();
    Json(designer.live.change(|model| {
        if let Some(planned) = planned {
            model.planned(planned, now);
        }
        model.instances().filter_map(|instance| serde_json::to_value(instance.view()).ok()).collect()
    }))
}

async fn restart(State(designer): Shared, Path(id): Path<String>) -> Result<Response, Refusal> {
    let task = TaskId::from(id.as_str());
    let worker = worker_of(&designer, &task)?;
    let order = WorkerOrder::Restart(TaskRef { task_id: task });
    let (reply, _) = designer.ask_worker(&worker, order).await?;
    fulfilled(&reply, &id)?;
    Ok((StatusCode::ACCEPTED, Json(json!({ "id": id }))).into_response())
}

async fn log(State(designer): Shared, Path(id): Path<String>) -> Result<Response, Refusal> {
    let task = TaskId::from(id.as_str());
    let worker = worker_of(&designer, &task)?;
    let lease = LogLease { task_id: task.clone(), seconds: LEASE_S };
    let (first, answers) = designer.ask_worker(&worker, WorkerOrder::Log(lease.clone())).await?;
    fulfilled(&first, &id)?;
    let node = designer.node.clone();
    let now = Instant::now();
    let reading = Reading { designer, worker, lease, answers, first: Some(first), renew: now + RENEWAL, over: false };
    Ok(event_stream(&node, reading.events()))
}

/// The worker that has the instance.
fn worker_of(designer: &Designer, task: &TaskId) -> Result<WorkerId, Refusal> {
    let worker = designer.live.look(|model| model.instance(task).map(|instance| instance.worker.clone()));
    match worker {
        None => Err(Refusal::not_found("task instance", task.as_str())),
        Some(worker) if worker.is_empty() => {
            Err(Refusal::InUse(format!("task instance `{task}` waits for a worker: it does not run")))
        }
        Some(worker) => Ok(worker.into()),
    }
}

fn fulfilled(reply: &WorkerReply, id: &str) -> Result<(), Refusal> {
    match reply {
        reply if reply.not_found => Err(Refusal::not_found("task instance", id)),
        reply if !reply.problem.is_empty() => {
            Err(Refusal::Declined { service: "worker", reason: reply.problem.clone() })
        }
        _ => Ok(()),
    }
}

/// A page that reads a log.
struct Reading {
    designer: Arc<Designer>,
    worker: WorkerId,
    lease: LogLease,
    answers: Answers,
    first: Option<WorkerReply>,
    renew: Instant,
    over: bool,
}

impl Reading {
    fn events(self) -> impl Stream<Item = Event> + Send {
        stream::unfold(self, |mut reading| async move { Some((reading.next().await?, reading)) })
    }

    async fn next(&mut self) -> Option<Event> {
        while !self.over {
            let reply = match self.first.take() {
                Some(first) => Some(first),
                None => tokio::select! {
                    reply = self.answers.next() => Some(reply?),
                    () = sleep_until(self.renew.min(Instant::now() + LOOK)) => None,
                },
            };
            let event = match reply {
                Some(reply) => self.told(&reply),
                None => self.look().await,
            };
            if event.is_some() {
                return event;
            }
        }
        None
    }

    fn told(&mut self, reply: &WorkerReply) -> Option<Event> {
        if reply.last {
            return self.end(if reply.problem.is_empty() { "the log has ended" } else { &reply.problem });
        }
        let mut lines = json!({ "lines": reply.lines });
        if reply.reset {
            lines["reset"] = json!(true);
        }
        event("lines", &lines)
    }

    /// Ends when the instance is not where it was, and otherwise asks for more in time.
    async fn look(&mut self) -> Option<Event> {
        if !worker_of(&self.designer, &self.lease.task_id).is_ok_and(|worker| worker == self.worker) {
            let reason = format!("the task instance is not on {} any more", self.worker);
            return self.end(&reason);
        }
        if Instant::now() >= self.renew {
            self.renew = Instant::now() + RENEWAL;
            let order = WorkerOrder::Log(self.lease.clone());
            if let Err(refusal) = self.designer.tell_worker(&self.worker, self.answers.id.clone(), order).await {
                tracing::debug!(error = %crate::refusal::chain(&refusal), "a log could not be asked for again yet");
            }
        }
        None
    }

    fn end(&mut self, reason: &str) -> Option<Event> {
        self.over = true;
        event("end", &json!({ "reason": reason }))
    }
}

impl Drop for Reading {
    /// The worker need not send any more.
    fn drop(&mut self) {
        if self.over {
            return;
        }
        let (designer, worker, lease) = (self.designer.clone(), self.worker.clone(), self.answers.id.clone());
        let id = uuid::Uuid::new_v4().to_string().into();
        self.designer.node.tasks.spawn(async move {
            // One that is not told stops by itself when the lease is over.
            let _ = designer.until_shutdown(designer.tell_worker(&worker, id, WorkerOrder::End(lease))).await;
        });
    }
}

fn event(name: &str, data: &Value) -> Option<Event> {
    Event::default().event(name).json_data(data).ok()
}
