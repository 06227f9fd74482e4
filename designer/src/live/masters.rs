//! The masters that are heard on the bus.

use std::collections::BTreeMap;
use std::time::Duration;

use flow::{MasterProfile, MasterRole};
use ngsi::Timestamp;

/// How long a master may be silent that says every two seconds that it is there.
const SILENCE_LIMIT: Duration = Duration::from_secs(10);
/// More masters than this are not listed.
const MAX_MASTERS: usize = 1_000;

/// Each with the time of its latest word.
#[derive(Debug, Default)]
pub(super) struct Masters(BTreeMap<String, (MasterProfile, Timestamp)>);

impl Masters {
    /// There is one active master: when another says that it is, the one before is not any more.
    pub(super) fn heard(&mut self, master: MasterProfile, now: Timestamp) {
        if self.0.len() >= MAX_MASTERS && !self.0.contains_key(&master.id) {
            return;
        }
        if master.role == Some(MasterRole::Active) {
            let others = self.0.values_mut().filter(|(other, _)| other.role == Some(MasterRole::Active));
            others.for_each(|(other, _)| other.role = Some(MasterRole::Standby));
        }
        self.0.insert(master.id.clone(), (master, now));
    }

    pub(super) fn left(&mut self, id: &str) {
        self.0.remove(id);
    }

    /// Forgets those that are silent. One of the original says only that it has come.
    pub(super) fn expire(&mut self, heard_since: Timestamp, now: Timestamp) {
        let silence = |seen: &Timestamp| now.since(heard_since.max(*seen));
        self.0.retain(|_, (master, seen)| master.role.is_none() || silence(seen) <= SILENCE_LIMIT);
    }

    /// Active ones first.
    pub(super) fn listed(&self) -> Vec<MasterProfile> {
        let mut masters: Vec<MasterProfile> = self.0.values().map(|(master, _)| master.clone()).collect();
        masters.sort_by_key(|master| master.role == Some(MasterRole::Standby));
        masters
    }
}
