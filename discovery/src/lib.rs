//! Discovery: which broker has which entities, over NGSI-9.
//!
//! The decisions are in `availability`; here are the routes, the store and the notifier. A change is applied in memory,
//! handed to the store and to the notifier under one lock, so all three see the same order, and acknowledged once it is
//! on disk. A notification may thus run ahead of the disk by a millisecond; one that was due when discovery died is made
//! good after the restart, when every subscriber gets a fresh snapshot.
//!
//! Durations other than `0` are granted and not enforced: a registration lives as long as its broker sends heartbeats,
//! and for ever if its provider never sent one.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod liveness;
mod metrics;
mod notify;
mod refusal;
mod registrations;
mod routes;
mod state;
mod subscriptions;
mod tables;

use std::sync::Arc;

use anyhow::Context;
use service::{Node, Running};
use storage::Store;

use state::Discovery;

/// Starts discovery on the configured port: recovers what was stored, then answers, then notifies every subscriber.
///
/// # Errors
/// The port cannot be bound, or the stored state cannot be read.
pub async fn start(node: Node, store: Store) -> anyhow::Result<Running> {
    let node = node.for_service("discovery");
    let (address, key) = node.config.discovery_listen();
    let listener = service::http::bind(address, key).await?;
    let recovering = node.clone();
    let discovery = tokio::task::spawn_blocking(move || Discovery::recover(recovering, store))
        .await
        .context("recovering discovery's state")??;
    let discovery = Arc::new(discovery);
    let running = service::http::serve(&node, listener, routes::router(discovery.clone()), node.limits());
    discovery.notify_all();
    let sweeper = node.tasks.spawn(liveness::run(discovery));
    Ok(running.with_task(sweeper))
}
