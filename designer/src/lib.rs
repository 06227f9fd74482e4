//! The designer: keeps what users draw (operators, topologies, fog functions) and want (intents), announces the
//! intents to the masters, and shows what became of them.
//!
//! Every document is kept as it came, next to its understood form, so members that only a client knows are read back.
//! A document is checked whole (`catalog`), written to disk, and only then acknowledged and announced. Announcing is
//! converging, not scripting: `announce` holds at most one pending message an intent, and repeats all of them when a master
//! joins or the bus comes back: withdrawals too, since a master that was away keeps running what it knew.
//!
//! What pages show of the running system is `live`: a model fed by the bus, by what services answer and by entities, and a
//! stream that tells each page what it does not know yet.
//!
//! One designer per system: the metadata are in its local store. While it is away nothing that runs stops; intents can
//! only not be changed.

mod agent;
mod announce;
mod catalog;
mod cross_site;
mod discovery;
mod listen;
mod live;
mod master;
mod records;
mod refusal;
mod requests;
mod routes;
mod state;

use std::sync::Arc;

use anyhow::Context;
use message_bus::Bus;
use service::{Config, Node, Running};
use storage::Store;

use crate::state::Designer;

/// Starts the designer: its REST interface and page, and the agent that receives notifications.
///
/// # Errors
/// A port that cannot be bound, or stored metadata that cannot be read.
pub async fn start(node: Node, store: Store, bus: Bus) -> anyhow::Result<Running> {
    let node = node.for_service("designer");
    let (address, key) = node.config.designer_listen();
    let web = service::http::bind(address, key).await?;
    let (address, key) = node.config.designer_agent_listen();
    let agent = service::http::bind(address, key).await?;
    let node = with_ports(&node, web.port(), agent.port());
    let designer = Arc::new(Designer::open(node.clone(), &store, bus).context("cannot read the designer's metadata")?);
    let announcer = node.tasks.spawn(announce::run(designer.clone()));
    let listener = node.tasks.spawn(listen::run(designer.clone()));
    let sampler = node.tasks.spawn(live::sampler::run(designer.clone()));
    let watcher = node.tasks.spawn(live::watch::run(designer.clone()));
    let limits = node.limits();
    let web = service::http::serve(&node, web, routes::router(designer.clone()), routes::limits(limits));
    let agent = service::http::serve(&node, agent, agent::router(&designer), limits);
    Ok(web.and(agent).with_task(announcer).with_task(listener).with_task(sampler).with_task(watcher))
}

/// The node as others are to be told of it: with the ports that were really bound.
fn with_ports(node: &Node, web: u16, agent: u16) -> Node {
    let mut config = Config::clone(&node.config);
    (config.designer.web_srv_port, config.designer.https_web_srv_port) = (web, web);
    config.designer.agent_port = agent;
    node.with_config(config)
}
