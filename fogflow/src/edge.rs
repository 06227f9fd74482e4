//! `fogflow edge`: the broker and the worker of an edge node in one process, for gateways with little memory.

use std::time::Instant;

use anyhow::Context;

use crate::process::{self, Process, ServiceArgs};
use crate::{broker, worker};

/// Runs both until a signal.
pub(crate) fn run(args: &ServiceArgs, begun: Instant) -> anyhow::Result<()> {
    process::run(args, "edge", begun, start)
}

async fn start(process: &mut Process) -> anyhow::Result<()> {
    let broker = broker::start(process).await.context("cannot start broker")?;
    process.started(broker, |config, port| {
        config.broker.http_port = port;
        config.broker.https_port = port;
    });
    let worker = worker::start(process).await.context("cannot start worker")?;
    process.started(worker, |config, port| config.worker.http_port = port);
    Ok(())
}
