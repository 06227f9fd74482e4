//! The life of a process: configuration, runtime, start, ready lines, drain.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::Context;
use futures_util::future::join_all;
use message_bus::Bus;
use service::{Config, Node, Running};
use storage::Store;
use tokio::runtime::Runtime;

use crate::bus::OpenBus;
use crate::identity;

/// More threads help no service of one node, and each costs memory.
const MAX_THREADS: usize = 4;

/// How long tasks may still run when all servers have drained.
const TASKS_DEADLINE: Duration = Duration::from_secs(10);

/// The arguments of every service.
#[derive(clap::Args)]
pub(crate) struct ServiceArgs {
    /// The configuration file
    #[arg(short = 'f', long = "config", value_name = "FILE", default_value = "config.json")]
    config: PathBuf,
    /// Which instance of the service at this site this is: a number, or the name of a StatefulSet's pod
    #[arg(short = 'i', long = "instance", value_name = "N", default_value = "1")]
    #[arg(env = "FOGFLOW_INSTANCE", value_parser = identity::instance)]
    instance: u32,
    /// Where state is kept, instead of `data_dir` of the configuration
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
}

/// Runs one service until a signal.
pub(crate) fn run_service(
    args: &ServiceArgs,
    name: &str,
    begun: Instant,
    start: impl AsyncFnOnce(&mut Process) -> anyhow::Result<Running>,
) -> anyhow::Result<()> {
    run(args, name, begun, async |process: &mut Process| {
        let running = start(process).await.with_context(|| format!("cannot start {name}"))?;
        process.running.push(running);
        Ok(())
    })
}

/// Runs what `start` starts until a signal; `name` names the directory of its state.
pub(crate) fn run(
    args: &ServiceArgs,
    name: &str,
    begun: Instant,
    start: impl AsyncFnOnce(&mut Process) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut config = configure(Some(&args.config), args.data_dir.as_deref())?;
    identity::announce_host(&mut config, name)?;
    let directory = config.data_dir().join(directory_of(name, args.instance));
    runtime()?.block_on(async {
        let mut process = Process::open(config, args.instance, &directory)?;
        let started = start(&mut process).await;
        process.live(started, begun).await
    })
}

fn directory_of(service: &str, instance: u32) -> String {
    if instance > 1 { format!("{service}.{instance}") } else { service.to_owned() }
}

/// Reads the configuration, sets up logs and warns of keys that nobody reads.
pub(crate) fn configure(file: Option<&Path>, data_dir: Option<&Path>) -> anyhow::Result<Config> {
    let mut config = Config::load(file)?;
    if let Some(directory) = data_dir {
        directory.clone_into(&mut config.data_dir);
    }
    service::logging::init(&config.logging)?;
    for key in &config.unknown_keys {
        tracing::warn!(key, "unknown configuration key");
    }
    Ok(config)
}

pub(crate) fn runtime() -> anyhow::Result<Runtime> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(MAX_THREADS);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    runtime.context("cannot start the runtime's threads")
}

/// What the services of a process share, and those that run.
pub(crate) struct Process {
    pub(crate) node: Node,
    pub(crate) store: Store,
    pub(crate) running: Vec<Running>,
    bus: Option<OpenBus>,
}

impl Process {
    /// Must be called inside the runtime: from here on signals stop the process in order.
    pub(crate) fn open(config: Config, instance: u32, directory: &Path) -> anyhow::Result<Self> {
        let node = Node::new(config, instance)?;
        service::shutdown::on_signal(node.shutdown.clone()).context("cannot install signal handlers")?;
        let store = Store::open(directory)
            .with_context(|| format!("configuration key `data_dir`: cannot use {}", directory.display()))?;
        Ok(Self { node, store, running: Vec::new(), bus: None })
    }

    /// Meets the other services of this process on a bus inside of it.
    pub(crate) fn with_bus_in_process(mut self) -> Self {
        self.bus = Some(OpenBus::in_process());
        self
    }

    /// The message bus: RabbitMQ, unless there is one already.
    pub(crate) fn bus(&mut self) -> anyhow::Result<Bus> {
        let open = match self.bus.take() {
            Some(open) => open,
            None => OpenBus::rabbitmq(&self.node.config)?,
        };
        Ok(self.bus.insert(open).bus.clone())
    }

    /// Adds a service; those started after it learn the port that it really got.
    pub(crate) fn started(&mut self, running: Running, learn: impl FnOnce(&mut Config, u16)) {
        let mut config = Config::clone(&self.node.config);
        learn(&mut config, running.address.port());
        self.node = self.node.with_config(config);
        self.running.push(running);
    }

    /// Says what runs, waits for the signal to stop, and drains; only drains after a start that failed.
    pub(crate) async fn live(self, started: anyhow::Result<()>, begun: Instant) -> anyhow::Result<()> {
        match &started {
            Ok(()) => {
                announce(&self.running, begun);
                self.node.shutdown.cancelled().await;
            }
            Err(_) => self.node.shutdown.cancel(),
        }
        self.drain().await;
        started
    }

    pub(crate) async fn drain(self) {
        join_all(self.running.into_iter().map(Running::drained)).await;
        self.node.tasks.close();
        if tokio::time::timeout(TASKS_DEADLINE, self.node.tasks.wait()).await.is_err() {
            tracing::warn!(tasks = self.node.tasks.len(), "leaving tasks behind that did not end in time");
        }
        if let Some(bus) = self.bus {
            bus.close().await;
        }
        let store = self.store;
        if tokio::task::spawn_blocking(move || store.close()).await.is_err() {
            tracing::error!("the store did not close in order");
        }
        tracing::info!("stopped");
    }
}

/// One line per service, and for several how long the start took.
fn announce(running: &[Running], begun: Instant) {
    let line = |service: &Running| format!("{:<10} {}   ready\n", service.name, service.url());
    let mut lines: String = running.iter().map(line).collect();
    if running.len() > 1 {
        lines += &format!("all ready in {} ms\n", begun.elapsed().as_millis());
    }
    // Whoever closed our standard output does not want the lines.
    let _ = std::io::stdout().write_all(lines.as_bytes());
}

/// The error and everything that led to it.
pub(crate) fn in_one_line(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text += &format!(": {error}");
        cause = error.source();
    }
    text
}

/// The error and everything that led to it, a line each.
pub(crate) fn print_causes(error: &anyhow::Error) {
    let mut text = format!("fogflow: {error}\n");
    for cause in error.chain().skip(1) {
        text += &format!("  because: {cause}\n");
    }
    let _ = std::io::stderr().write_all(text.as_bytes());
}
