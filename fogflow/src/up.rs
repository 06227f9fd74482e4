//! `fogflow up`: every service in one process, on an in-process bus and one store, needing nothing else.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context;
use service::Config;

use crate::process::{self, Process};
use crate::{broker, designer, discovery, master, worker};

/// The arguments of `fogflow up`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The configuration file; without one, a single site on this machine
    #[arg(short = 'f', long = "config", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where state is kept, instead of `data_dir` of the configuration
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Runs all services until a signal.
pub(crate) fn run(args: &Args, begun: Instant) -> anyhow::Result<()> {
    let mut config = process::configure(args.config.as_deref(), args.data_dir.as_deref())?;
    meet_on_this_host(&mut config);
    let directory = config.data_dir();
    process::runtime()?.block_on(async {
        let mut process = Process::open(config, 1, &directory)?.with_bus_in_process();
        let started = start_all(&mut process).await;
        process.live(started, begun).await
    })
}

/// All services are here, wherever the file expects those of the cloud.
fn meet_on_this_host(config: &mut Config) {
    if let Some(host) = config.coreservice_ip.take() {
        tracing::info!(host, "coreservice_ip is not used: all services run here");
    }
    config.discovery.host_ip = None;
}

/// Those that others call come first; each learns the ports that the ones before it really got.
pub(crate) async fn start_all(process: &mut Process) -> anyhow::Result<()> {
    let discovery = discovery::start(process).await.context("cannot start discovery")?;
    process.started(discovery, |config, port| {
        config.discovery.http_port = port;
        config.discovery.https_port = port;
    });
    let broker = broker::start(process).await.context("cannot start broker")?;
    process.started(broker, |config, port| {
        config.broker.http_port = port;
        config.broker.https_port = port;
    });
    let master = master::start(process).await.context("cannot start master")?;
    process.started(master, |config, port| {
        config.master.rest_api_port = port;
    });
    let worker = worker::start(process).await.context("cannot start worker")?;
    process.started(worker, |config, port| {
        config.worker.http_port = port;
    });
    let designer = designer::start(process).await.context("cannot start designer")?;
    process.started(designer, |config, port| {
        config.designer.web_srv_port = port;
        config.designer.https_web_srv_port = port;
    });
    Ok(())
}
