//! Better places for instances that run already: when inputs move, when workers appear, when an instance keeps failing.

use flow::{TaskId, WorkerId};
use std::collections::BTreeSet;

use crate::fleet::total_m;
use crate::instance::Instance;
use crate::orchestrator::Orchestrator;

/// At most so many instances are looked at again in one tick.
const DUE_PER_TICK: usize = 2_000;

impl Orchestrator {
    pub(crate) fn look_at_due(&mut self) {
        for _ in 0..DUE_PER_TICK {
            if self.due.first().is_none_or(|(at, _)| *at > self.now) {
                return;
            }
            let Some((_, id)) = self.due.pop_first() else { return };
            let Some(instance) = self.instances.get_mut(&id) else { continue };
            instance.excluded.retain(|_, until| *until > self.now);
            let failed_for = instance.failed_since.map(|since| self.now.since(since));
            match failed_for {
                Some(time) if time >= self.settings.failed_patience => self.try_elsewhere(&id),
                _ if instance.worker.is_none() => self.retry = true,
                _ => self.consider(&id),
            }
        }
    }

    /// Looks at some more instances for a better place, since the fleet has changed.
    pub(crate) fn sweep(&mut self) {
        let Some(from) = self.sweep.take() else { return };
        let mut ids: Vec<TaskId> =
            self.instances.range(from..).take(self.settings.sweep + 1).map(|(id, _)| id.clone()).collect();
        if ids.len() > self.settings.sweep {
            self.sweep = ids.pop();
        }
        for id in ids {
            self.consider(&id);
        }
    }

    /// Migrates an instance if another worker is clearly nearer to its inputs.
    fn consider(&mut self, id: &TaskId) {
        let now = self.now;
        let Some(instance) = self.instances.get_mut(id) else { return };
        if now.since(instance.considered_at) < self.settings.migration_pause {
            let at = instance.considered_at.after(self.settings.migration_pause);
            self.due.insert((at, id.clone()));
            return;
        }
        instance.considered_at = now;
        let Some(current) = instance.worker.clone().filter(|_| instance.leaving.is_none() && !self.settling) else {
            return;
        };
        if let Some(better) = self.better(id, &current) {
            self.migrate(id, current, better);
        }
    }

    fn better(&self, id: &TaskId, current: &WorkerId) -> Option<WorkerId> {
        let instance = self.instances.get(id)?;
        let places = instance.places();
        if places.is_empty() {
            return None;
        }
        let candidate = self.fleet.choose(&instance.plan.needs, &places, &self.avoiding(instance, current))?;
        let sum = |worker: &WorkerId| {
            let location = self.fleet.get(worker).and_then(|known| known.location);
            location.map(|location| total_m(location, &places))
        };
        let (new, old) = (sum(&candidate)?, sum(current).unwrap_or(u64::MAX));
        let gain = old.saturating_sub(new);
        let enough = gain > self.settings.migration_gain_m && gain > old / 100 * self.settings.migration_gain_percent;
        enough.then_some(candidate)
    }

    fn avoiding(&self, instance: &Instance, current: &WorkerId) -> BTreeSet<WorkerId> {
        let mut avoid = instance.excluded(self.now);
        avoid.insert(current.clone());
        avoid
    }

    /// Starts the instance on another worker; the old copy goes when the new one runs.
    fn migrate(&mut self, id: &TaskId, from: WorkerId, to: WorkerId) {
        self.migrations += 1;
        self.fleet.unplan(&from, id);
        self.retry = true;
        if let Some(instance) = self.instances.get_mut(id) {
            instance.leaving = Some(from);
        }
        self.assign(id, to);
        self.command(id);
    }

    /// Moves an instance that keeps failing, if any other worker could take it.
    fn try_elsewhere(&mut self, id: &TaskId) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let Some(current) = instance.worker.clone() else { return };
        instance.failed_since = Some(self.now);
        self.due.insert((self.now.after(self.settings.failed_patience), id.clone()));
        let Some(instance) = self.instances.get(id) else { return };
        let avoid = self.avoiding(instance, &current);
        let Some(other) = self.fleet.choose(&instance.plan.needs, &instance.places(), &avoid) else { return };
        let until = self.now.after(self.settings.exclusion);
        if let Some(instance) = self.instances.get_mut(id) {
            instance.excluded.insert(current.clone(), until);
        }
        self.migrate(id, current, other);
    }
}
