//! How many notifications are under way to one reference at most, whatever number of subscriptions name it.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::Semaphore;

/// Notifications under way to one reference.
const PER_REFERENCE: usize = 8;

/// References in use, each with its permits.
#[derive(Default)]
pub(crate) struct Endpoints(Mutex<HashMap<String, Weak<Semaphore>>>);

impl Endpoints {
    pub(super) fn permits(&self, reference: &str) -> Arc<Semaphore> {
        let mut endpoints = self.0.lock();
        if let Some(permits) = endpoints.get(reference).and_then(Weak::upgrade) {
            return permits;
        }
        if endpoints.len() >= 64 && endpoints.len().is_power_of_two() {
            endpoints.retain(|_, permits| permits.strong_count() > 0);
        }
        let permits = Arc::new(Semaphore::new(PER_REFERENCE));
        endpoints.insert(reference.to_owned(), Arc::downgrade(&permits));
        permits
    }
}
