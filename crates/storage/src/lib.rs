//! Durable key-value tables with group commit: what a service must not lose, on local disk.
//!
//! A [`Store`] is one directory, opened by one process. Services keep their state in memory and read
//! a store only when they start ([`Table::scan`]); while running they [`Store::submit`] batches and wait
//! for the returned [`Commit`] before they acknowledge anything. One thread per store takes every
//! batch that is queued, writes them as one and syncs once, so the cost of `fdatasync` is shared by
//! all that wait for it and an idle store adds no delay.
//!
//! A full or failing disk fails the commits it touches and nothing else: the engine is reopened from
//! what is on disk and later commits succeed as soon as the disk takes writes again. A commit that
//! failed may or may not be found after a restart; one that succeeded always is.
//!
//! Why fjall and not redb, SQLite or a log of our own: `docs/decisions/0004-embedded-store.md`.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod batch;
mod engine;
mod error;
pub mod postgres;
mod queue;
mod store;
mod table;
mod writer;

pub use batch::Batch;
pub use error::{Cause, StorageError};
pub use store::{Commit, Store};
pub use table::{Scan, Table};
