//! What runs where, asked of the designer as the status page does.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use service::Node;

const EVERY: Duration = Duration::from_millis(500);

/// A task instance, as `/info/task` shows it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Task {
    #[serde(rename = "ID")]
    pub(super) id: String,
    pub(super) task_name: String,
    pub(super) worker: String,
    pub(super) status: String,
    #[serde(default)]
    pub(super) reason: String,
}

/// A worker, as `/info/worker` shows it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Worker {
    pub(super) id: String,
}

/// What a task instance reads, as the master lists it.
#[derive(Debug, Deserialize)]
struct Planned {
    id: String,
    inputs: Vec<Input>,
}

#[derive(Debug, Deserialize)]
struct Input {
    #[serde(rename = "ID")]
    id: String,
}

/// The latest answer.
#[derive(Default)]
pub(super) struct Board {
    tasks: Mutex<Vec<Task>>,
    inputs: Mutex<BTreeMap<String, Vec<String>>>,
    workers: Mutex<Vec<Worker>>,
}

impl Board {
    pub(super) fn tasks(&self) -> Vec<Task> {
        self.tasks.lock().clone()
    }

    /// The panels a task instance reads, by their short names; how many other entities when there are none.
    pub(super) fn reads(&self, task: &Task) -> String {
        let inputs = self.inputs.lock();
        let Some(inputs) = inputs.get(&task.id) else { return String::new() };
        let panels: Vec<&str> = inputs.iter().filter_map(|id| id.strip_prefix("PowerPanel.")).collect();
        if panels.is_empty() { format!("{} entities", inputs.len()) } else { panels.join(", ") }
    }

    pub(super) fn running(&self) -> usize {
        self.tasks.lock().iter().filter(|task| task.status == "running").count()
    }

    /// How many instances each worker runs.
    pub(super) fn placements(&self) -> BTreeMap<String, usize> {
        let mut placements: BTreeMap<String, usize> =
            self.workers.lock().iter().map(|worker| (site(&worker.id).to_owned(), 0)).collect();
        for task in self.tasks.lock().iter().filter(|task| task.status == "running") {
            *placements.entry(site(&task.worker).to_owned()).or_default() += 1;
        }
        placements
    }

    /// Why something does not run, as far as anyone said.
    pub(super) fn trouble(&self) -> String {
        let tasks = self.tasks.lock();
        match tasks.iter().find(|task| !task.reason.is_empty()) {
            Some(task) => format!("{} on {}: {}", task.id, task.worker, task.reason),
            None if self.workers.lock().is_empty() => "no worker has joined".to_owned(),
            None => format!("{} task instances are known, none says why", tasks.len()),
        }
    }
}

/// `Worker.north` stands at `north`.
pub(super) fn site(worker: &str) -> &str {
    worker.strip_prefix("Worker.").unwrap_or(worker)
}

/// Asks again and again until the shutdown.
pub(super) async fn follow(node: Node, board: Arc<Board>) {
    let url = node.config.designer_url();
    let mut times = tokio::time::interval(EVERY);
    while node.shutdown.run_until_cancelled(times.tick()).await.is_some() {
        if let Some(tasks) = ask(&node, &format!("{url}/info/task")).await {
            *board.tasks.lock() = tasks;
        }
        if let Some(planned) = ask::<Vec<Planned>>(&node, &format!("{}/instances", node.config.master_url())).await {
            let ids = |planned: Planned| (planned.id, planned.inputs.into_iter().map(|input| input.id).collect());
            *board.inputs.lock() = planned.into_iter().map(ids).collect();
        }
        if let Some(workers) = ask(&node, &format!("{url}/info/worker")).await {
            *board.workers.lock() = workers;
        }
    }
}

async fn ask<T: DeserializeOwned>(node: &Node, url: &str) -> Option<T> {
    let answer = node.client.get(url).await.ok()?;
    match serde_json::from_slice(answer.body()) {
        Ok(answer) => Some(answer),
        Err(error) => {
            tracing::warn!(url, %error, "an answer that is not understood");
            None
        }
    }
}
