//! From a new entity to the first output of the task instance started for it, in `fogflow up`.

use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde_json::{Value, json};
use testkit::Docker;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::LocalSet;

use super::body;
use super::fog_function::{OUTPUT, input_template, install};
use crate::drive::{Gates, runtime};
use crate::http::{Target, exchange, post};
use crate::options::Options;
use crate::outcome::{Clock, Latencies, Sent, Watch, ns};
use crate::receiver::Receiver;
use crate::report::{Report, milliseconds};
use crate::system::{Site, System};

const FUNCTIONS: u32 = 100;
const CONTAINERS: u32 = 10;
const BURST: u64 = 500;
/// For one output.
const PATIENCE: Duration = Duration::from_secs(20);
/// Copies the number of its input to its output.
const CODE: &str = "exports.handler = function (contextEntity, publish) {
    publish({ attributes: { sent: { type: 'string', value: contextEntity.attributes.sent.value } } });
};";

/// New entities until the first output of their function, one after another and in a burst.
pub(super) fn functions(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let bench = Bench::new(options, &Site::new("bench-1")?, &json!({ "functionCode": CODE }))?;
    runtime()?.block_on(LocalSet::new().run_until(async {
        let outputs = Outputs::subscribe(&bench.broker).await?;
        let first = bench.one(&outputs, 0).await?;
        report.figure("first output of the first function", milliseconds(first), "");
        let watch = Watch::start(&bench.pids);
        let mut latencies = Latencies::default();
        for number in 1..=options.count_or(FUNCTIONS) {
            latencies.record(ns(bench.one(&outputs, number).await?));
        }
        report.load("new entity to first output of its function", watch.stop(latencies), None, "p50 ≤ 5 ms");
        let watch = Watch::start(&bench.pids);
        let latencies = bench.burst(&outputs).await?;
        report.load(
            format!("{BURST} new entities at once, until all functions' outputs"),
            watch.stop(latencies),
            None,
            "",
        );
        anyhow::Ok(())
    }))
}

/// New entities until the first output of their container, beside Docker alone.
pub(super) fn containers(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    runtime()?.block_on(LocalSet::new().run_until(async {
        let docker = Docker::start().await?;
        let image = match &options.image {
            Some(image) => image.clone(),
            None => build_image(&docker)?,
        };
        let alone = docker_alone(&docker, &image, options.count_or(CONTAINERS))?;
        let (name, tag) = image.rsplit_once(':').unwrap_or((&image, "latest"));
        let operator = json!({ "dockerimages": [{ "name": name, "tag": tag, "hwType": "X86", "osType": "Linux" }] });
        let site = Site::new("bench-1")?.with_docker(docker.host(), &docker.gateway()?);
        let bench = Bench::new(options, &site, &operator)?;
        let outputs = Outputs::subscribe(&bench.broker).await?;
        bench.one(&outputs, 0).await?;
        let watch = Watch::start(&bench.pids);
        let mut latencies = Latencies::default();
        for number in 1..=options.count_or(CONTAINERS) {
            latencies.record(ns(bench.one(&outputs, number).await?));
        }
        let over = (latencies.quantile(0.5).as_secs_f64() - alone.as_secs_f64()) * 1e3;
        report.load("new entity to first output of its container", watch.stop(latencies), None, "");
        report.figure("`docker run -d` alone, p50", milliseconds(alone), "");
        report.figure("first output of a container beyond that, p50", format!("{over:.1} ms"), "≤ 15 ms");
        anyhow::Ok(())
    }))
}

/// The operator `dummy`, which passes on what it gets.
fn build_image(docker: &Docker) -> anyhow::Result<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/build-images");
    let mut command = Command::new(script);
    command.args(["--no-sbom", "--operator-prefix", "fogflow/", "--tag", "bench", "operators"]);
    let output = command.env("DOCKER_HOST", docker.host()).output()?;
    anyhow::ensure!(output.status.success(), "{script}: {}", String::from_utf8_lossy(&output.stderr));
    Ok("fogflow/dummy:bench".to_owned())
}

/// The middle time of `docker run -d` of the image.
fn docker_alone(docker: &Docker, image: &str, runs: u64) -> anyhow::Result<Duration> {
    let mut times = Vec::new();
    for _ in 0..=runs {
        let started = Instant::now();
        let id = docker.run(&["run", "-d", "-e", "myport=5000", image])?;
        times.push(started.elapsed());
        docker.run(&["rm", "-f", &id])?;
    }
    // The first run also warms the caches.
    times.remove(0);
    times.sort();
    Ok(times[times.len() / 2])
}

struct Bench {
    broker: Target,
    pids: Vec<u32>,
    _system: System,
}

impl Bench {
    fn new(options: &Options, site: &Site, operator: &Value) -> anyhow::Result<Self> {
        let mut system = System::new(options)?;
        let pids = vec![system.spawn("up", site)?];
        for port in [site.discovery, site.broker, site.master, site.designer] {
            system.wait_ready(&Target::local(port))?;
        }
        install(&Target::local(site.designer), operator)?;
        Ok(Self { broker: Target::local(site.broker), pids, _system: system })
    }

    /// Creates an entity and waits for the output.
    async fn one(&self, outputs: &Outputs, number: u64) -> anyhow::Result<Duration> {
        outputs.gate().forget_permits(usize::MAX >> 4);
        let started = Instant::now();
        let mut template = input_template(&self.broker);
        let broker = self.broker.clone();
        let sent = outputs.now();
        tokio::task::spawn_blocking(move || exchange(&broker, template.stamp(number, sent))).await??.ok()?;
        tokio::time::timeout(PATIENCE, outputs.gate().acquire())
            .await
            .with_context(|| format!("no output for entity {number}\n{}", self._system.logs()))??
            .forget();
        Ok(started.elapsed())
    }

    async fn burst(&self, outputs: &Outputs) -> anyhow::Result<Latencies> {
        outputs.gate().forget_permits(usize::MAX >> 4);
        drop(outputs.receiver.take());
        let (mut template, broker, clock) = (input_template(&self.broker), self.broker.clone(), outputs.clock);
        tokio::task::spawn_blocking(move || {
            (0..BURST).try_for_each(|number| {
                exchange(
                    &broker,
                    template.stamp(1_000_000 + number, Sent { connection: 0, ns: clock.now_ns() }.into()),
                )?
                .ok()
                .map(drop)
            })
        })
        .await??;
        let all = u32::try_from(BURST)?;
        let _ = tokio::time::timeout(PATIENCE, outputs.gate().acquire_many(all)).await;
        let mut latencies = outputs.receiver.take();
        latencies.errors += BURST.saturating_sub(latencies.count());
        Ok(latencies)
    }
}

/// What tasks put out.
struct Outputs {
    clock: Clock,
    gates: Gates,
    receiver: Arc<Receiver>,
}

impl Outputs {
    async fn subscribe(broker: &Target) -> anyhow::Result<Self> {
        let (clock, gates) = (Clock::start(), Gates::from([Semaphore::new(0)]));
        let receiver = Receiver::new(clock, Some(gates.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let reference = format!("http://{}", listener.local_addr()?);
        tokio::task::spawn_local(receiver.clone().serve(listener));
        post(broker, "/ngsi10/subscribeContext", &body::subscribe(OUTPUT, &reference))?;
        Ok(Self { clock, gates, receiver })
    }

    /// Given a permit for every output.
    fn gate(&self) -> &Semaphore {
        &self.gates[0]
    }

    /// The number of an update sent now.
    fn now(&self) -> u64 {
        Sent { connection: 0, ns: self.clock.now_ns() }.into()
    }
}
