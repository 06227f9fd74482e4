//! How the system stands now, and the stream that tells pages of it.
//!
//! [`Model`] and what it is made of are pure: values and the time in, a picture out. Shells feed it: `listen` with what the
//! bus says, [`sampler`] with what services answer, [`watch`] with entities. [`stream`] tells each page what it does not
//! know yet.

mod alerts;
mod brokers;
mod conditions;
mod entities;
mod history;
mod instances;
mod masters;
mod model;
mod placed;
mod rates;
mod reports;
pub(crate) mod sampler;
pub(crate) mod services;
mod statistics;
mod stream;
mod tracked;
pub(crate) mod watch;
mod workers;

use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch as channel};

pub(crate) use brokers::Heard;
pub(crate) use entities::{MAX_WATCHED_TYPES, WatchState};
pub(crate) use instances::{Instance, Planned};
pub(crate) use model::Model;
pub(crate) use statistics::Observed;
pub(crate) use stream::open;

/// Pages served at once.
const MAX_STREAMS: usize = 256;

/// The model, and who follows it.
pub(crate) struct Live {
    model: Mutex<Model>,
    changed: channel::Sender<()>,
    places: Arc<Semaphore>,
    /// Somebody has come: samples are wanted, and perhaps entities.
    opened: Notify,
}

impl Default for Live {
    fn default() -> Self {
        let places = Arc::new(Semaphore::new(MAX_STREAMS));
        Self { model: Mutex::default(), changed: channel::Sender::default(), places, opened: Notify::new() }
    }
}

impl Live {
    pub(crate) fn look<T>(&self, look: impl FnOnce(&Model) -> T) -> T {
        look(&self.model.lock())
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut Model) -> T) -> T {
        let outcome = change(&mut self.model.lock());
        self.changed.send_replace(());
        outcome
    }

    /// A change that no page can see.
    fn change_quietly<T>(&self, change: impl FnOnce(&mut Model) -> T) -> T {
        change(&mut self.model.lock())
    }

    /// A place for one more page, if there is one.
    fn place(&self) -> Option<OwnedSemaphorePermit> {
        self.places.clone().try_acquire_owned().ok()
    }

    /// Whether any page follows.
    fn is_followed(&self) -> bool {
        self.places.available_permits() < MAX_STREAMS
    }
}
