//! Task instances, also by the worker that has them: a heartbeat of one worker must not cost what all instances do.

use std::collections::{BTreeMap, BTreeSet};

use flow::TaskId;

use super::instances::Instance;
use super::tracked::Tracked;

#[derive(Debug, Default)]
pub(crate) struct Placed {
    all: Tracked<TaskId, Instance>,
    by_worker: BTreeMap<String, BTreeSet<TaskId>>,
}

impl Placed {
    pub(crate) fn all(&self) -> &Tracked<TaskId, Instance> {
        &self.all
    }

    pub(crate) fn get(&self, id: &TaskId) -> Option<&Instance> {
        self.all.get(id)
    }

    pub(crate) fn set(&mut self, instance: Instance) {
        let before = self.all.get(&instance.id).map(|before| before.worker.clone());
        if before.as_ref() != Some(&instance.worker) {
            before.iter().for_each(|worker| self.unplace(worker, &instance.id));
            self.by_worker.entry(instance.worker.clone()).or_default().insert(instance.id.clone());
        }
        self.all.set(instance.id.clone(), instance);
    }

    /// Changes an instance, but not its worker; `change` says whether it was a change.
    pub(crate) fn edit(&mut self, id: &TaskId, change: impl FnOnce(&mut Instance) -> bool) {
        self.all.edit(id, change);
    }

    pub(crate) fn remove(&mut self, id: &TaskId) {
        if let Some(instance) = self.all.remove(id) {
            self.unplace(&instance.worker, id);
        }
    }

    /// The instances of a worker; those without one are of the worker without a name.
    pub(crate) fn of(&self, worker: &str) -> impl Iterator<Item = &TaskId> {
        self.by_worker.get(worker).into_iter().flatten()
    }

    /// Removes those of a worker that are not listed.
    pub(crate) fn keep_listed(&mut self, worker: &str, listed: &BTreeSet<&TaskId>) {
        let gone: Vec<TaskId> = self.of(worker).filter(|id| !listed.contains(id)).cloned().collect();
        gone.iter().for_each(|id| self.remove(id));
    }

    fn unplace(&mut self, worker: &str, id: &TaskId) {
        if let Some(placed) = self.by_worker.get_mut(worker) {
            placed.remove(id);
            if placed.is_empty() {
                self.by_worker.remove(worker);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use flow::TaskUpdate;
    use ngsi::Timestamp;

    use super::*;

    fn instance(id: &str, worker: &str) -> Instance {
        let update = TaskUpdate { task_id: id.into(), ..TaskUpdate::default() };
        Instance::told(worker, update, Timestamp::default())
    }

    #[test]
    fn an_instance_is_with_one_worker_at_a_time() {
        let mut placed = Placed::default();
        placed.set(instance("t", "a"));
        placed.set(instance("u", "a"));
        placed.set(instance("t", "b"));
        let of = |placed: &Placed, worker| placed.of(worker).map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!((of(&placed, "a"), of(&placed, "b")), (vec!["u".to_owned()], vec!["t".to_owned()]));
        placed.keep_listed("a", &BTreeSet::new());
        placed.remove(&"t".into());
        assert!(placed.by_worker.is_empty());
        assert_eq!(placed.all().len(), 0);
    }
}
