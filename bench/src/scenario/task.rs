//! From a new entity to the command `ADD_TASK` on RabbitMQ, with broker, discovery, master and designer as processes.
//!
//! This program is the worker: it joins with room for every instance, and takes note of the commands instead of
//! carrying them out.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, bail};
use flow::{Envelope, InstanceStatus, Message, TaskInstance, TaskUpdate, WorkerId, WorkerProfile, routing};
use message_bus::{Bus, BusState, Subscription};
use serde_json::json;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use super::body;
use super::fog_function::{input_element, input_id, input_template, install};
use crate::http::{Target, Template, exchange, with_id};
use crate::options::Options;
use crate::outcome::{Clock, Latencies, Watch};
use crate::report::Report;
use crate::system::{Site, System};

const ONE_BY_ONE: u32 = 200;
const BURST: u64 = 5_000;
/// New entities in one update of the burst.
const BATCH: u64 = 100;
const BURST_STARTS: u64 = 1_000_000;
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    runtime.block_on(measure(options, report))
}

async fn measure(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let rabbitmq = testkit::RabbitMq::start().await?;
    let bench = Bench::start(options, &rabbitmq)?;
    let mut worker = Worker::join(&rabbitmq).await?;
    install(&bench.designer, &json!({ "functionCode": "exports.handler = function () {};" }))?;
    bench.one(&mut worker, 0).await?;

    let watch = Watch::start(&bench.pids);
    let mut latencies = Latencies::default();
    for number in 1..=options.count_or(ONE_BY_ONE) {
        latencies.record(bench.one(&mut worker, number).await?);
    }
    report.load("update to ADD_TASK, one by one", watch.stop(latencies), None, "p50 ≤ 2 ms");

    let watch = Watch::start(&bench.pids);
    let latencies = bench.burst(&mut worker).await?;
    report.load(format!("update to ADD_TASK, {BURST} new entities at once"), watch.stop(latencies), None, "≥ 3 000/s");
    worker.leave().await;
    Ok(())
}

struct Bench {
    broker: Target,
    designer: Target,
    pids: Vec<u32>,
    system: System,
}

impl Bench {
    fn start(options: &Options, rabbitmq: &testkit::RabbitMq) -> anyhow::Result<Self> {
        let mut system = System::new(options)?;
        let site = Site { rabbitmq: Some(rabbitmq.section()), ..Site::new("bench-1")? };
        let mut pids = Vec::new();
        for service in ["discovery", "broker", "master", "designer"] {
            pids.push(system.start(service, &site)?);
        }
        Ok(Self { broker: Target::local(site.broker), designer: Target::local(site.designer), pids, system })
    }

    /// Creates an entity and waits for the command; nanoseconds.
    async fn one(&self, worker: &mut Worker, number: u64) -> anyhow::Result<u64> {
        let (mut template, broker) = (input_template(&self.broker), self.broker.clone());
        let sent = worker.clock.now_ns();
        let updating = tokio::task::spawn_blocking(move || exchange(&broker, template.stamp(number, sent))?.ok());
        let wanted = with_id(&input_id(), number);
        let arrived = loop {
            let next = timeout(PATIENCE, worker.next()).await;
            let (instance, at) = next.with_context(|| format!("no ADD_TASK\n{}", self.system.logs()))??;
            if instance.inputs.iter().any(|input| input.id == wanted) {
                break at;
            }
        };
        updating.await??;
        Ok(arrived.saturating_sub(sent))
    }

    async fn burst(&self, worker: &mut Worker) -> anyhow::Result<Latencies> {
        let (broker, clock) = (self.broker.clone(), worker.clock);
        let updating = tokio::task::spawn_blocking(move || create_all(&broker, clock));
        let mut arrived = HashMap::new();
        while arrived.len() < usize::try_from(BURST)? {
            let Ok(next) = timeout(PATIENCE, worker.next()).await else { break };
            let (instance, at) = next?;
            for input in instance.inputs {
                arrived.entry(input.id).or_insert(at);
            }
        }
        let sent = updating.await??;
        let mut latencies = Latencies::default();
        for (id, sent) in sent {
            match arrived.get(&id) {
                Some(at) => latencies.record(at.saturating_sub(sent)),
                None => latencies.errors += 1,
            }
        }
        Ok(latencies)
    }
}

/// Creates the entities of the burst; when each was sent.
fn create_all(broker: &Target, clock: Clock) -> anyhow::Result<Vec<(String, u64)>> {
    let mut sent = Vec::new();
    for first in (BURST_STARTS..BURST_STARTS + BURST).step_by(usize::try_from(BATCH)?) {
        let ids: Vec<String> = (first..first + BATCH).map(|number| with_id(&input_id(), number)).collect();
        let elements: Vec<String> = ids.iter().map(|id| input_element(id)).collect();
        let now = clock.now_ns();
        exchange(broker, Template::post(broker, "/ngsi10/updateContext", &body::update(&elements)).stamp(0, now))?
            .ok()?;
        sent.extend(ids.into_iter().map(|id| (id, now)));
    }
    Ok(sent)
}

/// A worker that says it runs whatever it is told to.
struct Worker {
    clock: Clock,
    id: WorkerId,
    bus: Bus,
    commands: Subscription,
    heartbeat: tokio::task::JoinHandle<()>,
    shutdown: CancellationToken,
}

impl Worker {
    async fn join(rabbitmq: &testkit::RabbitMq) -> anyhow::Result<Self> {
        let shutdown = CancellationToken::new();
        let settings = message_bus::RabbitMq::new("127.0.0.1", rabbitmq.port(), "admin", "mypass");
        let bus = Bus::rabbitmq(settings, shutdown.clone());
        timeout(PATIENCE, bus.state().wait_for(|state| matches!(state, BusState::Connected))).await??;
        let id = WorkerId::from("Worker.bench");
        let mut commands = bus.subscribe(id.as_str(), &[&routing::binding(&routing::worker(&id))]);
        timeout(PATIENCE, commands.bound()).await?;
        publish(&bus, routing::HEARTBEAT, &id, &Message::WorkerJoin(profile(&id))).await?;
        let heartbeat = tokio::spawn(heartbeat(bus.clone(), id.clone()));
        Ok(Self { clock: Clock::start(), id, bus, commands, heartbeat, shutdown })
    }

    /// The next instance to start, and when the command came.
    async fn next(&mut self) -> anyhow::Result<(TaskInstance, u64)> {
        loop {
            let delivery = self.commands.next().await.context("the bus is shut down")?;
            let at = self.clock.now_ns();
            let message = delivery.envelope.message();
            delivery.ack();
            match message {
                Ok(Message::AddTask(instance)) => {
                    self.confirm(&instance);
                    return Ok((instance, at));
                }
                Ok(_) => {}
                Err(error) => bail!("a command that cannot be read: {error}"),
            }
        }
    }

    fn confirm(&self, instance: &TaskInstance) {
        let update = TaskUpdate {
            task_id: instance.id.clone(),
            topology_name: instance.topology_name.clone(),
            task_name: instance.task_name.clone(),
            service_intent_id: instance.service_intent_id.clone(),
            status: InstanceStatus::Running,
            reason: String::new(),
            generation: instance.generation,
        };
        let (bus, id) = (self.bus.clone(), self.id.clone());
        tokio::spawn(async move { publish(&bus, routing::TASK, &id, &Message::TaskUpdate(update)).await });
    }

    async fn leave(self) {
        self.heartbeat.abort();
        self.shutdown.cancel();
        self.bus.closed().await;
    }
}

async fn heartbeat(bus: Bus, id: WorkerId) {
    loop {
        tokio::time::sleep(Duration::from_secs(2)).await;
        let _ = publish(&bus, routing::HEARTBEAT, &id, &Message::WorkerHeartbeat(profile(&id))).await;
    }
}

async fn publish(bus: &Bus, topic: &str, id: &WorkerId, message: &Message) -> anyhow::Result<()> {
    bus.publish(Envelope::new(topic, id.as_str(), message)?).await?;
    Ok(())
}

/// As a worker of the original describes itself: it does not report its instances.
fn profile(id: &WorkerId) -> WorkerProfile {
    WorkerProfile {
        id: id.clone(),
        os: "linux".into(),
        hardware: "amd64".into(),
        capacity: 1_000_000,
        engines: vec![flow::Engine::Function, flow::Engine::Docker],
        ..WorkerProfile::default()
    }
}
