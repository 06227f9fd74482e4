//! The core of a worker: desired against actual task instances, and the actions that close the gap.
//!
//! [`Tasks`] is told everything that happens as an [`Event`] with the time it happened, and answers with [`Action`]s. It
//! performs nothing itself. The shell performs each action until it has succeeded or been overtaken and says so with another
//! event; [`Tasks::next_wake`] says when the core wants an [`Event::Tick`] at the latest.
//!
//! Alternatives rejected: a task (future) for each instance that awaits its container. Its state would be the place where it
//! awaits, which can neither be stored, nor reported, nor run in a simulation with virtual time.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod action;
mod backoff;
mod commands;
mod engine_events;
mod event;
mod feeds;
mod memory;
mod program;
mod record;
mod restart;
mod settle;
mod stored;
mod tasks;

#[cfg(test)]
mod tests;

pub use action::Action;
pub use backoff::{FAILURES_UNTIL_FAILED, HEALTHY_AFTER};
pub use event::{Address, Event, Run, Subscription};
pub use program::{program_fingerprint, same_program};
pub use restart::RestartRefusal;
pub use stored::Stored;
pub use tasks::{Settings, Tasks};
