//! The master's core: topology × intent × availability → task instances, each on a worker, kept there.
//!
//! [`Orchestrator::handle`] takes what happened and gives back what to do; it reads no clock and opens no socket. It
//! converges instead of scripting: every desired task instance has a rising generation, workers report what they really
//! run, and any difference is repaired by sending the desired state again. So losing, repeating or reordering a message
//! costs time and nothing else, and a restarted master adopts what runs.
//!
//! Rejected: a script per event that waits for the answers of workers (a lost message stalls it), and planning everything
//! anew on each event (cost by the size of the system, not of the change).

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod adoption;
mod availability;
mod commands;
mod event;
mod fleet;
mod grouping;
mod groups;
mod hash;
mod instance;
mod intents;
mod migration;
mod orchestrator;
mod placement;
mod plan;
mod registration;
mod reports;
mod settings;
mod updates;
mod view;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;

pub use event::{Effect, Event, InstanceChange, IntentId, StoredIntent, SubscriptionKey};
pub use hash::group_hash;
pub use orchestrator::Orchestrator;
pub use placement::{PlacementError, Rejection, Requirements};
pub use registration::Registration;
pub use settings::Settings;
pub use view::{Demand, InstanceView, IntentView, Summary, TaskView};
