//! What is remembered of instances that are not here: removed ones and refused ones, bounded in number and time.

use std::collections::BTreeMap;
use std::time::Duration;

use flow::TaskId;
use ngsi::Timestamp;

const KEPT_FOR: Duration = Duration::from_secs(600);
const MOST: usize = 10_000;

/// Values that expire.
#[derive(Debug, Clone)]
pub(crate) struct Memory<T> {
    entries: BTreeMap<TaskId, (Timestamp, T)>,
}

impl<T> Default for Memory<T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new() }
    }
}

impl<T> Memory<T> {
    pub(crate) fn insert(&mut self, task: TaskId, value: T, now: Timestamp) {
        self.entries.insert(task, (now, value));
        if self.entries.len() > MOST {
            self.drop_oldest();
        }
    }

    pub(crate) fn get(&self, task: &TaskId) -> Option<&T> {
        self.entries.get(task).map(|(_, value)| value)
    }

    pub(crate) fn forget(&mut self, task: &TaskId) {
        self.entries.remove(task);
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        self.entries.values().map(|(_, value)| value)
    }

    pub(crate) fn expire(&mut self, now: Timestamp) {
        self.entries.retain(|_, (since, _)| now.since(*since) < KEPT_FOR);
    }

    fn drop_oldest(&mut self) {
        let oldest = self.entries.iter().min_by_key(|(_, (since, _))| *since).map(|(task, _)| task.clone());
        if let Some(task) = oldest {
            self.entries.remove(&task);
        }
    }
}
