//! The master: turns intents and availability into commands for workers.
//!
//! The decisions are in `orchestration`. Here one reconciler owns them, fed by one bounded queue: messages of the bus,
//! availability notifications, answers of discovery, brokers and the designer, and a clock tick a second. Commands leave through one
//! sender; what cannot be sent is dropped, because workers' reports show what is missing. Kept on disk: the intents, so that a
//! restarted master goes on while the designer is away, the workers it knew, and its subscriptions at discovery.
//!
//! Of several masters one is active, the one that holds the lock on the bus; the others hear and copy what it keeps, and one of
//! them takes over as if it had been restarted (`docs/decisions/0008-one-active-master.md`). Instances go on running meanwhile.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used))]

mod agent;
mod audit;
mod bus;
mod discovery;
mod effects;
mod election;
mod entity;
mod metrics;
mod reconciler;
mod replica;
mod rest;
mod sender;
mod standing;
mod state;
mod subscription;
mod tables;
mod topology;

use std::sync::Arc;

use anyhow::Context;
use message_bus::Bus;
use service::{Node, Running};
use storage::Store;
use tokio::sync::{mpsc, watch};

use crate::reconciler::Reconciler;
use crate::state::Master;
use crate::tables::Tables;

/// Starts the master: its REST interface, and the agent that discovery notifies.
///
/// # Errors
/// A port that cannot be bound, or stored state that cannot be read.
pub async fn start(node: Node, store: Store, bus: Bus) -> anyhow::Result<Running> {
    let node = node.for_service("master");
    let (address, key) = node.config.master_listen();
    let rest = service::http::bind(address, key).await?;
    let (address, key) = node.config.master_agent_listen();
    let agent = service::http::bind(address, key).await?;
    let node = with_ports(&node, rest.port(), agent.port());
    let tables = Tables::open(store).context("cannot read the master's state")?;
    let (news, changes) = mpsc::channel(1);
    let (master, inputs) = Master::new(node.clone(), tables, bus, news);
    let master = Arc::new(master);
    let messages = bus::subscribe(&master);
    let kept = master.tables.load().context("cannot read the master's state")?;
    let reconciler = Reconciler::new(master.clone(), kept);
    let (bound, arrives) = watch::channel(false);
    let listener = node.tasks.spawn(bus::run(master.clone(), messages, bound));
    let reconciling = node.tasks.spawn(reconciler.run(inputs));
    let electing = node.tasks.spawn(election::run(master.clone(), arrives));
    let (copying, until) = (replica::run(master.clone(), changes), node.shutdown.clone());
    node.tasks.spawn(async move { until.run_until_cancelled(copying).await });
    let limits = node.limits();
    let rest = service::http::serve(&node, rest, rest::router(master.clone()), limits);
    let agent = service::http::serve(&node, agent, agent::router(master), limits);
    Ok(rest.and(agent).with_task(listener).with_task(reconciling).with_task(electing))
}

/// The node whose configuration names the ports that were bound.
fn with_ports(node: &Node, rest: u16, agent: u16) -> Node {
    let mut config = service::Config::clone(&node.config);
    config.master.rest_api_port = rest;
    config.master.ngsi_agent_port = agent;
    node.with_config(config)
}
