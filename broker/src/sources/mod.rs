//! Sources outside of this broker that clients have registered with it (ETSI GS CIM 009, 4.3.6): who they are, on disk, and how
//! they are spoken to. Other brokers of this system are found by discovery and are none of these.
//!
//! What is said to a source on account of a request is for the routes of the dialect to decide. Subscriptions are followed by
//! themselves: `follow` says when to look, `errands` does what is to be done, by what `subscribe` asks of sources, and `relay` passes on
//! what these tell.

mod errands;
mod follow;
mod keep;
mod message;
mod registered;
mod relay;
mod subscribe;
mod via;
mod watch;

use context::sources::{Holds, SourceIndex};
use parking_lot::RwLock;
use tokio::sync::{Mutex, Semaphore};

pub(crate) use keep::SourceError;
pub(crate) use message::Message;
pub(crate) use registered::{Registered, Unanswered};
pub(crate) use via::Via;

/// Where sources notify this broker. Behind it are the tenant and a dot, unless it is the default one, and what the notification is
/// known by.
pub(crate) const NOTIFICATIONS: &str = "/ngsi-ld/v1/sourceNotifications/";

/// The most registrations of a tenant.
const MAX_REGISTRATIONS: usize = 200_000;
/// The most subscriptions at sources, of a tenant.
const MAX_HOLDS: usize = 200_000;
/// How many sources are subscribed at, at once.
const MAX_ASKED: usize = 256;
/// The most sources that are subscribed at for one subscription.
const MAX_FOLLOWED: usize = 256;

pub(crate) struct Sources {
    index: RwLock<SourceIndex<Registered>>,
    /// Held while a registration is checked and written, so that no two contradict one another and subscribers hear of each once.
    changing: Mutex<()>,
    /// What is subscribed at sources.
    holds: parking_lot::Mutex<Holds>,
    /// Requests under way on account of these.
    asking: Semaphore,
}

impl Default for Sources {
    fn default() -> Self {
        Self {
            index: RwLock::default(),
            changing: Mutex::default(),
            holds: parking_lot::Mutex::default(),
            asking: Semaphore::new(MAX_ASKED),
        }
    }
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
