//! `fogflow demo`: the anomaly detection case from end to end, in one process that needs nothing else.
//!
//! Panels in four shops report their power usage; a detector runs for each panel, near it; a counter counts what they
//! find. Two workers stand far apart, so the placement can be seen.

mod board;
mod case;
mod findings;
mod plain;
mod screen;
mod settings;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use service::{Node, Running};
use storage::Store;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::process::{self, Process};
use crate::simulate::{Drive, Fleet, Lasting, PerSecond, Stats};
use crate::up;
use board::Board;
use findings::Findings;

/// The arguments of `fogflow demo`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The configuration file; without one, free ports of this machine
    #[arg(short = 'f', long = "config", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Where state is kept, instead of a temporary folder that is removed at the end
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Print lines instead of showing a screen, as without a terminal
    #[arg(long)]
    plain: bool,
    /// End after this time, such as 20s; fail when no result was seen
    #[arg(long = "for", value_name = "TIME")]
    lasting: Option<Lasting>,
    /// Panels in each of the four shops
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    devices: u32,
    /// How often each panel reports: 1/s, 10/s
    #[arg(long, default_value = "1/s")]
    rate: PerSecond,
}

/// Runs the demo until the time is up, `q` or a signal.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let folder = settings::Folder::new(args.data_dir.as_deref())?;
    let config = settings::configure(args.config.as_deref(), folder.path(), args.devices)?;
    service::logging::init(&config.logging)?;
    process::runtime()?.block_on(async {
        let mut process = Process::open(config, 1, &folder.path().join("north"))?.with_bus_in_process();
        let outcome = Box::pin(perform(&mut process, args, folder.path())).await;
        process.node.shutdown.cancel();
        process.drain().await;
        outcome.with_context(|| format!("the demo ended early; its log was {}", folder.log().display()))
    })
}

async fn perform(process: &mut Process, args: &Args, folder: &Path) -> anyhow::Result<()> {
    up::start_all(process).await?;
    let (south, store) = second_worker(process, folder).await?;
    process.running.push(south);
    let played = play(process, args).await;
    process.node.shutdown.cancel();
    // The worker's record of its instances, which others hold until it has drained.
    drop(store);
    played
}

/// A worker at another place, with a store of its own.
async fn second_worker(process: &mut Process, folder: &Path) -> anyhow::Result<(Running, Store)> {
    let store = Store::open(&folder.join("south")).context("cannot open the second worker's store")?;
    let mut node = Node::new(settings::south(&process.node.config), 1)?;
    (node.shutdown, node.tasks) = (process.node.shutdown.clone(), process.node.tasks.clone());
    let bus = process.bus()?;
    let running = ::worker::start(node, bus, store.clone()).await.context("cannot start the second worker")?;
    Ok((running, store))
}

/// What the views look at.
struct Demo {
    begun: Instant,
    ends_after: Option<Duration>,
    services: Vec<(String, String)>,
    designer_url: String,
    broker_url: String,
    findings: Arc<Findings>,
    board: Arc<Board>,
    stats: Arc<Stats>,
    node: Node,
    /// Cancelled when the viewer has seen enough, and by the node's shutdown.
    ending: CancellationToken,
}

async fn play(process: &Process, args: &Args) -> anyhow::Result<()> {
    let node = process.node.clone();
    let (findings, board, stats) = (Arc::<Findings>::default(), Arc::<Board>::default(), Arc::<Stats>::default());
    let ending = node.shutdown.child_token();
    let drive = Drive {
        client: node.client.clone(),
        broker: node.config.broker_url(),
        every: args.rate.interval(),
        stats: stats.clone(),
        shutdown: ending.clone(),
        watch: Some({
            let findings = findings.clone();
            Arc::new(move |report| findings.reported(report))
        }),
    };
    let receiver = findings::receive(&node, findings.clone()).await?;
    case::state(&node, &drive, &receiver).await?;
    let devices = case::fleets(args.devices);
    findings.expect(&devices);
    let drivers: Vec<JoinHandle<()>> = devices.iter().map(|shop| start(&drive, shop)).collect();
    node.tasks.spawn(board::follow(node.clone(), board.clone()));
    let demo = Demo {
        begun: Instant::now(),
        ends_after: args.lasting.map(|time| time.0),
        services: services(process),
        designer_url: node.config.designer_url(),
        broker_url: node.config.broker_url(),
        findings,
        board,
        stats,
        node,
        ending,
    };
    let on_screen = !args.plain && std::io::stdout().is_terminal();
    let shown = if on_screen { screen::show(&demo).await } else { plain::show(&demo).await };
    plain::print(&plain::summary(&demo));
    let verdict = verdict(&demo);
    demo.ending.cancel();
    for driver in drivers {
        driver.await.context("a device ended badly")?;
    }
    case::withdraw(&demo).await;
    shown?;
    verdict
}

/// The services with their addresses; workers by their site.
fn services(process: &Process) -> Vec<(String, String)> {
    let north = process.node.config.site_id.clone();
    let mut sites = [north, settings::south(&process.node.config).site_id].into_iter();
    let name = |running: &Running| match running.name {
        "worker" => format!("worker {}", sites.next().unwrap_or_default()),
        other => other.to_owned(),
    };
    let names: Vec<String> = process.running.iter().map(name).collect();
    names.into_iter().zip(process.running.iter().map(Running::url)).collect()
}

fn start(drive: &Drive, shop: &case::Shop) -> JoinHandle<()> {
    let fleet = Fleet::new(&shop.plan, shop.seed);
    tokio::spawn(drive.clone().run(fleet))
}

/// A demo that was to end by itself has failed when nothing came out.
fn verdict(demo: &Demo) -> anyhow::Result<()> {
    if demo.ends_after.is_none() || demo.findings.complete() {
        return Ok(());
    }
    let running = demo.board.running();
    anyhow::ensure!(demo.stats.sent() > 0, "no update was accepted: {}", demo.stats.last_error());
    anyhow::ensure!(running > 0, "no task instance was started; {}", demo.board.trouble());
    anyhow::ensure!(demo.findings.anomalies() > 0, "{running} task instances ran, but none found an anomaly");
    anyhow::bail!("anomalies were found, but the counter said nothing; {}", demo.board.trouble())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use service::Config;

    use super::*;

    /// One that has just begun, with nothing behind it.
    pub(super) fn demo() -> Demo {
        let config = Config::parse(r#"{"site_id":"t"}"#, |_| None).unwrap();
        let demo = Demo {
            begun: Instant::now(),
            ends_after: None,
            services: vec![("broker".to_owned(), "http://127.0.0.1:8070".to_owned())],
            designer_url: "http://127.0.0.1:8080".to_owned(),
            broker_url: "http://127.0.0.1:8070".to_owned(),
            findings: Arc::default(),
            board: Arc::default(),
            stats: Arc::default(),
            ending: CancellationToken::new(),
            node: Node::new(config, 1).unwrap(),
        };
        demo.findings.expect(&case::fleets(3));
        demo
    }

    #[tokio::test]
    async fn a_demo_that_ends_by_itself_fails_without_results() {
        let endless = demo();
        assert!(verdict(&endless).is_ok(), "the viewer ended it");
        let timed = Demo { ends_after: Some(Duration::from_secs(1)), ..endless };
        let problem = verdict(&timed).unwrap_err().to_string();
        assert_eq!(problem, "no update was accepted: there was no time");
    }
}
