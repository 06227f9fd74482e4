//! From an update to the notification it causes, with the receiver in this process.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio::task::LocalSet;

use super::bed::Bed;
use super::{body, update::update_template};
use crate::drive::{Gates, Load, closed_gated, open_from, runtime};
use crate::http::post;
use crate::options::Options;
use crate::outcome::{Clock, Outcome, Watch};
use crate::receiver::Receiver;
use crate::report::Report;

/// The open loop of a whole run.
const STEADY_RATE: u32 = 1_000;
/// For notifications under way when the last update was answered.
const STRAGGLERS: Duration = Duration::from_millis(300);

pub(super) fn run(options: &Options, report: &mut Report) -> anyhow::Result<()> {
    if options.rate.is_none() {
        let outcome = closed(options)?;
        report.load("notification, closed loop", outcome, None, "≤ 50 µs");
    }
    let rate = options.rate.unwrap_or(STEADY_RATE);
    let outcome = open(options, rate)?;
    report.load(format!("notification, open loop at {rate}/s"), outcome, None, "");
    Ok(())
}

fn prepare(options: &Options) -> anyhow::Result<Bed> {
    let bed = Bed::new(options, 1)?;
    bed.create_entities(u64::from(options.connections))?;
    Ok(bed)
}

fn load<'a>(options: &Options, bed: &'a Bed) -> Load<'a> {
    Load {
        target: bed.broker(),
        template: update_template(bed.broker()),
        // One entity for each connection, so that no update overtakes another of the same entity.
        entity: Arc::new(|connection, _| connection),
        connections: u64::from(options.connections),
        warm_up: options.warm_up(),
        duration: options.duration(),
        pids: &bed.pids,
    }
}

fn subscribe(bed: &Bed, listener: &TcpListener) -> anyhow::Result<()> {
    let reference = format!("http://{}", listener.local_addr()?);
    post(bed.broker(), "/ngsi10/subscribeContext", &body::subscribe(body::TYPE, &reference))?;
    Ok(())
}

/// As many updates under way as there are connections, each until its notification is here.
fn closed(options: &Options) -> anyhow::Result<Outcome> {
    let bed = prepare(options)?;
    let gates: Gates = (0..options.connections).map(|_| Semaphore::new(1)).collect();
    let clock = Clock::start();
    let receiver = Receiver::new(clock, Some(gates.clone()));
    runtime()?.block_on(LocalSet::new().run_until(async {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        subscribe(&bed, &listener)?;
        let serving = tokio::task::spawn_local(receiver.clone().serve(listener));
        let begin = || drop(receiver.take());
        let load = load(options, &bed);
        let updates = closed_gated(&load, clock, Some(gates), begin).await?;
        let mut outcome = updates;
        let errors = outcome.latencies.errors;
        outcome.latencies = receiver.take();
        outcome.latencies.errors += errors;
        serving.abort();
        Ok(outcome)
    }))
}

/// Updates by a timetable; latency from the time an update was due to the arrival of its notification.
fn open(options: &Options, rate: u32) -> anyhow::Result<Outcome> {
    let bed = prepare(options)?;
    let clock = Clock::start();
    let receiver = Receiver::new(clock, None);
    let stop = Arc::new(Notify::new());
    let listener = runtime()?.block_on(TcpListener::bind("127.0.0.1:0"))?.into_std()?;
    let serving = std::thread::spawn({
        let (receiver, stop) = (receiver.clone(), stop.clone());
        let listener = listener.try_clone()?;
        move || serve(receiver, listener, &stop)
    });
    let reference = format!("http://{}", listener.local_addr()?);
    post(bed.broker(), "/ngsi10/subscribeContext", &body::subscribe(body::TYPE, &reference))?;
    let mut watch = None;
    let begin = || {
        drop(receiver.take());
        watch = Some(Watch::start(&bed.pids));
    };
    let load = load(options, &bed);
    let updates = open_from(&load, rate, clock, begin)?;
    std::thread::sleep(STRAGGLERS);
    let mut latencies = receiver.take();
    stop.notify_one();
    serving.join().map_err(|_| anyhow::anyhow!("the receiver's thread panicked"))??;
    latencies.errors += updates.latencies.errors + updates.latencies.count().saturating_sub(latencies.count());
    let mut outcome = watch.map_or(updates.clone(), |watch| watch.stop(latencies));
    outcome.elapsed = updates.elapsed;
    Ok(outcome)
}

fn serve(receiver: Arc<Receiver>, listener: std::net::TcpListener, stop: &Notify) -> anyhow::Result<()> {
    runtime()?.block_on(LocalSet::new().run_until(async {
        let listener = TcpListener::from_std(listener)?;
        tokio::select! {
            served = receiver.serve(listener) => served,
            () = stop.notified() => Ok(()),
        }
    }))
}
