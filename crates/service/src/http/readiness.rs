//! Whether a service can do its job now, condition by condition.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

type Conditions = Arc<Mutex<BTreeMap<String, Result<(), String>>>>;

/// The conditions of one service.
#[derive(Debug, Clone, Default)]
pub struct ReadySet(Conditions);

impl ReadySet {
    pub(crate) fn condition(&self, name: &str) -> Readiness {
        self.0.lock().entry(name.to_owned()).or_insert_with(|| Err("starting".into()));
        Readiness { conditions: self.0.clone(), name: name.into() }
    }

    /// The conditions not met, with the reason of each.
    pub(super) fn missing(&self) -> BTreeMap<String, String> {
        let conditions = self.0.lock();
        let missing = conditions.iter().filter_map(|(name, state)| Some((name.clone(), state.as_ref().err()?.clone())));
        missing.collect()
    }
}

/// One condition of `/readyz`; not met until set.
#[derive(Debug, Clone)]
pub struct Readiness {
    conditions: Conditions,
    name: Arc<str>,
}

impl Readiness {
    /// Says whether the condition is met, and why not.
    pub fn set(&self, state: Result<(), String>) {
        self.conditions.lock().insert(self.name.to_string(), state);
    }
}
