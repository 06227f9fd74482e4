//! The context broker: NGSI-10 over HTTP, durable entities and subscriptions, notifications, federation with other brokers.
//!
//! Decisions are made by the crate `context`; this one gives it locks, disk and network. An update takes its shard's lock,
//! changes memory, queues its notifications and submits its journal entry, so all three have one order; the answer waits for
//! the disk, the notifications do not.

mod answer;
mod broker;
mod changing;
mod contexts;
mod expiry;
mod federation;
mod histories;
mod intervals;
mod ledger;
mod metrics;
mod notifier;
mod providers;
mod recovery;
mod routes;
mod shards;
mod sources;
mod subscriptions;
mod temporal;
mod tenants;
mod unsaved;

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use service::{Node, Running};
use storage::Store;

use crate::broker::Broker;
use crate::tenants::{Common, Tenants};

/// Starts a broker: binds, recovers what is on disk, serves.
///
/// # Errors
/// When the port is taken or the store cannot be read.
pub async fn start(node: Node, store: Store) -> anyhow::Result<Running> {
    let node = node.for_service("broker");
    let (address, key) = node.config.broker_listen();
    let listener = service::http::bind(address, key).await?;
    let node = with_bound_port(&node, listener.port());
    let (tenants, brokers) = recover(&node, store).await?;
    node.readiness("storage").set(Ok(()));
    let running = service::http::serve(&node, listener, routes::served(&tenants), node.limits());
    brokers.iter().for_each(Broker::run);
    Ok(running)
}

/// The routes of a broker without a listener, for whoever asks it in its own process. Nothing runs beside the requests.
///
/// # Errors
/// When the store cannot be read.
pub async fn open(node: Node, store: Store) -> anyhow::Result<Router> {
    let (tenants, _) = recover(&node.for_service("broker"), store).await?;
    Ok(routes::served(&tenants))
}

async fn recover(node: &Node, store: Store) -> anyhow::Result<(Arc<Tenants>, Vec<Shared>)> {
    let node = node.clone();
    let opened = tokio::task::spawn_blocking(move || Tenants::open(Common::new(node, store)?)).await?;
    opened.context("cannot start the broker")
}

/// Other nodes must be told the port the system chose.
fn with_bound_port(node: &Node, port: u16) -> Node {
    let mut config = (*node.config).clone();
    if config.https.enabled {
        config.broker.https_port = port;
    } else {
        config.broker.http_port = port;
    }
    node.with_config(config)
}

pub(crate) type Shared = Arc<Broker>;
