//! What the bus says of masters, workers and task instances.

use std::collections::BTreeMap;
use std::time::Duration;

use flow::{InstanceStatus, MasterProfile, MasterRole, Message, TaskInfo, TaskUpdate, WorkerId, WorkerProfile};
use ngsi::Timestamp;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

/// More task instances than this are not shown.
const MAX_TASKS: usize = 200_000;
/// More workers than this are not shown.
const MAX_WORKERS: usize = 20_000;
/// How long a worker that does not say may be silent.
const SILENCE_LIMIT_S: u64 = 60;
/// How long a master may be silent that says every two seconds that it is there.
const MASTER_SILENCE_LIMIT: Duration = Duration::from_secs(10);

/// The latest news of everyone.
#[derive(Default)]
pub(crate) struct Board(Mutex<News>);

#[derive(Default)]
struct News {
    masters: BTreeMap<String, (MasterProfile, Timestamp)>,
    workers: BTreeMap<WorkerId, (WorkerProfile, Timestamp)>,
    tasks: BTreeMap<String, Task>,
}

/// A task instance as `/info/task` shows it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Task {
    #[serde(rename = "ID")]
    pub(crate) id: String,
    #[serde(rename = "TaskID")]
    task_id: String,
    topology_name: String,
    task_name: String,
    #[serde(rename = "ServiceIntentID")]
    pub(crate) service_intent_id: String,
    status: InstanceStatus,
    worker: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    info: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
}

/// A task instance as the master lists it.
#[derive(Debug, Deserialize)]
pub(crate) struct Planned {
    id: String,
    topology: String,
    task: String,
    intent: String,
    #[serde(default)]
    worker: Option<String>,
    #[serde(default)]
    reason: String,
}

impl Planned {
    /// The instance, if it waits for a worker: no worker tells of it.
    pub(crate) fn waiting(self) -> Option<Task> {
        self.worker.is_none().then(|| Task {
            task_id: self.id.clone(),
            id: self.id,
            topology_name: self.topology,
            task_name: self.task,
            service_intent_id: self.intent,
            status: InstanceStatus::Scheduled,
            worker: String::new(),
            info: String::new(),
            reason: self.reason,
        })
    }
}

impl Board {
    /// Takes note of a message.
    pub(crate) fn note(&self, from: &str, message: Message, now: Timestamp) {
        let mut news = self.0.lock();
        match message {
            Message::MasterJoin(master) | Message::MasterHeartbeat(master) => news.master(master, now),
            Message::MasterLeave(master) => drop(news.masters.remove(&master.id)),
            Message::WorkerJoin(worker) | Message::WorkerHeartbeat(worker) => news.worker(worker, now),
            Message::WorkerLeave(worker) => news.worker_left(&worker.id),
            Message::TaskUpdate(update) => news.task_update(from, update),
            Message::TaskInfo(info) => news.task_info(info),
            _ => {}
        }
    }

    /// The masters that are there, active ones first. One of the original says only that it has come.
    pub(crate) fn masters(&self, now: Timestamp) -> Vec<MasterProfile> {
        let mut news = self.0.lock();
        news.masters.retain(|_, (master, seen)| master.role.is_none() || now.since(*seen) <= MASTER_SILENCE_LIMIT);
        let mut masters: Vec<MasterProfile> = news.masters.values().map(|(master, _)| master.clone()).collect();
        masters.sort_by_key(|master| master.role == Some(MasterRole::Standby));
        masters
    }

    /// The workers that are not silent, without what they report of instances.
    pub(crate) fn workers(&self, now: Timestamp) -> Vec<WorkerProfile> {
        let mut news = self.0.lock();
        news.expire(now);
        news.workers.values().map(|(profile, _)| profile.clone()).collect()
    }

    /// The task instances on workers that are not silent.
    pub(crate) fn tasks(&self, now: Timestamp) -> Vec<Task> {
        let mut news = self.0.lock();
        news.expire(now);
        news.tasks.values().cloned().collect()
    }
}

impl News {
    /// There is one active master: when another says that it is, the one before is not any more.
    fn master(&mut self, master: MasterProfile, now: Timestamp) {
        if master.role == Some(MasterRole::Active) {
            let others = self.masters.values_mut().filter(|(other, _)| other.role == Some(MasterRole::Active));
            others.for_each(|(other, _)| other.role = Some(MasterRole::Standby));
        }
        self.masters.insert(master.id.clone(), (master, now));
    }

    fn worker(&mut self, mut worker: WorkerProfile, now: Timestamp) {
        if self.workers.len() >= MAX_WORKERS && !self.workers.contains_key(&worker.id) {
            return;
        }
        if let Some(reported) = worker.instances.take() {
            let name = worker.id.as_str();
            let known = |id: &str| reported.iter().any(|instance| instance.id.as_str() == id);
            self.tasks.retain(|id, task| task.worker != name || known(id));
            for instance in reported {
                let update = TaskUpdate {
                    task_id: instance.id,
                    topology_name: instance.topology_name,
                    task_name: instance.task_name,
                    service_intent_id: instance.service_intent_id,
                    status: instance.status,
                    reason: instance.reason,
                    generation: instance.generation,
                };
                self.task_update(name, update);
            }
        }
        self.workers.insert(worker.id.clone(), (worker, now));
    }

    fn worker_left(&mut self, id: &WorkerId) {
        self.workers.remove(id);
        self.tasks.retain(|_, task| task.worker != id.as_str());
    }

    fn task_update(&mut self, worker: &str, update: TaskUpdate) {
        let id = update.task_id.as_str();
        if matches!(update.status, InstanceStatus::Removed | InstanceStatus::Refused) {
            // After a migration the old worker's farewell may come after the new one's news.
            if self.tasks.get(id).is_some_and(|task| task.worker == worker) {
                self.tasks.remove(id);
            }
            return;
        }
        if self.tasks.len() >= MAX_TASKS && !self.tasks.contains_key(id) {
            return;
        }
        let info = self.tasks.remove(id).filter(|task| task.worker == worker).map(|task| task.info);
        let task = Task {
            id: id.to_owned(),
            task_id: id.to_owned(),
            topology_name: update.topology_name,
            task_name: update.task_name,
            service_intent_id: update.service_intent_id,
            status: update.status,
            worker: worker.to_owned(),
            info: info.unwrap_or_default(),
            reason: update.reason,
        };
        self.tasks.insert(id.to_owned(), task);
    }

    fn task_info(&mut self, info: TaskInfo) {
        if let Some(task) = self.tasks.get_mut(info.task_id.as_str()) {
            task.info = info.info;
        }
    }

    /// Forgets workers that have been silent for too long, with their instances.
    fn expire(&mut self, now: Timestamp) {
        let silent = |(profile, seen): &(WorkerProfile, Timestamp)| {
            let limit = if profile.silence_limit_s == 0 { SILENCE_LIMIT_S } else { profile.silence_limit_s };
            now.since(*seen) > Duration::from_secs(limit)
        };
        let gone: Vec<WorkerId> = self.workers.iter().filter(|(_, w)| silent(w)).map(|(id, _)| id.clone()).collect();
        gone.iter().for_each(|id| self.worker_left(id));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use flow::ReportedInstance;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_millis(second * 1_000)
    }

    fn update(id: &str, status: InstanceStatus) -> Message {
        Message::TaskUpdate(TaskUpdate { task_id: id.into(), status, ..TaskUpdate::default() })
    }

    fn heartbeat(worker: &str, instances: &[&str]) -> Message {
        let report = |id: &&str| ReportedInstance {
            id: (*id).into(),
            status: InstanceStatus::Running,
            ..ReportedInstance::default()
        };
        Message::WorkerHeartbeat(WorkerProfile {
            id: worker.into(),
            silence_limit_s: 30,
            instances: Some(instances.iter().map(report).collect()),
            ..WorkerProfile::default()
        })
    }

    fn shown(board: &Board, now: Timestamp) -> Vec<(String, String)> {
        board.tasks(now).into_iter().map(|task| (task.id, task.worker)).collect()
    }

    #[test]
    fn a_farewell_of_the_old_worker_does_not_hide_a_migrated_instance() {
        let board = Board::default();
        board.note("Worker.a", update("t", InstanceStatus::Running), at(0));
        board.note("Worker.b", update("t", InstanceStatus::Running), at(1));
        board.note("Worker.a", update("t", InstanceStatus::Removed), at(2));
        assert_eq!(shown(&board, at(2)), [("t".to_owned(), "Worker.b".to_owned())]);
    }

    #[test]
    fn a_heartbeat_repairs_what_updates_left_behind() {
        let board = Board::default();
        board.note("Worker.a", update("lost", InstanceStatus::Running), at(0));
        board.note("Worker.a", heartbeat("Worker.a", &["kept"]), at(1));
        assert_eq!(shown(&board, at(1)), [("kept".to_owned(), "Worker.a".to_owned())]);
    }

    #[test]
    fn masters_that_are_silent_are_forgotten_and_the_active_one_comes_first() {
        let board = Board::default();
        let master = |id: &str, role| MasterProfile { id: id.into(), role, ..MasterProfile::default() };
        board.note("a", Message::MasterHeartbeat(master("a", Some(MasterRole::Standby))), at(0));
        board.note("b", Message::MasterJoin(master("b", Some(MasterRole::Active))), at(0));
        board.note("go", Message::MasterJoin(master("go", None)), at(0));
        let ids = |second| board.masters(at(second)).into_iter().map(|master| master.id).collect::<Vec<_>>();
        assert_eq!(ids(10), ["b", "go", "a"]);
        board.note("a", Message::MasterHeartbeat(master("a", Some(MasterRole::Active))), at(10));
        assert_eq!(ids(10), ["a", "go", "b"]);
        assert_eq!(ids(11), ["a", "go"]);
        board.note("a", Message::MasterLeave(master("a", Some(MasterRole::Active))), at(12));
        assert_eq!(ids(12), ["go"]);
    }

    #[test]
    fn a_silent_worker_is_forgotten_with_its_instances() {
        let board = Board::default();
        board.note("Worker.a", heartbeat("Worker.a", &["t"]), at(0));
        assert_eq!(board.workers(at(30)).len(), 1);
        assert!(board.tasks(at(31)).is_empty());
        assert!(board.workers(at(31)).is_empty());
    }
}
