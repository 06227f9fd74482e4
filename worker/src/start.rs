//! Puts the worker together.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context;
use flow::{WorkerId, routing};
use message_bus::{Bus, BusState};
use parking_lot::Mutex;
use service::http::{self, Listener, Readiness};
use service::{Config, Node, Running};
use storage::Store;
use tasks::{Settings, Tasks};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::broker::{BrokerClient, Feeder, Nearest, Orphans, Strays};
use crate::docker::DockerEngine;
use crate::engine::{Containers, Engines};
use crate::function::FunctionEngine;
use crate::kubernetes::KubernetesEngine;
use crate::logs::Logs;
use crate::memory::Memory;
use crate::metrics::WorkerMetrics;
use crate::performer::Performer;
use crate::profile::Identity;
use crate::reconciler::Reconciler;
use crate::reporter::Reporter;
use crate::requests::Requests;
use crate::routes;

const EVENTS: usize = 10_000;

/// Starts a worker: it takes up what it ran before, joins, and waits for commands.
///
/// # Errors
/// A configuration it cannot run with, a port that is taken, or a store that cannot be read.
pub async fn start(node: Node, bus: Bus, store: Store) -> anyhow::Result<Running> {
    let node = node.for_service("worker");
    let ready = node.readiness("worker");
    let stop = node.shutdown.clone();
    let following = follow_bus(bus.clone(), node.readiness("message bus"));
    node.tasks.spawn(async move { stop.run_until_cancelled(following).await });
    let wanted = wanted(&node.config)?;
    let memory = Memory::open(store).context("the worker's tables")?;
    let stored = memory.instances().context("the worker's stored instances")?;
    let listener = listen(&node.config, &memory).await?;
    let mut config = Config::clone(&node.config);
    config.worker.http_port = listener.port();
    let node = node.with_config(config);

    let id = WorkerId::from(node.id("Worker"));
    let lifetime = CancellationToken::new();
    let (events_in, events) = mpsc::channel(EVENTS);
    let client = BrokerClient::new(node.client.clone());
    let nearest = Nearest::new(node.client.clone(), node.config.clone());
    let metrics = WorkerMetrics::register(&node.metrics);
    let base_url = format!("{}/tasks/", node.config.worker_url());
    let feeder = Feeder::new(node.clone(), lifetime.clone(), client.clone(), nearest.clone(), events_in.clone());
    let function = FunctionEngine::new(
        node.clone(),
        lifetime.clone(),
        client.clone(),
        nearest.clone(),
        events_in.clone(),
        base_url.clone(),
        metrics.function.clone(),
    );
    let strays = Strays::new(client.clone(), nearest.clone(), &base_url, function.own_subscriptions());
    let orphans = Orphans::new(client.clone(), nearest.clone());
    let containers = match wanted {
        Wanted::Nothing => None,
        Wanted::Docker => Some(Containers::Docker(
            DockerEngine::start(node.clone(), id.clone(), nearest.clone(), client, events_in.clone()).await,
        )),
        Wanted::Kubernetes => Some(Containers::Kubernetes(
            KubernetesEngine::start(node.clone(), id.clone(), nearest.clone(), client, events_in.clone()).await?,
        )),
    };
    let actual = node.config.worker.start_actual_task;
    let engines = Engines { function, containers, actual, metrics };
    let settings = Settings { worker: id.clone(), capacity: node.config.worker.capacity };
    let tasks = Arc::new(Mutex::new(Tasks::new(settings)));

    let binding = routing::binding(&routing::worker(&id));
    let commands = bus.subscribe(id.as_str(), &[&binding]);
    let incarnation = u64::try_from(service::now().as_micros() / 1_000).unwrap_or_default();
    let identity = Identity::new(id, &node.config, incarnation);
    let performer = Performer::new(node.clone(), lifetime.clone(), engines.clone(), events_in);
    let logs = Logs::new(tasks.clone(), engines.clone());
    let shared =
        routes::Shared { node: node.clone(), tasks: tasks.clone(), engines: engines.clone(), logs: logs.clone() };
    let running = http::serve(&node, listener, routes::router(shared), node.limits());

    // The state is whole before the first heartbeat tells it.
    let restored = tasks.lock().restore(stored, service::now());
    let reporter = Reporter::new(&node, bus, identity, tasks.clone(), engines.clone());
    let requests = Requests::new(node.clone(), reporter.clone(), logs);
    let mut reconciler = Reconciler {
        node: node.clone(),
        lifetime,
        tasks,
        memory,
        engines,
        performer,
        feeder,
        strays,
        orphans,
        reporter,
        requests,
        commands,
        events,
    };
    reconciler.begin(restored);
    let driver = node.tasks.spawn(reconciler.run());
    // The first task is not to wait for the answer of discovery.
    let stop = node.shutdown.clone();
    node.tasks.spawn(async move { stop.run_until_cancelled(nearest.url()).await });
    ready.set(Ok(()));
    Ok(running.with_task(driver))
}

/// A worker that no command reaches is not ready, whatever it runs.
async fn follow_bus(bus: Bus, ready: Readiness) {
    let mut states = bus.state();
    loop {
        ready.set(match &*states.borrow_and_update() {
            BusState::Connected => Ok(()),
            BusState::Disconnected { reason } => Err(reason.clone()),
            BusState::Closed => Err("closed".to_owned()),
        });
        if states.changed().await.is_err() {
            return;
        }
    }
}

/// What is to run images.
enum Wanted {
    Docker,
    Kubernetes,
    Nothing,
}

fn wanted(config: &Config) -> anyhow::Result<Wanted> {
    match config.worker.container_management.as_deref().unwrap_or_default() {
        "" | "auto" | "docker" => Ok(Wanted::Docker),
        "kubernetes" => Ok(Wanted::Kubernetes),
        "function" => Ok(Wanted::Nothing),
        other => anyhow::bail!(
            "configuration key `worker.container_management`: `{other}` is not supported; use `docker`, `kubernetes` or \
             `function`"
        ),
    }
}

/// The configured port; when that is left to the system, the one of last time if it is free, since subscriptions lead there.
async fn listen(config: &Config, memory: &Memory) -> anyhow::Result<Listener> {
    let (address, key) = config.worker_listen();
    let listener = match memory.last_port().filter(|_| address.port() == 0) {
        Some(port) => match http::bind(SocketAddr::new(address.ip(), port), key).await {
            Ok(listener) => listener,
            Err(_) => http::bind(address, key).await?,
        },
        None => http::bind(address, key).await?,
    };
    memory.remember_port(listener.port()).await.context("the worker's port")?;
    Ok(listener)
}
