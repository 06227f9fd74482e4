//! Sources outside of this broker that clients have registered with it (ETSI GS CIM 009, 4.3.6): who they are, on disk, and how
//! they are spoken to. Other brokers of this system are found by discovery and are none of these.
//!
//! What is said to a source is for the routes of the dialect to decide.

mod keep;
mod registered;
mod via;

use context::sources::SourceIndex;
use parking_lot::RwLock;
use tokio::sync::Mutex;

pub(crate) use keep::SourceError;
pub(crate) use registered::{Registered, Unanswered};
pub(crate) use via::Via;

/// The most registrations of a tenant.
const MAX_REGISTRATIONS: usize = 200_000;

#[derive(Default)]
pub(crate) struct Sources {
    index: RwLock<SourceIndex<Registered>>,
    /// Held while a registration is checked and written, so that no two contradict one another.
    changing: Mutex<()>,
}

impl Sources {
    /// Looks something up.
    pub(crate) fn with<T>(&self, look: impl FnOnce(&SourceIndex<Registered>) -> T) -> T {
        look(&self.index.read())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.index.read().is_empty()
    }
}
