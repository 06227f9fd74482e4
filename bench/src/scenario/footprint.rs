//! What standing still costs, and how soon services are ready.

use std::time::{Duration, Instant};

use crate::cpu::{Resident, resident};
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
    let (mut first, mut again) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let mut system = System::new(options)?;
        first.push(start_up(&mut system)?);
        system.stop();
        again.push(start_up(&mut system)?);
    }
    report.figure("`fogflow up`: first start, until every service is ready", middle(first), "< 200 ms");
    report.figure("`fogflow up`: later starts", middle(again), "< 200 ms");
    report.figure("`fogflow up`: resident memory, idle", idle_up(options)?.to_string(), "≤ 25 MiB");
    let (broker, worker) = idle_edge(options)?;
    let pair = Resident { whole: broker.whole + worker.whole, own: broker.own + worker.own };
    report.figure("an edge's broker: resident memory, idle", broker.to_string(), "");
    report.figure("an edge's worker: resident memory, idle", worker.to_string(), "");
    report.figure("both, with shared program text counted twice", pair.to_string(), "≤ 15 MiB");
    Ok(())
}

impl std::fmt::Display for Resident {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} MiB, of it own data {:.1}", self.whole as f64 / 1024.0, self.own as f64 / 1024.0)
    }
}

fn ports(site: &Site) -> [Target; 4] {
    [site.discovery, site.broker, site.master, site.designer].map(Target::local)
}

fn middle(mut times: Vec<Duration>) -> String {
    times.sort();
    milliseconds(times[times.len() / 2])
}

fn start_up(system: &mut System) -> anyhow::Result<Duration> {
    let site = Site::new("bench-1")?;
    let started = Instant::now();
    system.spawn("up", &site)?;
    for target in ports(&site) {
        system.wait_ready(&target)?;
    }
    Ok(started.elapsed())
}

fn idle_up(options: &Options) -> anyhow::Result<Resident> {
    let mut system = System::new(options)?;
    let site = Site::new("bench-1")?;
    let pid = system.spawn("up", &site)?;
    for target in ports(&site) {
        system.wait_ready(&target)?;
    }
    std::thread::sleep(SETTLE);
    resident(pid)
}

/// A cloud of discovery, master and RabbitMQ, and at another site a broker and a worker.
fn idle_edge(options: &Options) -> anyhow::Result<(Resident, Resident)> {
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
    Ok((resident(broker)?, resident(worker)?))
}
