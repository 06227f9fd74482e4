//! What standing still costs, and how soon services are ready.

use std::time::{Duration, Instant};

use crate::cpu::resident_kib;
use crate::drive::runtime;
use crate::http::Target;
use crate::options::Options;
use crate::report::{Report, milliseconds};
use crate::system::{Site, System};

/// Starts of which the middle one is reported.
const STARTS: usize = 5;
/// Until the memory of an idle process is read.
const SETTLE: Duration = Duration::from_secs(3);

pub(super) fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    let mut times = Vec::new();
    for _ in 0..STARTS {
        times.push(start_up(options)?);
    }
    times.sort();
    report.figure("`fogflow up`: from start to every service ready", milliseconds(times[STARTS / 2]), "< 200 ms");
    report.figure("`fogflow up`: resident memory, idle", mib(idle_up(options)?), "≤ 25 MiB");
    let (broker, worker) = idle_edge(options)?;
    let pair = format!("{} + {} = {}", mib(broker), mib(worker), mib(broker + worker));
    report.figure("an edge's broker + worker: resident memory, idle", pair, "≤ 15 MiB");
    Ok(())
}

fn mib(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}

fn ports(site: &Site) -> [Target; 4] {
    [site.discovery, site.broker, site.master, site.designer].map(Target::local)
}

fn start_up(options: &Options) -> anyhow::Result<Duration> {
    let mut system = System::new(options)?;
    let site = Site::new("bench-1")?;
    let started = Instant::now();
    system.spawn("up", &site)?;
    for target in ports(&site) {
        system.wait_ready(&target)?;
    }
    Ok(started.elapsed())
}

fn idle_up(options: &Options) -> anyhow::Result<u64> {
    let mut system = System::new(options)?;
    let site = Site::new("bench-1")?;
    let pid = system.spawn("up", &site)?;
    for target in ports(&site) {
        system.wait_ready(&target)?;
    }
    std::thread::sleep(SETTLE);
    resident_kib(pid)
}

/// A cloud of discovery, master and RabbitMQ, and at another site a broker and a worker.
fn idle_edge(options: &Options) -> anyhow::Result<(u64, u64)> {
    let runtime = runtime()?;
    let rabbitmq = runtime.block_on(testkit::RabbitMq::start())?;
    let mut system = System::new(options)?;
    let cloud = Site { rabbitmq: Some(rabbitmq.section()), ..Site::new("bench-cloud")? };
    let edge = cloud.sibling("bench-edge")?;
    system.start("discovery", &cloud)?;
    system.start("master", &cloud)?;
    let broker = system.start("broker", &edge)?;
    let worker = system.start("worker", &edge)?;
    std::thread::sleep(SETTLE);
    Ok((resident_kib(broker)?, resident_kib(worker)?))
}
