//! Drivers of load: closed loops, where each connection waits for its answer, and open ones, which keep to a timetable.

mod closed;
mod open;

use std::sync::Arc;
use std::time::Duration;

use crate::http::{Target, Template};
use crate::outcome::{Clock, Outcome};

pub(crate) use closed::{Gates, closed_gated, runtime};
pub(crate) use open::open_from;

/// From a connection and the number of its request to the entity.
pub(crate) type Entity = Arc<dyn Fn(u64, u64) -> u64 + Send + Sync>;

/// Every connection goes round all entities, each from a place of its own.
pub(crate) fn round_robin(count: u64) -> Entity {
    Arc::new(move |connection, nth| (connection * 7919 + nth) % count)
}

/// A load on one server.
pub(crate) struct Load<'a> {
    pub(crate) target: &'a Target,
    pub(crate) template: Template,
    /// The entity that a connection's nth request is about.
    pub(crate) entity: Entity,
    pub(crate) connections: u64,
    pub(crate) warm_up: Duration,
    pub(crate) duration: Duration,
    /// Processes whose CPU time counts.
    pub(crate) pids: &'a [u32],
}

impl Load<'_> {
    /// Open when there is a rate, closed otherwise.
    pub(crate) fn run(&self, rate: Option<u32>) -> anyhow::Result<Outcome> {
        match rate {
            Some(rate) => open_from(self, rate, Clock::start(), || {}),
            None => runtime()?.block_on(closed_gated(self, Clock::start(), None, || {})),
        }
    }
}
